"""Forecasts: the interval holds as often as it says, on series that no smoothing model drew, and bad questions get one line."""

from __future__ import annotations

import secrets
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from analytics.errors import InputError
from analytics.metrics import Scope
from analytics.watch import forecast
from analytics.watch.extrapolate import extrapolate
from app.bench.panels import simulate_panel
from tests.analytics.watch.market import FIRST_DAY, cursor_of, name
from tests.analytics.watch.test_anomalies import DAYS, day, market


@pytest.mark.parametrize("metric", ["orders", "late"])
def test_the_interval_of_80_per_cent_holds_about_so_often(metric: str) -> None:
    """One series goes right or wrong as a whole, so that 40 of them say it within about ten points."""
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")
    held = []
    for part in range(8):
        panel = simulate_panel(seed + part, merchants=80, days=228, late_sizes=())
        busy = np.argsort(-panel.orders[:, :60].sum(axis=1))[:40:8]
        for merchant in busy:
            orders, late = panel.orders[merchant], panel.late[merchant]
            y, exposure = (orders, None) if metric == "orders" else (late, orders)
            found = extrapolate(y[:200], None if exposure is None else exposure[:200], 28, 0.8)
            truth = y if exposure is None else y / np.maximum(exposure, 1)
            inside = (truth[200:] >= found.low - 1e-9) & (truth[200:] <= found.high + 1e-9)
            held.append(inside[orders[200:] > 0].mean())
    assert 0.68 <= np.nanmean(held) <= 0.93


def test_a_steady_week_is_carried_forward() -> None:
    week = np.array([10.0, 20, 30, 40, 50, 60, 70])
    found = extrapolate(np.tile(week, 20) + np.random.default_rng(1).integers(-2, 3, 140), None, 14, 0.8)
    assert np.abs(found.expected - np.tile(week, 2)).max() < 5
    assert (found.low <= found.expected).all()
    assert (found.expected <= found.high).all()


def test_the_frame_starts_after_the_last_complete_day_and_stays_in_range() -> None:
    orders = market(60, 2)
    late = np.random.default_rng(2).binomial(orders.astype(int), 0.05).astype(float)
    cursor = cursor_of(orders, late)
    frame = forecast(cursor, "late_seller_rate", 10)
    assert list(frame.columns) == ["day", "expected", "low", "high"]
    assert frame["day"].tolist() == list(pd.date_range(day(DAYS), periods=10))
    assert frame[["expected", "low", "high"]].stack().between(0, 1).all()
    slow = forecast(cursor, "dispute_rate", 3)  # its last 14 days are too young
    assert slow["day"].iloc[0].date() == day(DAYS - 15)


def test_filters_and_the_past_that_they_leave() -> None:
    orders = market(150, 3)
    cursor = cursor_of(orders)
    one = forecast(cursor, "orders", 7, filters=Scope(FIRST_DAY, day(99), merchants=(name(5),)))
    assert one["day"].iloc[0].date() == day(100)
    assert one["expected"].mean() == pytest.approx(orders[5, 72:100].mean(), rel=0.3)
    whole = forecast(cursor, "orders", 7)
    assert whole["expected"].mean() == pytest.approx(orders.sum(axis=0)[-28:].mean(), rel=0.2)


def test_a_wider_level_gives_a_wider_interval() -> None:
    cursor = cursor_of(market(60, 4))
    narrow, wide = (forecast(cursor, "orders", 7, level) for level in (0.5, 0.95))
    assert ((wide["high"] - wide["low"]) > (narrow["high"] - narrow["low"])).all()


@pytest.mark.parametrize(
    ("metric", "options", "words"),
    [
        ("gmv", {}, "can't be watched"),
        ("rating_mean", {}, "does not hold"),
        ("orders", {"days": 0}, "1 to 90"),
        ("orders", {"level": 1.0}, "0.5 to 0.99"),
        ("orders", {"filters": Scope(FIRST_DAY, FIRST_DAY + timedelta(days=20))}, "needs 56 days"),
        ("orders", {"filters": Scope(FIRST_DAY - timedelta(9), FIRST_DAY - timedelta(3))}, "no day to go by"),
    ],
)
def test_bad_questions_get_one_line(metric: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        forecast(cursor_of(market(30, 1)), metric, **options)  # type: ignore[arg-type]
