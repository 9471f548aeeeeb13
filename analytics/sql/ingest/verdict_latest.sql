-- Entities keep the row with the latest updated_at, stored before staged when equal.
-- One row for each staged row that is not to be loaded: 'conflict' when it is of the same instant as the row kept and
-- differs from it, else 'duplicate' (the same, or older).
create or replace temp table verdict as
with candidates as (
    select
        {{key}} as key,
        0 as age,
        '' as _part,
        0 as _row,
        0 as _unit,
        0 as _line,
        updated_at,
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
        updated_at,
        hash({{content}}) as content
    from staged
    where hash({{key}}) in (select key_hash from repeated)
),

ranked as (
    select
        *,
        row_number() over kept_first as place,
        first_value(content) over kept_first as kept_content,
        first_value(updated_at) over kept_first as kept_updated_at
    from candidates
    window kept_first as (partition by key order by updated_at desc nulls last, age, _unit, _line, content)
)

select
    _part,
    _row,
    case
        when content <> kept_content and updated_at is not distinct from kept_updated_at then 'conflict'
        else 'duplicate'
    end as verdict
from ranked
where age = 1 and place > 1
