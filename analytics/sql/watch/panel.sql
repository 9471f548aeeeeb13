-- Places of a merchant and day in the panel, and each metric's sums: rows of one merchant and day add up (there are several after a load).
-- Merchants are numbered in order of id.
with merchant as (
    select merchant_id, row_number() over (order by merchant_id) - 1 as place
    from merchant_day
    where day >= $date_from and day <= $date_to
    group by merchant_id
)

select
    cast(m.place as integer) as merchant, cast(date_diff('day', $date_from, w.day) as integer) as day, w.order_count as orders, {sums}
from merchant_day as w
inner join merchant as m on m.merchant_id = w.merchant_id
where w.day >= $date_from and w.day <= $date_to
