-- Buyers who ordered in a window and scope, one of $every by hash, with their behaviour in it. Amounts are compared with the median order of the
-- same currency, so that currencies are never added up: spend is in such typical orders.
with chosen as (
{chosen}
),

placed as (
    select
        buyer_id, merchant_id, order_id, ordered_at, order_date, currency, amount_minor, first_review_score,
        is_bad or coalesce(late_fault = 'seller', false) as is_bad_experience,
        return_requested_at is not null or dispute_opened_at is not null as is_claim
    from fct_order
    semi join chosen using (merchant_id)
    where order_date between $date_from and $date_to and buyer_id is not null and hash(buyer_id) % cast($every as ubigint) = 0
),

typical as (
    select currency, median(amount_minor) as median_minor
    from placed
    where amount_minor > 0
    group by currency
)

select
    placed.buyer_id,
    count(*) as orders,
    date_diff('day', max(placed.order_date), $date_to) as days_since,
    sum(placed.amount_minor / nullif(typical.median_minor, 0)) as spend,
    avg(placed.amount_minor / nullif(typical.median_minor, 0)) as order_size,
    count(distinct placed.merchant_id) / count(*) as variety,
    avg(case when placed.is_bad_experience then 1 else 0 end) as bad_share,
    avg(case when placed.first_review_score is not null then 1 else 0 end) as review_share,
    avg(case when placed.is_claim then 1 else 0 end) as claim_share
from placed
left join typical on typical.currency is not distinct from placed.currency
group by placed.buyer_id
order by placed.buyer_id
