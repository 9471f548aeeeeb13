-- What a lab without prepared counts would read at every move: the orders' part of `trust/daily_counts.sql`, from the orders themselves.
with calendar as (
    select
        ($day::date - age::integer) as order_date,
        power(0.5, age / $half_life_days::double) as recency,
        len(list_filter($maturities::integer[], lambda step: step <= age)) as matured
    from range($window_days::bigint) as ages(age)
)

select
    merchant_id,
    matured,
    sum(recency * recency * order_count) as square_order_count,
    sum(columns('^(' || $measures || ')$')::double) as 'raw_\1',
    sum(recency * columns('^(' || $measures || ')$')) as 'recent_\1'
from order_measure
inner join calendar using (order_date)
where grain = 'merchant'
group by merchant_id, matured
