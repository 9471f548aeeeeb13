-- Reviews of raters who reviewed at least twice, up to a day, each with what befell the order; of one rater in $every, by hash.
with chosen as (
{chosen}
),

review as (
    select buyer_id, merchant_id, order_id, reviewed_at, score
    from fct_review
    semi join chosen using (merchant_id)
    where is_marketplace_first = 1 and review_count = 1 and buyer_id is not null and review_date <= $date_to
        and hash(buyer_id) % cast($every as ubigint) = 0
),

rater as (
    select buyer_id from review group by buyer_id having count(*) >= 2
)

select
    review.buyer_id,
    review.merchant_id,
    review.reviewed_at,
    review.score,
    case when fct_order.deliver_by_at < review.reviewed_at and fct_order.is_delivered_late then 1 else 0 end as is_late,
    case when fct_order.dispute_opened_at < review.reviewed_at then 1 else 0 end as is_disputed,
    case when fct_order.return_requested_at < review.reviewed_at then 1 else 0 end as is_returned
from review
semi join rater using (buyer_id)
left join fct_order using (merchant_id, order_id)
order by review.buyer_id, review.reviewed_at, review.order_id
