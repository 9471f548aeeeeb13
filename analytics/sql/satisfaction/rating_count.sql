-- How many reviews by known raters there are up to a day.
select count(*) as review_count from fct_review where is_marketplace_first = 1 and review_count = 1 and buyer_id is not null and review_date <= $date_to
