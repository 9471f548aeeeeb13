-- Only events that had happened.
select * from whole_events where occurred_at < {{as_of}}
