-- Reviews of a window straight from the events: how many, and the sum of their stars.
select count(*) as reviews, sum(score) as stars
from events
where kind = 'review_posted'
    and occurred_at >= cast($date_from as timestamp) at time zone $time_zone
    and occurred_at < cast($date_to + interval 1 day as timestamp) at time zone $time_zone
