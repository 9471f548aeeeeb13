-- Tickets of a scope opened in a window, newest first, each with how far its conversation got.
-- Grain: ticket. Messages are aggregated before the join.
with talk as (
    select
        ticket_id,
        count(*) as message_count,
        max(sent_at) as last_message_at,
        max_by(author, (sent_at, message_id)) as last_author
    from messages
    group by ticket_id
)

select
    tickets.ticket_id,
    tickets.merchant_id,
    profile.name as merchant_name,
    profile.category,
    profile.region,
    profile.tier,
    tickets.opened_by,
    tickets.order_id,
    tickets.opened_at,
    tickets.channel,
    tickets.subject,
    tickets.status,
    tickets.priority,
    tickets.resolved_at,
    tickets.csat_score,
    coalesce(talk.message_count, 0) as message_count,
    talk.last_message_at,
    talk.last_author
from tickets
left join merchant_profile as profile on profile.merchant_id = tickets.merchant_id
left join talk on talk.ticket_id = tickets.ticket_id
where (tickets.opened_at at time zone $time_zone)::date between $date_from and $date_to
    and (len($categories::varchar[]) = 0 or list_contains($categories::varchar[], coalesce(profile.category, 'unknown')))
    and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], coalesce(profile.region, 'unknown')))
    and (len($tiers::varchar[]) = 0 or list_contains($tiers::varchar[], coalesce(profile.tier, 'unknown')))
    and (len($merchants::varchar[]) = 0 or list_contains($merchants::varchar[], tickets.merchant_id))
order by tickets.opened_at desc, tickets.ticket_id
limit $row_limit
