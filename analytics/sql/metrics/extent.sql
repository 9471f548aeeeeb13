-- What the source holds at all, and the first and last local day that has an event.
select
    kind, event_count, buyer_count, fault_count, carrier_count, tracking_count, ship_by_count, deliver_by_count, amount_count,
    cast(first_at at time zone $time_zone as date) as first_day,
    cast(last_at at time zone $time_zone as date) as last_day
from source_extent
