-- Sums per merchant over a window of merchant_day: the columns named in $measures (a pattern 'a|b|c').
select merchant_id, sum(columns('^(' || $measures || ')$')::bigint)::bigint as '\1'
from merchant_day
where day >= $date_from and day <= $date_to
group by merchant_id
