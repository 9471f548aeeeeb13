-- Only texts of events that had happened.
select * from whole_event_texts where occurred_at < {{as_of}}
