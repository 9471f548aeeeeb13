select o.merchant_id, o.event_id, o.order_id, o.review_date as day, o.buyer_id, o.reviewed_at, o.score, {columns}
from fct_review as o
where o.is_marketplace_first = 1 and o.review_date >= $date_from and o.review_date <= $date_to
