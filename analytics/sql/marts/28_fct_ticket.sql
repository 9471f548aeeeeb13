-- One row per ticket, all measures on the day it was opened. Desk reply = first message of an agent at or after opening, for tickets of merchants only.
-- CSAT = the merchant's last answer about the ticket, else the ticket's own field once it is resolved.
with message_total as (
    select
        messages.ticket_id,
        count(*) as message_count,
        min(messages.sent_at) filter (where messages.author = 'agent' and messages.sent_at >= tickets.opened_at) as first_desk_reply_at
    from messages
    inner join tickets on tickets.ticket_id = messages.ticket_id
    where messages.sent_at < $as_of
    group by messages.ticket_id
),

survey_ranked as (
    select
        reason as ticket_id,
        score,
        row_number() over (partition by reason order by occurred_at desc, event_id desc) as answer_number
    from events
    where kind = 'csat_answered' and occurred_at < $as_of and score is not null and reason is not null
),

ticket as (
    select
        tickets.ticket_id,
        tickets.merchant_id,
        tickets.opened_by,
        tickets.buyer_id,
        tickets.order_id,
        tickets.channel,
        tickets.priority,
        tickets.opened_at,
        message_total.first_desk_reply_at,
        case when tickets.resolved_at < $as_of then tickets.resolved_at end as resolved_at,
        case
            when tickets.status in ('resolved', 'closed') and (tickets.resolved_at is null or tickets.resolved_at >= $as_of) then 'open'
            else tickets.status
        end as status,
        case
            when tickets.opened_by <> 'merchant' then null
            when survey_ranked.score is not null then survey_ranked.score
            when tickets.resolved_at < $as_of then tickets.csat_score
        end as csat_score,
        coalesce(message_total.message_count, 0) as message_count
    from tickets
    left join message_total on message_total.ticket_id = tickets.ticket_id
    left join survey_ranked on survey_ranked.ticket_id = tickets.ticket_id and survey_ranked.answer_number = 1
    where tickets.opened_at < $as_of and tickets.merchant_id is not null
)

select
    ticket_id,
    merchant_id,
    opened_by,
    buyer_id,
    order_id,
    channel,
    opened_at,
    cast(opened_at at time zone $time_zone as date) as open_date,
    first_desk_reply_at,
    cast(date_diff('second', opened_at, first_desk_reply_at) as bigint) as desk_reply_seconds,
    resolved_at,
    case when resolved_at >= opened_at then cast(date_diff('second', opened_at, resolved_at) as bigint) end as resolution_seconds,
    cast(csat_score as integer) as csat_score,
    cast(message_count as bigint) as message_count,
    status,
    priority,
    1 as ticket_count,
    case when csat_score is not null then 1 else 0 end as merchant_csat_count,
    cast(coalesce(csat_score, 0) as integer) as merchant_csat_sum,
    cast(coalesce(csat_score, 0) as integer) * cast(coalesce(csat_score, 0) as integer) as merchant_csat_sumsq,
    case when csat_score >= 4 then 1 else 0 end as merchant_csat_satisfied_count,
    case when opened_by = 'merchant' and first_desk_reply_at is not null then 1 else 0 end as desk_replied_count,
    case when opened_by = 'merchant' and first_desk_reply_at is not null then cast(date_diff('second', opened_at, first_desk_reply_at) as bigint) else 0 end as desk_reply_seconds_sum,
    case when resolved_at >= opened_at then 1 else 0 end as resolved_count,
    case when resolved_at >= opened_at then cast(date_diff('second', opened_at, resolved_at) as bigint) else 0 end as resolution_seconds_sum
from ticket
