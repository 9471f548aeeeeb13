-- Orders per merchant and stretch of days that were delivered after the promise and have no carrier's scan by their shipping limit; orders
-- whose lateness of shipping is unknown are left out. $days and $stretches as in programme_days.sql, by the day of the order.
with calendar as (
    select unnest($days::date[]) as order_date, unnest($stretches::integer[]) as stretch
),

late as (
    select merchant_id, order_id, order_date, ship_by_at
    from fct_order
    where order_date >= $date_from and order_date <= $date_to and is_delivered_late and is_shipped_late is not null
),

scanned as (
    select late.merchant_id, late.order_id
    from events
    inner join late on late.merchant_id = events.merchant_id and late.order_id = events.order_id
    where events.kind = 'tracking_scanned' and events.occurred_at <= late.ship_by_at
)

select merchant_id, stretch, count(*)::bigint as delivered_late_unscanned_count
from late
anti join scanned using (merchant_id, order_id)
inner join calendar using (order_date)
group by merchant_id, stretch
