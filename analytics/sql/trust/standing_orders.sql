-- Orders of a window with what the standing of orders weighs: who bought, value in minor units, the first review, and what went wrong by the merchant's fault.
select
    order_id,
    merchant_id,
    buyer_id,
    ordered_at,
    coalesce(amount_minor, 0)::double as value_minor,
    first_review_score::double as rating,
    first_review_at as rated_at,
    coalesce(late_fault = 'seller', false) as late,
    coalesce(cancel_fault = 'seller', false) as cancelled,
    coalesce(dispute_fault = 'seller' and dispute_outcome in ('upheld', 'refunded'), false) as disputed
from fct_order
where order_date >= $date_from and order_date <= $date_to
order by ordered_at, merchant_id, order_id
