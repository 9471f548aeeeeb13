-- Every merchant of the warehouse with what the score and a segment need; joined_on is a local day, NULL when nothing tells it.
select
    merchant_id,
    name,
    category,
    region,
    tier,
    size_band,
    coalesce((joined_at at time zone $time_zone)::date, first_order_date) as joined_on
from merchant_profile
order by merchant_id
