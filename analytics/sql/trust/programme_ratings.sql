-- Detailed ratings per merchant, dimension and stretch of days ($days and $stretches as in programme_days.sql). Of one buyer's ratings of a
-- merchant in a dimension the first three of a calendar month count, those before the first day looked at included in the counting off;
-- ratings of unknown buyers all count.
with calendar as (
    select unnest($days::date[]) as answer_date, unnest($stretches::integer[]) as stretch
),

rating as (
    select merchant_id, buyer_id, dimension, score, answer_date, answered_at, event_id, date_trunc('month', answer_date) as month
    from fct_survey
    where survey = 'dsr' and dimension is not null
        and answer_date >= date_trunc('month', $date_from::date) and answer_date <= $date_to
),

often as (
    select merchant_id, buyer_id, month
    from rating
    where buyer_id is not null
    group by merchant_id, buyer_id, month
    having count(*) > 3
),

surplus as (
    select rating.event_id
    from rating
    semi join often using (merchant_id, buyer_id, month)
    qualify row_number() over (
        partition by merchant_id, buyer_id, dimension, month
        order by answered_at, event_id
    ) > 3
)

select
    merchant_id,
    stretch,
    count_if(dimension = 'description')::bigint as dsr_description_pair_count,
    coalesce(sum(score) filter (where dimension = 'description'), 0)::bigint as dsr_description_pair_sum,
    count_if(dimension = 'service')::bigint as dsr_service_pair_count,
    coalesce(sum(score) filter (where dimension = 'service'), 0)::bigint as dsr_service_pair_sum,
    count_if(dimension = 'logistics')::bigint as dsr_logistics_pair_count,
    coalesce(sum(score) filter (where dimension = 'logistics'), 0)::bigint as dsr_logistics_pair_sum
from rating
inner join calendar using (answer_date)
where event_id not in (select event_id from surplus)
group by merchant_id, stretch
