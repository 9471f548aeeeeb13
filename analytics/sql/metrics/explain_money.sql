select
    {group_columns}w.currency,
    sum(w.{column}) / 100 as value
from ({window}) as w
left join merchant_profile as p on p.merchant_id = w.merchant_id
where true {filters}
group by all
having sum(w.order_count) <> 0
order by all
