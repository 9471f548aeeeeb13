-- All measures of a merchant on a day of the reporting zone: orders by the day they were placed, all else by the day it happened.
-- Each fact is summed to this grain before the join, so that nothing fans out. What counts nowhere makes no row: a row of zeros would
-- say nothing, and could not be told from a day whose counts were taken back.
with order_day as (
    select
        merchant_id,
        order_date as day,
        sum(order_count) as order_count,
        sum(cancelled_count) as cancelled_count,
        sum(seller_cancelled_count) as seller_cancelled_count,
        sum(shipped_count) as shipped_count,
        sum(ship_due_count) as ship_due_count,
        sum(shipped_late_count) as shipped_late_count,
        sum(shipped_on_time_count) as shipped_on_time_count,
        sum(tracked_count) as tracked_count,
        sum(valid_tracking_count) as valid_tracking_count,
        sum(delivered_count) as delivered_count,
        sum(delivery_due_count) as delivery_due_count,
        sum(delivered_late_count) as delivered_late_count,
        sum(delivered_on_time_count) as delivered_on_time_count,
        sum(late_seller_count) as late_seller_count,
        sum(late_carrier_count) as late_carrier_count,
        sum(late_buyer_count) as late_buyer_count,
        sum(late_platform_count) as late_platform_count,
        sum(late_unknown_count) as late_unknown_count,
        sum(returned_count) as returned_count,
        sum(seller_returned_count) as seller_returned_count,
        sum(refunded_count) as refunded_count,
        sum(disputed_count) as disputed_count,
        sum(upheld_dispute_count) as upheld_dispute_count,
        sum(seller_disputed_count) as seller_disputed_count,
        sum(chargeback_count) as chargeback_count,
        sum(defect_count) as defect_count,
        sum(positive_order_count) as positive_order_count,
        sum(negative_order_count) as negative_order_count,
        sum(reviewed_order_count) as reviewed_order_count,
        sum(delivered_positive_count) as delivered_positive_count,
        sum(delivered_reviewed_count) as delivered_reviewed_count,
        sum(repeat_base_count) as repeat_base_count,
        sum(repeat_count) as repeat_count,
        sum(repeat_base_bad_count) as repeat_base_bad_count,
        sum(repeat_bad_count) as repeat_bad_count,
        sum(repeat_base_good_count) as repeat_base_good_count,
        sum(repeat_good_count) as repeat_good_count,
        sum(repeat_base_positive_count) as repeat_base_positive_count,
        sum(repeat_positive_count) as repeat_positive_count,
        sum(repeat_base_negative_count) as repeat_base_negative_count,
        sum(repeat_negative_count) as repeat_negative_count
    from order_measure
    where grain = 'merchant'
    group by merchant_id, order_date
),

review_day as (
    select
        merchant_id,
        review_date as day,
        sum(review_count) as review_count,
        sum(review_score_sum) as review_score_sum,
        sum(review_score_sumsq) as review_score_sumsq,
        sum(review_positive_count) as review_positive_count,
        sum(review_1_count) as review_1_count,
        sum(review_2_count) as review_2_count,
        sum(review_3_count) as review_3_count,
        sum(review_4_count) as review_4_count,
        sum(review_5_count) as review_5_count
    from fct_review
    where review_count = 1
    group by merchant_id, review_date
),

survey_day as (
    select
        merchant_id,
        answer_date as day,
        sum(csat_count) as csat_count,
        sum(csat_sum) as csat_sum,
        sum(csat_sumsq) as csat_sumsq,
        sum(csat_satisfied_count) as csat_satisfied_count,
        sum(nps_count) as nps_count,
        sum(nps_promoter_count) as nps_promoter_count,
        sum(nps_detractor_count) as nps_detractor_count,
        sum(dsr_description_count) as dsr_description_count,
        sum(dsr_description_sum) as dsr_description_sum,
        sum(dsr_description_sumsq) as dsr_description_sumsq,
        sum(dsr_service_count) as dsr_service_count,
        sum(dsr_service_sum) as dsr_service_sum,
        sum(dsr_service_sumsq) as dsr_service_sumsq,
        sum(dsr_logistics_count) as dsr_logistics_count,
        sum(dsr_logistics_sum) as dsr_logistics_sum,
        sum(dsr_logistics_sumsq) as dsr_logistics_sumsq
    from fct_survey
    where csat_count + nps_count + dsr_description_count + dsr_service_count + dsr_logistics_count > 0
    group by merchant_id, answer_date
),

question_day as (
    select
        merchant_id,
        ask_date as day,
        sum(question_count) as question_count,
        sum(question_replied_count) as question_replied_count,
        sum(question_replied_24h_count) as question_replied_24h_count,
        sum(reply_seconds_sum) as reply_seconds_sum
    from fct_question
    group by merchant_id, ask_date
),

