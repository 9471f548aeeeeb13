-- The same sums by merchant and calendar month, for the trend of the index.
with chosen as (
{chosen}
)

select
    merchant_id,
    month,
{sums}
from merchant_month
semi join chosen using (merchant_id)
where month between $date_from and $date_to
group by merchant_id, month
order by month, merchant_id
