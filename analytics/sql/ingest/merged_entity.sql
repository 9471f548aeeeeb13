-- The whole entity table after the load: fresh rows, and stored rows that no fresh row replaces.
select {{columns}}
from (
    select {{columns}} from fresh
    union all
    select {{columns}} from stored_whole anti join fresh using ({{key}})
)
order by {{key}}
