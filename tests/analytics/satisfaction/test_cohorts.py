"""Curves against planted hazards; nobody is sorted by what came later; sources without returns say so."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from analytics.satisfaction.cohorts import MARKS, Cohorts, cohorts_of, spells_of

START = pd.Timestamp("2026-01-01", tz="UTC")
END = datetime(2026, 12, 31, tzinfo=UTC)


def buyers(
    rng: np.random.Generator, n: int, *, good: float, bad: float, share: float = 0.4, wait: float = 15.0
) -> pd.DataFrame:
    """First orders whose buyers come back at `good` returns a day, and at `bad` from the day on which it went badly (after a wait of that mean, for a share of them)."""
    ended = START + pd.to_timedelta(rng.uniform(0, 300, n), unit="D")
    known = np.where(rng.random(n) < share, rng.exponential(wait, n) * rng.integers(0, 2, n), np.inf)
    before = rng.exponential(1 / good, n)
    back = np.where(before < known, before, known + rng.exponential(1 / bad, n))
    known_at = ended + pd.to_timedelta(np.where(np.isfinite(known), known, 0), unit="D")
    again = ended + pd.to_timedelta(back, unit="D")
    return pd.DataFrame(
        {
            "buyer_id": [f"b{i}" for i in range(n)],
            "ordered_at": ended - pd.Timedelta(days=5),
            "ended_at": ended,
            "known_bad_at": pd.Series(known_at).where(np.isfinite(known) & (known_at <= END)),
            "next_ordered_at": pd.Series(again).where(again <= END),
        }
    )


@pytest.fixture
def rng() -> np.random.Generator:
    seed = int(np.random.SeedSequence().entropy) % 2**32
    print(f"seed {seed}")
    return np.random.default_rng(seed)


def covered(found: Cohorts, good: float, bad: float) -> list[bool]:
    truth = {"good": good, "bad": bad}
    return [
        curve.ci_low[place] <= 1 - np.exp(-truth[curve.experience] * mark) <= curve.ci_high[place]
        for curve in found.curves
        for mark in MARKS
        if (place := curve.at(mark)) is not None
    ]


def test_intervals_cover_the_planted_curves(rng: np.random.Generator) -> None:
    hits = [
        hit
        for _ in range(40)
        for hit in covered(cohorts_of(buyers(rng, 1_500, good=0.004, bad=0.002), END), 0.004, 0.002)
    ]
    assert len(hits) > 250
    assert 0.90 <= np.mean(hits) <= 0.99  # 95 % are meant; marks of one curve go together


def test_a_planted_difference_is_found(rng: np.random.Generator) -> None:
    found = cohorts_of(buyers(rng, 6_000, good=0.005, bad=0.002), END)
    assert found.p_value is not None
    assert found.p_value < 0.001
    assert found.difference_low is not None
    assert found.difference_low > 0


def test_no_difference_is_not_made_by_waiting_for_the_review(rng: np.random.Generator) -> None:
    """Whoever is bad in the end had to stay away until it was known: sorting by the end would show a difference that is not there."""
    p_values = [
        p for _ in range(60) if (p := cohorts_of(buyers(rng, 800, good=0.006, bad=0.006), END).p_value) is not None
    ]
    assert len(p_values) > 50
    assert sum(p < 0.05 for p in p_values) <= 10


def test_a_bad_experience_counts_from_when_it_was_known() -> None:
    day = [START + pd.Timedelta(days=number) for number in range(101)]
    frame = pd.DataFrame(
        {
            "ended_at": [day[10], day[10], day[10], day[10], pd.NaT, day[10]],
            "known_bad_at": [pd.NaT, day[5], day[20], day[40], pd.NaT, pd.NaT],
            "next_ordered_at": [day[30], pd.NaT, day[50], day[30], pd.NaT, day[8]],
        }
    )
    spells, counts = spells_of(frame, day[100].to_pydatetime())
    assert counts == {"buyers": 4, "late_known": 1, "unfinished": 1, "back_before_end": 1}
    rows = sorted(map(tuple, spells[["experience", "since", "until", "is_back"]].to_numpy().tolist()))
    assert rows == [
        ("bad", 0.0, 90.0, False),
        ("bad", 10.0, 40.0, True),
        ("good", 0.0, 10.0, False),
        ("good", 0.0, 20.0, True),
        ("good", 0.0, 20.0, True),
    ]


def test_hardly_any_returns_are_no_curve(rng: np.random.Generator) -> None:
    frame = buyers(rng, 500, good=0.004, bad=0.002)
    frame["next_ordered_at"] = pd.Series([pd.NaT] * len(frame), dtype=frame["next_ordered_at"].dtype)
    found = cohorts_of(frame, END)
    assert (found.status, found.curves, found.returns, found.buyers) == ("too_few", (), 0, 500)


def test_no_buyers() -> None:
    empty = pd.DataFrame(
        {name: pd.Series([], dtype="datetime64[us, UTC]") for name in ("ended_at", "known_bad_at", "next_ordered_at")}
    )
    assert cohorts_of(empty, END).status == "no_buyers"
