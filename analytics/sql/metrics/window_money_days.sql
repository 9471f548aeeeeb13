select merchant_id, day, currency, order_count, gmv_minor, refunded_minor
from merchant_day_amount
where day >= $date_from and day <= $date_to
