-- Hashes of keys that occur more than once in what is staged and stored: only their rows need a closer look.
create or replace temp table repeated as
select key_hash
from (
    select hash({{key}}) as key_hash from staged
    union all
    select hash({{key}}) as key_hash from stored
)
group by key_hash
having count(*) > 1
