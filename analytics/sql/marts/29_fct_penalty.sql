-- One row per penalty issued; an appeal and a lift name it by carrying its event_id as their reason.
with follow_up as (
    select
        reason as penalty_id,
        min(occurred_at) filter (where kind = 'penalty_appealed') as appealed_at,
        min(occurred_at) filter (where kind = 'penalty_lifted') as lifted_at
    from events
    where kind in ('penalty_appealed', 'penalty_lifted') and occurred_at < $as_of and reason is not null
    group by reason
)

select
    penalty.event_id,
    penalty.merchant_id,
    penalty.occurred_at as issued_at,
    cast(penalty.occurred_at at time zone $time_zone as date) as issue_date,
    penalty.clause,
    cast(penalty.penalty_points as integer) as penalty_points,
    penalty.expires_at,
    follow_up.appealed_at,
    follow_up.lifted_at,
    penalty.order_id,
    penalty.reason,
    1 as penalty_count,
    cast(coalesce(penalty.penalty_points, 0) as integer) as penalty_points_sum
from events as penalty
left join follow_up on follow_up.penalty_id = penalty.event_id
where penalty.kind = 'penalty_issued' and penalty.occurred_at < $as_of and penalty.merchant_id is not null
