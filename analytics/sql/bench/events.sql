-- The first {{rows}} events of a demo by time; once it is used up it begins anew under other ids of events and orders.
with demo as (
    select * from read_parquet({{shards}})
),

tile as (
    select unnest(range(cast(ceil({{rows}} / (select count(*) from demo)) as bigint))) as number
)

select demo.* replace (
    if(tile.number = 0, '', 't' || tile.number || '-') || demo.event_id as event_id,
    if(tile.number = 0, '', 't' || tile.number || '-') || demo.order_id as order_id
)
from demo
cross join tile
order by tile.number, demo.occurred_at, demo.event_id
limit {{rows}}
