select
    o.merchant_id, o.order_id, o.order_date as day, o.buyer_id, f.merchant_count, f.currency, f.amount_minor, f.ordered_at, f.ship_by_at,
    f.shipped_at, f.deliver_by_at, f.delivered_at, o.carrier, f.late_fault, f.cancelled_at, f.cancel_fault, f.return_requested_at,
    f.refund_at, f.dispute_opened_at, f.dispute_outcome, f.chargeback_at, f.first_review_score, f.is_repeat_within_90d, {columns}
from order_measure as o
inner join fct_marketplace_order as f on f.order_id = o.order_id
where o.grain = 'marketplace' and o.order_date >= $date_from and o.order_date <= $date_to
