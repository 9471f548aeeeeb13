-- What went with each carrier: the orders' part of `trust/daily_counts.sql` by merchant and carrier, of shipped orders whose carrier is known.
-- One row a merchant, carrier and maturity step; columns and parameters as there, $measures those of order_measure alone.
with calendar as (
    select
        ($day::date - age::integer) as order_date,
        power(0.5, age / $half_life_days::double) as recency,
        len(list_filter($maturities::integer[], lambda step: step <= age)) as matured
    from range($window_days::bigint) as ages(age)
)

select
    merchant_id,
    carrier,
    matured,
    sum(columns('^(' || $measures || ')$')::double) as 'raw_\1',
    sum(recency * columns('^(' || $measures || ')$')) as 'recent_\1'
from order_measure
inner join calendar using (order_date)
where grain = 'merchant' and carrier is not null and shipped_count = 1
group by merchant_id, carrier, matured
order by merchant_id, carrier, matured
