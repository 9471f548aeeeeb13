-- The quarantine after a replay. A row that went through, or that a correction left with another reason, is settled by the replay's load; in
-- the latter case the row stands again as it is now. A row that fails as before stays as it is.
with still as (
    select distinct * from read_parquet([{{still}}])
),

tried as (
    select
        rows_tried.row_id,
        rows_tried."table",
        rows_tried.time_zone,
        rows_tried.formats,
        loads_of.load_id,
        still."column",
        still.reason,
        json_merge_patch('{}', still.raw)::varchar as raw,
        still.row_id is not null as is_still_bad
    from (select distinct on (row_id) * from read_parquet({{tried}})) as rows_tried
    inner join {{loads}} as loads_of using (source)
    left join still using (row_id)
),

judged as (
    select
        quarantine.*,
        tried.load_id as tried_by,
        coalesce(tried.is_still_bad, false) as is_still_bad,
        coalesce(
            quarantine.settled_by is null
            and tried.row_id is not null
            and not (
                tried.is_still_bad
                and tried."table" = quarantine."table"
                and tried."column" is not distinct from quarantine."column"
                and tried.reason = quarantine.reason
                and (
                    tried.raw = quarantine.raw
                    or tried.raw = json_merge_patch('{}', case when json_valid(quarantine.raw) then quarantine.raw else '{}' end)::varchar
                )
            ),
            false
        ) as is_changed
    from quarantine
    left join tried using (row_id)
)

select
    load_id, source, "table", file, line, "column", reason, raw, row_id, time_zone, formats,
    case when is_changed then tried_by else settled_by end as settled_by
from judged
union all by name
select
    tried.load_id,
    judged.source,
    tried."table",
    judged.file,
    judged.line,
    tried."column",
    tried.reason,
    tried.raw,
    judged.row_id,
    tried.time_zone,
    tried.formats,
    null as settled_by
from judged
inner join tried using (row_id)
where judged.is_changed and judged.is_still_bad
