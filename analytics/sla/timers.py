"""The timers of threads: first reply, next reply, solution; how long each took or has run, in working time, and how it stands to its target.

First reply: from opening until an agent writes. Next reply: from the first question that nobody has answered since the desk last wrote; the
longest of a thread counts. Solution: from opening until solved, without the time in which the thread waited for the merchant, that is while
the desk wrote last or the source calls it pending. A thread that the platform opened is owed no first reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.sla.hours import Calendar, Floats
from analytics.sla.targets import TimerKind

Phase = Literal["running", "paused", "done", "none"]
State = Literal["due", "soon", "overdue", "paused", "met", "missed", "none"]
CLOSED = ("resolved", "closed")
ASKING = ("merchant", "buyer")
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Span:
    """How far a timer is: working seconds of what runs, or took, last, and of the longest that this thread has had. NaN for none."""

    phase: Phase
    seconds: float
    longest: float


@dataclass(frozen=True)
class Timer:
    """A timer beside its target.

    seconds: working time left (due, soon), over (overdue), left or over while it rests (paused), else how long it took; took: the longest so far. is_always: working
    time is the wall clock's. due_in: seconds by the wall clock until it is due, where it runs and is not over. is_met: False from the breach on; None while it can still be met, and where nothing was owed.
    """

    kind: TimerKind
    state: State
    seconds: float
    took: float
    target_seconds: float
    is_always: bool = True
    due_in: float | None = None
    is_met: bool | None = None

    @property
    def is_running(self) -> bool:
        """Whether somebody at the desk can still do something about it now."""
        return self.state in ("due", "soon", "overdue")


def timer_of(
    kind: TimerKind, span: Span, target_seconds: float, calendar: Calendar, now: datetime, warn_seconds: float
) -> Timer:
    """The span against its target, as of `now`, which is when the span was measured."""
    is_missed = span.longest > target_seconds
    left, is_always = target_seconds - span.seconds, calendar.is_always
    if span.phase == "none":
        return Timer(kind, "none", 0.0, 0.0, target_seconds, is_always)
    if span.phase == "done":
        state: State = "missed" if is_missed else "met"
        return Timer(kind, state, span.longest, span.longest, target_seconds, is_always, is_met=not is_missed)
    is_met = False if is_missed else None
    if span.phase == "paused" or left < 0:
        state = "paused" if span.phase == "paused" else "overdue"
        return Timer(kind, state, abs(left), span.longest, target_seconds, is_always, is_met=is_met)
    at = now.timestamp()
    state = "soon" if left <= warn_seconds else "due"
    return Timer(kind, state, left, span.longest, target_seconds, is_always, calendar.after(at, left) - at, is_met)


def spans(
    tickets: pd.DataFrame, messages: pd.DataFrame, now: datetime, calendar: Calendar
) -> Iterator[tuple[str, Mapping[TimerKind, Span]]]:
    """(ticket id, its spans) of each ticket, in order, measured in a calendar's hours.

    tickets: ticket_id (unique), opened_by, status, opened_at, resolved_at (UTC). messages: ticket_id, message_id, sent_at, author; in any order.
    """
    opened, resolved = _seconds(tickets["opened_at"]), _seconds(tickets["resolved_at"])
    is_open = np.isnan(resolved) & ~tickets["status"].isin(CLOSED).to_numpy()
    end = np.where(is_open, now.timestamp(), resolved)  # NaN: closed, and nobody knows when
    turns = _turns(tickets, messages, opened, end)
    is_pending = tickets["status"].eq("pending").to_numpy()
    is_owed = tickets["opened_by"].ne("platform").to_numpy()
    first = _first_replies(turns, opened, end, is_open, is_owed, calendar)
    following = _next_replies(turns, is_open & ~is_pending, calendar)
    solution = _solutions(turns, opened, end, is_open, is_pending, calendar)
    for ticket_id, one, two, three in zip(tickets["ticket_id"], first, following, solution, strict=True):
        yield str(ticket_id), {"first_reply": one, "next_reply": two, "solution": three}


@dataclass(frozen=True, eq=False)
class _Turns:
    """The first message of each change between those who ask and the desk, by ticket and time; every array has shape (turns,).

    place: row of the ticket. sent, until: instants of this turn and of what ended it: the next turn, else the end of the ticket.
    """

    place: Ints
    sent: Floats
    until: Floats
    is_reply: Bools
    is_first: Bools
    is_last: Bools


def _turns(tickets: pd.DataFrame, messages: pd.DataFrame, opened: Floats, end: Floats) -> _Turns:
    rows = messages[messages["author"].isin((*ASKING, "agent")) & messages["ticket_id"].isin(tickets["ticket_id"])]
    places = pd.Series(np.arange(len(tickets)), index=tickets["ticket_id"].to_numpy())
    said = pd.DataFrame(
        {
            "place": rows["ticket_id"].map(places).to_numpy(dtype=np.int64),
            "sent": _seconds(rows["sent_at"]),
            "message_id": rows["message_id"].to_numpy(),
            "is_reply": rows["author"].eq("agent").to_numpy(),
        }
    ).sort_values(["place", "sent", "message_id"])
    changes = said[["place", "is_reply"]].ne(said[["place", "is_reply"]].shift()).any(axis=1)
    said = said[changes.astype(bool)]
    place = said["place"].to_numpy(dtype=np.int64)
    sent = np.maximum(said["sent"].to_numpy(dtype=np.float64), opened[place])
    is_last = np.ones(len(place), dtype=bool)
    is_last[:-1] = place[1:] != place[:-1]
    is_first = np.ones(len(place), dtype=bool)
    is_first[1:] = is_last[:-1]
    until = np.where(is_last, end[place], np.roll(sent, -1))
    return _Turns(place, sent, until, said["is_reply"].to_numpy(dtype=bool), is_first, is_last)


def _first_replies(
    turns: _Turns, opened: Floats, end: Floats, is_open: Bools, is_owed: Bools, calendar: Calendar
) -> list[Span]:
    replied = np.full(len(opened), np.nan)
    replies = np.flatnonzero(turns.is_reply)[::-1]  # backwards, so that the first of each ticket is what stays
    replied[turns.place[replies]] = turns.sent[replies]
    took = calendar.seconds_between(opened, np.where(np.isnan(replied), end, replied))
    phases = np.where(np.isnan(replied), np.where(is_open, "running", "none"), "done")
    return [_span(str(phase), seconds) for phase, seconds in zip(np.where(is_owed, phases, "none"), took, strict=True)]


def _next_replies(turns: _Turns, is_waited_for: Bools, calendar: Calendar) -> list[Span]:
    count = len(is_waited_for)
    took = calendar.seconds_between(turns.sent, turns.until)
    asked = ~turns.is_reply & ~turns.is_first  # the desk has written before
    answered, waits = asked & ~turns.is_last, asked & turns.is_last & is_waited_for[turns.place]
    longest = _top(count, turns.place[answered], took[answered])
    waiting = _top(count, turns.place[waits], took[waits])
    return [
        _span("done", most) if np.isnan(runs) else Span("running", float(runs), float(np.fmax(runs, most)))
        for runs, most in zip(waiting, longest, strict=True)
    ]


def _solutions(
    turns: _Turns, opened: Floats, end: Floats, is_open: Bools, is_pending: Bools, calendar: Calendar
) -> list[Span]:
    rests = turns.is_reply | (turns.is_last & is_pending[turns.place])
    rested = calendar.seconds_between(turns.sent, np.fmin(turns.until, end[turns.place]))
    paused = np.bincount(turns.place[rests], np.nan_to_num(rested[rests]), minlength=len(opened))
    took = np.maximum(calendar.seconds_between(opened, end) - paused, 0.0)
    is_stopped = is_pending.copy()
    is_stopped[turns.place[turns.is_reply & turns.is_last]] = True
    phases = np.where(is_open, np.where(is_stopped, "paused", "running"), "done")
    return [_span(str(phase), seconds) for phase, seconds in zip(phases, took, strict=True)]


def _span(phase: str, seconds: float) -> Span:
    if phase == "none" or np.isnan(seconds):
        return Span("none", np.nan, np.nan)
    return Span(cast(Phase, phase), float(seconds), float(seconds))


def _top(count: int, place: Ints, seconds: Floats) -> Floats:
    """The largest of each ticket, shape (count,); NaN for none."""
    found = np.full(count, -np.inf)
    np.maximum.at(found, place, seconds)
    return np.asarray(np.where(np.isinf(found), np.nan, found), dtype=np.float64)


def _seconds(instants: pd.Series) -> Floats:
    found = pd.to_datetime(instants, utc=True)
    seconds = (found - pd.Timestamp(0, tz=UTC)) / pd.Timedelta(seconds=1)
    return np.asarray(seconds, dtype=np.float64)
