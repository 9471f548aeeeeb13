-- Hashes of staged keys that occur more than once in what is staged and stored: only their rows need a closer look.
create or replace temp table repeated as
select hash({{key}}) as key_hash
from staged
group by key_hash
having count(*) > 1
union
select hash(stored.{{key}}) as key_hash
from stored
semi join staged on stored.{{key}} = staged.{{key}}
