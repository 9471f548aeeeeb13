"""False evidence in a warehouse's own orders: what is put in, that nothing else moves, and what each way of scoring makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.trust import score_merchants
from analytics.trust.attacks import ATTACKS, SIZES, Evidence, attack, best_tenth, compare, slandered, sybils
from analytics.trust.standing_rows import read_evidence
from analytics.warehouse import Warehouse


@pytest.fixture(scope="module")
def evidence(demo_warehouse: Path) -> Evidence:
    with Warehouse(demo_warehouse).cursor() as cursor:
        return read_evidence(cursor)


@pytest.fixture(scope="module")
def merchant(evidence: Evidence) -> str:
    return str(evidence.orders["merchant_id"].value_counts().index[40])


def by_method(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("method")


def test_without_an_attack_nothing_moves_and_the_score_is_that_of_the_command(
    evidence: Evidence, merchant: str, demo_warehouse: Path
) -> None:
    frame = by_method(compare(evidence, evidence, [merchant]))
    assert np.allclose(frame["score_before"], frame["score_after"], equal_nan=True)
    with Warehouse(demo_warehouse).cursor() as cursor:
        told = {score.merchant_id: score.score for score in score_merchants(cursor)}
    assert frame.loc["trustdesk", "score_before"] * 100 == pytest.approx(told[merchant])


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_the_same_again_and_adds_what_it_says(evidence: Evidence, merchant: str, name: str) -> None:
    size = SIZES[name][1]
    after = ATTACKS[name](evidence, merchant, size, np.random.default_rng(3))
    assert evidence.orders["order_id"].str.startswith("false order").sum() == 0
    added = after.orders.iloc[len(evidence.orders) :]
    assert (added["merchant_id"] == merchant).all()
    assert (added["ordered_at"] <= evidence.at).all()
    rated = int(evidence.orders.loc[evidence.orders["merchant_id"] == merchant, "rating"].notna().sum())
    assert len(added) == {"stuffed": round(size * rated), "slandered": 0}.get(name, size)
    first, again = (attack(evidence, name, size, [merchant], seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_ours_is_moved_less_than_the_mean_by_accounts_and_by_slander(evidence: Evidence, merchant: str) -> None:
    for name in ("sybils", "slandered"):
        frame = by_method(attack(evidence, name, SIZES[name][-1], [merchant], seed=2))
        moved = (frame["score_after"] - frame["score_before"]).abs()
        assert moved["ours"] < 0.5 * moved["mean"]


def test_the_trust_score_counts_the_false_orders(evidence: Evidence, merchant: str) -> None:
    up = by_method(compare(evidence, sybils(evidence, merchant, 200, np.random.default_rng(1)), [merchant]))
    assert up.loc["trustdesk", "score_after"] > up.loc["trustdesk", "score_before"]
    liars = slandered(evidence, merchant, 0.5, np.random.default_rng(1))
    down = by_method(compare(evidence, liars, [merchant]))
    assert down.loc["trustdesk", "score_after"] < down.loc["trustdesk", "score_before"] - 0.02


def test_the_best_tenth_have_the_best_scores(evidence: Evidence) -> None:
    top = best_tenth(evidence)
    frame = compare(evidence, evidence, top)
    assert (frame.loc[frame["method"] == "trustdesk", "percentile_before"] >= 89).all()
