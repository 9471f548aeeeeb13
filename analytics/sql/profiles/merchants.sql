-- Every merchant with what is known of it, most orders first. Grain: merchant.
with placed as (
    select merchant_id, sum(order_count) as order_count
    from merchant_day
    group by merchant_id
)

select
    profile.merchant_id,
    profile.name,
    profile.category,
    profile.region,
    profile.tier,
    profile.joined_at,
    profile.first_order_date,
    profile.size_band,
    cast(coalesce(placed.order_count, 0) as bigint) as order_count
from merchant_profile as profile
left join placed on placed.merchant_id = profile.merchant_id
order by order_count desc, profile.merchant_id
