with buyer_total as (
    select {group_columns}w.merchant_id as cluster_id, w.buyer_id, count(*) as c
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
    select {keys}cluster_id, sum(c * (c - 1)) as same_buyer_pairs, sum(c) * (sum(c) - 1) as pairs
    from buyer_total
    group by all
)

select
    {keys}sum(same_buyer_pairs) as numerator,
    sum(pairs) as denominator,
    sum(same_buyer_pairs) / nullif(sum(pairs), 0) as value
from merchant_pair
group by all
order by all
