-- One row a merchant and day: places of both in the panel, and each metric's sums. Merchants are numbered in order of id.
with merchant as (
    select merchant_id, row_number() over (order by merchant_id) - 1 as place
    from merchant_day
    where day >= $date_from and day <= $date_to
    group by merchant_id
)

select
    cast(m.place as integer) as merchant, cast(date_diff('day', $date_from, w.day) as integer) as day,
    sum(w.order_count) = 0 as is_idle, {sums}
from merchant_day as w
inner join merchant as m on m.merchant_id = w.merchant_id
where w.day >= $date_from and w.day <= $date_to
group by m.place, w.day
