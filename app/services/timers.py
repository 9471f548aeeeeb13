"""The desk's clocks: a snapshot's working hours, and the timers of its threads. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.i18n import N_
from app.services.runtime import get_runtime
from app.services.warehouse import snapshot

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from analytics.sla import DeskHours, Span, Timer, TimerKind

TicketSpans = Mapping[str, Mapping["TimerKind", "Span"]]
"""By calendar, then by timer."""
TIMER_NAMES: Mapping[str, str] = {
    "first_reply": N_("First reply"),
    "next_reply": N_("Next reply"),
    "solution": N_("Solution"),
}


def desk_hours(snapshot_id: str) -> DeskHours:
    """Working hours and targets, in the reporting zone where the file names none. Raises analytics' InputError."""
    from analytics.errors import InputError
    from analytics.sla import read_desk_hours

    hours = read_desk_hours(snapshot(snapshot_id).time_zone)
    urgencies = {level.urgency_id for level in get_runtime().desk.taxonomy.urgencies}
    if lacking := urgencies - hours.targets["solution"].keys():
        raise InputError(f"data/desk/hours.toml: no target for urgency {', '.join(sorted(lacking))} of the taxonomy.")
    return hours


def timers_read(
    tickets: pd.DataFrame, messages: pd.DataFrame, now: datetime, hours: DeskHours
) -> Mapping[str, TicketSpans]:
    """Ticket id → its spans in each calendar; frames as `analytics.threads` gives them."""
    from analytics.sla import spans

    found: dict[str, dict[str, Mapping[TimerKind, Span]]] = {str(ticket_id): {} for ticket_id in tickets["ticket_id"]}
    for name, calendar in hours.calendars.items():
        for ticket_id, measured in spans(tickets, messages, now, calendar):
            found[ticket_id][name] = measured
    return found


def timers_of(spans: TicketSpans, urgency: str, now: datetime, hours: DeskHours) -> tuple[Timer, ...]:
    """First reply, next reply and solution of a ticket, against the targets of its urgency."""
    from analytics.sla import TIMERS, timer_of

    found = []
    for kind in TIMERS:
        target = hours.target(kind, urgency)
        calendar = hours.calendars[target.calendar]
        found.append(timer_of(kind, spans[target.calendar][kind], target.seconds, calendar, now, hours.warn_seconds))
    return tuple(found)
