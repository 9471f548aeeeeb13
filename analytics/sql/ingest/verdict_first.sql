-- Facts keep the first row of a key: stored before staged, then in the order of units and lines.
-- One row for each staged row that is not to be loaded: 'duplicate' when its content is that of the row kept, else
-- 'conflict'.
create or replace temp table verdict as
with candidates as (
    select
        {{key}} as key,
        0 as age,
        '' as _part,
        0 as _row,
        0 as _unit,
        0 as _line,
        hash({{content}}) as content
    from stored_whole
    where hash({{key}}) in (select key_hash from repeated)
    union all
    select
        {{key}} as key,
        1 as age,
        _part,
        _row,
        _unit,
        _line,
        hash({{content}}) as content
    from staged
    where hash({{key}}) in (select key_hash from repeated)
),

ranked as (
    select
        *,
        row_number() over kept_first as place,
        first_value(content) over kept_first as kept_content
    from candidates
    window kept_first as (partition by key order by age, _unit, _line, content)
)

select
    _part,
    _row,
    case when content = kept_content then 'duplicate' else 'conflict' end as verdict
from ranked
where age = 1 and place > 1
