-- Staged rows of a table.
create or replace temp view staged as
select
    * exclude (filename, file_row_number),
    {{source}} as source,
    {{load_id}} as load_id,
    filename as _part,
    file_row_number as _row
from read_parquet([{{files}}], filename = true, file_row_number = true, hive_partitioning = false)
