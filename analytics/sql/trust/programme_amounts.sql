-- Order value (minor units) of each merchant that ever sold in a currency, over a window.
select
    merchant_id,
    coalesce(sum(gmv_minor) filter (where day >= $date_from), 0)::bigint as gmv_minor
from merchant_day_amount
where currency = $currency and day <= $date_to
group by merchant_id
