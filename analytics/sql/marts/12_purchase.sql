-- Who placed a merchant order (merchant_id, order_id), and when.
select
    merchant_id,
    order_id,
    min(buyer_id) as buyer_id,
    min(occurred_at) as ordered_at
from events
where kind = 'order_placed' and merchant_id is not null and order_id is not null and occurred_at < $as_of
group by merchant_id, order_id
