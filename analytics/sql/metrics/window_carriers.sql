select merchant_id, order_date as day, carrier, {columns}
from order_measure
where grain = 'merchant' and order_date >= $date_from and order_date <= $date_to
