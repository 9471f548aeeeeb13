-- One row per merchant that is known by its master data or by an order. size_band counts its orders of the last 90 days before the horizon.
with horizon as (
    select max(last_at) as data_up_to from source_month
),

order_total as (
    select
        fct_order.merchant_id,
        min(fct_order.order_date) as first_order_date,
        count(*) filter (where fct_order.ordered_at > horizon.data_up_to - interval '2160' hour) as recent_order_count
    from fct_order
    cross join horizon
    group by fct_order.merchant_id
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
    order_total.first_order_date,
    cast(coalesce(order_total.recent_order_count, 0) as bigint) as recent_order_count,
    case
        when coalesce(order_total.recent_order_count, 0) = 0 then '0'
        when order_total.recent_order_count < 10 then '1-9'
        when order_total.recent_order_count < 50 then '10-49'
        when order_total.recent_order_count < 200 then '50-199'
        else '200+'
    end as size_band
from active_merchant
left join merchants on merchants.merchant_id = active_merchant.merchant_id
left join order_total on order_total.merchant_id = active_merchant.merchant_id
