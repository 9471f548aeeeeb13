-- Staged events. What was rated (dsr_rated) is a word, not free text: it moves to reason, where marts read it.
create or replace temp view staged as
select
    * exclude (filename, file_row_number) replace (
        case when kind = 'dsr_rated' then coalesce(text, reason) else reason end as reason,
        case when kind = 'dsr_rated' then null else text end as text
    ),
    {{source}} as source,
    {{load_id}} as load_id,
    filename as _part,
    file_row_number as _row
from read_parquet([{{files}}], filename = true, file_row_number = true, hive_partitioning = false)
