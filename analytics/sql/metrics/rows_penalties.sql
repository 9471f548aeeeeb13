select
    o.merchant_id, o.event_id, o.order_id, o.issue_date as day, o.issued_at, o.clause, o.penalty_points, o.expires_at, o.appealed_at,
    o.lifted_at, o.reason, {columns}
from fct_penalty as o
where o.issue_date >= $date_from and o.issue_date <= $date_to
