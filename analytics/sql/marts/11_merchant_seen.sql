-- The first event of each merchant in a month (UTC): tells who is known at all, without reading every event again.
select
    merchant_id,
    cast(date_trunc('month', occurred_at at time zone 'UTC') as date) as month,
    min(occurred_at) as first_at
from events
where merchant_id is not null and occurred_at < $as_of
group by merchant_id, cast(date_trunc('month', occurred_at at time zone 'UTC') as date)
