select
    merchant_id, order_id, order_date as day, buyer_id, currency, amount_minor, ordered_at, ship_by_at, shipped_at, deliver_by_at,
    delivered_at, carrier, late_fault, cancelled_at, cancel_fault, return_requested_at, refund_at, dispute_opened_at, dispute_outcome,
    chargeback_at, first_review_score, is_repeat_within_90d, {columns}
from order_measure
where grain = 'merchant' and order_date >= $date_from and order_date <= $date_to
