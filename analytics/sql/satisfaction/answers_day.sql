-- Answers of a window by merchant: sums of what the index and the silence bounds are made of.
with chosen as (
{chosen}
)

select
    merchant_id,
{sums}
from merchant_day
semi join chosen using (merchant_id)
where day between $date_from and $date_to
group by merchant_id
order by merchant_id
