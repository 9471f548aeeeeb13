-- Distinct buyers behind the bad orders of a window, per merchant, and how many bad orders the smallest of them account for.
-- One row per merchant and distinct buyer: buyer_number counts them from the one with the fewest bad orders, and units is the running
-- total of bad orders up to it. An order of an unknown buyer stands for a buyer of its own.
with bad as (
    select merchant_id, coalesce(buyer_id, 'order ' || order_id) as buyer
    from fct_order
    where order_date >= $date_from and order_date <= $date_to
        and case $measure
            when 'transaction_defect_count' then cancel_fault = 'seller' or dispute_outcome = 'upheld'
            when 'order_defect_count'
                then first_review_score <= 2
                or (dispute_opened_at is not null and coalesce(dispute_outcome, 'open') not in ('denied', 'withdrawn'))
                or chargeback_at is not null
        end
),

of_buyer as (
    select merchant_id, buyer, count(*) as bad_count
    from bad
    group by merchant_id, buyer
),

numbered as (
    select
        merchant_id,
        count(*) over (partition by merchant_id) as buyer_count,
        row_number() over (partition by merchant_id order by bad_count, buyer) as buyer_number,
        sum(bad_count) over (partition by merchant_id order by bad_count, buyer rows unbounded preceding)::bigint as units
    from of_buyer
)

select
    merchant_id,
    max(buyer_count)::bigint as buyer_count,
    coalesce(max(units) filter (where buyer_number <= buyer_count - $most::bigint), 0)::bigint as units_over
from numbered
group by merchant_id
