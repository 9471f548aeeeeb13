-- One row per marketplace order (order_id) with parts from several merchants: late, disputed, bad … when any merchant's part is.
-- An order of one merchant is its own marketplace order: see fct_marketplace_order.
with several as (
    select order_id from purchase group by order_id having count(*) > 1
),

ranked as (
    select
        fct_order.*,
        case cancel_fault when 'seller' then 1 when 'platform' then 2 when 'carrier' then 3 when 'buyer' then 4 when 'unknown' then 5 end as cancel_rank,
        case return_fault when 'seller' then 1 when 'platform' then 2 when 'carrier' then 3 when 'buyer' then 4 when 'unknown' then 5 end as return_rank,
        case dispute_fault when 'seller' then 1 when 'platform' then 2 when 'carrier' then 3 when 'buyer' then 4 when 'unknown' then 5 end as dispute_rank,
        case late_fault when 'seller' then 1 when 'platform' then 2 when 'carrier' then 3 when 'buyer' then 4 when 'unknown' then 5 end as late_rank,
        case dispute_outcome when 'upheld' then 1 when 'refunded' then 2 when 'withdrawn' then 3 when 'denied' then 4 end as outcome_rank
    from fct_order
    inner join several on several.order_id = fct_order.order_id
),

marketplace_order as (
    select
        order_id,
        count(*) as merchant_count,
        min(buyer_id) as buyer_id,
        min(currency) as first_currency,
        max(currency) as last_currency,
        count(currency) as currency_count,
        min(ordered_at) as ordered_at,
        sum(line_count) as line_count,
        sum(quantity) as quantity,
        sum(amount_minor) as amount_minor,
        min(ship_by_at) as ship_by_at,
        min(deliver_by_at) as deliver_by_at,
        min(carrier) as carrier,
        min(case when is_tracking_valid then 1 when not is_tracking_valid then 0 end) as tracking_flag,
        min(shipped_at) as shipped_at,
        min(delivered_at) as delivered_at,
        min(cancelled_at) as cancelled_at,
        min(cancel_rank) as cancel_rank,
        min(return_requested_at) as return_requested_at,
        min(return_rank) as return_rank,
        min(refund_at) as refund_at,
        sum(refunded_minor) as refunded_minor,
        count(refunded_minor) as refunded_known_count,
        min(dispute_opened_at) as dispute_opened_at,
        min(dispute_closed_at) as dispute_closed_at,
        min(outcome_rank) as outcome_rank,
        min(dispute_rank) as dispute_rank,
        min(chargeback_at) as chargeback_at,
        min(first_review_at) as first_review_at,
        min(first_review_score) as first_review_score,
        max(case when is_shipped_late then 1 when not is_shipped_late then 0 end) as shipped_late_flag,
        max(case when is_delivered_late then 1 when not is_delivered_late then 0 end) as delivered_late_flag,
        min(late_rank) as late_rank,
        max(case when is_repeat_within_90d then 1 when not is_repeat_within_90d then 0 end) as repeat_flag,
        max(case when is_bad then 1 else 0 end) as bad_flag,
        max(last_event_at) as last_event_at
    from ranked
    group by order_id
)

select
    order_id,
    cast(merchant_count as bigint) as merchant_count,
    buyer_id,
    case when first_currency = last_currency and currency_count = merchant_count then first_currency end as currency,
    ordered_at,
    cast(ordered_at at time zone $time_zone as date) as order_date,
    cast(line_count as bigint) as line_count,
    cast(quantity as bigint) as quantity,
    case when first_currency = last_currency and currency_count = merchant_count then cast(amount_minor as bigint) end as amount_minor,
    ship_by_at,
    deliver_by_at,
    carrier,
    case tracking_flag when 1 then true when 0 then false end as is_tracking_valid,
    shipped_at,
    delivered_at,
    cancelled_at,
    case cancel_rank when 1 then 'seller' when 2 then 'platform' when 3 then 'carrier' when 4 then 'buyer' when 5 then 'unknown' end as cancel_fault,
    return_requested_at,
    case return_rank when 1 then 'seller' when 2 then 'platform' when 3 then 'carrier' when 4 then 'buyer' when 5 then 'unknown' end as return_fault,
    refund_at,
    case
        when first_currency = last_currency and currency_count = merchant_count and refunded_known_count = merchant_count
            then cast(refunded_minor as bigint)
    end as refunded_minor,
    dispute_opened_at,
    dispute_closed_at,
    case outcome_rank when 1 then 'upheld' when 2 then 'refunded' when 3 then 'withdrawn' when 4 then 'denied' end as dispute_outcome,
    case dispute_rank when 1 then 'seller' when 2 then 'platform' when 3 then 'carrier' when 4 then 'buyer' when 5 then 'unknown' end as dispute_fault,
    chargeback_at,
    first_review_at,
    first_review_score,
    case shipped_late_flag when 1 then true when 0 then false end as is_shipped_late,
    case delivered_late_flag when 1 then true when 0 then false end as is_delivered_late,
    case late_rank when 1 then 'seller' when 2 then 'platform' when 3 then 'carrier' when 4 then 'buyer' when 5 then 'unknown' end as late_fault,
    case repeat_flag when 1 then true when 0 then false end as is_repeat_within_90d,
    bad_flag = 1 as is_bad,
    last_event_at
from marketplace_order
