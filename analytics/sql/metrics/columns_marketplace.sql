-- Sums at the marketplace's own grain (an order of several merchants counts once), beside the merchants' moments for the interval.
with market as (
    select {group_columns}{sums}
    from marketplace_day as w
    where w.day >= $date_from and w.day <= $date_to
    group by all
),

merchant_group as (
    select {group_columns}w.merchant_id as cluster_id, {sums}
    from ({window}) as w
    group by all
),

cluster as (
    select {keys}{moments_only}
    from merchant_group
    group by all
)

select {market_keys}{market_totals}{cluster_moments}
from market
left join cluster on {join}
