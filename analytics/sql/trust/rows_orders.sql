-- One merchant's orders of a window with the 0/1 measures of a rate ($measures, a pattern 'a|b'): they add up to its counts.
select
    order_id, order_date, columns('^(' || $measures || ')$'), currency, amount_minor / 100.0 as amount, ordered_at, ship_by_at, shipped_at,
    deliver_by_at, delivered_at, carrier, late_fault, cancelled_at, cancel_fault, return_requested_at, return_fault, refund_at,
    dispute_opened_at, dispute_outcome, dispute_fault, chargeback_at, first_review_score
from order_measure
where grain = 'merchant' and merchant_id = $merchant_id and order_date >= $date_from and order_date <= $date_to
order by order_date desc, order_id
