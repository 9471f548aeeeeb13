-- What the sources hold at all: how many events of each kind, from when to when, and how many fill the fields that some metrics need.
-- The row 'any_event' gives the horizon: no figure may look past its last_at.
with event_kind as (
    select
        kind,
        cast(sum(event_count) as bigint) as event_count,
        min(first_at) as first_at,
        max(last_at) as last_at,
        cast(sum(buyer_count) as bigint) as buyer_count,
        cast(sum(fault_count) as bigint) as fault_count,
        cast(sum(carrier_count) as bigint) as carrier_count,
        cast(sum(tracking_count) as bigint) as tracking_count,
        cast(sum(ship_by_count) as bigint) as ship_by_count,
        cast(sum(deliver_by_count) as bigint) as deliver_by_count,
        cast(sum(amount_count) as bigint) as amount_count
    from source_month
    group by kind
),

ticket_item as (
    select 'ticket' as kind, opened_at as item_at from tickets where opened_at < $as_of
    union all
    select 'ticket_resolved' as kind, resolved_at as item_at from tickets where resolved_at < $as_of
    union all
    select 'ticket_csat' as kind, resolved_at as item_at
    from tickets where resolved_at < $as_of and csat_score is not null and opened_by = 'merchant'
    union all
    select 'ticket_csat' as kind, survey.occurred_at as item_at
    from events as survey
    inner join tickets on tickets.ticket_id = survey.reason
    where survey.kind = 'csat_answered' and survey.occurred_at < $as_of and tickets.opened_by = 'merchant'
    union all
    select 'agent_message' as kind, sent_at as item_at from messages where author = 'agent' and sent_at < $as_of
)

select kind, event_count, first_at, last_at, buyer_count, fault_count, carrier_count, tracking_count, ship_by_count, deliver_by_count, amount_count
from event_kind
union all
select
    'any_event' as kind,
    cast(coalesce(sum(event_count), 0) as bigint) as event_count,
    min(first_at) as first_at,
    max(last_at) as last_at,
    cast(coalesce(sum(buyer_count), 0) as bigint) as buyer_count,
    cast(coalesce(sum(fault_count), 0) as bigint) as fault_count,
    cast(coalesce(sum(carrier_count), 0) as bigint) as carrier_count,
    cast(coalesce(sum(tracking_count), 0) as bigint) as tracking_count,
    cast(coalesce(sum(ship_by_count), 0) as bigint) as ship_by_count,
    cast(coalesce(sum(deliver_by_count), 0) as bigint) as deliver_by_count,
    cast(coalesce(sum(amount_count), 0) as bigint) as amount_count
from event_kind
union all
select
    kind,
    cast(count(*) as bigint) as event_count,
    min(item_at) as first_at,
    max(item_at) as last_at,
    cast(0 as bigint) as buyer_count,
    cast(0 as bigint) as fault_count,
    cast(0 as bigint) as carrier_count,
    cast(0 as bigint) as tracking_count,
    cast(0 as bigint) as ship_by_count,
    cast(0 as bigint) as deliver_by_count,
    cast(0 as bigint) as amount_count
from ticket_item
group by kind
