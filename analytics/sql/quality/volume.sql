-- Events by kind and local day since an instant, without the day that is under way at the last event.
select
    kind,
    (occurred_at at time zone $time_zone)::date as day,
    count(*) as event_count
from events
where occurred_at >= $since and occurred_at < $until
group by kind, day
