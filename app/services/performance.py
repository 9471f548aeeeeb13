"""How well the desk keeps its time: the share of threads that met a target, by what they have in common, and the threads behind it.

Every function that reads data takes a snapshot id first. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from app.i18n import N_
from app.services import tickets

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.sla import TimerKind

ALL = "all"
GROUPINGS: Mapping[str, str] = {
    ALL: N_("All threads"),
    "merchant": N_("Merchant"),
    "intent": N_("Intent"),
    "urgency": N_("Urgency"),
    "language": N_("Language"),
    "channel": N_("Channel"),
}


def judged(snapshot_id: str, scope: Scope, timer: TimerKind) -> pd.DataFrame:
    """The threads opened in the scope whose target of a timer is decided, newest first, as people have labelled them.

    Columns: ticket_id, merchant_id, merchant_name, intent, urgency, language, channel, opened_at (UTC), state, took and target_seconds (working
    time), is_met. A target that is over counts as missed at once; a thread that can still meet it isn't here.
    """
    rows = [
        (
            ticket.ticket_id,
            ticket.merchant_id,
            ticket.merchant_name,
            ticket.intent,
            ticket.urgency,
            ticket.language,
            ticket.channel,
            ticket.opened_at,
            clock.state,
            clock.took,
            clock.target_seconds,
            clock.is_met,
        )
        for ticket in tickets.in_scope(snapshot_id, scope)
        for clock in ticket.timers
        if clock.kind == timer and clock.is_met is not None
    ]
    columns = [
        *("ticket_id", "merchant_id", "merchant_name", "intent", "urgency", "language", "channel", "opened_at"),
        *("state", "took", "target_seconds", "is_met"),
    ]
    return pd.DataFrame(rows, columns=columns)


def rates(snapshot_id: str, scope: Scope, timer: TimerKind, by: str = ALL) -> pd.DataFrame:
    """The share that met the target, a row a group, most threads first: group, name, n, met, rate, ci_low, ci_high (95 %), is_tentative."""
    from analytics.sla import shares

    rows = judged(snapshot_id, scope, timer)
    found = shares(rows, "is_met", _column(by)).rename(columns={"total": "met"})
    names = _names(by, rows)
    found["met"] = found["met"].astype(int)
    if by == ALL:
        return found.assign(group=ALL, name=GROUPINGS[ALL])
    return found.assign(name=[names.get(str(group), str(group) or "–") for group in found["group"]])


def total(snapshot_id: str, scope: Scope) -> int:
    """How many threads the scope has: the newest `tickets.MOST_TICKETS` are measured."""
    return tickets.total_of(snapshot_id, scope, tickets.MOST_TICKETS)


def behind(snapshot_id: str, scope: Scope, timer: TimerKind, by: str, group: str) -> pd.DataFrame:
    """The rows of `judged` behind one row of `rates`, those missed by most first."""
    rows, column = judged(snapshot_id, scope, timer), _column(by)
    return missed_first(rows if column is None else rows[rows[column] == group])


def missed_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `judged`, those missed by most first."""
    order = (rows["took"] - rows["target_seconds"]).sort_values(ascending=False, kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def _column(by: str) -> str | None:
    return None if by == ALL else "merchant_id" if by == "merchant" else by


def _names(by: str, rows: pd.DataFrame) -> Mapping[str, str]:
    if by == "merchant":
        return dict(zip(rows["merchant_id"], rows["merchant_name"], strict=True))
    if by == "intent":
        return tickets.intent_names()
    return tickets.urgency_names() if by == "urgency" else {}
