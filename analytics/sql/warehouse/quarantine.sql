-- Every row that loads set aside; `settled_by` is the replay that loaded or replaced it since. `row_id` names a row for as long
-- as it is kept, also when a replay gives it another reason. `time_zone` and `formats` (JSON) say how its file's times are read.
select
    load_id,
    source,
    "table",
    file,
    line,
    "column",
    reason,
    raw,
    coalesce(
        row_id,
        'q' || left(md5(to_json([load_id, source, "table", file, line::varchar, "column", reason, raw])::varchar), 16)
    ) as row_id,
    time_zone,
    formats,
    settled_by
from (
    select
        null::varchar as load_id,
        null::varchar as source,
        null::varchar as "table",
        null::varchar as file,
        null::bigint as line,
        null::varchar as "column",
        null::varchar as reason,
        null::varchar as raw,
        null::varchar as row_id,
        null::varchar as time_zone,
        null::varchar as formats,
        null::varchar as settled_by
    where false
    {{stored}}
)
