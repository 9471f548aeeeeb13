-- Answers of a window by merchant: sums of what the index and the silence bounds are made of.
with chosen as (
{chosen}
)

select
    merchant_id,
    sum(order_count) as order_count,
    sum(delivered_count) as delivered_count,
    sum(delivered_reviewed_count) as delivered_reviewed_count,
    sum(delivered_positive_count) as delivered_positive_count,
    sum(review_score_sum) as review_score_sum,
    sum(review_count) as review_count,
    sum(csat_sum) as csat_sum,
    sum(csat_count) as csat_count,
    sum(dsr_description_sum) as dsr_description_sum,
    sum(dsr_description_count) as dsr_description_count,
    sum(dsr_service_sum) as dsr_service_sum,
    sum(dsr_service_count) as dsr_service_count,
    sum(dsr_logistics_sum) as dsr_logistics_sum,
    sum(dsr_logistics_count) as dsr_logistics_count,
    sum(nps_promoter_count) as nps_promoter_count,
    sum(nps_detractor_count) as nps_detractor_count,
    sum(nps_count) as nps_count
from merchant_day
semi join chosen using (merchant_id)
where day between $date_from and $date_to
group by merchant_id
order by merchant_id
