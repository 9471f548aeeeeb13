select
    o.merchant_id, o.ticket_id, o.order_id, o.open_date as day, o.opened_by, o.channel, o.status, o.priority, o.opened_at,
    o.first_desk_reply_at, o.resolved_at, o.csat_score, {columns}
from fct_ticket as o
where o.open_date >= $date_from and o.open_date <= $date_to
