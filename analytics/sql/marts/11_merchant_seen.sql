-- The first event and order of each merchant in a month (UTC): tells who is known at all, and since when, without reading every event again.
with dated as (
    select
        merchant_id, occurred_at, case when kind = 'order_placed' and order_id is not null then occurred_at end as ordered_at,
        cast(occurred_at at time zone 'UTC' as date) as day
    from events
    where merchant_id is not null and occurred_at < $as_of
)

select
    merchant_id,
    cast(date_trunc('month', day) as date) as month,
    min(occurred_at) as first_at,
    min(ordered_at) as first_ordered_at
from dated
group by merchant_id, cast(date_trunc('month', day) as date)
