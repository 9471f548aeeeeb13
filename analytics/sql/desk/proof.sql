-- How many buyers stand behind some recent orders of one merchant: one row. Where a source has no buyers, an order counts as its own.
select count(distinct coalesce(buyer_id, order_id)) as buyer_count
from fct_order
where merchant_id = $merchant_id
    and list_contains($order_ids::varchar[], order_id)
    and (ordered_at at time zone $time_zone)::date >= $since::date
