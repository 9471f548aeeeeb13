-- What the sources hold of each kind of event in a month (UTC): how many, from when to when, and how many fill the fields that some
-- metrics need. The latest last_at is the horizon: no figure may look past it.
with dated as (
    select
        kind, occurred_at, buyer_id, fault, carrier, is_tracking_valid, ship_by_at, deliver_by_at, amount,
        cast(occurred_at at time zone 'UTC' as date) as day
    from events
    where occurred_at < $as_of
)

select
    kind,
    cast(date_trunc('month', day) as date) as month,
    cast(count(*) as bigint) as event_count,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at,
    cast(count(buyer_id) as bigint) as buyer_count,
    cast(count(case when fault <> 'unknown' then 1 end) as bigint) as fault_count,
    cast(count(carrier) as bigint) as carrier_count,
    cast(count(is_tracking_valid) as bigint) as tracking_count,
    cast(count(ship_by_at) as bigint) as ship_by_count,
    cast(count(deliver_by_at) as bigint) as deliver_by_count,
    cast(count(amount) as bigint) as amount_count
from dated
group by kind, cast(date_trunc('month', day) as date)
