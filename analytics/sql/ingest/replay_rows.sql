-- Quarantined rows as they are tried again: `patched` is the row as JSON, canonical column → text, with a person's corrections in it.
-- A malformed line has no columns before somebody fills them in. What is in conflict was typed before, so its times carry their offset.
with corrected as (
    select * from {{corrections}}
),

tried as (
    select
        quarantine.* replace (
            coalesce(nullif(corrected."table", ''), quarantine."table") as "table",
            coalesce(quarantine.time_zone, {{time_zone}}) as time_zone,
            case when starts_with(quarantine.reason, 'conflict: ') then '{}' else coalesce(quarantine.formats, '{}') end as formats
        ),
        json_merge_patch(
            case when starts_with(quarantine.reason, 'malformed line: ') then '{}' else quarantine.raw end,
            coalesce(corrected.patch, '{}')
        )::varchar as patched
    from quarantine
    left join corrected using (row_id)
    where quarantine.settled_by is null and ({{is_all}} or corrected.row_id is not null)
)

select *
from tried
where patched <> '{}' and "table" <> ''
