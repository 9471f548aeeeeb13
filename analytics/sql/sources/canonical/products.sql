-- Already in the canonical shape.
select * from raw_products
