-- Sums of measures per merchant over a window, of all merchants: what they are is looked up beside it.
select w.merchant_id, {sums}
from ({window}) as w
group by w.merchant_id
