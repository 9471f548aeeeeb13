select o.merchant_id, o.order_id, o.order_date as day, o.currency, {columns}
from fct_order_amount as o
where o.order_date >= $date_from and o.order_date <= $date_to and o.currency is not distinct from $currency
