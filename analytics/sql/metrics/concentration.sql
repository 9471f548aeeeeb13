-- Same-buyer pairs of orders and all pairs of orders, per merchant, then per group.
with buyer_total as (
    select {group_columns}w.merchant_id as cluster_id, w.buyer_id, cast(count(*) as double) as c
    from (
        select merchant_id, order_date as day, carrier, buyer_id
        from order_measure
        where grain = 'merchant' and buyer_id is not null and order_date >= $date_from and order_date <= $date_to
    ) as w
    left join merchant_profile as p on p.merchant_id = w.merchant_id
    where true {filters}
    group by all
),

merchant_pair as (
    select {keys}cluster_id, sum(c * (c - 1)) as y, sum(c) * (sum(c) - 1) as x, sum(c) as n
    from buyer_total
    group by all
)

select
    {keys}coalesce(sum(y), 0) as y, coalesce(sum(x), 0) as x, coalesce(sum(n), 0) as n, coalesce(sum(y), 0) as cy, coalesce(sum(x), 0) as cx,
    coalesce(sum(y * y), 0) as yy, coalesce(sum(x * y), 0) as xy, coalesce(sum(x * x), 0) as xx,
    cast(count(*) filter (where x > 0) as double) as m
from merchant_pair
group by all
