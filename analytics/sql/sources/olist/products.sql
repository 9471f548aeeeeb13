-- Products with their category in English where the source translates it. The source has no titles, and prices are those
-- of each sale; merchant_id is the seller who sold the product most (ties: first by id).
with sales as (
    select
        product_id,
        seller_id,
        count(*) as item_count
    from raw_items
    group by product_id, seller_id
),

main_seller as (
    select
        product_id,
        first(seller_id order by item_count desc, seller_id) as merchant_id
    from sales
    group by product_id
)

select
    raw_products.product_id,
    main_seller.merchant_id,
    coalesce(raw_translation.product_category_name_english, raw_products.product_category_name) as category,
    raw_products._file,
    raw_products._line
from raw_products
left join main_seller using (product_id)
left join raw_translation using (product_category_name)
