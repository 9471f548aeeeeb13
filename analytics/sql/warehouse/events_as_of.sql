-- Only events that had happened.
select * from before.events where occurred_at < {{as_of}}
