-- Quarantine rows of this load that no earlier load has said already, settled since or not (the same file loaded again adds none).
select
    {{load_id}} as load_id,
    {{source}} as source,
    bad."table",
    bad.file,
    bad.line::bigint as line,
    bad."column",
    bad.reason,
    bad.raw,
    {{time_zone}} as time_zone,
    {{formats}} as formats
from bad
anti join quarantine as known
    on known.source = {{source}}
    and known."table" = bad."table"
    and known.file = bad.file
    and known.line = bad.line
    and known."column" is not distinct from bad."column"
    and known.reason = bad.reason
    and known.raw is not distinct from bad.raw
order by bad."table", bad.file, bad.line
