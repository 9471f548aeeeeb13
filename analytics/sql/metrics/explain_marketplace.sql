select
    {group_columns}{numerator} as numerator,
    {denominator} as denominator,
    {value} as value
from marketplace_day as w
where w.day >= $date_from and w.day <= $date_to
group by all
order by all
