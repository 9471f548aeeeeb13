-- Questions per merchant and stretch of days that were answered within 48 hours.
-- $days and $stretches as in programme_days.sql, by the day of the question.
with calendar as (
    select unnest($days::date[]) as ask_date, unnest($stretches::integer[]) as stretch
)

select
    merchant_id,
    stretch,
    coalesce(count_if(answered_at <= asked_at + interval '48' hour), 0)::bigint as question_replied_48h_count
from fct_question
inner join calendar using (ask_date)
where ask_date >= $date_from and ask_date <= $date_to
group by merchant_id, stretch
