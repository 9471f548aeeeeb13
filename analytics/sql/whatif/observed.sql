-- What buyers did at each merchant in the window of the score: the sums behind the outcomes that effects speak of.
select
    merchant_id,
    sum(review_score_sum)::double as "stars.numerator",
    sum(review_count)::double as "stars.denominator",
    sum(disputed_count)::double as "dispute.numerator",
    sum(order_count)::double as "dispute.denominator",
    sum(repeat_count)::double as "repeat.numerator",
    sum(repeat_base_count)::double as "repeat.denominator"
from merchant_day
where day <= $day::date and day > $day::date - $window_days::integer
group by merchant_id
order by merchant_id
