"""Each attack does what it says: counts, shares, truth, nothing else changed, the same rows for the same seed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.bench.attacks import scenarios
from analytics.bench.attacks.injection import MOVES, Injection, random_injection
from analytics.bench.attacks.market import ORDER_COLUMNS, Market, marketplace
from analytics.bench.attacks.scenarios import GATES
from analytics.bench.attacks.truth import Attacked

FACTS = ["order_id", "merchant_id", "buyer_id", "ordered_at", "value_minor", "late", "cancelled", "disputed"]
RATES = {"late", "cancelled", "disputed"}


@pytest.fixture(scope="module")
def clean() -> Market:
    return marketplace(5)


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


ATTACKS: dict[str, Callable[[Market, np.random.Generator], Attacked]] = {
    "ballot_stuffing": lambda m, r: scenarios.ballot_stuffing(m, 0.25, r),
    "bad_mouthing": lambda m, r: scenarios.bad_mouthing(m, 0.10, r),
    "sybil": lambda m, r: scenarios.sybil(m, 50, r),
    "whitewashing": scenarios.whitewashing,
    "oscillation": scenarios.oscillation,
    "camouflage": scenarios.camouflage,
    "value_imbalance": scenarios.value_imbalance,
    "collusion_ring": lambda m, r: scenarios.collusion_ring(m, 10, r),
    "unfair_buyers": lambda m, r: scenarios.unfair_buyers(m, 0.3, r),
    "newcomers": lambda m, r: scenarios.newcomers(m),
    "injection": lambda m, r: Injection(4, (1, 2), 40, praise=0.5).apply(m, r),
}


def by_id(market: Market, ids: Any) -> pd.DataFrame:
    return market.orders.set_index("order_id").loc[ids]


def differing(before: pd.DataFrame, after: pd.DataFrame) -> set[int]:
    """Orders of which any column differs; both with the same order_ids."""
    a, b = before.set_index("order_id").sort_index(), after.set_index("order_id").sort_index()
    is_same = (a == b) | (a.isna() & b.isna())
    return set(a.index[~is_same.fillna(False).astype(bool).all(axis=1)])


class TestTheCleanMarket:
    def test_its_columns_and_sizes(self, clean: Market) -> None:
        orders = clean.orders
        assert tuple(orders.columns) == ORDER_COLUMNS
        assert (len(orders), len(clean.merchants), len(clean.buyers)) == (60_000, 300, 15_000)
        assert orders.order_id.is_unique
        assert orders.ordered_at.is_monotonic_increasing
        assert orders.ordered_at.between(clean.start, clean.end, inclusive="left").all()
        assert str(orders.ordered_at.dtype) == str(orders.rated_at.dtype) == "datetime64[us, UTC]"
        assert (orders.rating.isna() == orders.rated_at.isna()).all()
        assert orders.text[orders.rating.isna()].isna().all()
        assert orders.rating.dropna().between(1, 5).all()
        assert (orders.rated_at.dropna() < clean.end).all()
        assert (orders.rated_at > orders.ordered_at)[orders.rating.notna()].all()
        assert not (orders.cancelled & (orders.late | orders.disputed)).any()
        joined = clean.merchants.set_index("merchant_id").joined_at
        assert (orders.ordered_at >= orders.merchant_id.map(joined)).all()

    def test_the_same_seed_gives_the_same_rows_and_another_does_not(self, clean: Market) -> None:
        again, other = marketplace(5), marketplace(6)
        pd.testing.assert_frame_equal(clean.orders, again.orders)
        pd.testing.assert_frame_equal(clean.merchants, again.merchants)
        assert not clean.orders.merchant_id.equals(other.orders.merchant_id)

    def test_true_quality_is_what_orders_show(self) -> None:
        """Pooled over merchants sorted by it; what a frame can't show (not as described, undisputed) is in truth only."""
        market = marketplace(8, merchants=200, orders=120_000)
        quality = market.merchants.set_index("merchant_id").true_quality
        assert quality.between(0, 1).all()
        orders = market.orders.assign(quality=market.orders.merchant_id.map(quality))
        bad = orders.late | orders.cancelled | orders.disputed
        fifth = pd.qcut(orders.quality, 5)
        seen, true = bad.groupby(fifth, observed=True).mean(), 1 - orders.quality.groupby(fifth, observed=True).mean()
        assert seen.is_monotonic_decreasing
        assert ((seen < true + 0.02) & (seen > 0.3 * true)).all()

    def test_the_late_are_rated_lower_and_the_lukewarm_are_silent(self, clean: Market) -> None:
        orders = clean.orders
        rated = orders[orders.rating.notna()]
        assert rated.rating[~rated.late].mean() - rated.rating[rated.late].mean() > 1
        assert rated.rating[~rated.disputed].mean() - rated.rating[rated.disputed].mean() > 1
        assert 0.25 < len(rated) / len(orders) < 0.5
        share = rated.rating.value_counts(normalize=True)
        assert share[5] > 0.5
        assert share[1] > share[2]

    def test_popularity_is_heavy_tailed_and_days_go_together(self, clean: Market) -> None:
        sizes = clean.orders.merchant_id.value_counts()
        assert sizes.iloc[:30].sum() > 0.35 * sizes.sum()
        assert (sizes < 50).sum() > 50
        assert (sizes > 500).sum() > 15
        late = clean.orders.late.groupby(clean.orders.ordered_at.dt.floor("D"))
        spread, by_chance = late.mean().var(), (late.mean() * (1 - late.mean()) / late.size()).mean()
        assert spread > 1.5 * by_chance

    def test_numbers_below_one_are_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            marketplace(1, merchants=0)


