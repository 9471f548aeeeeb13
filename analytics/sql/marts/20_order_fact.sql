-- What happened to a merchant order (merchant_id, order_id), whatever the horizon: first instants, promises, faults, outcomes.
-- An event with a line counts for its line: the order is shipped or delivered with its last line; a promise is the earliest of its lines.
-- Faults and outcomes are ranked, so that the answer never depends on the order in which rows are read.
-- An order of which no order_placed is known yet has a row without ordered_at: its earlier events wait for it.
with order_event as (
    select
        merchant_id, order_id, line_id, kind, occurred_at, buyer_id, quantity, amount, currency, score,
        ship_by_at, deliver_by_at, carrier, is_tracking_valid, outcome,
        case fault when 'seller' then 1 when 'platform' then 2 when 'carrier' then 3 when 'buyer' then 4 when 'unknown' then 5 end as fault_rank,
        case outcome when 'upheld' then 1 when 'refunded' then 2 when 'withdrawn' then 3 when 'denied' then 4 end as outcome_rank
    from events
    where occurred_at < $as_of
        and merchant_id is not null
        and order_id is not null
        and kind in (
            'order_placed', 'order_cancelled', 'order_shipped', 'order_delivered', 'return_requested', 'refund_paid',
            'dispute_opened', 'dispute_closed', 'chargeback', 'review_posted'
        )
),

merchant_order as (
    select
        merchant_id,
        order_id,
        min(buyer_id) filter (where kind = 'order_placed') as buyer_id,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at,
        max(occurred_at) filter (where kind = 'order_placed') as last_placed_at,
        min(occurred_at) filter (where kind = 'order_shipped') as first_shipped_at,
        max(occurred_at) filter (where kind = 'order_shipped') as last_shipped_at,
        min(occurred_at) filter (where kind = 'order_delivered') as first_delivered_at,
        max(occurred_at) filter (where kind = 'order_delivered') as last_delivered_at,
        count(*) filter (where kind not in ('order_placed', 'order_shipped', 'order_delivered')) as other_count,
        min(occurred_at) filter (where kind = 'order_placed') as ordered_at,
        count(*) filter (where kind = 'order_placed') as line_count,
        sum(quantity) filter (where kind = 'order_placed') as quantity,
        min(currency) filter (where kind = 'order_placed') as first_currency,
        max(currency) filter (where kind = 'order_placed') as last_currency,
        sum(cast(round(amount * 100) as bigint)) filter (where kind = 'order_placed') as amount_minor,
        min(ship_by_at) filter (where kind = 'order_placed') as ship_by_at,
        min(deliver_by_at) filter (where kind = 'order_placed') as deliver_by_at,
        min(carrier) filter (where kind = 'order_shipped') as carrier,
        min(case when is_tracking_valid then 1 when not is_tracking_valid then 0 end) filter (where kind = 'order_shipped') as tracking_flag,
        coalesce(
            min(occurred_at) filter (where kind = 'order_shipped' and line_id is null),
            max(occurred_at) filter (where kind = 'order_shipped')
        ) as shipped_at,
        coalesce(
            min(occurred_at) filter (where kind = 'order_delivered' and line_id is null),
            max(occurred_at) filter (where kind = 'order_delivered')
        ) as delivered_at,
        min(fault_rank) filter (where kind = 'order_delivered') as delivery_fault_rank,
        min(occurred_at) filter (where kind = 'order_cancelled') as cancelled_at,
        min(fault_rank) filter (where kind = 'order_cancelled') as cancel_fault_rank,
        min(occurred_at) filter (where kind = 'return_requested') as return_requested_at,
        min(fault_rank) filter (where kind = 'return_requested') as return_fault_rank,
        min(occurred_at) filter (where kind = 'refund_paid') as refund_at,
        min(currency) filter (where kind = 'refund_paid') as first_refund_currency,
        max(currency) filter (where kind = 'refund_paid') as last_refund_currency,
        sum(cast(round(amount * 100) as bigint)) filter (where kind = 'refund_paid') as refunded_minor,
        min(occurred_at) filter (where kind = 'dispute_opened') as dispute_opened_at,
        min(occurred_at) filter (where kind = 'dispute_closed') as dispute_closed_at,
        count(*) filter (where kind = 'dispute_opened') as dispute_opened_count,
        count(*) filter (where kind = 'dispute_closed') as dispute_closed_count,
        count(*) filter (where kind = 'dispute_closed' and outcome in ('denied', 'withdrawn')) as dispute_cleared_count,
        min(outcome_rank) filter (where kind = 'dispute_closed') as dispute_outcome_rank,
        min(fault_rank) filter (where kind = 'dispute_opened') as dispute_opened_fault_rank,
        min(fault_rank) filter (where kind = 'dispute_closed') as dispute_closed_fault_rank,
        min(occurred_at) filter (where kind = 'chargeback') as chargeback_at,
        min(occurred_at) filter (where kind = 'review_posted' and score is not null) as first_review_at,
        min(score) filter (where kind = 'review_posted') as first_review_score
    from order_event
    group by merchant_id, order_id
),

