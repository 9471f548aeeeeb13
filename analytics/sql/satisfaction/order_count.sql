-- How many orders a window and scope hold.
with chosen as (
{chosen}
)

select count(*) as order_count
from fct_order
semi join chosen using (merchant_id)
where order_date between $date_from and $date_to
