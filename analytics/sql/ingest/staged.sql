-- Staged rows of a table.
create or replace temp view staged as
select
    *,
    {{source}} as source,
    {{load_id}} as load_id
from ({{rows}})
