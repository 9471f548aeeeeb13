"""Tickets as queues show them: matter, mood, urgency, the desk's clock and the merchant's standing; people's corrections over them.

Every function that reads data takes a snapshot id first. Names of intents come from the taxonomy, which has both languages; all
other words stay msgids. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, cast

import pandas as pd

from app.i18n import language
from app.services import taught
from app.services.runtime import cached, get_runtime
from app.services.scores import scores
from app.services.timers import TicketSpans, desk_hours, timers_of, timers_read
from app.services.warehouse import cursor, snapshot

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.sla import Timer
    from app.identity import Actor
    from llm.taxonomy import Taxonomy
    from llm.types import Classification

QUEUE_LIMIT = 500  # of a window's threads in a list
MOST_OPEN = 5_000  # of those that wait; pages say what they leave out
MOST_TICKETS = 100_000  # of a window that is measured
Kind = Literal["intent", "urgency"]


@dataclass(frozen=True)
class Ticket:
    """A ticket as the queues show it. Instants are UTC; `now` is the end of the data, which the clocks run against.

    intent, urgency: read from the text unless a person said otherwise (`corrected` names which). sentiment: −1 to 1.
    level: trust level, or the reason why there is none; language: BCP-47 of those who ask.
    timers: first reply, next reply and solution, from `spans`, which know no urgency.
    """

    ticket_id: str
    merchant_id: str
    merchant_name: str
    subject: str
    opened_by: str
    channel: str
    status: str
    order_id: str | None
    message_count: int
    opened_at: datetime
    resolved_at: datetime | None
    now: datetime
    intent: str
    intent_confidence: float
    urgency: str
    spans: TicketSpans
    timers: tuple[Timer, ...]
    sentiment: float
    language: str
    level: str
    score: float | None
    corrected: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether anybody still waits for something."""
        return self.resolved_at is None and self.status not in ("resolved", "closed")

    @property
    def age_seconds(self) -> float:
        """Since opening, until it was resolved or until the end of the data."""
        return max(0.0, ((self.resolved_at or self.now) - self.opened_at).total_seconds())

    @property
    def clock(self) -> Timer:
        """What the desk is to do next: of the timers that run the one longest over, else the one due first; where none runs, how far the solution or,
        once it is closed, how the first reply went."""
        running = [timer for timer in self.timers if timer.is_running]
        if running:
            return min(running, key=_pressing)
        first, _, solution = self.timers
        return solution if self.is_open else first


def _pressing(timer: Timer) -> tuple[bool, float]:
    return (False, -timer.seconds) if timer.due_in is None else (True, timer.due_in)


def taxonomy() -> Taxonomy:
    """Intents and urgencies of the desk."""
    return get_runtime().desk.taxonomy


def intent_names() -> dict[str, str]:
    """Intent id → name in the reader's language, in the taxonomy's order."""
    return {intent.intent_id: _named(intent.name, intent.intent_id) for intent in taxonomy().intents}


def urgency_names() -> dict[str, str]:
    """Urgency id → name in the reader's language, lowest first."""
    return {level.urgency_id: _named(level.name, level.urgency_id) for level in taxonomy().urgencies}


def intent_name(ticket: Ticket) -> str:
    """What the ticket is about, in the reader's language."""
    return intent_names().get(ticket.intent, ticket.intent)


def _named(names: Mapping[str, str], fallback: str) -> str:
    return names.get(language()) or names.get("en") or fallback


def read_tickets(
    snapshot_id: str, scope: Scope | None, ticket_ids: tuple[str, ...] = (), limit: int = QUEUE_LIMIT
) -> tuple[Ticket, ...]:
    """The newest tickets of a scope, those named, or without either all that are open; `limit` at most, newest first.

    What people corrected of these tickets is not in it (see `corrected`), but what their corrections teach is.
    """
    return _read_tickets(snapshot_id, scope, ticket_ids, limit, taught.newest())[0]


def total_of(snapshot_id: str, scope: Scope | None, limit: int) -> int:
    """How many tickets there are where `read_tickets` gives `limit` at most: of a scope, or without one those that are open."""
    return _read_tickets(snapshot_id, scope, (), limit, taught.newest())[1]


@cached
def _read_tickets(
    snapshot_id: str, scope: Scope | None, ticket_ids: tuple[str, ...], limit: int, newest: str
) -> tuple[tuple[Ticket, ...], int]:
    from analytics import threads

    with cursor(snapshot_id) as opened:
        if ticket_ids:
            rows = threads.named_tickets(opened, ticket_ids[:limit])
        elif scope is not None:
            rows = threads.tickets(opened, scope, limit=limit)
        else:
            rows = threads.open_tickets(opened, limit=limit)
        written = threads.messages(opened, list(rows["ticket_id"]))
    found = snapshot(snapshot_id)
    now = found.data_up_to or found.created_at
    texts = taught.openings(written, dict(zip(rows["ticket_id"], rows["subject"], strict=True)))
    triage = taught.taught_triage(snapshot_id)
    classified = {ticket_id: triage.classify(text, ticket_id) for ticket_id, text in texts.items()}
    standing = {score.merchant_id: (score.level or score.status, score.score) for score in scores(snapshot_id)}
    hours = desk_hours(snapshot_id)
    spans = timers_read(rows, written, now, hours)
    found_in = (
        _ticket({str(name): value for name, value in row.items()}, now, classified, standing, spans)
        for row in rows.to_dict(orient="records")
    )
    tickets = tuple(replace(ticket, timers=timers_of(ticket.spans, ticket.urgency, now, hours)) for ticket in found_in)
    return tickets, int(rows["total_count"].iloc[0]) if len(rows) else 0


