-- Events of one more day: those of the last 24 hours before {{until}}, {{days}} days later under new ids. Orders placed in these hours become
-- new orders; beside each of them two orders stay that were placed earlier, so that a third is new. Whole orders are kept, {{rows}} events at most.
with day as (
    select * from events where occurred_at > {{until}} - interval 24 hour and occurred_at <= {{until}}
),

placed as (
    select distinct order_id from day where kind = 'order_placed'
),

stored as (
    select distinct order_id from day
    where order_id is not null and order_id not in (select order_id from placed)
    order by hash(order_id)
    limit (select 2 * count(*) from placed)
),

chosen as (
    select order_id, true as is_new from placed
    union all
    select order_id, false from stored
)

select day.* exclude (source, load_id) replace (
    {{prefix}} || day.event_id as event_id,
    day.occurred_at + interval ({{days}}) day as occurred_at,
    day.ship_by_at + interval ({{days}}) day as ship_by_at,
    day.deliver_by_at + interval ({{days}}) day as deliver_by_at,
    day.expires_at + interval ({{days}}) day as expires_at,
    if(chosen.is_new, {{prefix}}, '') || day.order_id as order_id
)
from day
left join chosen on chosen.order_id = day.order_id
where day.order_id is null or chosen.order_id is not null
order by hash({{prefix}} || coalesce(day.order_id, day.event_id))
limit {{rows}}