class TestEveryAttack:
    @pytest.mark.parametrize("name", ATTACKS)
    def test_it_is_the_same_for_the_same_generator(self, clean: Market, name: str) -> None:
        first, again = ATTACKS[name](clean, rng()), ATTACKS[name](clean, rng())
        pd.testing.assert_frame_equal(first.market.orders, again.market.orders)
        pd.testing.assert_frame_equal(first.market.merchants, again.market.merchants)
        assert np.array_equal(first.truth.false_ratings, again.truth.false_ratings)
        if name != "newcomers":
            other = ATTACKS[name](clean, rng(4))
            assert not first.market.orders.equals(other.market.orders)

    @pytest.mark.parametrize("name", ATTACKS)
    def test_only_what_truth_names_differs_and_the_clean_market_stays(self, clean: Market, name: str) -> None:
        untouched = marketplace(5)
        attacked = ATTACKS[name](clean, rng())
        pd.testing.assert_frame_equal(clean.orders, untouched.orders)
        pd.testing.assert_frame_equal(clean.merchants, untouched.merchants)
        after, truth = attacked.market.orders, attacked.truth
        added = set(after.order_id) - set(clean.orders.order_id)
        assert added == set(truth.added)
        changed = differing(clean.orders, after[~after.order_id.isin(truth.added)])
        if name == "oscillation":  # drawn anew: a few come out as they were
            assert changed <= set(truth.changed)
            assert len(changed) > 0.5 * len(truth.changed)
        else:
            assert changed == set(truth.changed)
        assert set(truth.false_ratings) <= added | changed
        merchants = attacked.market.merchants
        pd.testing.assert_frame_equal(merchants.iloc[:300], clean.merchants)

    @pytest.mark.parametrize("name", ATTACKS)
    def test_the_attacked_market_keeps_the_contract(self, clean: Market, name: str) -> None:
        attacked = ATTACKS[name](clean, rng())
        assert attacked.truth.attack == name
        orders, merchants = attacked.market.orders, attacked.market.merchants
        assert dict(orders.dtypes) == dict(clean.orders.dtypes)
        assert dict(merchants.dtypes) == dict(clean.merchants.dtypes)
        assert orders.order_id.is_unique
        assert merchants.merchant_id.is_unique
        assert orders.ordered_at.is_monotonic_increasing
        assert (orders.rating.isna() == orders.rated_at.isna()).all()
        assert (orders.rated_at.dropna() < clean.end).all()
        assert (orders.rated_at > orders.ordered_at)[orders.rating.notna()].all()
        joined = merchants.set_index("merchant_id").joined_at
        assert (orders.ordered_at >= orders.merchant_id.map(joined)).all()
        lies = by_id(attacked.market, attacked.truth.false_ratings)
        assert lies.rating.notna().all()
        assert lies.buyer_id.isin(attacked.truth.raters).all()
        assert (lies.value_minor > 0).all()


