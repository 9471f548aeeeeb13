-- Money of a merchant's orders by the day they were placed, one row per currency, in hundredths of the currency's unit.
select
    merchant_id,
    order_date as day,
    currency,
    cast(count(*) as bigint) as order_count,
    cast(sum(gmv_minor) as bigint) as gmv_minor,
    cast(sum(refunded_minor) as bigint) as refunded_minor
from fct_order_amount
group by merchant_id, order_date, currency
