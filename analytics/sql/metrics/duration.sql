-- Distribution of a duration per group, with the clustered variance of the share at or below the median's bucket (Woodruff 1952).
with merchant_bucket as (
    select {group_columns}w.merchant_id as cluster_id, w.bucket, sum(w.duration_count) as c
    from merchant_day_duration as w
    left join merchant_profile as p on p.merchant_id = w.merchant_id
    where w.measure = $measure and w.day >= $date_from and w.day <= $date_to {filters}
    group by all
    having sum(w.duration_count) <> 0
),

bucket_total as (
    select {keys}bucket, sum(c) as c
    from merchant_bucket
    group by all
),

running as (
    select
        *,
        sum(c) over ({partition} order by bucket rows between unbounded preceding and current row) as up_to,
        sum(c) over ({partition}) as n
    from bucket_total
),

median_bucket as (
    select {keys}min(bucket) as median_bucket
    from running
    where 2 * up_to >= n
    group by all
),

cluster_total as (
    select
        {b_keys}b.cluster_id,
        cast(coalesce(sum(b.c) filter (where b.bucket <= m.median_bucket), 0) as double) as below,
        cast(sum(b.c) as double) as total
    from merchant_bucket as b
    inner join median_bucket as m on {join_bm}
    group by all
),

moment as (
    select
        {keys}sum(below) as cy, sum(total) as cx, sum(below * below) as yy, sum(below * total) as xy, sum(total * total) as xx,
        count(*) as m
    from cluster_total
    group by all
)

select {r_keys}r.bucket, cast(r.c as double) as c, k.cy, k.cx, k.yy, k.xy, k.xx, cast(k.m as double) as m
from running as r
inner join moment as k on {join_rk}
order by r.bucket
