-- Stored events with their text again, which lies apart; only for keys that need a closer look.
create or replace temp view stored_whole as
select stored_events.*, texts.text
from stored_events
left join (
    select event_id, text from stored_event_texts where hash(event_id) in (select key_hash from repeated)
) as texts using (event_id)
