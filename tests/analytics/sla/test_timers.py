"""Timers of hand-made threads: what runs, what rests, what was met; and that a share is that of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from analytics.sla import Calendar, Span, Timer, TimerKind, shares, spans, timer_of

ALWAYS = Calendar("UTC", (((0, 1440),),) * 7)
OPENED = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOW = OPENED + timedelta(hours=10)
HOUR = 3600.0


def measured(
    said: Sequence[tuple[float, str]],
    *,
    status: str = "open",
    solved: float | None = None,
    opened_by: str = "merchant",
    calendar: Calendar = ALWAYS,
) -> dict[TimerKind, Span]:
    """The spans of one thread; `said` are (hours since opening, author), `solved` hours too."""
    tickets = pd.DataFrame(
        {
            "ticket_id": ["t"],
            "opened_by": [opened_by],
            "status": [status],
            "opened_at": pd.to_datetime([OPENED]),
            "resolved_at": pd.to_datetime([None if solved is None else OPENED + timedelta(hours=solved)], utc=True),
        }
    )
    messages = pd.DataFrame(
        [("t", f"m{n}", OPENED + timedelta(hours=at), author, "") for n, (at, author) in enumerate(said)],
        columns=["ticket_id", "message_id", "sent_at", "author", "text"],
    )
    ((_, found),) = spans(tickets, messages, NOW, calendar)
    return dict(found)


def clock(kind: TimerKind, span: Span, hours: float, calendar: Calendar = ALWAYS) -> Timer:
    return timer_of(kind, span, hours * HOUR, calendar, NOW, 900.0)


def test_an_unanswered_thread_is_owed_a_first_reply_since_it_was_opened() -> None:
    found = measured([(0, "merchant"), (2, "merchant"), (3, "bot"), (4, "system")])
    assert found["first_reply"] == Span("running", 10 * HOUR, 10 * HOUR)
    assert found["next_reply"].phase == "none"
    due = clock("first_reply", found["first_reply"], 12)
    assert (due.state, due.seconds, due.due_in, due.is_met) == ("due", 2 * HOUR, 2 * HOUR, None)
    assert clock("first_reply", found["first_reply"], 10.25).state == "soon"
    over = clock("first_reply", found["first_reply"], 9)
    assert (over.state, over.seconds, over.is_met, over.is_running) == ("overdue", HOUR, False, True)


def test_the_next_reply_runs_from_the_first_of_several_questions() -> None:
    found = measured([(0, "merchant"), (1, "agent"), (4, "merchant"), (9, "buyer")])
    assert found["first_reply"] == Span("done", HOUR, HOUR)
    assert found["next_reply"] == Span("running", 6 * HOUR, 6 * HOUR)
    assert clock("first_reply", found["first_reply"], 2).state == "met"
    assert clock("first_reply", found["first_reply"], 0.5).state == "missed"


def test_the_longest_next_reply_of_a_thread_counts_even_while_another_runs() -> None:
    found = measured([(0, "merchant"), (1, "agent"), (2, "merchant"), (7, "agent"), (9, "merchant")])
    assert found["next_reply"] == Span("running", HOUR, 5 * HOUR)
    running = clock("next_reply", found["next_reply"], 4)
    assert (running.state, running.seconds, running.took, running.is_met) == ("due", 3 * HOUR, 5 * HOUR, False)


def test_the_solution_rests_while_the_thread_waits_for_the_merchant() -> None:
    said = [(0, "merchant"), (1, "agent"), (5, "merchant"), (6, "agent")]
    assert measured(said)["solution"] == Span("paused", 2 * HOUR, 2 * HOUR)
    assert measured([*said, (9, "merchant")])["solution"] == Span("running", 3 * HOUR, 3 * HOUR)
    assert measured(said, status="resolved", solved=8)["solution"] == Span("done", 2 * HOUR, 2 * HOUR)
    paused = clock("solution", measured(said)["solution"], 3)
    assert (paused.state, paused.seconds, paused.is_running) == ("paused", HOUR, False)


def test_a_thread_that_the_source_calls_pending_rests_but_is_still_owed_its_first_reply() -> None:
    found = measured([(0, "merchant"), (2, "merchant"), (3, "agent"), (5, "merchant")], status="pending")
    assert found["solution"] == Span("paused", 3 * HOUR, 3 * HOUR)
    assert found["next_reply"].phase == "none"
    assert measured([(0, "merchant")], status="pending")["first_reply"].phase == "running"


def test_a_closed_thread_owes_nothing_more() -> None:
    found = measured([(0, "merchant"), (1, "agent"), (3, "merchant")], status="resolved", solved=2)
    assert found["next_reply"].phase == "none"
    unanswered = measured([(0, "merchant")], status="closed")
    assert {span.phase for span in unanswered.values()} == {"none"}
    assert clock("first_reply", unanswered["first_reply"], 1).is_met is None


def test_what_the_platform_opened_is_owed_no_first_reply() -> None:
    found = measured([(0, "agent"), (2, "merchant")], opened_by="platform")
    assert found["first_reply"].phase == "none"
    assert found["next_reply"] == Span("running", 8 * HOUR, 8 * HOUR)


def test_time_outside_working_hours_is_no_time() -> None:
    desk = Calendar("UTC", (((540, 750), (810, 1080)),) * 5 + ((),) * 2)  # opened on Monday at 8, now is 18:00
    found = measured([(0, "merchant")], calendar=desk)["first_reply"]
    assert found.seconds == 8 * HOUR
    due = clock("first_reply", found, 9, desk)
    assert (due.seconds, due.due_in) == (HOUR, 16 * HOUR)  # 10:00 the next day


def test_messages_before_the_opening_and_threads_without_any_do_no_harm() -> None:
    early = measured([(-3, "agent"), (1, "merchant"), (2, "agent")])
    assert early["first_reply"] == Span("done", 0.0, 0.0)
    assert measured([])["first_reply"].phase == "running"


def test_a_share_is_that_of_its_rows_and_its_interval_holds_it() -> None:
    rows = pd.DataFrame(
        {
            "merchant_id": ["a"] * 20 + ["b"] * 20 + ["c"] * 5,
            "is_met": [True] * 18 + [False] * 2 + [True] * 8 + [False] * 12 + [True] * 5,
            "kind": ["x"] * 40 + ["y"] * 5,
        }
    )
    found = shares(rows, "is_met", "kind").set_index("group")
    assert found["n"].to_dict() == {"x": 40, "y": 5}
    assert found.loc["x", "rate"] == rows[rows["kind"] == "x"]["is_met"].mean()
    assert found["is_tentative"].to_dict() == {"x": False, "y": True}
    assert (found["ci_low"] <= found["rate"]).all()
    assert (found["rate"] <= found["ci_high"]).all()
    alone = shares(rows[rows["kind"] == "x"].assign(merchant_id="a"), "is_met").iloc[0]
    assert found.loc["x", "ci_low"] < alone["ci_low"]  # two merchants that differ tell less than forty strangers
    assert found.loc["y", "ci_low"] == pytest.approx(0.566, abs=0.001)  # Wilson, 5 of 5
    assert shares(rows[:0], "is_met").empty
