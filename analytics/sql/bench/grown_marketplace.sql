-- The marketplace's days as sums of its merchants': as if no order had several.
select day, cast(sum(columns(* exclude (merchant_id, day))) as bigint) as '\0'
from merchant_day
group by day
