-- All messages of some tickets, oldest first. Grain: message.
select
    messages.ticket_id,
    tickets.merchant_id,
    messages.message_id,
    messages.sent_at,
    messages.author,
    messages.text
from messages
left join tickets on tickets.ticket_id = messages.ticket_id
where list_contains($ticket_ids::varchar[], messages.ticket_id)
order by messages.ticket_id, messages.sent_at, messages.message_id
