-- Order value (minor units) of each merchant and currency over the window of the score.
select merchant_id, currency, sum(gmv_minor)::double as gmv_minor
from merchant_day_amount
where day <= $day::date and day > $day::date - $window_days::integer
group by merchant_id, currency
order by merchant_id, currency
