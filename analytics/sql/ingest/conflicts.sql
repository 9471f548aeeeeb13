-- Rows in conflict, in the shape of `bad`.
insert into bad
select
    {{table}} as "table",
    staged._file as file,
    staged._line as line,
    {{column}} as "column",
    'conflict: another row has this {{key}} with other content, which was kept' as reason,
    to_json({{{content_struct}}})::varchar as raw
from staged
inner join verdict using (_part, _row)
where verdict.verdict = 'conflict'
