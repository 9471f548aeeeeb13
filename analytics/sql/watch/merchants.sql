-- The merchants that had a day in the window, in order of id, and whether the filters ask for them.
select w.merchant_id, coalesce(bool_or(true {filters}), false) as is_asked
from merchant_day as w
left join merchant_profile as p on p.merchant_id = w.merchant_id
where w.day >= $date_from and w.day <= $date_to
group by w.merchant_id
order by w.merchant_id
