-- One merchant's penalties of a window with the measures of a rate ($measures, a pattern 'a|b'): they add up to its counts.
select event_id, order_id, issued_at, clause, penalty_points, expires_at, appealed_at, lifted_at, columns('^(' || $measures || ')$')
from fct_penalty
where merchant_id = $merchant_id and issue_date >= $date_from and issue_date <= $date_to
order by issued_at desc, event_id
