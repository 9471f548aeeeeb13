-- Sums per merchant and stretch of days of merchant_day: the columns named in $measures (a pattern 'a|b|c').
-- $days and $stretches say which days are looked at and the stretch that each belongs to; windows are sums of neighbouring stretches.
with calendar as (
    select unnest($days::date[]) as day, unnest($stretches::integer[]) as stretch
)

select merchant_id, stretch, sum(columns('^(' || $measures || ')$')::double)::bigint as '\1'
from merchant_day
inner join calendar using (day)
where day >= $date_from and day <= $date_to
group by merchant_id, stretch
