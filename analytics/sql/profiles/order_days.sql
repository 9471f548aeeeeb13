-- First and last local day on which an order was placed; both NULL without orders. One row. Rows of one day add up.
with placed as (
    select day
    from marketplace_day
    group by day
    having sum(order_count) > 0
)

select min(day) as first_day, max(day) as last_day
from placed
