-- One merchant's questions of a window with the measures of a rate ($measures, a pattern 'a|b'): they add up to its counts.
select event_id, product_id, asked_at, answered_at, reply_seconds, columns('^(' || $measures || ')$')
from fct_question
where merchant_id = $merchant_id and ask_date >= $date_from and ask_date <= $date_to
order by asked_at desc, event_id
