-- Questions of a window per merchant that were answered within 48 hours.
select
    merchant_id,
    coalesce(count_if(answered_at <= asked_at + interval '48' hour), 0)::bigint as question_replied_48h_count
from fct_question
where ask_date >= $date_from and ask_date <= $date_to
group by merchant_id
