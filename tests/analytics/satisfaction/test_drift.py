"""Drift of raters' standards: planted drift is found, none is not, and who returns does not tilt it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.satisfaction.drift import Drift, drift_by_month, drift_of


def reviews(
    rng: np.random.Generator,
    *,
    drift: float,
    newcomers: float,
    returns: tuple[float, float] = (0.9, 0.9),
    raters: int = 900,
) -> pd.DataFrame:
    """Raters with their own leniency review merchants over two years. drift: stars a year; newcomers: how much more lenient each later year's raters are;
    returns: chance of a next review after a low and a high one."""
    rows = []
    for rater in range(raters):
        at, lenient = rng.uniform(0, 1.2), rng.normal(0, 0.5)
        lenient += newcomers * at
        while at < 2.0:
            merchant = int(rng.integers(0, 40))
            score = 3.5 + lenient + 0.02 * (merchant - 20) + drift * at + rng.normal(0, 0.7)
            rows.append(
                (
                    f"b{rater}",
                    f"m{merchant}",
                    pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=365.25 * at),
                    score,
                )
            )
            if rng.random() > returns[score > 3.5]:
                break
            at += rng.exponential(0.25)
    frame = pd.DataFrame(rows, columns=["buyer_id", "merchant_id", "reviewed_at", "score"])
    return frame.assign(is_late=0, is_disputed=0, is_returned=0)


def covers(found: Drift, truth: float, *, widened: float = 2.2) -> bool:
    """Whether the interval of the standards' slope, 2.2 times as wide, so that one draw in 50,000 misses, holds the truth."""
    assert found.standards is not None
    half = (found.standards.ci_high - found.standards.ci_low) / 2 * widened
    return abs(found.standards.value - truth) <= half


@pytest.fixture
def rng() -> np.random.Generator:
    seed = int(np.random.SeedSequence().entropy) % 2**32
    print(f"seed {seed}")
    return np.random.default_rng(seed)


def test_planted_drift_is_found(rng: np.random.Generator) -> None:
    found = drift_of(reviews(rng, drift=0.4, newcomers=0.0))
    assert found.verdict == "up"
    assert covers(found, 0.4)


def test_more_lenient_newcomers_are_no_drift(rng: np.random.Generator) -> None:
    found = drift_of(reviews(rng, drift=0.0, newcomers=0.5))
    assert found.trend is not None
    assert found.trend.ci_low > 0
    assert covers(found, 0.0)


def test_the_disappointed_who_stay_away_do_not_tilt_it(rng: np.random.Generator) -> None:
    frame = reviews(rng, drift=0.0, newcomers=0.0, returns=(0.35, 0.9), raters=4_000)
    assert covers(drift_of(frame), 0.0)


def test_too_few_raters_say_so(rng: np.random.Generator) -> None:
    found = drift_of(reviews(rng, drift=0.4, newcomers=0.0, raters=20))
    assert found.verdict == "too_few"
    assert found.standards is None


def test_no_reviews_at_all() -> None:
    empty = pd.DataFrame(
        {
            name: []
            for name in ("buyer_id", "merchant_id", "reviewed_at", "score", "is_late", "is_disputed", "is_returned")
        }
    )
    assert drift_of(empty).verdict == "too_few"
    assert drift_by_month(empty).empty
