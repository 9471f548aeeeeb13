-- The wall-clock time of the latest event in the reporting zone.
select cast(max(last_at) at time zone $time_zone as timestamp) as last_at
from source_extent
where kind = 'any_event'
