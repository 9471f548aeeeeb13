-- What the records say of some orders of one merchant. Grain: merchant and order. Days and times are those of the reporting zone.
select
    order_id,
    currency,
    amount_minor,
    (ordered_at at time zone $time_zone)::date as placed_on,
    (ship_by_at at time zone $time_zone)::date as ship_by,
    (shipped_at at time zone $time_zone)::date as shipped_on,
    (deliver_by_at at time zone $time_zone)::date as deliver_by,
    (delivered_at at time zone $time_zone)::date as delivered_on,
    deliver_by_at at time zone $time_zone as deliver_by_time,
    delivered_at at time zone $time_zone as delivered_time,
    (cancelled_at at time zone $time_zone)::date as cancelled_on,
    (refund_at at time zone $time_zone)::date as refunded_on,
    refunded_minor,
    (chargeback_at at time zone $time_zone)::date as charged_back_on,
    carrier,
    is_delivered_late,
    late_fault,
    dispute_outcome,
    dispute_fault
from fct_order
where merchant_id = $merchant_id and list_contains($order_ids::varchar[], order_id)
order by order_id
