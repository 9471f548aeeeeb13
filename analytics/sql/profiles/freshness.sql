-- Rows, first and last instant, and the last load of each canonical table.
with described as (
    select 1 as place, 'events' as table_name, count(*) as row_count, min(occurred_at) as oldest_at,
        max(occurred_at) as newest_at, max(load_id) as load_id
    from events
    union all
    select 2, 'merchants', count(*), min(updated_at), max(updated_at), max(load_id) from merchants
    union all
    select 3, 'buyers', count(*), min(updated_at), max(updated_at), max(load_id) from buyers
    union all
    select 4, 'products', count(*), min(updated_at), max(updated_at), max(load_id) from products
    union all
    select 5, 'tickets', count(*), min(opened_at), max(opened_at), max(load_id) from tickets
    union all
    select 6, 'messages', count(*), min(sent_at), max(sent_at), max(load_id) from messages
)

select table_name, row_count, oldest_at, newest_at, load_id
from described
order by place
