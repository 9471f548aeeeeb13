-- What buyers did at each merchant in the window of the score: the sums behind the outcomes that effects speak of.
-- Whether a buyer came back is told as effects tell it (`effect_orders.sql`): of orders with a known buyer that are 60 days old, within 60 days and anywhere.
with horizon as (
    select max(last_at) as data_up_to from source_month
),

came_back as (
    select
        merchant_id,
        count(*) filter (where next_ordered_at <= ordered_at + interval '1440' hour) as back_count,
        count(*) as base_count
    from order_fact
    cross join horizon
    where order_date <= $day::date and order_date > $day::date - $window_days::integer
        and buyer_id is not null
        and ordered_at + interval '1440' hour <= data_up_to
    group by merchant_id
),

told as (
    select
        merchant_id,
        sum(review_score_sum)::double as stars,
        sum(review_count)::double as reviews,
        sum(disputed_count)::double as disputes,
        sum(order_count)::double as orders
    from merchant_day
    where day <= $day::date and day > $day::date - $window_days::integer
    group by merchant_id
)

select
    told.merchant_id,
    stars as "stars.numerator",
    reviews as "stars.denominator",
    disputes as "dispute.numerator",
    orders as "dispute.denominator",
    coalesce(back_count, 0)::double as "repeat.numerator",
    coalesce(base_count, 0)::double as "repeat.denominator"
from told
left join came_back on came_back.merchant_id = told.merchant_id
order by told.merchant_id
