-- Only texts of events that had happened.
select * from before.event_texts where occurred_at < {{as_of}}