@pytest.mark.parametrize("share", [0.10, 0.25, 0.50, 1.00])
def test_stuffing_adds_a_share_of_the_own_ratings(clean: Market, share: float) -> None:
    attacked = scenarios.ballot_stuffing(clean, share, rng())
    truth, own = attacked.truth, scenarios.rating_counts(clean)
    assert len(truth.attackers) == 30
    lies = by_id(attacked.market, truth.added)
    wanted = {m: max(1, round(share * own[m])) for m in truth.attackers.tolist()}
    assert lies.merchant_id.value_counts().to_dict() == wanted
    assert (lies.rating == 5).all()
    assert not lies[list(RATES)].any().any()
    quality = clean.merchants.set_index("merchant_id").true_quality
    assert quality[truth.attackers].max() <= quality.median()
    if share == 1.00:  # bursts and the rest spread; some accounts are known buyers
        large = max(wanted, key=lambda m: wanted[m])
        days = lies[lies.merchant_id == large].ordered_at
        in_burst = max(days.between(t, t + pd.Timedelta(days=2)).mean() for t in days)
        assert 0.35 < in_burst < 0.7
        assert 0.2 < np.isin(truth.raters, clean.orders.buyer_id).mean() < 0.6


@pytest.mark.parametrize("share", [0.05, 0.10, 0.20])
def test_bad_mouthing_hits_the_top_decile_only(clean: Market, share: float) -> None:
    attacked = scenarios.bad_mouthing(clean, share, rng())
    truth = attacked.truth
    assert len(truth.raters) == round(share * clean.orders.buyer_id.nunique())
    sizes = clean.orders.merchant_id.value_counts()
    quality = clean.merchants.set_index("merchant_id").true_quality[sizes.index[sizes >= 20]]
    assert set(truth.victims) == set(quality.nlargest(round(len(quality) / 10)).index)
    lies = by_id(attacked.market, truth.changed)
    assert (lies.rating == 1).all()
    assert lies.merchant_id.isin(truth.victims).all()
    theirs = clean.orders.buyer_id.isin(truth.raters) & clean.orders.merchant_id.isin(truth.victims)
    assert len(lies) > 0.85 * theirs.sum()  # all but the last days' and those that gave one star anyway
    pd.testing.assert_frame_equal(by_id(clean, truth.changed)[FACTS[1:]], lies[FACTS[1:]])


@pytest.mark.parametrize("accounts", [10, 50, 200])
def test_sybils_are_new_and_rate_once(clean: Market, accounts: int) -> None:
    attacked = scenarios.sybil(clean, accounts, rng())
    lies = by_id(attacked.market, attacked.truth.added)
    assert len(lies) == lies.buyer_id.nunique() == accounts
    assert not lies.buyer_id.isin(clean.buyers.buyer_id).any()
    assert lies.merchant_id.nunique() == 1
    assert (lies.rating == 5).all()


def test_few_sybils_are_the_first_of_many(clean: Market) -> None:
    few, many = (scenarios.sybil(clean, n, rng()) for n in (10, 200))
    first = many.truth.added[:10]
    pd.testing.assert_frame_equal(by_id(few.market, few.truth.added), by_id(many.market, first), check_dtype=True)
    named = scenarios.sybil(clean, 10, rng(), merchant=7)
    assert named.truth.attackers.tolist() == [7]


def test_a_whitewasher_goes_on_under_another_id(clean: Market) -> None:
    attacked = scenarios.whitewashing(clean, rng())
    truth, orders = attacked.truth, attacked.market.orders
    assert len(truth.successors) == 10
    assert set(truth.successors.values()) == set(truth.attackers) == set(range(300, 310))
    quality = attacked.market.merchants.set_index("merchant_id").true_quality
    assert quality[list(truth.successors)].max() <= clean.merchants.true_quality.quantile(0.2)
    for old, new in truth.successors.items():
        assert quality[old] == quality[new]
        before, after = orders[orders.merchant_id == old], orders[orders.merchant_id == new]
        assert abs(len(before) - len(after)) <= 1
        assert before.ordered_at.max() <= after.ordered_at.min()
        assert attacked.market.merchants.set_index("merchant_id").joined_at[new] == after.ordered_at.min()
    rest = [column for column in ORDER_COLUMNS if column != "merchant_id"]
    pd.testing.assert_frame_equal(clean.orders[rest], orders[rest])


