-- Where the {{copies}} copies of a merchant's day go: one to each of the days without a row that follow it, before its next, the others to the day itself.
-- So the sums of a merchant stay whole multiples, and no day lies outside its first and last.
create temp table spread as
with merchant_with_day as (
    select distinct merchant_id, day from before.merchant_day
),

gap as (
    select
        merchant_id,
        day,
        least({{copies}} - 1, coalesce(lead(day) over (partition by merchant_id order by day) - day - 1, 0)) as empty_days
    from merchant_with_day
)

select merchant_id, day, day as to_day, {{copies}} - empty_days as copies
from gap
union all
select merchant_id, day, day + cast(unnest(range(1, empty_days + 1)) as integer) as to_day, 1 as copies
from gap
where empty_days > 0