ticket_day as (
    select
        merchant_id,
        open_date as day,
        sum(ticket_count) as ticket_count,
        sum(merchant_csat_count) as merchant_csat_count,
        sum(merchant_csat_sum) as merchant_csat_sum,
        sum(merchant_csat_sumsq) as merchant_csat_sumsq,
        sum(merchant_csat_satisfied_count) as merchant_csat_satisfied_count,
        sum(desk_replied_count) as desk_replied_count,
        sum(desk_reply_seconds_sum) as desk_reply_seconds_sum,
        sum(resolved_count) as resolved_count,
        sum(resolution_seconds_sum) as resolution_seconds_sum
    from fct_ticket
    group by merchant_id, open_date
),

penalty_day as (
    select
        merchant_id,
        issue_date as day,
        sum(penalty_count) as penalty_count,
        sum(penalty_points_sum) as penalty_points_sum
    from fct_penalty
    group by merchant_id, issue_date
),

merchant_with_day as (
    select merchant_id, day from order_day
    union
    select merchant_id, day from review_day
    union
    select merchant_id, day from survey_day
    union
    select merchant_id, day from question_day
    union
    select merchant_id, day from ticket_day
    union
    select merchant_id, day from penalty_day
)

select
    merchant_with_day.merchant_id,
    merchant_with_day.day,
    cast(coalesce(order_day.order_count, 0) as bigint) as order_count,
    cast(coalesce(order_day.cancelled_count, 0) as bigint) as cancelled_count,
    cast(coalesce(order_day.seller_cancelled_count, 0) as bigint) as seller_cancelled_count,
    cast(coalesce(order_day.shipped_count, 0) as bigint) as shipped_count,
    cast(coalesce(order_day.ship_due_count, 0) as bigint) as ship_due_count,
    cast(coalesce(order_day.shipped_late_count, 0) as bigint) as shipped_late_count,
    cast(coalesce(order_day.shipped_on_time_count, 0) as bigint) as shipped_on_time_count,
    cast(coalesce(order_day.tracked_count, 0) as bigint) as tracked_count,
    cast(coalesce(order_day.valid_tracking_count, 0) as bigint) as valid_tracking_count,
    cast(coalesce(order_day.delivered_count, 0) as bigint) as delivered_count,
    cast(coalesce(order_day.delivery_due_count, 0) as bigint) as delivery_due_count,
    cast(coalesce(order_day.delivered_late_count, 0) as bigint) as delivered_late_count,
    cast(coalesce(order_day.delivered_on_time_count, 0) as bigint) as delivered_on_time_count,
    cast(coalesce(order_day.late_seller_count, 0) as bigint) as late_seller_count,
    cast(coalesce(order_day.late_carrier_count, 0) as bigint) as late_carrier_count,
    cast(coalesce(order_day.late_buyer_count, 0) as bigint) as late_buyer_count,
    cast(coalesce(order_day.late_platform_count, 0) as bigint) as late_platform_count,
    cast(coalesce(order_day.late_unknown_count, 0) as bigint) as late_unknown_count,
    cast(coalesce(order_day.returned_count, 0) as bigint) as returned_count,
    cast(coalesce(order_day.seller_returned_count, 0) as bigint) as seller_returned_count,
    cast(coalesce(order_day.refunded_count, 0) as bigint) as refunded_count,
    cast(coalesce(order_day.disputed_count, 0) as bigint) as disputed_count,
    cast(coalesce(order_day.upheld_dispute_count, 0) as bigint) as upheld_dispute_count,
    cast(coalesce(order_day.seller_disputed_count, 0) as bigint) as seller_disputed_count,
    cast(coalesce(order_day.chargeback_count, 0) as bigint) as chargeback_count,
    cast(coalesce(order_day.defect_count, 0) as bigint) as defect_count,
    cast(coalesce(order_day.positive_order_count, 0) as bigint) as positive_order_count,
    cast(coalesce(order_day.negative_order_count, 0) as bigint) as negative_order_count,
    cast(coalesce(order_day.reviewed_order_count, 0) as bigint) as reviewed_order_count,
    cast(coalesce(order_day.delivered_positive_count, 0) as bigint) as delivered_positive_count,
    cast(coalesce(order_day.delivered_reviewed_count, 0) as bigint) as delivered_reviewed_count,
    cast(coalesce(order_day.repeat_base_count, 0) as bigint) as repeat_base_count,
    cast(coalesce(order_day.repeat_count, 0) as bigint) as repeat_count,
    cast(coalesce(order_day.repeat_base_bad_count, 0) as bigint) as repeat_base_bad_count,
    cast(coalesce(order_day.repeat_bad_count, 0) as bigint) as repeat_bad_count,
    cast(coalesce(order_day.repeat_base_good_count, 0) as bigint) as repeat_base_good_count,
    cast(coalesce(order_day.repeat_good_count, 0) as bigint) as repeat_good_count,
    cast(coalesce(order_day.repeat_base_positive_count, 0) as bigint) as repeat_base_positive_count,
    cast(coalesce(order_day.repeat_positive_count, 0) as bigint) as repeat_positive_count,
    cast(coalesce(order_day.repeat_base_negative_count, 0) as bigint) as repeat_base_negative_count,
    cast(coalesce(order_day.repeat_negative_count, 0) as bigint) as repeat_negative_count,
    cast(coalesce(review_day.review_count, 0) as bigint) as review_count,
    cast(coalesce(review_day.review_score_sum, 0) as bigint) as review_score_sum,
    cast(coalesce(review_day.review_score_sumsq, 0) as bigint) as review_score_sumsq,
    cast(coalesce(review_day.review_positive_count, 0) as bigint) as review_positive_count,
    cast(coalesce(review_day.review_1_count, 0) as bigint) as review_1_count,
    cast(coalesce(review_day.review_2_count, 0) as bigint) as review_2_count,
    cast(coalesce(review_day.review_3_count, 0) as bigint) as review_3_count,
    cast(coalesce(review_day.review_4_count, 0) as bigint) as review_4_count,
    cast(coalesce(review_day.review_5_count, 0) as bigint) as review_5_count,
    cast(coalesce(survey_day.csat_count, 0) as bigint) as csat_count,
    cast(coalesce(survey_day.csat_sum, 0) as bigint) as csat_sum,
    cast(coalesce(survey_day.csat_sumsq, 0) as bigint) as csat_sumsq,
    cast(coalesce(survey_day.csat_satisfied_count, 0) as bigint) as csat_satisfied_count,
    cast(coalesce(survey_day.nps_count, 0) as bigint) as nps_count,
    cast(coalesce(survey_day.nps_promoter_count, 0) as bigint) as nps_promoter_count,
    cast(coalesce(survey_day.nps_detractor_count, 0) as bigint) as nps_detractor_count,
    cast(coalesce(survey_day.dsr_description_count, 0) as bigint) as dsr_description_count,
    cast(coalesce(survey_day.dsr_description_sum, 0) as bigint) as dsr_description_sum,
    cast(coalesce(survey_day.dsr_description_sumsq, 0) as bigint) as dsr_description_sumsq,
    cast(coalesce(survey_day.dsr_service_count, 0) as bigint) as dsr_service_count,
    cast(coalesce(survey_day.dsr_service_sum, 0) as bigint) as dsr_service_sum,
    cast(coalesce(survey_day.dsr_service_sumsq, 0) as bigint) as dsr_service_sumsq,
    cast(coalesce(survey_day.dsr_logistics_count, 0) as bigint) as dsr_logistics_count,
    cast(coalesce(survey_day.dsr_logistics_sum, 0) as bigint) as dsr_logistics_sum,
    cast(coalesce(survey_day.dsr_logistics_sumsq, 0) as bigint) as dsr_logistics_sumsq,
    cast(coalesce(question_day.question_count, 0) as bigint) as question_count,
    cast(coalesce(question_day.question_replied_count, 0) as bigint) as question_replied_count,
    cast(coalesce(question_day.question_replied_24h_count, 0) as bigint) as question_replied_24h_count,
    cast(coalesce(question_day.reply_seconds_sum, 0) as bigint) as reply_seconds_sum,
    cast(coalesce(ticket_day.ticket_count, 0) as bigint) as ticket_count,
    cast(coalesce(ticket_day.merchant_csat_count, 0) as bigint) as merchant_csat_count,
    cast(coalesce(ticket_day.merchant_csat_sum, 0) as bigint) as merchant_csat_sum,
    cast(coalesce(ticket_day.merchant_csat_sumsq, 0) as bigint) as merchant_csat_sumsq,
    cast(coalesce(ticket_day.merchant_csat_satisfied_count, 0) as bigint) as merchant_csat_satisfied_count,
    cast(coalesce(ticket_day.desk_replied_count, 0) as bigint) as desk_replied_count,
    cast(coalesce(ticket_day.desk_reply_seconds_sum, 0) as bigint) as desk_reply_seconds_sum,
    cast(coalesce(ticket_day.resolved_count, 0) as bigint) as resolved_count,
    cast(coalesce(ticket_day.resolution_seconds_sum, 0) as bigint) as resolution_seconds_sum,
    cast(coalesce(penalty_day.penalty_count, 0) as bigint) as penalty_count,
    cast(coalesce(penalty_day.penalty_points_sum, 0) as bigint) as penalty_points_sum
from merchant_with_day
left join order_day on order_day.merchant_id = merchant_with_day.merchant_id and order_day.day = merchant_with_day.day
left join review_day on review_day.merchant_id = merchant_with_day.merchant_id and review_day.day = merchant_with_day.day
left join survey_day on survey_day.merchant_id = merchant_with_day.merchant_id and survey_day.day = merchant_with_day.day
left join question_day on question_day.merchant_id = merchant_with_day.merchant_id and question_day.day = merchant_with_day.day
left join ticket_day on ticket_day.merchant_id = merchant_with_day.merchant_id and ticket_day.day = merchant_with_day.day
left join penalty_day on penalty_day.merchant_id = merchant_with_day.merchant_id and penalty_day.day = merchant_with_day.day
