-- What trust scores as of the instant $as_of depend on beside events: digests of the merchants known by then (by their row, an event or a
-- ticket) and of the tickets opened by then, of the columns that a score's marts read. Rows that come later, and other columns, change nothing.
-- `tests/analytics/trust/test_kept.py` holds it against scores that are computed anew: what more the marts come to read belongs here.
with ticket as (
    select ticket_id, merchant_id, opened_by
    from tickets
    where opened_at < $as_of
),

seen as (
    select merchant_id from merchant_seen where first_at < $as_of
    union
    select merchant_id from ticket
),

merchant as (
    select merchant_id, category, region, tier, joined_at
    from merchants
    where joined_at is null or joined_at < $as_of or merchant_id in (select merchant_id from seen)
),

digest as (
    select 'merchants' as name, hash(merchant) as value from merchant
    union all
    select 'tickets', hash(ticket) from ticket
)

select name, count(*) as row_count, sum(value::hugeint)::varchar as total, bit_xor(value)::varchar as parity
from digest
group by name
order by name
