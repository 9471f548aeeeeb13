-- The wall clock of an instant in a zone.
select cast($at as timestamptz) at time zone $time_zone as local_time
