select merchant_id, 'ticket' as row_kind, ticket_id as row_id, open_date as day, 1 as ticket_count, 0 as order_count
from fct_ticket
where open_date >= $date_from and open_date <= $date_to
union all
select merchant_id, 'order' as row_kind, order_id as row_id, order_date as day, 0 as ticket_count, 1 as order_count
from order_measure
where grain = 'merchant' and order_date >= $date_from and order_date <= $date_to
