"""The suite measures what its gates ask, at a small size, and the verdicts follow from the figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.bench.attack_suite import calibration_error, measure_gate
from analytics.bench.attack_times import seen_at
from analytics.bench.attacks.gates import GATES
from analytics.bench.attacks.market import marketplace
from analytics.trust.order_methods import METHODS
from app.bench.attacks import measure

QUICK = [gate for gate in GATES if gate.number in (2, 7, 8)]


@pytest.mark.parametrize("gate", QUICK, ids=lambda gate: gate.attack)
def test_a_gate_gives_every_measure_that_it_is_judged_by(gate) -> None:  # type: ignore[no-untyped-def]
    found = measure_gate(gate, seed=77, merchants=100)
    ours = {(figure.measure, figure.size) for figure in found if figure.method == "ours"}
    for target in gate.targets:
        assert all((target.measure, size) in ours for size in (target.at or gate.sizes or (None,)))
    assert all(np.isfinite(figure.value) for figure in found)


@pytest.mark.slow
def test_every_gate_gives_every_measure() -> None:
    for gate in GATES:
        found = {figure.measure for figure in measure_gate(gate, seed=78, merchants=100) if figure.method == "ours"}
        assert {target.measure for target in gate.targets} <= found


def test_rows_say_whether_a_target_is_met_for_ours_alone() -> None:
    rows = list(measure([3, 4], gates=(2,), merchants=100))
    judged = [row for row in rows if row["is_met"] is not None]
    assert [(row["method"], row["size"]) for row in judged] == [("ours", 0.1)]
    assert judged[0]["is_met"] == (judged[0]["value"] <= 5.0)
    assert judged[0]["ci_low"] <= judged[0]["value"] <= judged[0]["ci_high"]
    plain = next(row for row in rows if row["method"] == "mean" and row["size"] == 0.1)
    assert plain["target"] == 5.0
    assert plain["value"] > judged[0]["value"]


def test_a_market_seen_earlier_knows_nothing_later() -> None:
    market = marketplace(4, merchants=60)
    at = market.start + pd.Timedelta(days=100)
    seen = seen_at(market, at)
    assert (seen.orders["ordered_at"] < at).all()
    assert (seen.orders["rated_at"].dropna() < at).all()
    young = seen.orders["ordered_at"] > at - pd.Timedelta(days=3)
    assert not seen.orders.loc[young, ["late", "disputed"]].any(axis=None)
    assert (seen.merchants["joined_at"] <= at).all()


def test_methods_by_hand() -> None:
    """One merchant with 9 fives and a one of ten orders, one without a rating."""
    at = pd.Timestamp("2026-03-01", tz="UTC")
    orders = pd.DataFrame(
        {
            "order_id": range(10), "merchant_id": "a", "buyer_id": [f"u{i}" for i in range(10)],
            "ordered_at": at, "value_minor": 100, "rating": [5.0] * 9 + [1.0], "rated_at": at,
            "late": False, "cancelled": False, "disputed": False,
        }
    )  # fmt: skip
    merchants = pd.DataFrame({"merchant_id": ["a", "b"], "joined_at": at - pd.Timedelta(days=500), "category": None})
    scores = {name: method(orders, merchants, at, 0.1).score for name, method in METHODS.items()}
    assert scores["mean"].loc["a"] == pytest.approx(0.92)
    assert scores["beta"].to_dict() == pytest.approx({"a": 10 / 12, "b": 0.5})
    assert scores["wilson"].loc["a"] == pytest.approx(0.5958, abs=5e-4)
    assert all(value.between(0, 1).all() for value in scores.values())


def test_calibration_error_by_hand() -> None:
    assert calibration_error(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 0, 1, 1])) == pytest.approx(0.1)