ranked_order as (
    select
        *,
        coalesce(dispute_closed_fault_rank, dispute_opened_fault_rank) as dispute_fault_rank,
        case when cancelled_at is not null then 1 else 0 end
        + case when return_requested_at is not null then 1 else 0 end
        + case when refund_at is not null then 1 else 0 end
        + case when dispute_opened_at is not null then 1 else 0 end
        + case when dispute_closed_at is not null then 1 else 0 end
        + case when chargeback_at is not null then 1 else 0 end
        + case when first_review_at is not null then 1 else 0 end as other_kind_count
    from merchant_order
)

select
    merchant_order.merchant_id,
    merchant_order.order_id,
    merchant_order.buyer_id,
    case when first_currency = last_currency then first_currency end as currency,
    merchant_order.ordered_at,
    buyer_purchase.next_ordered_at,
    first_event_at,
    last_event_at,
    cast(merchant_order.ordered_at at time zone $time_zone as date) as order_date,
    cast(line_count as bigint) as line_count,
    cast(quantity as bigint) as quantity,
    case when first_currency = last_currency or first_currency is null then cast(amount_minor as bigint) end as amount_minor,
    ship_by_at,
    deliver_by_at,
    carrier,
    case tracking_flag when 1 then true when 0 then false end as is_tracking_valid,
    shipped_at,
    delivered_at,
    cancelled_at,
    case cancel_fault_rank when 1 then 'seller' when 2 then 'platform' when 3 then 'carrier' when 4 then 'buyer' when 5 then 'unknown' end as cancel_fault,
    return_requested_at,
    case return_fault_rank when 1 then 'seller' when 2 then 'platform' when 3 then 'carrier' when 4 then 'buyer' when 5 then 'unknown' end as return_fault,
    refund_at,
    case
        when refund_at is null then cast(0 as bigint)
        when first_refund_currency = last_refund_currency and first_currency = last_currency and first_refund_currency = first_currency
            then cast(refunded_minor as bigint)
    end as refunded_minor,
    coalesce(dispute_opened_at, dispute_closed_at) as dispute_opened_at,
    dispute_closed_at,
    case dispute_outcome_rank when 1 then 'upheld' when 2 then 'refunded' when 3 then 'withdrawn' when 4 then 'denied' end as dispute_outcome,
    case dispute_fault_rank when 1 then 'seller' when 2 then 'platform' when 3 then 'carrier' when 4 then 'buyer' when 5 then 'unknown' end as dispute_fault,
    case dispute_opened_fault_rank when 1 then 'seller' when 2 then 'platform' when 3 then 'carrier' when 4 then 'buyer' when 5 then 'unknown' end as dispute_opened_fault,
    chargeback_at,
    first_review_at,
    cast(first_review_score as integer) as first_review_score,
    case
        when delivered_at is null or deliver_by_at is null or delivered_at <= deliver_by_at then null
        when delivery_fault_rank = 1 then 'seller'
        when delivery_fault_rank = 2 then 'platform'
        when delivery_fault_rank = 3 then 'carrier'
        when delivery_fault_rank = 4 then 'buyer'
        when delivery_fault_rank = 5 then 'unknown'
        when shipped_at > ship_by_at then 'seller'
        when shipped_at <= ship_by_at then 'carrier'
        else 'unknown'
    end as late_fault,
    coalesce(first_review_score <= 2, false)
        or dispute_opened_count > dispute_cleared_count
        or dispute_closed_count > dispute_cleared_count
        or chargeback_at is not null
        or coalesce(cancel_fault_rank = 1, false) as is_bad,
    coalesce(merchant_order.ordered_at = first_event_at and merchant_order.ordered_at = last_placed_at, false)
        and coalesce(first_shipped_at = last_shipped_at, true)
        and coalesce(first_delivered_at = last_delivered_at, true)
        and coalesce(last_shipped_at <= first_delivered_at, true)
        and coalesce(dispute_opened_at <= dispute_closed_at, true)
        and other_count = other_kind_count as tells_its_past
from ranked_order as merchant_order
left join buyer_purchase on buyer_purchase.buyer_id = merchant_order.buyer_id and buyer_purchase.ordered_at = merchant_order.ordered_at
