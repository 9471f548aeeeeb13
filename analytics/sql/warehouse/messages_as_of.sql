-- Only messages that had been sent.
select * from whole_messages where sent_at < {{as_of}}
