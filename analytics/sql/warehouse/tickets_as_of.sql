-- Only tickets that had been opened. A ticket row holds its latest state, so what came later is taken back:
-- a ticket resolved after the instant is open, with no resolution and no score, and its row not yet updated.
select
    * replace (
        case when resolved_at >= {{as_of}} then 'open' else status end as status,
        case when resolved_at < {{as_of}} then resolved_at end as resolved_at,
        case when resolved_at >= {{as_of}} then null else csat_score end as csat_score,
        case when updated_at < {{as_of}} then updated_at end as updated_at
    )
from before.tickets
where opened_at < {{as_of}}
