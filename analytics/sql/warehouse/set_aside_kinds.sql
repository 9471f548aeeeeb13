-- Every row that is set aside still, with the kind of its reason: what the pattern $kinds (RE2) captures at the reason's beginning,
-- once the name of the column is taken away; '' for none.
select
    load_id,
    source,
    "table",
    file,
    line,
    "column",
    regexp_extract(
        case when starts_with(reason, "column" || ' ') then substr(reason, length("column") + 2) else reason end, $kinds, 1
    ) as kind,
    reason,
    raw,
    row_id
from quarantine
where settled_by is null
