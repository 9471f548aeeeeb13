-- Counts behind the trust score, one row per merchant and maturity step.
-- From merchant_day (merchant × day). For every measure named in $measures (a pattern 'a|b|c' of white-listed columns):
--   raw_X    plain sum over the window
--   recent_X sum weighted by 0.5 ^ (age / $half_life_days), age in days before $day
--   square_X sum weighted by the square of that, for Kish's effective sample size
-- matured = how many of the thresholds in $maturities (days, ascending) the rows' age has reached: a rate that is judged only after
-- k of them sums the rows with matured >= k. The window is the $window_days days that end with $day.
with aged as (
    select *, date_diff('day', day, $day::date) as age
    from merchant_day
    where day <= $day::date and day > $day::date - $window_days::integer
),
weighted as (
    select
        *,
        power(0.5, age / $half_life_days::double) as recency,
        len(list_filter($maturities::integer[], lambda step: step <= age)) as matured
    from aged
)
select
    merchant_id,
    matured,
    sum(columns('^(' || $measures || ')$')::double) as 'raw_\1',
    sum(recency * columns('^(' || $measures || ')$')) as 'recent_\1',
    sum(recency * recency * columns('^(' || $measures || ')$')) as 'square_\1'
from weighted
group by merchant_id, matured
order by merchant_id, matured
