-- Reviews of a window with their words and what merchants have in common: one row a review and merchant.
with told as (
    select event_id, any_value(text) as text
    from event_texts
    where kind = 'review_posted'
    group by event_id
)

select
    fct_review.order_id,
    fct_review.merchant_id,
    fct_review.buyer_id,
    fct_review.score::double as rating,
    fct_review.reviewed_at as rated_at,
    told.text,
    merchant_profile.category,
    merchant_profile.region
from fct_review
left join told using (event_id)
left join merchant_profile using (merchant_id)
where fct_review.review_date >= $date_from and fct_review.review_date <= $date_to and fct_review.score is not null
order by fct_review.reviewed_at, fct_review.merchant_id, fct_review.event_id
