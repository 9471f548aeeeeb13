-- Every merchant with what a programme's clauses need of it; days are local, NULL when the source doesn't tell.
select
    merchant_id,
    name,
    category,
    (joined_at at time zone $time_zone)::date as joined_date,
    first_order_date
from merchant_profile
order by merchant_id
