-- One row per merchant that is known by its master data or by an order. size_band counts its orders of the last 90 days before the horizon.
with horizon as (
    select max(last_at) as data_up_to from source_month
),

first_order as (
    select merchant_id, cast(min(first_ordered_at) at time zone $time_zone as date) as first_order_date
    from merchant_seen
    group by merchant_id
),

recent_order as (
    select purchase.merchant_id, count(*) as recent_order_count
    from purchase
    cross join horizon
    where purchase.ordered_at > horizon.data_up_to - interval '2160' hour
    group by purchase.merchant_id
),

active_merchant as (
    select distinct merchant_id from merchant_seen
    union
    select merchant_id from tickets where merchant_id is not null and opened_at < $as_of
    union
    select merchant_id from merchants where joined_at is null or joined_at < $as_of
)

select
    active_merchant.merchant_id,
    coalesce(merchants.name, active_merchant.merchant_id) as name,
    merchants.category,
    merchants.region,
    merchants.tier,
    merchants.joined_at,
    first_order.first_order_date,
    cast(coalesce(recent_order.recent_order_count, 0) as bigint) as recent_order_count,
    case
        when coalesce(recent_order.recent_order_count, 0) = 0 then '0'
        when recent_order.recent_order_count < 10 then '1-9'
        when recent_order.recent_order_count < 50 then '10-49'
        when recent_order.recent_order_count < 200 then '50-199'
        else '200+'
    end as size_band
from active_merchant
left join merchants on merchants.merchant_id = active_merchant.merchant_id
left join first_order on first_order.merchant_id = active_merchant.merchant_id
left join recent_order on recent_order.merchant_id = active_merchant.merchant_id
