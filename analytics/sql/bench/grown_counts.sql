-- How many days of merchants there are, and orders on them. One row.
select count(*) as merchant_days, sum(order_count) as orders
from (select sum(order_count) as order_count from merchant_day group by merchant_id, day)
