-- Every penalty issued up to a day, with its local days; expires_on is the day on which its points lapse by its own record.
select
    merchant_id,
    event_id,
    clause,
    penalty_points_sum as points,
    order_id,
    issue_date as issued_on,
    (expires_at at time zone $time_zone)::date as expires_on,
    (appealed_at at time zone $time_zone)::date as appealed_on,
    (lifted_at at time zone $time_zone)::date as lifted_on
from fct_penalty
where issue_date <= $day
order by merchant_id, issued_at desc, event_id
