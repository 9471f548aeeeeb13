select
    o.merchant_id, o.buyer_id, max(o.order_date) as day, count(*) as order_count,
    sum(count(*)) over (partition by o.merchant_id) as merchant_order_count
from order_measure as o
where o.grain = 'merchant' and o.buyer_id is not null and o.order_date >= $date_from and o.order_date <= $date_to
group by o.merchant_id, o.buyer_id
