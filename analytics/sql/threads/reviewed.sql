-- What buyers wrote in reviews of a scope in a window, oldest first. Grain: review; of an order of several merchants the one copy that counts for the
-- marketplace, unless merchants are named. Texts are one a review before the join.
with told as (
    select event_id, any_value(text) as text
    from event_texts
    where kind = 'review_posted'
    group by event_id
)

select
    fct_review.event_id,
    fct_review.merchant_id,
    fct_review.order_id,
    fct_review.reviewed_at,
    fct_review.review_date,
    fct_review.score,
    told.text
from fct_review
inner join told on told.event_id = fct_review.event_id
left join merchant_profile as profile on profile.merchant_id = fct_review.merchant_id
where told.text is not null
    and fct_review.review_date between $date_from and $date_to
    and (len($merchants::varchar[]) > 0 or fct_review.is_marketplace_first = 1)
    and (len($categories::varchar[]) = 0 or list_contains($categories::varchar[], coalesce(profile.category, 'unknown')))
    and (len($regions::varchar[]) = 0 or list_contains($regions::varchar[], coalesce(profile.region, 'unknown')))
    and (len($tiers::varchar[]) = 0 or list_contains($tiers::varchar[], coalesce(profile.tier, 'unknown')))
    and (len($merchants::varchar[]) = 0 or list_contains($merchants::varchar[], fct_review.merchant_id))
order by fct_review.reviewed_at, fct_review.event_id
limit $row_limit
