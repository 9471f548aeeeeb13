-- The first event of each merchant in a month (UTC): tells who is known at all, without reading every event again.
with dated as (
    select merchant_id, occurred_at, cast(occurred_at at time zone 'UTC' as date) as day
    from events
    where merchant_id is not null and occurred_at < $as_of
)

select
    merchant_id,
    cast(date_trunc('month', day) as date) as month,
    min(occurred_at) as first_at
from dated
group by merchant_id, cast(date_trunc('month', day) as date)
