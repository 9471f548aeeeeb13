select merchant_id, day, {columns}
from merchant_day
where day >= $date_from and day <= $date_to
