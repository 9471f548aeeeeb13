-- Each buyer's first order of a window and scope: when it ended (delivered, cancelled or disputed), when it was known to have gone badly (null: never),
-- and when the buyer ordered next, from anyone; of one buyer in $every, by hash. A cancellation by the buyer is no bad experience.
with chosen as (
{chosen}
),

first_order as (
    select buyer_id, min(ordered_at) as ordered_at
    from fct_order
    semi join chosen using (merchant_id)
    where order_date between $date_from and $date_to and buyer_id is not null and hash(buyer_id) % cast($every as ubigint) = 0
    group by buyer_id
),

outcome as (
    select
        fct_order.buyer_id,
        fct_order.ordered_at,
        min(coalesce(fct_order.delivered_at, fct_order.cancelled_at, fct_order.dispute_opened_at)) as ended_at,
        min(case when fct_order.late_fault = 'seller' then fct_order.delivered_at end) as late_at,
        min(case when fct_order.cancel_fault is distinct from 'buyer' then fct_order.cancelled_at end) as cancelled_at,
        min(case when fct_order.first_review_score <= 2 then fct_order.first_review_at end) as reviewed_badly_at,
        min(fct_order.dispute_opened_at) as disputed_at
    from fct_order
    semi join first_order using (buyer_id, ordered_at)
    semi join chosen using (merchant_id)
    group by fct_order.buyer_id, fct_order.ordered_at
)

select
    outcome.buyer_id,
    outcome.ordered_at,
    outcome.ended_at,
    least(outcome.late_at, outcome.cancelled_at, outcome.reviewed_badly_at, outcome.disputed_at) as known_bad_at,
    -- As of a day the mart may know the next order already: it is cut here.
    case when buyer_purchase.next_ordered_at <= $up_to then buyer_purchase.next_ordered_at end as next_ordered_at
from outcome
left join buyer_purchase using (buyer_id, ordered_at)
order by outcome.buyer_id
