-- One row per merchant order, as the horizon knows it: when it was placed and when each kind of bad outcome showed, in days since 1970
-- (UTC), null where it didn't. A dispute that was denied or withdrawn is bad until `cleared_day`.
-- $orders, where given, are the only orders read (for sources that record an outcome for a part of their orders).
select
    merchant_id,
    epoch(ordered_at) / 86400 as ordered_day,
    case when late_fault = 'seller' then epoch(delivered_at) / 86400 end as late_day,
    case when cancel_fault = 'seller' then epoch(cancelled_at) / 86400 end as cancelled_day,
    case when first_review_score <= 2 then epoch(first_review_at) / 86400 end as low_review_day,
    epoch(dispute_opened_at) / 86400 as dispute_day,
    epoch(dispute_closed_at) / 86400 as closed_day,
    case when dispute_outcome in ('denied', 'withdrawn') then epoch(dispute_closed_at) / 86400 end as cleared_day,
    epoch(shipped_at) / 86400 as shipped_day,
    (epoch(shipped_at) - epoch(ship_by_at)) / 86400 as overrun_days,
    epoch(first_review_at) / 86400 as review_day,
    first_review_score as stars,
    deliver_by_at is not null and delivered_at is not null as has_promise,
    coalesce(cancel_fault, 'unknown') <> 'unknown' as has_cancel_fault
from fct_order
where $orders::varchar[] is null or order_id in (select unnest($orders::varchar[]))
order by merchant_id, ordered_at, order_id
