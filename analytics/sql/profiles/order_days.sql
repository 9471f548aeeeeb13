-- First and last local day on which an order was placed; both NULL without orders. One row.
select min(day) as first_day, max(day) as last_day
from (select day from marketplace_day group by day having sum(order_count) > 0) as ordered
