-- Each instant at which a buyer ordered, from anyone, and the next one.
with instant as (
    select buyer_id, ordered_at
    from purchase
    where buyer_id is not null
    group by buyer_id, ordered_at
)

select
    buyer_id,
    ordered_at,
    lead(ordered_at) over (partition by buyer_id order by ordered_at) as next_ordered_at
from instant
