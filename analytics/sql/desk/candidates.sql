-- Orders of one merchant that a question about a delivery or a refund, asked at $asked_at, may be about: those that in the $days days before it were promised
-- and had not come, returned and not refunded, or disputed and not decided. Grain: order. Days are those of the reporting zone; of several reasons the newest.
with reasons as (
    select order_id, 'late' as reason, deliver_by_at as since_at
    from fct_order
    where merchant_id = $merchant_id and cancelled_at is null and (delivered_at is null or delivered_at > deliver_by_at)
    union all
    select order_id, 'refund' as reason, return_requested_at as since_at
    from fct_order
    where merchant_id = $merchant_id and (refund_at is null or refund_at > $asked_at)
    union all
    select order_id, 'dispute' as reason, dispute_opened_at as since_at
    from fct_order
    where merchant_id = $merchant_id and (dispute_closed_at is null or dispute_closed_at > $asked_at)
)

select
    order_id,
    arg_max(reason, since_at) as reason,
    (max(since_at) at time zone $time_zone)::date as since_on
from reasons
where since_at <= $asked_at and since_at > $asked_at - to_days($days)
group by order_id
order by since_on desc, order_id
limit $row_limit
