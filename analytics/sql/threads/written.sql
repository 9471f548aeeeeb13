-- What merchants and buyers wrote in tickets of a scope in a window, oldest first. Grain: message.
select
    messages.message_id,
    messages.ticket_id,
    tickets.merchant_id,
    messages.sent_at,
    messages.author,
    messages.text
from messages
inner join tickets on tickets.ticket_id = messages.ticket_id
left join merchant_profile as profile on profile.merchant_id = tickets.merchant_id
where messages.author in ('merchant', 'buyer')
    and messages.text is not null
    and (messages.sent_at at time zone $time_zone)::date between $date_from and $date_to
    and (len($categories::varchar[]) = 0 or list_contains($categories::varchar[], coalesce(profile.category, 'unknown')))
    and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], coalesce(profile.region, 'unknown')))
    and (len($tiers::varchar[]) = 0 or list_contains($tiers::varchar[], coalesce(profile.tier, 'unknown')))
    and (len($merchants::varchar[]) = 0 or list_contains($merchants::varchar[], tickets.merchant_id))
order by messages.sent_at, messages.message_id
limit $row_limit
