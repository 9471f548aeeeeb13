select merchant_id, order_date as day, carrier, currency, 1 as order_count, gmv_minor, refunded_minor
from fct_order_amount
where order_date >= $date_from and order_date <= $date_to
