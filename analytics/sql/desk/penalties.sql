-- The penalties of one merchant, newest first. Grain: penalty. Days are those of the reporting zone.
select
    event_id as penalty_id,
    (issued_at at time zone $time_zone)::date as issued_on,
    clause,
    penalty_points as points,
    (expires_at at time zone $time_zone)::date as expires_on,
    (appealed_at at time zone $time_zone)::date as appealed_on,
    (lifted_at at time zone $time_zone)::date as lifted_on,
    order_id
from fct_penalty
where merchant_id = $merchant_id
order by issued_at desc, event_id
limit $row_limit
