-- Order value (minor units) in one currency per merchant and stretch of days ($days and $stretches as in programme_days.sql); days outside
-- all of them make one row with stretch -1, so that every merchant that ever sold in the currency has a row.
with calendar as (
    select unnest($days::date[]) as day, unnest($stretches::integer[]) as stretch
)

select merchant_id, coalesce(stretch, -1) as stretch, sum(gmv_minor)::bigint as gmv_minor
from merchant_day_amount
left join calendar using (day)
where currency = $currency and day <= $date_to
group by merchant_id, coalesce(stretch, -1)
