-- What a made day holds.
select
    count(*) as events,
    count(distinct order_id) filter (where kind = 'order_placed') as new_orders,
    count(distinct order_id) filter (where not starts_with(order_id, {{prefix}})) as stored_orders
from read_parquet({{file}})
