-- Merchants of a scope with what they did in a window: sums of counts; recent_count: orders of its second half, from $middle on.
with chosen as (
{chosen}
)

select
    merchant_id,
    sum(order_count) as order_count,
    sum(case when day >= $middle then order_count else 0 end) as recent_count,
    sum(delivered_count) as delivered_count,
    sum(late_seller_count) as late_seller_count,
    sum(seller_cancelled_count) as seller_cancelled_count,
    sum(returned_count) as returned_count,
    sum(disputed_count) as disputed_count,
    sum(delivered_reviewed_count) as delivered_reviewed_count,
    sum(delivered_positive_count) as delivered_positive_count,
    sum(question_count) as question_count,
    sum(question_replied_24h_count) as question_replied_24h_count,
    sum(repeat_base_count) as repeat_base_count,
    sum(repeat_count) as repeat_count,
    sum(ticket_count) as ticket_count
from merchant_day
semi join chosen using (merchant_id)
where day between $date_from and $date_to
group by merchant_id
order by merchant_id
