select
    {group_columns}{numerator} as numerator,
    {denominator} as denominator,
    {value} as value
from {source} as w
left join merchant_profile as p on p.merchant_id = w.merchant_id
where w.day >= $date_from and w.day <= $date_to {filters}
group by all
order by all
