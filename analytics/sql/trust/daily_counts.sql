-- Counts behind the trust score, one row per merchant and maturity step.
-- From merchant_day (merchant × day). Measures are named in patterns 'a|b|c' of white-listed columns, so that each sum that is not asked for
-- costs nothing:
--   raw_X    plain sum over the window, of $plain
--   recent_X sum weighted by 0.5 ^ (age / $half_life_days), age in days before $day, of $recent
--   square_order_count   sum of orders weighted by the square of that, for Kish's effective sample size
-- matured = how many of the thresholds in $maturities (days, ascending) the rows' age has reached: a rate that is judged only after
-- k of them sums the rows with matured >= k. The window is the $window_days days that end with $day.
with calendar as (
    select
        ($day::date - age::integer) as day,
        power(0.5, age / $half_life_days::double) as recency,
        len(list_filter($maturities::integer[], lambda step: step <= age)) as matured
    from range($window_days::bigint) as ages(age)
)

select
    merchant_id,
    matured,
    sum(recency * recency * order_count) as square_order_count,
    sum(columns('^(' || $plain || ')$')::double) as 'raw_\1',
    sum(recency * columns('^(' || $recent || ')$')) as 'recent_\1'
from merchant_day
inner join calendar using (day)
group by merchant_id, matured
