select day, {columns}
from marketplace_day
where day >= $date_from and day <= $date_to
