-- Detailed ratings of a window per merchant and dimension. Of one buyer's ratings of a merchant in a dimension the first three of a calendar
-- month count, those before the window's first day included in the counting off; ratings of unknown buyers all count.
with rating as (
    select merchant_id, buyer_id, dimension, score, answer_date, answered_at, event_id, date_trunc('month', answer_date) as month
    from fct_survey
    where survey = 'dsr' and dimension is not null
        and answer_date >= date_trunc('month', $date_from::date) and answer_date <= $date_to
),

often as (
    select merchant_id, buyer_id, dimension, month
    from rating
    where buyer_id is not null
    group by merchant_id, buyer_id, dimension, month
    having count(*) > 3
),

surplus as (
    select rating.event_id
    from rating
    semi join often using (merchant_id, buyer_id, dimension, month)
    qualify row_number() over (
        partition by merchant_id, buyer_id, dimension, month
        order by answered_at, event_id
    ) > 3
),

counted as (
    select merchant_id, dimension, score
    from rating
    anti join surplus using (event_id)
    where answer_date >= $date_from
)

select
    merchant_id,
    count_if(dimension = 'description')::bigint as dsr_description_pair_count,
    coalesce(sum(score) filter (where dimension = 'description'), 0)::bigint as dsr_description_pair_sum,
    count_if(dimension = 'service')::bigint as dsr_service_pair_count,
    coalesce(sum(score) filter (where dimension = 'service'), 0)::bigint as dsr_service_pair_sum,
    count_if(dimension = 'logistics')::bigint as dsr_logistics_pair_count,
    coalesce(sum(score) filter (where dimension = 'logistics'), 0)::bigint as dsr_logistics_pair_sum
from counted
group by merchant_id
