select
    cast(count(*) as bigint) as row_count,
    cast(coalesce(sum({numerator}), 0) as double) as numerator,
    cast(sum({denominator}) as double) as denominator,
    cast(coalesce(sum({n}), 0) as double) as n
from ({rows}) as w
left join merchant_profile as p on p.merchant_id = w.merchant_id
where {is_counted} {filters}
