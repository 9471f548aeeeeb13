-- Staged events. What was rated (dsr_rated) is a word, not free text: it moves to reason, where marts read it.
create or replace temp view staged as
select
    * replace (
        case when kind = 'dsr_rated' then coalesce(text, reason) else reason end as reason,
        case when kind = 'dsr_rated' then null else text end as text
    ),
    {{source}} as source,
    {{load_id}} as load_id
from ({{rows}})
