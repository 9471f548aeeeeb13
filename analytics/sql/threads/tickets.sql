-- Tickets, newest first, each with how far its conversation got: those of a scope opened in a window, those still open, or those named.
-- total_count says how many there are in all, whatever the limit.
-- Grain: ticket. Messages are aggregated before the join. A NULL date leaves that end of the window open.
with talk as (
    select
        ticket_id,
        count(*) as message_count,
        max(sent_at) as last_message_at,
        max_by(author, (sent_at, message_id)) as last_author,
        min(sent_at) filter (where author = 'agent') as first_desk_reply_at,
        max(sent_at) filter (where author = 'agent') as last_desk_reply_at,
        max(sent_at) filter (where author in ('merchant', 'buyer')) as last_asked_at
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
    talk.last_author,
    talk.first_desk_reply_at,
    talk.last_desk_reply_at,
    talk.last_asked_at,
    count(*) over () as total_count
from tickets
left join merchant_profile as profile on profile.merchant_id = tickets.merchant_id
left join talk on talk.ticket_id = tickets.ticket_id
where ($date_from is null or (tickets.opened_at at time zone $time_zone)::date >= $date_from::date)
    and ($date_to is null or (tickets.opened_at at time zone $time_zone)::date <= $date_to::date)
    and (not $is_open or coalesce(tickets.status, 'open') not in ('resolved', 'closed'))
    and (len($ticket_ids::varchar[]) = 0 or list_contains($ticket_ids::varchar[], tickets.ticket_id))
    and (len($categories::varchar[]) = 0 or list_contains($categories::varchar[], coalesce(profile.category, 'unknown')))
    and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], coalesce(profile.region, 'unknown')))
    and (len($tiers::varchar[]) = 0 or list_contains($tiers::varchar[], coalesce(profile.tier, 'unknown')))
    and (len($merchants::varchar[]) = 0 or list_contains($merchants::varchar[], tickets.merchant_id))
order by tickets.opened_at desc, tickets.ticket_id
limit $row_limit
