-- Sellers. The source gives no names: a short one is made of the id. The category is the one most sold (ties: first by
-- name), in English where the source translates it. When a seller joined is unknown.
with sold as (
    select
        raw_items.seller_id,
        coalesce(raw_translation.product_category_name_english, raw_products.product_category_name) as category,
        count(*) as item_count
    from raw_items
    left join raw_products using (product_id)
    left join raw_translation using (product_category_name)
    group by raw_items.seller_id, category
),

main_category as (
    select
        seller_id,
        first(category order by item_count desc, category) as category
    from sold
    where category is not null
    group by seller_id
)

select
    raw_sellers.seller_id as merchant_id,
    'Seller ' || left(raw_sellers.seller_id, 6) as name,
    main_category.category,
    raw_sellers.seller_state as region,
    raw_sellers._file,
    raw_sellers._line
from raw_sellers
left join main_category using (seller_id)
