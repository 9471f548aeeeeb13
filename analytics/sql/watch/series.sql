-- One row a day of what the filters let through.
select w.day, {sums}
from {mart} as w
{join}
where w.day >= $date_from and w.day <= $date_to {filters}
group by w.day
order by w.day
