select coalesce(category, 'unknown') as category, size_band
from merchant_profile
where merchant_id = $merchant_id
