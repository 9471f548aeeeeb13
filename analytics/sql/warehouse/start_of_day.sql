-- The first instant of a local day, in microseconds since 1970. What a skipped or doubled midnight means is looked for around it, since
-- clocks change by half an hour, an hour or two.
with midnight as (
    select cast($day as timestamp) at time zone $time_zone as moment
),

around as (
    select midnight.moment + cast(step.minutes as integer) * interval '1' minute as moment
    from midnight
    cross join unnest([-120, -60, -30, 0, 30, 60, 120]) as step (minutes)
)

select min(epoch_us(moment)) as microseconds
from around
where cast(moment at time zone $time_zone as date) >= cast($day as date)
