"""A turn to the worse raises one alarm soon, good conduct none, and a merchant that swings is caught each time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.trust.turns import turns

START = pd.Timestamp("2026-01-01", tz="UTC")


def stream(merchant: str, bad: np.ndarray) -> pd.DataFrame:
    at = START + pd.to_timedelta(np.arange(len(bad)) * 12, unit="h")
    return pd.DataFrame({"merchant_id": merchant, "known_at": at, "is_bad": bad})


def test_a_swinging_merchant_is_caught_each_time_and_a_good_one_never() -> None:
    rng = np.random.default_rng(4)
    phase = np.arange(400) % 80 >= 60  # thirty good days, ten bad ones, two orders a day
    swinging = stream("swings", rng.random(400) < np.where(phase, 0.6, 0.03))
    good = stream("good", rng.random(400) < 0.03)
    found = turns(pd.concat([swinging, good]).sample(frac=1.0, random_state=1))
    assert set(found["merchant_id"]) == {"swings"}
    order = ((found["at"] - START) / pd.Timedelta(hours=12)).to_numpy()
    caught = [np.any((order >= start) & (order < start + 14)) for start in range(60, 400, 80)]
    assert all(caught)


def test_who_was_always_bad_does_not_turn() -> None:
    rng = np.random.default_rng(5)
    found = turns(pd.concat([stream(f"m{i}", rng.random(400) < 0.3) for i in range(5)]))
    assert len(found) <= 5


def test_nothing_gives_nothing() -> None:
    assert turns(stream("a", np.zeros(0, dtype=bool))).empty
