-- One row per merchant order (merchant_id, order_id) that was placed, as it stands at the horizon.
-- Lateness is known once the limit has passed: else young orders would count while they are in time and not while they are late.
with horizon as (
    select max(last_at) as data_up_to from source_month
)

select
    order_fact.merchant_id,
    order_fact.order_id,
    order_fact.buyer_id,
    order_fact.currency,
    merchants.category,
    merchants.region,
    merchants.tier,
    order_fact.ordered_at,
    order_fact.order_date,
    order_fact.line_count,
    order_fact.quantity,
    order_fact.amount_minor,
    order_fact.ship_by_at,
    order_fact.deliver_by_at,
    order_fact.carrier,
    order_fact.is_tracking_valid,
    order_fact.shipped_at,
    order_fact.delivered_at,
    order_fact.cancelled_at,
    order_fact.cancel_fault,
    order_fact.return_requested_at,
    order_fact.return_fault,
    order_fact.refund_at,
    order_fact.refunded_minor,
    order_fact.dispute_opened_at,
    order_fact.dispute_closed_at,
    order_fact.dispute_outcome,
    order_fact.dispute_fault,
    order_fact.chargeback_at,
    order_fact.first_review_at,
    order_fact.first_review_score,
    case
        when order_fact.ship_by_at is null or order_fact.ship_by_at > horizon.data_up_to then null
        when order_fact.shipped_at is not null then order_fact.shipped_at > order_fact.ship_by_at
        when order_fact.cancelled_at is null and order_fact.delivered_at is null then true
    end as is_shipped_late,
    case
        when order_fact.delivered_at is not null and order_fact.deliver_by_at <= horizon.data_up_to
            then order_fact.delivered_at > order_fact.deliver_by_at
    end as is_delivered_late,
    order_fact.late_fault,
    case
        when order_fact.buyer_id is null or order_fact.ordered_at + interval '2160' hour > horizon.data_up_to then null
        else order_fact.next_ordered_at is not null and order_fact.next_ordered_at <= order_fact.ordered_at + interval '2160' hour
    end as is_repeat_within_90d,
    order_fact.is_bad,
    order_fact.last_event_at
from order_fact
cross join horizon
left join merchants on merchants.merchant_id = order_fact.merchant_id
where order_fact.ordered_at is not null
