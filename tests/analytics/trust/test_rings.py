"""Rings are found on markets drawn at run time and in the demo, nothing is found where there is none, with evidence that adds up."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.bench.attack_suite import reviews
from analytics.bench.attacks import scenarios
from analytics.bench.attacks.truth import Attacked, Truth
from analytics.trust.near_texts import similar_texts
from analytics.trust.rings import find_rings, read_reviews, ring_members
from analytics.warehouse import Warehouse


@pytest.mark.parametrize("members", [5, 10, 20])
def test_planted_rings_are_found_and_nobody_else(members: int) -> None:
    """Over 20 members planted in all: about one small ring in fifty is found without one of its five members."""
    seeds = [secrets.randbelow(2**31) for _ in range(20 // members)]
    found = named = true = 0
    for seed in seeds:
        market = scenarios.marketplace(seed, merchants=150)
        attacked = scenarios.collusion_ring(market, members, np.random.default_rng(seed))
        accused, guilty = ring_members(find_rings(reviews(attacked))), set(attacked.truth.attackers.astype(str))
        found, named, true = found + len(accused & guilty), named + len(accused), true + len(guilty)
    assert found >= 0.9 * true, seeds
    assert found >= 0.9 * named, seeds


def test_two_rings_are_two_and_their_evidence_adds_up() -> None:
    market = scenarios.marketplace(5, merchants=150)
    attacked = scenarios.collusion_ring(market, 6, np.random.default_rng(5), rings=2)
    found = find_rings(reviews(attacked))
    assert {frozenset(map(int, ring.members)) for ring in found} == {
        frozenset(r.tolist()) for r in attacked.truth.rings
    }
    for ring in found:
        assert ring.shared == sum(link.shared for link in ring.links)
        assert ring.expected == pytest.approx(sum(link.expected for link in ring.links))
        assert ring.p_value < 1e-12
        assert all(3 <= covered <= 6 for _, covered in ring.reviewers)
        assert ring.burst_days
        assert ring.texts.share > 0.3 > ring.texts.usual_share
        false = set(attacked.truth.false_ratings.astype(str))
        assert len(false & set(ring.order_ids)) > 0.9 * len(ring.order_ids)


def test_an_honest_market_has_none() -> None:
    seed = secrets.randbelow(2**31)
    market = scenarios.marketplace(seed, merchants=150)
    assert find_rings(reviews(Attacked(market, Truth("none")))) == (), seed


def test_the_demo_s_rings_are_found(demo_warehouse: Path) -> None:
    truth = pd.read_parquet(demo_warehouse / "truth" / "attackers.parquet")
    true = set(truth[truth["attack"] == "ring"]["merchant_id"])
    with Warehouse(demo_warehouse).cursor() as cursor:
        named = ring_members(find_rings(read_reviews(cursor)))
    assert len(named & true) >= 0.9 * len(true)
    assert len(named & true) >= 0.9 * len(named)


def test_bad_rows_are_no_evidence() -> None:
    at = pd.Timestamp("2026-01-01", tz="UTC")
    rows = [
        {"order_id": f"{b}{m}", "merchant_id": m, "buyer_id": b, "rating": r, "rated_at": at, "text": None}
        for m in ("a", "b", "c")
        for b, r in (("a", 5), ("b", 5), ("c", 5), (None, 5), ("x", 9), ("y", None))
    ]
    assert find_rings(pd.DataFrame(rows)) == ()
    assert find_rings(pd.DataFrame(rows).iloc[:0]) == ()


def test_words_that_everybody_uses_are_no_evidence() -> None:
    everybody = pd.DataFrame(
        {"order_id": [f"o{i}" for i in range(300)], "buyer_id": [f"u{i}" for i in range(300)], "text": "Good!"}
    )
    mine = pd.DataFrame({"order_id": ["a", "b", "c"], "buyer_id": ["x", "y", "z"], "text": ["Good!", "Good!", "Good!"]})
    assert similar_texts(mine, pd.concat([everybody, mine])).pairs == ()
    rare = mine.assign(
        text=["A truly wonderful shop, fast and kind", "a truly wonderful shop, fast and kind!", "Good!"]
    )
    found = similar_texts(rare, pd.concat([everybody, rare]))
    assert [pair[:2] for pair in found.pairs] == [("a", "b")]
    assert similar_texts(rare.assign(buyer_id="x"), everybody).pairs == ()
    assert similar_texts(mine.assign(text="!"), everybody.iloc[:0]).n == 0  # too short to compare
