-- Only messages that had been sent.
select * from before.messages where sent_at < {{as_of}}