def test_an_oscillators_bad_days_are_bad_and_its_good_days_good(clean: Market) -> None:
    attacked = scenarios.oscillation(clean, rng())
    truth, orders = attacked.truth, attacked.market.orders
    theirs = orders[orders.merchant_id.isin(truth.attackers)]
    assert len(truth.attackers) == 10
    assert theirs.merchant_id.value_counts().min() > 365
    assert set(theirs.order_id) == set(truth.changed)
    periods = truth.bad_periods
    assert set(periods.merchant_id) == set(truth.attackers)
    assert ((periods.to_at - periods.from_at) == pd.Timedelta(days=10)).all()
    gap = periods.groupby("merchant_id").from_at.diff().dropna()
    assert (gap >= pd.Timedelta(days=40)).all()
    is_bad = pd.Series(False, index=theirs.index)
    for one in periods.itertuples():
        is_bad |= (theirs.merchant_id == one.merchant_id) & theirs.ordered_at.between(
            one.from_at, one.to_at, inclusive="left"
        )
    failed = theirs.late | theirs.cancelled | theirs.disputed
    assert 0.15 < is_bad.mean() < 0.35
    assert failed[is_bad].mean() > 0.4
    assert failed[~is_bad].mean() < 0.05
    assert theirs.rating[~is_bad].mean() - theirs.rating[is_bad].mean() > 1
    same = ["order_id", "merchant_id", "buyer_id", "ordered_at", "value_minor"]
    pd.testing.assert_frame_equal(clean.orders[same], orders[same])


def test_camouflaged_liars_lie_in_three_of_ten_ratings(clean: Market) -> None:
    attacked = scenarios.camouflage(clean, rng())
    truth, orders = attacked.truth, attacked.market.orders
    theirs = orders[orders.buyer_id.isin(truth.raters) & orders.rating.notna()]
    assert theirs.order_id.isin(truth.false_ratings).mean() == pytest.approx(0.30, abs=0.001)
    lies = by_id(attacked.market, truth.false_ratings)
    assert set(lies.merchant_id) == set(truth.attackers)
    assert (lies.rating == 5).all()
    able = clean.orders.buyer_id[clean.orders.rating.notna()].value_counts()
    assert set(truth.raters) <= set(able.index[able >= 2])
    assert len(truth.raters) == round(0.1 * (able >= 2).sum())


def test_value_imbalance_is_fifty_of_one_then_five_of_five_hundred(clean: Market) -> None:
    attacked = scenarios.value_imbalance(clean, rng())
    truth = attacked.truth
    orders = by_id(attacked.market, truth.added)
    assert truth.attackers.tolist() == [300, 301, 302, 303, 304]
    assert not truth.false_ratings.size  # what buyers say is true
    for merchant, own in orders.groupby("merchant_id"):
        assert merchant in truth.attackers
        cheap, dear = own[own.value_minor == 100], own[own.value_minor == 50_000]
        assert (len(cheap), len(dear), len(own)) == (50, 5, 55)
        assert cheap.ordered_at.max() < dear.ordered_at.min()
        assert (cheap.rating == 5).all()
        assert (dear.rating == 1).all()
        assert (dear.late & dear.disputed).all()
        assert not cheap[list(RATES)].any().any()
        period = truth.bad_periods.set_index("merchant_id").loc[merchant]
        assert dear.ordered_at.between(period.from_at, period.to_at).all()


@pytest.mark.parametrize("members", [5, 10, 20])
def test_a_ring_shares_reviewers_in_bursts_with_like_words(clean: Market, members: int) -> None:
    attacked = scenarios.collusion_ring(clean, members, rng(), rings=2)
    truth, orders = attacked.truth, attacked.market.orders
    assert [len(ring) for ring in truth.rings] == [members, members]
    assert len(truth.attackers) == 2 * members
    for ring in truth.rings:
        lies = by_id(attacked.market, truth.false_ratings)
        lies = lies[lies.merchant_id.isin(ring)]
        reviewers = [set(own.buyer_id) for _, own in lies.groupby("merchant_id")]
        assert len(reviewers) == members
        overlap = [len(a & b) / len(a | b) for a, b in itertools.combinations(reviewers, 2)]
        assert np.mean(overlap) > 0.5
        assert (lies.rating >= 4).all()
        day = lies.ordered_at.dt.floor("D").value_counts()
        assert day.iloc[:9].sum() > 0.5 * len(lies)
        texts = lies.text.dropna().str.lower().tolist()[:12]
        like = [SequenceMatcher(None, a, b).ratio() for a, b in itertools.combinations(texts, 2)]
        assert np.mean(np.array(like) > 0.8) > 0.1
        honest = orders[orders.buyer_id.isin(lies.buyer_id) & ~orders.merchant_id.isin(ring) & orders.rating.notna()]
        assert set(honest.buyer_id) == set(lies.buyer_id)  # every reviewer has an honest record too
        assert honest.rating.nunique() > 2
        assert 0.4 < np.isin(lies.buyer_id.unique(), clean.buyers.buyer_id).mean() < 0.6


