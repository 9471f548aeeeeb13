-- How many rows are set aside still: all of them ('any'), conflicts, and those of which a required value is missing, by column.
with open_rows as (
    select "table" as table_name, reason
    from quarantine
    where settled_by is null
),

missing as (
    select table_name, unnest(regexp_extract_all(reason, '(?:^|; )(\w+) is missing', 1)) as column_name
    from open_rows
)

select table_name, 'any' as kind, null::varchar as column_name, count(*) as row_count
from open_rows
group by table_name
union all
select table_name, 'conflict', null, count(*) from open_rows where starts_with(reason, 'conflict: ') group by table_name
union all
select table_name, 'malformed', null, count(*) from open_rows where starts_with(reason, 'malformed line: ') group by table_name
union all
select table_name, 'missing', column_name, count(*) from missing group by table_name, column_name
