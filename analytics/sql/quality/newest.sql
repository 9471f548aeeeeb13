-- The last instant of each table that has a clock of its own.
select
    (select max(occurred_at) from events) as events,
    (select max(opened_at) from tickets) as tickets,
    (select max(sent_at) from messages) as messages
