-- One row per question of a buyer to a merchant, with the first answer at or after it about the same product to the same buyer.
-- Two questions before one answer are both answered by it.
with conversation as (
    select
        event_id, merchant_id, buyer_id, product_id, order_id, kind, occurred_at,
        min(case when kind = 'question_answered' then occurred_at end) over (
            partition by merchant_id, buyer_id, product_id
            order by occurred_at, case kind when 'question_asked' then 0 else 1 end, event_id
            rows between current row and unbounded following
        ) as answered_at
    from events
    where kind in ('question_asked', 'question_answered') and occurred_at < $as_of and merchant_id is not null
)

select
    event_id,
    merchant_id,
    buyer_id,
    product_id,
    order_id,
    occurred_at as asked_at,
    cast(occurred_at at time zone $time_zone as date) as ask_date,
    answered_at,
    cast(date_diff('second', occurred_at, answered_at) as bigint) as reply_seconds,
    1 as question_count,
    case when answered_at is not null then 1 else 0 end as question_replied_count,
    case when answered_at <= occurred_at + interval '24' hour then 1 else 0 end as question_replied_24h_count,
    cast(coalesce(date_diff('second', occurred_at, answered_at), 0) as bigint) as reply_seconds_sum
from conversation
where kind = 'question_asked'
