-- One row per answer of a buyer: CSAT (1–5), NPS (0–10) and the three DSR dimensions (1–5).
-- A CSAT answer whose reason is a merchant's ticket is that merchant's opinion of our desk: it lies in fct_ticket, not here.
with answer as (
    select
        survey.event_id,
        survey.merchant_id,
        survey.order_id,
        survey.buyer_id,
        survey.occurred_at,
        survey.score,
        case survey.kind when 'csat_answered' then 'csat' when 'nps_answered' then 'nps' else 'dsr' end as survey,
        case when survey.kind = 'dsr_rated' then survey.reason end as dimension
    from events as survey
    left join tickets on tickets.ticket_id = case when survey.kind = 'csat_answered' then survey.reason end
    where survey.kind in ('csat_answered', 'nps_answered', 'dsr_rated')
        and survey.occurred_at < $as_of
        and survey.merchant_id is not null
        and survey.score is not null
        and coalesce(tickets.opened_by, 'buyer') <> 'merchant'
)

select
    event_id,
    merchant_id,
    order_id,
    buyer_id,
    survey,
    dimension,
    cast(score as integer) as score,
    occurred_at as answered_at,
    cast(occurred_at at time zone $time_zone as date) as answer_date,
    case when survey = 'csat' then 1 else 0 end as csat_count,
    case when survey = 'csat' then cast(score as integer) else 0 end as csat_sum,
    case when survey = 'csat' then cast(score as integer) * cast(score as integer) else 0 end as csat_sumsq,
    case when survey = 'csat' and score >= 4 then 1 else 0 end as csat_satisfied_count,
    case when survey = 'nps' then 1 else 0 end as nps_count,
    case when survey = 'nps' and score >= 9 then 1 else 0 end as nps_promoter_count,
    case when survey = 'nps' and score <= 6 then 1 else 0 end as nps_detractor_count,
    case when dimension = 'description' then 1 else 0 end as dsr_description_count,
    case when dimension = 'description' then cast(score as integer) else 0 end as dsr_description_sum,
    case when dimension = 'description' then cast(score as integer) * cast(score as integer) else 0 end as dsr_description_sumsq,
    case when dimension = 'service' then 1 else 0 end as dsr_service_count,
    case when dimension = 'service' then cast(score as integer) else 0 end as dsr_service_sum,
    case when dimension = 'service' then cast(score as integer) * cast(score as integer) else 0 end as dsr_service_sumsq,
    case when dimension = 'logistics' then 1 else 0 end as dsr_logistics_count,
    case when dimension = 'logistics' then cast(score as integer) else 0 end as dsr_logistics_sum,
    case when dimension = 'logistics' then cast(score as integer) * cast(score as integer) else 0 end as dsr_logistics_sumsq
from answer
