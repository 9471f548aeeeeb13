select merchant_id, day, {columns}
from merchant_day
where day >= $date_from and day <= $date_to and (day < $months_from or day >= $months_to)
union all
select merchant_id, month as day, {columns}
from merchant_month
where month >= $months_from and month < $months_to
