-- Events of Olist. An item is an order line; what happens to an order is told once for each of its sellers.
-- Times are local text; the contract reads them in source_time_zone. Nothing is invented: an order without a date of
-- shipping has no order_shipped, freight is left out of amount, reviews are kept only when their order is here.
with order_seller as (
    select distinct order_id, seller_id from raw_items
),

orders as (
    select
        raw_orders.*,
        order_seller.seller_id,
        raw_customers.customer_unique_id
    from raw_orders
    inner join order_seller using (order_id)
    left join raw_customers using (customer_id)
),

placed as (
    select
        'placed|' || raw_items.order_id || '|' || raw_items.order_item_id as event_id,
        raw_orders.order_purchase_timestamp as occurred_at,
        'order_placed' as kind,
        raw_items.seller_id as merchant_id,
        raw_customers.customer_unique_id as buyer_id,
        raw_items.order_id,
        raw_items.order_item_id as line_id,
        raw_items.product_id,
        '1' as quantity,
        raw_items.price as amount,
        'BRL' as currency,
        raw_items.shipping_limit_date as ship_by_at,
        raw_orders.order_estimated_delivery_date as deliver_by_at,
        raw_items._file,
        raw_items._line
    from raw_items
    left join raw_orders using (order_id)
    left join raw_customers using (customer_id)
),

shipped as (
    select
        'shipped|' || order_id || '|' || seller_id as event_id,
        order_delivered_carrier_date as occurred_at,
        'order_shipped' as kind,
        seller_id as merchant_id,
        customer_unique_id as buyer_id,
        order_id,
        _file,
        _line
    from orders
    where order_delivered_carrier_date is not null
),

delivered as (
    select
        'delivered|' || order_id || '|' || seller_id as event_id,
        order_delivered_customer_date as occurred_at,
        'order_delivered' as kind,
        seller_id as merchant_id,
        customer_unique_id as buyer_id,
        order_id,
        _file,
        _line
    from orders
    where order_delivered_customer_date is not null
),

-- The source has no date of cancellation. The last thing known to have happened to the order is the earliest instant at
-- which it can have been cancelled: hand-over to the carrier, else approval of the payment, else the purchase.
cancelled as (
    select
        'cancelled|' || order_id || '|' || seller_id as event_id,
        coalesce(order_delivered_carrier_date, order_approved_at, order_purchase_timestamp) as occurred_at,
        'order_cancelled' as kind,
        seller_id as merchant_id,
        customer_unique_id as buyer_id,
        order_id,
        'unknown' as fault,
        _file,
        _line
    from orders
    where order_status = 'canceled'
),

-- A review id repeats over orders: (review_id, order_id) is the key. It was posted when the buyer answered the survey;
-- review_creation_date is the day on which the survey was sent.
reviews as (
    select
        raw_reviews.review_id || '|' || raw_reviews.order_id || '|' || orders.seller_id as event_id,
        raw_reviews.review_answer_timestamp as occurred_at,
        'review_posted' as kind,
        orders.seller_id as merchant_id,
        orders.customer_unique_id as buyer_id,
        raw_reviews.order_id,
        raw_reviews.review_score as score,
        nullif(concat_ws(chr(10), raw_reviews.review_comment_title, raw_reviews.review_comment_message), '') as text,
        raw_reviews._file,
        raw_reviews._line
    from raw_reviews
    inner join orders using (order_id)
)

select * from placed
union all by name
select * from shipped
union all by name
select * from delivered
union all by name
select * from cancelled
union all by name
select * from reviews
