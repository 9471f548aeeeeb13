-- The bad orders of a span of days, one row each: merchant, day, a number that stands for the buyer, and whether the buyer is unknown.
select merchant_id, order_date as day, hash(buyer_id) as buyer, buyer_id is null as is_unknown
from fct_order
where order_date >= $date_from and order_date <= $date_to
    and case $measure
        when 'transaction_defect_count' then cancel_fault = 'seller' or dispute_outcome = 'upheld'
        when 'order_defect_count'
            then first_review_score <= 2
            or (dispute_opened_at is not null and coalesce(dispute_outcome, 'open') not in ('denied', 'withdrawn'))
            or chargeback_at is not null
    end
