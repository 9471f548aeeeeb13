-- One merchant's orders of a window in which something went wrong that the score doesn't count against it: a row an order and matter, with
-- who was at fault ('unknown' where the source doesn't tell).
with matter as (
    select
        order_id, order_date, unnest([
            {'numerator': 'late_seller_count', 'extra': delivered_late_count - late_seller_count, 'fault': late_fault},
            {'numerator': 'seller_cancelled_count', 'extra': cancelled_count - seller_cancelled_count, 'fault': cancel_fault},
            {'numerator': 'seller_returned_count', 'extra': returned_count - seller_returned_count, 'fault': return_fault},
            {'numerator': 'seller_disputed_count', 'extra': disputed_count - seller_disputed_count, 'fault': dispute_fault}
        ]) as found
    from order_measure
    where grain = 'merchant' and merchant_id = $merchant_id and order_date >= $date_from and order_date <= $date_to
)

select order_id, order_date, found.numerator as numerator, coalesce(found.fault, 'unknown') as fault
from matter
where found.extra > 0
order by order_date desc, order_id, numerator
