-- The merchants that a scope's filters leave, with their category; an unknown category, region or tier is called 'unknown'.
select merchant_id, coalesce(category, 'unknown') as category
from merchant_profile
where (len(cast($categories as varchar[])) = 0 or list_contains(cast($categories as varchar[]), coalesce(category, 'unknown')))
    and (len(cast($regions as varchar[])) = 0 or list_contains(cast($regions as varchar[]), coalesce(region, 'unknown')))
    and (len(cast($tiers as varchar[])) = 0 or list_contains(cast($tiers as varchar[]), coalesce(tier, 'unknown')))
    and (len(cast($merchants as varchar[])) = 0 or list_contains(cast($merchants as varchar[]), merchant_id))
