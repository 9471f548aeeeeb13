-- Headline figures of a window straight from the events, one row a merchant and currency: orders placed in it, how many of them are
-- delivered with a promise that has passed, how many of these late through the merchant, and the GMV.
with merchant_order as (
    select
        merchant_id,
        order_id,
        cast(min(occurred_at) filter (where kind = 'order_placed') at time zone $time_zone as date) as order_date,
        max(currency) filter (where kind = 'order_placed') as currency,
        sum(amount) filter (where kind = 'order_placed') as gmv,
        min(ship_by_at) filter (where kind = 'order_placed') as ship_by_at,
        min(deliver_by_at) filter (where kind = 'order_placed') as deliver_by_at,
        min(occurred_at) filter (where kind = 'order_shipped') as shipped_at,
        min(occurred_at) filter (where kind = 'order_delivered') as delivered_at,
        min(fault) filter (where kind = 'order_delivered') as fault
    from events
    where kind in ('order_placed', 'order_shipped', 'order_delivered')
        and occurred_at >= cast($date_from as timestamp) at time zone $time_zone
    group by merchant_id, order_id
)

select
    merchant_id,
    currency,
    count(*) as orders,
    count(*) filter (where delivered_at is not null and deliver_by_at <= $data_up_to) as due,
    count(*) filter (
        where delivered_at > deliver_by_at and deliver_by_at <= $data_up_to
            and coalesce(fault, if(shipped_at > ship_by_at, 'seller', 'carrier')) = 'seller'
    ) as late,
    sum(gmv) as gmv
from merchant_order
where order_date between $date_from and $date_to
group by merchant_id, currency
