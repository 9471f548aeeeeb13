-- Orders per merchant and stretch of days that have what no column of merchant_day tells: those named in $measures (a pattern 'a|b|c').
-- $days and $stretches as in programme_days.sql, by the day of the order.
with calendar as (
    select unnest($days::date[]) as order_date, unnest($stretches::integer[]) as stretch
),

measured as (
    select
        merchant_id,
        order_date,
        (
            first_review_score <= 2
            or (dispute_opened_at is not null and coalesce(dispute_outcome, 'open') not in ('denied', 'withdrawn'))
            or chargeback_at is not null
        ) as order_defect_count,
        (cancel_fault = 'seller' or dispute_outcome = 'upheld') as transaction_defect_count,
        (dispute_outcome in ('upheld', 'refunded')) as case_refunded_count,
        (ship_by_at is not null and (shipped_at is not null or is_shipped_late)) as shipped_or_overdue_count,
        (shipped_at <= ship_by_at) as shipped_by_limit_count,
        (delivered_at is not null and deliver_by_at is not null) as delivered_promised_count,
        (delivered_at <= deliver_by_at) as delivered_by_promise_count,
        (shipped_at is not null and ship_by_at is not null and is_tracking_valid is not null) as shipped_known_count,
        (shipped_at <= ship_by_at and is_tracking_valid) as shipped_on_time_tracked_count
    from fct_order
    where order_date >= $date_from and order_date <= $date_to
)

select merchant_id, stretch, coalesce(count_if(columns('^(' || $measures || ')$')), 0)::bigint as '\1'
from measured
inner join calendar using (order_date)
group by merchant_id, stretch
