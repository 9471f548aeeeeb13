-- The median of log-spaced buckets: the bucket that holds the middle duration, interpolated on the log scale.
with bucket_total as (
    select {group_columns}w.bucket, sum(w.duration_count) as c
    from merchant_day_duration as w
    left join merchant_profile as p on p.merchant_id = w.merchant_id
    where w.measure = $measure and w.day >= $date_from and w.day <= $date_to {filters}
    group by all
    having sum(w.duration_count) <> 0
),

running as (
    select
        *,
        sum(c) over ({partition} order by bucket rows between unbounded preceding and current row) as up_to,
        sum(c) over ({partition}) as n
    from bucket_total
)

select
    {keys}min(n) as denominator,
    min_by(
        case when bucket = 0 then 0 else pow(2, (bucket - 1 + (n / 2 - (up_to - c)) / c) / 16) - 0.5 end,
        bucket
    ) as value
from running
where 2 * up_to >= n
group by all
order by all