def corrected(snapshot_id: str, tickets: Sequence[Ticket]) -> list[Ticket]:
    """The tickets as people have labelled them; the newest word on a ticket stands."""
    hours = desk_hours(snapshot_id)
    said = taught.said()
    intents, urgencies = intent_names(), urgency_names()
    result = []
    for ticket in tickets:
        intent, urgency = (said.get((ticket.ticket_id, kind)) for kind in taught.KINDS)
        if intent in intents:
            ticket = replace(ticket, intent=intent, intent_confidence=1.0, corrected=(*ticket.corrected, "intent"))
        if urgency in urgencies:
            timers = timers_of(ticket.spans, urgency, ticket.now, hours)
            ticket = replace(ticket, urgency=urgency, timers=timers, corrected=(*ticket.corrected, "urgency"))
        result.append(ticket)
    return result


def correct(ticket_id: str, kind: Kind, value: str, actor: Actor) -> None:
    """Puts on record what a person says that a ticket is."""
    get_runtime().workspace.labels.add(f"ticket:{ticket_id}", kind, value, actor)


def by_clock(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Those that wait first: by urgency, then by what is overdue longest or due soonest; then the rest, newest first."""
    ranks = {name: rank for rank, name in enumerate(reversed(urgency_names()))}

    def order(ticket: Ticket) -> tuple[int, int, tuple[bool, float]]:
        clock = ticket.clock
        if clock.is_running:
            return (0, ranks.get(ticket.urgency, 9), _pressing(clock))
        return (1 if ticket.is_open else 2, 0, (False, -ticket.opened_at.timestamp()))

    return sorted(tickets, key=order)


def ticket(snapshot_id: str, ticket_id: str) -> Ticket | None:
    """One ticket as people have labelled it; None when the snapshot does not hold it."""
    return next(iter(corrected(snapshot_id, read_tickets(snapshot_id, None, (ticket_id,)))), None)


def named_tickets(snapshot_id: str, ticket_ids: Sequence[str]) -> list[Ticket]:
    """These tickets, those that the snapshot holds, those that wait first."""
    if not ticket_ids:
        return []
    return by_clock(corrected(snapshot_id, read_tickets(snapshot_id, None, tuple(ticket_ids), len(ticket_ids))))


def in_scope(snapshot_id: str, scope: Scope) -> list[Ticket]:
    """Every ticket opened in a scope, newest first; MOST_TICKETS of `total_of` at most."""
    return corrected(snapshot_id, read_tickets(snapshot_id, scope, limit=MOST_TICKETS))


def open_tickets(snapshot_id: str) -> list[Ticket]:
    """What is not resolved, of any day, those that wait first; the newest MOST_OPEN of `total_of` at most."""
    return by_clock(corrected(snapshot_id, read_tickets(snapshot_id, None, limit=MOST_OPEN)))


def _ticket(
    row: Mapping[str, object],
    now: datetime,
    classified: Mapping[str, Classification],
    standing: Mapping[str, tuple[str, float | None]],
    spans: Mapping[str, TicketSpans],
) -> Ticket:
    found = classified.get(str(row["ticket_id"]))
    merchant_id = _text(row["merchant_id"])
    level, score = standing.get(merchant_id, ("too_few", None))
    opened_at = as_instant(row["opened_at"]) or now
    urgency = found.urgency.name if found else "low"
    return Ticket(
        ticket_id=str(row["ticket_id"]),
        merchant_id=merchant_id,
        merchant_name=_text(row["merchant_name"]) or merchant_id or "–",
        subject=_text(row["subject"]),
        opened_by=_text(row["opened_by"]),
        channel=_text(row["channel"]),
        status=_text(row["status"]) or "open",
        order_id=_text(row["order_id"]) or None,
        message_count=int(cast(int, row["message_count"])),
        opened_at=opened_at,
        resolved_at=as_instant(row["resolved_at"]),
        now=now,
        intent=found.intents[0].name if found else "other",
        intent_confidence=found.intents[0].confidence if found else 0.0,
        urgency=urgency,
        spans=spans[str(row["ticket_id"])],
        timers=(),
        sentiment=found.sentiment if found else 0.0,
        language=found.language if found else "und",
        level=level,
        score=score,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def as_instant(value: object) -> datetime | None:
    """A value of a frame as an aware instant; None where it has none."""
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else None
