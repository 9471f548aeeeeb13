-- Orders of a window and scope, one row each: what befell them before the buyer reviewed, what the buyer said, and whether he came back; one order in
-- $every, by hash. A dispute or return that came after the review is no cause of it.
with chosen as (
{chosen}
),

picked as (
    select fct_order.*, chosen.category as merchant_category
    from fct_order
    join chosen using (merchant_id)
    where order_date between $date_from and $date_to and hash(order_id) % cast($every as ubigint) = 0
),

question as (
    select
        merchant_id,
        order_id,
        max(case when reply_seconds is null or reply_seconds > 86400 then 1 else 0 end) as is_slow
    from fct_question
    where order_id is not null and (reply_seconds is not null or asked_at + interval '24' hour <= $up_to)
    group by merchant_id, order_id
),

history as (
    select
        buyer_id,
        ordered_at,
        row_number() over (partition by buyer_id order by ordered_at) - 1 as prior_count
    from buyer_purchase
    where buyer_id in (select buyer_id from picked)
),

own_return as (
    select picked.merchant_id, picked.order_id, 1 as is_back
    from picked
    join purchase
        on purchase.merchant_id = picked.merchant_id and purchase.buyer_id = picked.buyer_id
            and purchase.ordered_at > picked.ordered_at and purchase.ordered_at <= picked.ordered_at + interval '2160' hour
    group by picked.merchant_id, picked.order_id
)

select
    picked.merchant_id,
    picked.order_id,
    picked.buyer_id,
    picked.merchant_category as category,
    cast(date_trunc('month', picked.order_date) as date) as month,
    picked.currency,
    picked.amount_minor / 100.0 as amount,
    picked.delivered_at is not null as is_delivered,
    picked.first_review_score as score,
    picked.is_bad or coalesce(picked.late_fault = 'seller', false) as is_bad,
    case
        when picked.is_delivered_late is null then null
        when picked.first_review_at <= picked.deliver_by_at then 0
        when picked.late_fault = 'seller' then 1
        else 0
    end as late_seller,
    case
        when picked.is_delivered_late is null then null
        when picked.first_review_at <= picked.deliver_by_at then 0
        when picked.is_delivered_late and picked.late_fault <> 'seller' then 1
        else 0
    end as late_other,
    coalesce(question.is_slow, 0) as slow_reply,
    case when coalesce(picked.cancelled_at < picked.first_review_at, picked.cancelled_at is not null) then 1 else 0 end as cancelled,
    case when coalesce(picked.return_requested_at < picked.first_review_at, picked.return_requested_at is not null) then 1 else 0 end as returned,
    case when coalesce(picked.dispute_opened_at < picked.first_review_at, picked.dispute_opened_at is not null) then 1 else 0 end as disputed,
    coalesce(history.prior_count, 0) as prior_count,
    case when picked.is_repeat_within_90d is null then null when picked.is_repeat_within_90d then 1 else 0 end as is_repeat,
    case when picked.is_repeat_within_90d is null then null else coalesce(own_return.is_back, 0) end as is_merchant_repeat
from picked
left join question using (merchant_id, order_id)
left join history on history.buyer_id = picked.buyer_id and history.ordered_at = picked.ordered_at
left join own_return using (merchant_id, order_id)
order by picked.merchant_id, picked.order_id
