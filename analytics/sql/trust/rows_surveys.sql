-- One merchant's survey answers of a window with the measures of a rate ($measures, a pattern 'a|b'): they add up to its counts.
select event_id, order_id, answered_at, survey, dimension, score, columns('^(' || $measures || ')$')
from fct_survey
where merchant_id = $merchant_id and answer_date >= $date_from and answer_date <= $date_to
order by answered_at desc, event_id
