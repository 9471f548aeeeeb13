-- One row per posted review and merchant. A review of an order with several merchants is copied to each of them by the adapter
-- (event_id = review|order|merchant); is_marketplace_first marks the one copy that counts for the whole marketplace.
with review as (
    select
        event_id, merchant_id, order_id, buyer_id, occurred_at, score,
        row_number() over (
            partition by split_part(event_id, '|', 1), split_part(event_id, '|', 2)
            order by merchant_id, event_id
        ) as copy_number,
        max(occurred_at) over (partition by split_part(event_id, '|', 1), split_part(event_id, '|', 2)) as last_copy_at
    from events
    where kind = 'review_posted' and occurred_at < $as_of and merchant_id is not null
)

select
    event_id,
    merchant_id,
    order_id,
    buyer_id,
    occurred_at as reviewed_at,
    cast(occurred_at at time zone $time_zone as date) as review_date,
    cast(score as integer) as score,
    last_copy_at,
    case when copy_number = 1 then 1 else 0 end as is_marketplace_first,
    case when score is not null then 1 else 0 end as review_count,
    cast(coalesce(score, 0) as integer) as review_score_sum,
    cast(coalesce(score, 0) as integer) * cast(coalesce(score, 0) as integer) as review_score_sumsq,
    case when score >= 4 then 1 else 0 end as review_positive_count,
    case when score = 1 then 1 else 0 end as review_1_count,
    case when score = 2 then 1 else 0 end as review_2_count,
    case when score = 3 then 1 else 0 end as review_3_count,
    case when score = 4 then 1 else 0 end as review_4_count,
    case when score = 5 then 1 else 0 end as review_5_count
from review
