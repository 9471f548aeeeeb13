"""The parts by hand: curves, columns, the stream, conversations, and the ids shared with data/knowledge."""

from __future__ import annotations

import itertools
import random
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.demo import behaviour, columns, planning, specs
from analytics.demo.conversation import plan_course
from analytics.demo.penalties import APPEAL_DAYS, CLAUSES
from analytics.demo.reviews import CAUSES, text_number, text_pool
from analytics.demo.stream import EventStream
from analytics.demo.world import SIZES, make_calendar

KNOWLEDGE = Path(__file__).parents[3] / "data" / "knowledge"
traits = st.floats(-4, 4).map(lambda x: np.array([x]))


def test_curves_by_hand() -> None:
    assert behaviour.shortfall(np.array([1.0, 0.5, 0.0]), 0.5, 2.0) == pytest.approx([0, 0, 1 - np.exp(-1)])
    assert behaviour.lateness_cost(np.array([0.0, -1.0, 2.5])) == pytest.approx([0, 0, 0.7 + 2 * (1 - np.exp(-1))])
    hours = np.array([-1.0, -1.0, 24.0, 48.0])
    asked = np.array([False, True, True, True])
    assert behaviour.silence_cost(hours, asked) == pytest.approx([0, 1.3, 0, 1.1 * (1 - np.exp(-1))])
    assert behaviour.score_of(np.array([2.0, 2.4, 3.0, 3.5, 4.0, 9.0])).tolist() == [1, 1, 2, 3, 4, 5]
    one = np.ones(1)
    assert behaviour.repeat_rate(np.array([4.5]), -one, one, one) == pytest.approx([0.235])
    assert behaviour.repeat_rate(np.array([1.0]), -one, one, one) == pytest.approx([0.235 * 0.22])
    # A refund within five days gives back a quarter of what was lost.
    assert behaviour.repeat_rate(np.array([1.0]), 4 * one, one, one) == pytest.approx([0.235 * (0.22 + 0.25 * 0.78)])


@given(low=traits, gap=st.floats(0, 3))
def test_better_merchants_do_no_worse(low: np.ndarray, gap: float) -> None:
    high, calm = low + gap, np.zeros(1, dtype=bool)
    for rate in (
        lambda x: behaviour.seller_cancel_rate(x, calm),
        behaviour.forgetting_rate,
        behaviour.defect_rate,
        behaviour.silence_rate,
        behaviour.invalid_tracking_rate,
        lambda x: behaviour.handling_hours(x, calm, calm, np.zeros(1), np.ones(1), np.zeros(1)),
        lambda x: behaviour.reply_hours(x, np.zeros(1)),
    ):
        assert 0 <= rate(high)[0] <= rate(low)[0] + 1e-12


def test_columns_by_hand() -> None:
    some = np.array([7, -1, 12345])
    assert columns.numbered(("TD-", some, 5)).to_pylist() == ["TD-00007", None, "TD-12345"]
    assert columns.numbered(("R", some, 5), ("|", np.array([1, 2, 3]), 2)).to_pylist() == [
        "R00007|01",
        None,
        "R12345|03",
    ]
    assert columns.money(np.array([1999, -1, 0])).to_pylist() == [Decimal("19.9900"), None, Decimal("0.0000")]
    assert columns.coded(np.array([1, -1, 0]), ("a", "b")).to_pylist() == ["b", None, "a"]
    assert columns.integers(np.array([0, -1])).to_pylist() == [0, None]
    assert columns.flags(np.array([1, 0, -1])).to_pylist() == [True, False, None]
    assert columns.instants(np.array([86_400, -1])).to_pylist()[0].isoformat() == "1970-01-02T00:00:00+00:00"


@given(st.lists(st.integers(-1, 10**8 - 1), max_size=40))
def test_numbers_read_back(numbers: list[int]) -> None:
    expected = [f"TD-{n:08d}" if n >= 0 else None for n in numbers]
    assert columns.numbered(("TD-", np.array(numbers, dtype=np.int64), 8)).to_pylist() == expected


def test_the_stream_sorts_months_and_drops_what_lies_outside() -> None:
    calendar = make_calendar(SIZES["small"], date(2026, 10, 31))
    stream = EventStream(calendar)
    second = int(calendar.month_starts[1])
    times = np.array([second + 5, calendar.start - 1, second - 1, calendar.end, second])
    stream.add("view", times, merchant=np.arange(5))
    first_month, second_month = stream.take_month(0), stream.take_month(1)
    assert first_month["merchant"].tolist() == [2]
    assert second_month["merchant"].tolist() == [4, 0]
    assert second_month["order"].tolist() == [-1, -1]
    assert len(stream.take_month(1)["time"]) == 0


def test_the_calendar_ends_after_until_and_starts_with_a_month() -> None:
    calendar = make_calendar(SIZES["small"], date(2026, 10, 15))
    assert calendar.months == 14
    assert np.datetime64(calendar.start, "s") == np.datetime64("2025-09-01")
    assert np.datetime64(calendar.end, "s") == np.datetime64("2026-10-16")
    assert calendar.month_of(np.array([calendar.start, calendar.end - 1, calendar.end])).tolist() == [0, 13, 14]


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(planning.DAILY)), st.integers(3_600, 40 * 86_400))
def test_conversations_run_forward_and_stop_with_history(seed: int, intent: str, left: int) -> None:
    course = plan_course(intent, "merchant", "normal", "calm", True, None, left, random.Random(seed))
    offsets = [turn.offset_seconds for turn in course.turns]
    assert offsets[0] == 0
    assert course.turns[0].act == "open"
    assert all(a < b for a, b in itertools.pairwise(offsets))
    assert offsets[-1] < left
    assert (course.status == "resolved") == any(turn.act == "decide" for turn in course.turns)
    assert (course.resolution is not None) == (course.status == "resolved")
    assert course.csat_score is None or course.status == "resolved"


def test_review_texts_fit_language_and_stars() -> None:
    texts = text_pool()
    late = CAUSES.index("late")
    numbers = text_number(
        np.array([0, 1, 0]), np.array([1, 5, 5]), np.array([late, late, 0]), np.array([0.0, 0.5, 0.99])
    )
    bad, good_zh, good = (texts[n] for n in numbers)
    assert bad.isascii()
    assert not good_zh.isascii()
    assert good.isascii()
    assert bad != good


def test_clauses_are_those_of_the_policy() -> None:
    known = {c["id"]: c for c in tomllib.loads((KNOWLEDGE / "clauses.toml").read_text(encoding="utf-8"))["clause"]}
    for clause, points, days in CLAUSES:
        assert (known[clause]["points"], known[clause]["expires_days"]) == (points, days)
        assert known[clause]["appeal_days"] == APPEAL_DAYS


def test_intents_are_those_of_the_taxonomy() -> None:
    known = {i["id"] for i in tomllib.loads((KNOWLEDGE / "taxonomy.toml").read_text(encoding="utf-8"))["intent"]}
    used = set(planning.DAILY) | set(specs.SECOND) | set(specs.SECOND.values())
    assert used <= known
