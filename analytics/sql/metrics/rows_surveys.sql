select o.merchant_id, o.event_id, o.order_id, o.answer_date as day, o.buyer_id, o.survey, o.dimension, o.answered_at, o.score, {columns}
from fct_survey as o
where o.answer_date >= $date_from and o.answer_date <= $date_to