def test_a_ring_needs_members(clean: Market) -> None:
    with pytest.raises(ValueError, match="need 500 merchants"):
        scenarios.collusion_ring(clean, 500, rng())


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
def test_unfair_buyers_turn_their_ratings_round(clean: Market, share: float) -> None:
    attacked = scenarios.unfair_buyers(clean, share, rng())
    truth = attacked.truth
    assert len(truth.raters) == round(share * clean.orders.buyer_id.nunique())
    quality = clean.merchants.set_index("merchant_id").true_quality
    orders = attacked.market.orders
    theirs = orders[orders.buyer_id.isin(truth.raters) & orders.rating.notna()]
    is_better = theirs.merchant_id.map(quality) >= quality.median()
    assert (theirs.rating == np.where(is_better, 1, 5)).all()
    pd.testing.assert_frame_equal(clean.orders[FACTS], orders[FACTS])
    pd.testing.assert_series_equal(clean.orders.rated_at, orders.rated_at)


def test_newcomers_are_grouped_by_size_and_truth() -> None:
    market = marketplace(2, merchants=2_000)
    groups = scenarios.newcomers(market).truth.groups
    sizes = market.orders.merchant_id.value_counts()
    quality = market.merchants.set_index("merchant_id").true_quality
    assert set(groups) == {"good_small", "good_large", "bad_small", "bad_large"}
    assert min(len(ids) for ids in groups.values()) > 50
    for name, ids in groups.items():
        assert (sizes[ids] < 50).all() if name.endswith("small") else (sizes[ids] > 500).all()
        assert ((quality[ids] >= 0.9) == name.startswith("good")).all()


class TestInjection:
    def test_it_spends_its_budget_as_told(self, clean: Market) -> None:
        injection = Injection(4, (1, 2), 100, praise=0.6, reuse=4.0, bought=0.2, value=0.1, copied=1.0, worded=1.0)
        attacked = injection.apply(clean, rng())
        lies = by_id(attacked.market, attacked.truth.added)
        assert len(lies) == 100
        praise = lies[lies.merchant_id == 4]
        assert len(praise) == 60
        assert (praise.rating == 5).all()
        assert (lies.rating[lies.merchant_id != 4] == 1).all()
        assert set(lies.merchant_id) == {1, 2, 4}
        assert attacked.truth.victims.tolist() == [1, 2]
        assert lies.buyer_id.nunique() == 25
        assert lies.buyer_id.drop_duplicates().isin(clean.buyers.buyer_id).sum() == 5
        assert lies.text.notna().all()

    def test_neighbours_and_children_stay_within_bounds(self) -> None:
        r = rng()
        one, other = (random_injection(3, (5,), 20, r) for _ in range(2))
        child = one.crossed(other, r)
        for name, (low, high) in MOVES.items():
            assert getattr(child, name) in (getattr(one, name), getattr(other, name))
            assert all(low <= getattr(one.moved(r, step=3.0), name) <= high for _ in range(20))
        assert one.moved(r) != one
        alone = random_injection(3, (), 20, r)
        assert alone.moved(r).praise == alone.crossed(alone.moved(r), r).praise == 1.0

    def test_what_cannot_be_is_refused(self) -> None:
        with pytest.raises(ValueError, match="budget"):
            Injection(1, (), 0)
        with pytest.raises(ValueError, match=r"burst must lie between 0\.0 and 1\.0, not 2"):
            Injection(1, (), 5, burst=2.0)
        with pytest.raises(ValueError, match="without rivals"):
            Injection(1, (), 5, praise=0.5)


def test_gates_name_the_suite(clean: Market) -> None:
    assert [gate.number for gate in GATES] == list(range(1, 12))
    assert {gate.attack for gate in GATES} == set(ATTACKS)
    for gate in GATES[:10]:
        attack = getattr(scenarios, gate.attack)
        assert all(at in gate.sizes for target in gate.targets for at in target.at)
        named = dict(gate.arguments) | ({gate.argument: gate.sizes[0]} if gate.argument else {})
        chance = {} if gate.attack == "newcomers" else {"rng": rng()}
        assert attack(clean, **chance, **named).truth.attack == gate.attack
    by_name = {gate.attack: gate for gate in GATES}
    error, entries = by_name["ballot_stuffing"].targets
    assert error.holds(0.05)
    assert not error.holds(0.051)
    assert entries.holds(0)
    assert not by_name["collusion_ring"].targets[0].holds(0.89)
