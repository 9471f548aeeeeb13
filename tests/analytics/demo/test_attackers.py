"""Attackers leave their traces in the events, their truth in truth/ alone, and everybody else as they were."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analytics.demo.attackers import ATTACK_SIZES, ActingMerchants, make_attackers
from analytics.demo.market import Merchants, make_market
from analytics.demo.praise import DRAFTS, VARIANTS, praise_number, praise_pool
from analytics.demo.reviews import text_pool
from analytics.demo.run import Simulation
from analytics.demo.truth import OrderTruth
from analytics.demo.world import DAY, SIZES, make_calendar
from tests.analytics.demo.conftest import SEED, Made


@pytest.fixture(scope="module")
def attackers(made: Made) -> pd.DataFrame:
    return made.table("truth/attackers")


@pytest.fixture(scope="module")
def false_reviews(made: Made) -> pd.DataFrame:
    return made.table("truth/false_reviews")


def reviews_of(events: pd.DataFrame) -> pd.DataFrame:
    return events[events.kind == "review_posted"]


def test_truth_lists_every_attacker(made: Made, attackers: pd.DataFrame, false_reviews: pd.DataFrame) -> None:
    size = ATTACK_SIZES["small"]
    members = attackers.groupby("attack").merchant_id.nunique()
    assert members.to_dict() == {"oscillation": 1, "ring": sum(size.rings), "sybil": 1, "whitewashing": 2}
    assert attackers.merchant_id.is_unique
    assert attackers.merchant_id.isin(made.table("merchants").merchant_id).all()
    assert (attackers.from_at < attackers.to_at).all()
    assert set(false_reviews.merchant_id) == set(attackers.merchant_id[attackers.attack.isin(["ring", "sybil"])])
    assert set(false_reviews.group_id) == set(attackers.group_id[attackers.attack.isin(["ring", "sybil"])])


def test_everybody_elses_events_are_what_they_would_be_without_attackers(made: Made, tmp_path: Path) -> None:
    size = SIZES["small"]
    calendar = make_calendar(size, date(2026, 10, 31))
    truth = OrderTruth(tmp_path / "truth" / "orders.parquet")
    result = Simulation(size, calendar, SEED, tmp_path, truth).run(None)
    truth.close()
    shards = sorted((tmp_path / "events").iterdir())
    assert len(shards) == calendar.months
    for shard in shards:
        assert shard.read_bytes() == (made.folder / "events" / shard.name).read_bytes()
    buyers = made.table("buyers")
    joined = buyers.joined_at.iloc[: result.market.buyers.count].astype("int64") // 10**6
    assert np.array_equal(joined, result.market.buyers.joined_at)
    assert made.table("merchants").name.tolist()[:200] == result.market.merchants.name
    assert made.table("products").title.tolist()[: len(result.market.products.title)] == result.market.products.title
    without = pq.read_table(tmp_path / "truth" / "orders.parquet").to_pandas()
    pd.testing.assert_frame_equal(made.table("truth/orders").iloc[: len(without)], without)


def test_a_whitewasher_vanishes_and_comes_back_with_the_same_conduct_and_products(
    made: Made, attackers: pd.DataFrame, orders: pd.DataFrame
) -> None:
    again = attackers[attackers.successor_of.notna()].iloc[0]
    old = attackers.set_index("merchant_id").loc[again.successor_of]
    of = dict(iter(orders.groupby("merchant_id")))
    before, after = of[again.successor_of], of[again.merchant_id]
    assert min(len(before), len(after)) > 100
    assert before.placed_at.max() < old.to_at < again.from_at <= after.placed_at.min()
    for own in (before, after):
        assert own.is_late_dispatch.mean() > 2 * orders.is_late_dispatch.mean()
        assert own.score.mean() < orders.score.mean() - 0.4
    assert before.is_late_dispatch.mean() == pytest.approx(after.is_late_dispatch.mean(), abs=0.15)
    products = made.table("products")
    titles = {merchant: set(own.title) for merchant, own in products.groupby("merchant_id")}
    shared = titles[again.successor_of] & titles[again.merchant_id]
    assert 0.5 < len(shared) / len(titles[again.merchant_id]) < 1
    names = made.table("merchants").set_index("merchant_id").name
    assert names.is_unique
    assert made.table("merchants").set_index("merchant_id").joined_at[again.merchant_id] == again.from_at


def test_an_oscillators_bad_days_show_in_outcomes(attackers: pd.DataFrame, orders: pd.DataFrame) -> None:
    one = attackers[attackers.attack == "oscillation"].iloc[0]
    own = orders[orders.merchant_id == one.merchant_id]
    assert (one.good_days, one.bad_days) == (30, 10)
    day = (own.placed_at - one.from_at).dt.days
    is_bad = day % 40 >= 30
    assert is_bad.sum() > 60
    assert own.is_late_dispatch[is_bad].mean() > 0.15
    assert own.is_late_dispatch[~is_bad].mean() < 0.06
    assert own.score[~is_bad].mean() - own.score[is_bad].mean() > 1
    assert own.is_disputed[is_bad].mean() > own.is_disputed[~is_bad].mean()


def test_a_rings_reviewers_overlap_come_in_bursts_with_like_words_and_buy_elsewhere_too(
    attackers: pd.DataFrame, false_reviews: pd.DataFrame, events: pd.DataFrame
) -> None:
    ring = false_reviews[false_reviews.group_id == "ring-1"]
    members = attackers.merchant_id[attackers.group_id == "ring-1"]
    reviewers = [set(own.buyer_id) for _, own in ring.groupby("merchant_id")]
    assert len(reviewers) == len(members) == 5
    overlap = [len(a & b) / len(a | b) for a, b in itertools.combinations(reviewers, 2)]
    assert np.mean(overlap) > 0.4
    told = reviews_of(events)
    told = told[told.order_id.isin(ring.order_id)].copy()
    assert len(told) == len(ring)
    assert (told.score == 5).all()
    assert (told.occurred_at.max() - told.occurred_at.min()).days > 40  # campaigns, and the rest spread
    placed = events[(events.kind == "order_placed") & (events.line_id == "1") & events.order_id.isin(ring.order_id)]
    days = placed.occurred_at.dt.floor("D").value_counts()
    assert days.iloc[:9].sum() > 0.5 * len(ring)
    texts = told.text.dropna().tolist()
    like = [SequenceMatcher(None, a, b).ratio() > 0.75 for a, b in itertools.combinations(texts, 2)]
    assert np.mean(like) > 0.15
    elsewhere = events[(events.kind == "order_placed") & ~events.merchant_id.isin(members)]
    assert set(ring.buyer_id) <= set(elsewhere.buyer_id)


def test_sybils_review_once_and_their_shop_gains(
    attackers: pd.DataFrame, false_reviews: pd.DataFrame, events: pd.DataFrame
) -> None:
    sybils = false_reviews[false_reviews.group_id.str.startswith("sybil")]
    assert len(sybils) == sybils.buyer_id.nunique() == ATTACK_SIZES["small"].sybils
    assert sybils.merchant_id.nunique() == 1
    theirs = events[events.buyer_id.isin(sybils.buyer_id)]
    assert set(theirs.merchant_id) == set(sybils.merchant_id)
    assert (reviews_of(theirs).groupby("buyer_id").size() == 1).all()
    own = reviews_of(events)[lambda r: r.merchant_id == sybils.merchant_id.iloc[0]]
    assert own.score.mean() > own.score[~own.order_id.isin(sybils.order_id)].mean() + 0.05


def test_attackers_orders_lie_in_the_truth_of_orders_too(made: Made, orders: pd.DataFrame) -> None:
    truth = made.table("truth/orders")
    assert set(truth.order_id) == set(orders.order_id)
    assert truth.order_id.is_unique
    assert len(truth) == made.summary.orders


def test_the_truth_does_not_leak_into_tables(made: Made, attackers: pd.DataFrame, demo_warehouse: Path) -> None:
    words = set(attackers.attack) | set(attackers.group_id) | {"attackers", "false_reviews", "successor_of"}
    for name in ("events", "merchants", "buyers", "products", "tickets", "messages"):
        table = made.table(name)
        schema = {*table.columns}
        assert not schema & words
        for column in table.select_dtypes(["object", "str"]):
            if column not in ("text", "title"):
                assert not set(table[column].dropna().unique().tolist()) & words, (name, column)
    data = {path for path in demo_warehouse.rglob("*.parquet") if path.parent.name != "truth"}
    assert data
    for path in data:
        assert not any(word in path.name for word in ("attack", "false_review", "whitewash", "sybil"))
        assert not set(pq.read_schema(path).names) & {"attack", "group_id", "successor_of"}


def test_bad_days_belong_to_those_who_swing_only() -> None:
    size = SIZES["small"]
    market = make_market(size, make_calendar(size, date(2026, 10, 31)), seed=3)
    made = make_attackers(market, ATTACK_SIZES["small"], np.random.default_rng(1))
    merchants = made.market.merchants
    assert isinstance(merchants, ActingMerchants)
    for field in dataclasses.fields(Merchants):
        assert len(getattr(merchants, field.name)) == 203
    (swinging,) = np.flatnonzero(merchants.swings).tolist()
    days = np.array([0, 29, 30, 39, 40])
    at = merchants.joined_at[swinging] + days * DAY
    reliability = merchants.traits_at(np.full(5, swinging), at)[:, 0]
    assert (reliability > 1).tolist() == [True, True, False, False, True]
    every, now = np.arange(200), np.full(200, market.calendar.end)
    assert np.array_equal(merchants.traits_at(every, now), market.merchants.traits_at(every, now))


@pytest.mark.parametrize("scale", ["medium", "large"])
def test_larger_demos_have_rings_of_5_10_and_20(scale: str) -> None:
    size = SIZES[scale]  # type: ignore[index]
    market = make_market(size, make_calendar(size, date(2026, 10, 31)), seed=5)
    attack = ATTACK_SIZES[scale]  # type: ignore[index]
    made = make_attackers(market, attack, np.random.default_rng(2))
    rings = [gang.members for gang in made.gangs if gang.attack == "ring"]
    assert [len(ring) for ring in rings] == list(attack.rings)
    assert set(attack.rings) == {5, 10, 20}
    everyone = np.concatenate([gang.members for gang in made.gangs])
    assert len(np.unique(everyone)) == len(everyone)
    for ring in rings:
        assert len(np.unique(market.merchants.region[ring] >= 3)) == 1  # one country, one language


def test_copies_of_a_draft_are_alike_and_no_honest_text() -> None:
    texts = praise_pool()
    assert len(texts) == 2 * DRAFTS * VARIANTS
    assert not set(texts) & set(text_pool())
    for is_chinese in (False, True):
        for draft in range(DRAFTS):
            number = praise_number(is_chinese, np.full(VARIANTS, draft), np.arange(VARIANTS))
            copies = [texts[n] for n in number.tolist()]
            assert len(set(copies)) > VARIANTS / 2
            assert all(text.isascii() != is_chinese for text in copies)
            ratios = [SequenceMatcher(None, copies[0], other).ratio() for other in copies[1:]]
            assert min(ratios) > 0.6
