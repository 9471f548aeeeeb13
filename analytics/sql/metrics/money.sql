-- Money per group and currency, in hundredths of the currency's unit.
select
    {group_columns}w.currency,
    cast(sum(w.{column}) as double) as y,
    cast(sum(w.order_count) as double) as n
from ({window}) as w
left join merchant_profile as p on p.merchant_id = w.merchant_id
where true {filters}
group by all
having sum(w.order_count) <> 0
