-- Each order as a row of 0 and 1, beside what happened, at both grains: 'merchant' (merchant_id, order_id) and 'marketplace' (order_id,
-- merchant_id null).
-- The day marts are sums of these columns, and drill lists these rows: that is why they reconcile.
with order_at_grain as (
    select
        'merchant' as grain, merchant_id, order_id, buyer_id, order_date, cast(1 as bigint) as merchant_count, currency, amount_minor, ordered_at, ship_by_at, shipped_at, deliver_by_at,
        delivered_at, carrier, is_tracking_valid, cancelled_at, cancel_fault, return_requested_at, return_fault, refund_at, dispute_opened_at,
        dispute_outcome, dispute_fault, chargeback_at, first_review_score, is_shipped_late, is_delivered_late, late_fault,
        is_repeat_within_90d, is_bad
    from fct_order
    union all
    select
        'marketplace' as grain, null as merchant_id, order_id, buyer_id, order_date, merchant_count, currency, amount_minor, ordered_at, ship_by_at, shipped_at, deliver_by_at,
        delivered_at, carrier, is_tracking_valid, cancelled_at, cancel_fault, return_requested_at, return_fault, refund_at, dispute_opened_at,
        dispute_outcome, dispute_fault, chargeback_at, first_review_score, is_shipped_late, is_delivered_late, late_fault,
        is_repeat_within_90d, is_bad
    from fct_marketplace_order
),

experience as (
    select
        *,
        is_bad or coalesce(is_delivered_late, false) as is_bad_experience,
        coalesce(is_repeat_within_90d, false) as is_repeat,
        is_repeat_within_90d is not null as is_repeat_base
    from order_at_grain
)

select
    grain,
    merchant_id,
    order_id,
    buyer_id,
    order_date,
    merchant_count,
    currency,
    amount_minor,
    ordered_at,
    ship_by_at,
    shipped_at,
    deliver_by_at,
    delivered_at,
    carrier,
    late_fault,
    cancelled_at,
    cancel_fault,
    return_requested_at,
    return_fault,
    refund_at,
    dispute_opened_at,
    dispute_outcome,
    dispute_fault,
    chargeback_at,
    first_review_score,
    is_repeat_within_90d,
    1 as order_count,
    case when cancelled_at is not null then 1 else 0 end as cancelled_count,
    case when cancelled_at is not null and cancel_fault = 'seller' then 1 else 0 end as seller_cancelled_count,
    case when shipped_at is not null then 1 else 0 end as shipped_count,
    case when is_shipped_late is not null then 1 else 0 end as ship_due_count,
    case when is_shipped_late then 1 else 0 end as shipped_late_count,
    case when not is_shipped_late then 1 else 0 end as shipped_on_time_count,
    case when is_tracking_valid is not null then 1 else 0 end as tracked_count,
    case when is_tracking_valid then 1 else 0 end as valid_tracking_count,
    case when delivered_at is not null then 1 else 0 end as delivered_count,
    case when is_delivered_late is not null then 1 else 0 end as delivery_due_count,
    case when is_delivered_late then 1 else 0 end as delivered_late_count,
    case when not is_delivered_late then 1 else 0 end as delivered_on_time_count,
    case when late_fault = 'seller' then 1 else 0 end as late_seller_count,
    case when late_fault = 'carrier' then 1 else 0 end as late_carrier_count,
    case when late_fault = 'buyer' then 1 else 0 end as late_buyer_count,
    case when late_fault = 'platform' then 1 else 0 end as late_platform_count,
    case when late_fault = 'unknown' then 1 else 0 end as late_unknown_count,
    case when return_requested_at is not null then 1 else 0 end as returned_count,
    case when return_requested_at is not null and return_fault = 'seller' then 1 else 0 end as seller_returned_count,
    case when refund_at is not null then 1 else 0 end as refunded_count,
    case when dispute_opened_at is not null then 1 else 0 end as disputed_count,
    case when dispute_outcome = 'upheld' then 1 else 0 end as upheld_dispute_count,
    case when dispute_opened_at is not null and dispute_fault = 'seller' then 1 else 0 end as seller_disputed_count,
    case when chargeback_at is not null then 1 else 0 end as chargeback_count,
    case when is_bad then 1 else 0 end as defect_count,
    case when first_review_score >= 4 then 1 else 0 end as positive_order_count,
    case when first_review_score <= 2 then 1 else 0 end as negative_order_count,
    case when first_review_score is not null then 1 else 0 end as reviewed_order_count,
    case when delivered_at is not null and first_review_score >= 4 then 1 else 0 end as delivered_positive_count,
    case when delivered_at is not null and first_review_score is not null then 1 else 0 end as delivered_reviewed_count,
    case when is_repeat_base then 1 else 0 end as repeat_base_count,
    case when is_repeat then 1 else 0 end as repeat_count,
    case when is_repeat_base and is_bad_experience then 1 else 0 end as repeat_base_bad_count,
    case when is_repeat and is_bad_experience then 1 else 0 end as repeat_bad_count,
    case when is_repeat_base and not is_bad_experience then 1 else 0 end as repeat_base_good_count,
    case when is_repeat and not is_bad_experience then 1 else 0 end as repeat_good_count,
    case when is_repeat_base and first_review_score >= 4 then 1 else 0 end as repeat_base_positive_count,
    case when is_repeat and first_review_score >= 4 then 1 else 0 end as repeat_positive_count,
    case when is_repeat_base and first_review_score <= 2 then 1 else 0 end as repeat_base_negative_count,
    case when is_repeat and first_review_score <= 2 then 1 else 0 end as repeat_negative_count
from experience
