-- One row per merchant order that is old enough for its outcomes to be known (60 days before the horizon): what befell it, what was known
-- before, and how it ended. Whole merchants are sampled: one in $every, by hash, so that a merchant's history stays whole.
-- Times are in days since 1970 (UTC).
with horizon as (
    select max(last_at) as data_up_to from source_month
),

picked as (
    select fct_order.*, order_fact.next_ordered_at, merchant_profile.size_band
    from fct_order
    cross join horizon
    join order_fact using (merchant_id, order_id)
    join merchant_profile using (merchant_id)
    where fct_order.ordered_at + interval '1440' hour <= horizon.data_up_to
        and hash(fct_order.merchant_id) % cast($every as ubigint) = 0
),

-- A question about the order itself, or one that its buyer asked the merchant in the five days before it.
asked as (
    select
        picked.merchant_id,
        picked.order_id,
        max(case when question.reply_seconds is null or question.reply_seconds > 86400 then 1 else 0 end) as is_slow,
        max(case when question.asked_at > picked.deliver_by_at then 1 else 0 end) as is_overdue
    from picked
    join fct_question as question
        on question.merchant_id = picked.merchant_id and question.buyer_id = picked.buyer_id
    where question.order_id = picked.order_id
        or (
            question.order_id is null and question.asked_at <= picked.ordered_at
            and question.asked_at > picked.ordered_at - interval '120' hour
        )
    group by picked.merchant_id, picked.order_id
)

select
    picked.merchant_id,
    coalesce(picked.category, 'unknown') as category,
    coalesce(picked.region, 'unknown') as region,
    coalesce(picked.carrier, 'unknown') as carrier,
    coalesce(picked.currency, 'unknown') as currency,
    picked.size_band,
    epoch(picked.ordered_at) / 86400 as ordered_day,
    picked.amount_minor / 100.0 as amount,
    picked.line_count,
    (epoch(picked.deliver_by_at) - epoch(picked.ordered_at)) / 86400 as promised_days,
    coalesce(picked.is_delivered_late is not null and picked.cancelled_at is null, false) as is_due,
    coalesce(picked.is_delivered_late, false) as is_late,
    coalesce(picked.is_delivered_late and picked.late_fault = 'seller', false) as is_late_seller,
    picked.cancelled_at is not null as is_cancelled,
    coalesce(picked.cancel_fault = 'seller', false) as is_cancelled_seller,
    asked.is_slow is not null as is_asked,
    coalesce(asked.is_slow, 0) = 1 as is_slow_reply,
    coalesce(asked.is_overdue, 0) = 1 as is_asked_overdue,
    picked.return_requested_at is not null as is_returned,
    coalesce(picked.return_fault, 'unknown') as return_fault,
    picked.return_requested_at is not null
        and coalesce(picked.refund_at > picked.return_requested_at + interval '120' hour, true) as is_slow_refund,
    cast(picked.first_review_score as double) as stars,
    picked.dispute_opened_at is not null as is_disputed,
    coalesce(picked.dispute_opened_at > picked.return_requested_at, false) as is_disputed_after_return,
    case
        when picked.buyer_id is null then null
        else cast(coalesce(picked.next_ordered_at <= picked.ordered_at + interval '1440' hour, false) as double)
    end as repeat_60d
from picked
left join asked using (merchant_id, order_id)
order by picked.merchant_id, picked.ordered_at, picked.order_id
