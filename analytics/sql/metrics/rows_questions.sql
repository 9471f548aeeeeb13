select o.merchant_id, o.event_id, o.ask_date as day, o.buyer_id, o.product_id, o.asked_at, o.answered_at, o.reply_seconds, {columns}
from fct_question as o
where o.ask_date >= $date_from and o.ask_date <= $date_to
