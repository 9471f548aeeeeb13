select w.* {without}, {numerator} as numerator_part, {denominator} as denominator_part
from ({rows}) as w
left join merchant_profile as p on p.merchant_id = w.merchant_id
where {is_counted} {filters}
order by numerator_part desc, w.day desc, w.merchant_id, {row_key}
limit $limit
