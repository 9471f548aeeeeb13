-- Money of placed merchant orders, one row per order and currency: currencies are never added up. Refunds count on the order they belong to.
with order_money as (
    select
        merchant_id,
        order_id,
        currency,
        sum(cast(round(amount * 100) as bigint)) filter (where kind = 'order_placed') as gmv_minor,
        sum(cast(round(amount * 100) as bigint)) filter (where kind = 'refund_paid') as refunded_minor
    from events
    where occurred_at < $as_of and amount is not null and kind in ('order_placed', 'refund_paid')
    group by merchant_id, order_id, currency
)

select
    order_money.merchant_id,
    order_money.order_id,
    fct_order.order_date,
    fct_order.carrier,
    order_money.currency,
    cast(coalesce(order_money.gmv_minor, 0) as bigint) as gmv_minor,
    cast(coalesce(order_money.refunded_minor, 0) as bigint) as refunded_minor
from order_money
inner join fct_order on fct_order.merchant_id = order_money.merchant_id and fct_order.order_id = order_money.order_id
