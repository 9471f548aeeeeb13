-- One merchant's orders of a window with the 0/1 measures of a rate ($measures, a pattern 'a|b'): they add up to its counts.
with measured as (
    select merchant_id, order_id, order_date, columns('^(' || $measures || ')$')
    from order_measure
    where grain = 'merchant' and merchant_id = $merchant_id and order_date >= $date_from and order_date <= $date_to
)
select
    measured.* exclude (merchant_id),
    f.currency, f.amount_minor / 100.0 as amount, f.ordered_at, f.ship_by_at, f.shipped_at, f.deliver_by_at, f.delivered_at, f.carrier,
    f.late_fault, f.cancelled_at, f.cancel_fault, f.return_requested_at, f.return_fault, f.refund_at, f.dispute_opened_at,
    f.dispute_outcome, f.dispute_fault, f.chargeback_at, f.first_review_score
from measured
inner join fct_order as f on f.merchant_id = measured.merchant_id and f.order_id = measured.order_id
order by measured.order_date desc, measured.order_id
