-- How often each duration occurred, in fixed log-spaced buckets that add up over any window (a sketch could not be subtracted).
-- bucket 0 = under one second; bucket b > 0 = [2^((b-1)/16), 2^(b/16)) seconds, 4.4 % wide. The half second keeps every whole
-- number of seconds away from a bucket border, where engines round differently.
with duration as (
    select merchant_id, ask_date as day, 'reply' as measure, reply_seconds as seconds from fct_question where question_replied_count = 1
    union all
    select merchant_id, open_date as day, 'desk_reply' as measure, desk_reply_seconds as seconds from fct_ticket where desk_replied_count = 1
    union all
    select merchant_id, open_date as day, 'resolution' as measure, resolution_seconds as seconds from fct_ticket where resolved_count = 1
)

select
    merchant_id,
    day,
    measure,
    cast(case when seconds < 1 then 0 else 1 + floor(16 * log2(seconds + 0.5)) end as integer) as bucket,
    cast(count(*) as bigint) as duration_count
from duration
group by merchant_id, day, measure, cast(case when seconds < 1 then 0 else 1 + floor(16 * log2(seconds + 0.5)) end as integer)
