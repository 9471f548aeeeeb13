-- Who crosses a moved border, counted from served scores: one row a merchant that was on one side of $before and is on the other of $after.
-- orders and gmv_minor (all currencies added) are those of the window that the score looks at.
with served as (
    select
        unnest($merchants::varchar[]) as merchant_id,
        unnest($scores::double[]) as score
),

sold as (
    select merchant_id, sum(order_count)::bigint as orders
    from merchant_day
    where day <= $day::date and day > $day::date - $window_days::integer
    group by merchant_id
),

paid as (
    select merchant_id, sum(gmv_minor)::double as gmv_minor
    from merchant_day_amount
    where day <= $day::date and day > $day::date - $window_days::integer
    group by merchant_id
)

select
    served.merchant_id,
    case when served.score < $after then 'down' else 'up' end as direction,
    coalesce(sold.orders, 0) as orders,
    coalesce(paid.gmv_minor, 0) as gmv_minor
from served
left join sold on sold.merchant_id = served.merchant_id
left join paid on paid.merchant_id = served.merchant_id
where (served.score >= $before) <> (served.score >= $after)
order by served.merchant_id
