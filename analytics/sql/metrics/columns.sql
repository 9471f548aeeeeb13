-- Sums of measures per group, with the between-merchant moments that a clustered interval needs.
with merchant_group as (
    select {group_columns}w.merchant_id as cluster_id, {sums}
    from ({window}) as w
    left join merchant_profile as p on p.merchant_id = w.merchant_id
    where true {filters}
    group by all
)

select {keys}{totals}{moments}
from merchant_group
group by all
