-- The columns and kinds that the headline figures need, for a frame in memory.
select merchant_id, order_id, kind, occurred_at, amount, currency, ship_by_at, deliver_by_at, fault, score
from events
where kind in ('order_placed', 'order_shipped', 'order_delivered', 'review_posted')
