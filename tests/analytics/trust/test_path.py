"""Path to green: applying it in an independent simulation lifts the level with the probability said, a smaller change does not."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from analytics.bench.rated_markets import simulated
from analytics.errors import InputError
from analytics.trust import Path, TrustModel, default_programme, fit_model, path_to_next_level, score_from_counts
from analytics.trust.levels import evaluations_until, level_after
from analytics.trust.path import Lever, Step
from tests.analytics.trust.marketplaces import counts_of

PROGRAMME = default_programme()


def marketplace(merchants: int = 200) -> tuple[pd.DataFrame, TrustModel, int]:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")
    counts = simulated(merchants, seed).counts
    return counts, fit_model(counts, PROGRAMME), seed


def near(counts: pd.DataFrame, model: TrustModel, orders: int) -> list[str]:
    """Merchants of at least so many orders that lie a few points below a level."""
    scored = score_from_counts(counts, model)
    below = np.min(
        [
            np.where(level.minimum > scored["score"], level.minimum - scored["score"], 99.0)
            for level in PROGRAMME.levels
        ],
        axis=0,
    )
    return [str(name) for name in counts.loc[(counts["n"] >= orders) & (below > 1) & (below < 8), "merchant_id"]]


def lifted(
    counts: pd.DataFrame, model: TrustModel, path: Path, levers: tuple[Lever, ...], share: float, seed: int
) -> float:
    """Share of 600 simulated futures in which the next evaluation gives the level: orders day by day, what rates of levers may be changed by
    `share` of what the path asks for, all other rates drawn from their posteriors; then the score as any score."""
    own = counts[counts["merchant_id"] == path.merchant_id]
    rng = np.random.default_rng(seed)
    assert path.given_from is not None
    ages, days, lives = np.arange(PROGRAMME.window_days), path.days, 600
    weight = 0.5 ** (ages / PROGRAMME.half_life_days)
    future = pd.concat([own] * lives, ignore_index=True)
    moved = {lever.rate_id: (lever, share * way(lever)) for lever in levers}
    draws = _true_rates(own, model, lives)
    for i, rate in enumerate(model.rates):
        bad, n = (float(own[f"{rate.rate_id}.recent_{part}"].iloc[0]) for part in ("numerator", "denominator"))
        daily = n / weight[rate.maturity_days :].sum()
        old = new = draws[:, i]
        if rate.rate_id in moved:
            lever, gone = moved[rate.rate_id]
            is_worse = old > lever.best if lever.direction == "lower" else old < lever.best
            new = np.where(is_worse, old + gone * (lever.best - old), old)
        total_bad, total = np.full(lives, bad * weight[days]), np.full(lives, n * weight[days])
        for age in range(rate.maturity_days, days + rate.maturity_days):
            true = new if age < days else old
            if age >= days and age - days >= rate.maturity_days:
                break
            orders = np.floor(daily) + (rng.random(lives) < daily - np.floor(daily))
            total += orders * weight[age]
            total_bad += rng.binomial(orders.astype(int), true) * weight[age]
        future[f"{rate.rate_id}.recent_numerator"], future[f"{rate.rate_id}.recent_denominator"] = total_bad, total
    return float((score_from_counts(future, model)["score"] >= path.given_from).mean())


def way(lever: Lever) -> float:
    """The share of a lever's way to the best that the path asks for."""
    return (lever.target - lever.now) / (lever.best - lever.now)


def _true_rates(own: pd.DataFrame, model: TrustModel, lives: int) -> np.ndarray:
    """The path's own draws of what the merchant is, so that the two differ in how they get from there to a score."""
    from analytics.trust.joint import joint
    from analytics.trust.path import _true_rates as drawn
    from analytics.trust.posterior import merchant_keys

    key = merchant_keys(own["merchant_id"].tolist(), own["as_of"].iloc[0].isoformat(), 0)
    return np.clip(np.array(drawn(joint(own, model), model, key)).T[:lives], 0, 1)


def test_the_path_lifts_the_level_and_a_smaller_change_does_not() -> None:
    shares: list[float] = []
    while len(shares) < 2:  # one marketplace in ten has not two such merchants
        counts, model, seed = marketplace()
        for path, step in islice(reachable(counts, model), 4):
            assert step.probability >= 0.8
            shares.append(lifted(counts, model, path, step.levers, 1.0, seed))
            assert lifted(counts, model, path, step.levers, 0.6, seed) < 0.8
    # The model's .8 came true in .786 of the futures of 30 paths in 8 marketplaces, from .745 to .827 (docs/trust-score.md).
    assert np.mean(shares) >= 0.8 - 0.05, shares
    assert min(shares) >= 0.8 - 0.1, shares


def reachable(counts: pd.DataFrame, model: TrustModel) -> Iterator[tuple[Path, Step]]:
    """Paths of merchants near a level that can reach it and likely would not as they are, each with the first step that does."""
    for merchant_id in near(counts, model, 100):
        path = path_to_next_level(counts, model, merchant_id)
        if path is not None and path.unchanged <= 0.6:
            steps = (step for step in (*path.alone, path.together) if step is not None and step.is_reachable)
            yield from ((path, step) for step in islice(steps, 1))


def test_nine_tenths_of_the_change_are_not_enough_in_the_model() -> None:
    from analytics.trust.path import _best, _Future

    counts, model, _ = marketplace()
    reached: list[tuple[str, float, Step]] = []
    for merchant_id in near(counts, model, 60):
        if len(reached) == 2:
            break
        path = path_to_next_level(counts, model, merchant_id)
        if path is not None and path.given_from is not None and path.unchanged < 0.7:
            steps = [step for step in (*path.alone, path.together) if step is not None and step.is_reachable]
            reached += [(merchant_id, path.given_from, step) for step in steps[:1]]
    assert reached
    columns = [rate.rate_id for rate in model.rates]
    for merchant_id, given_from, step in reached:
        future = _Future(counts[counts["merchant_id"] == merchant_id], model, 90, _best(counts, model), given_from)
        whole = {columns.index(lever.rate_id): way(lever) for lever in step.levers}
        assert future.probability(whole) >= 0.79  # 0.8 but for rounding
        assert future.probability({i: 0.9 * share for i, share in whole.items()}) < 0.8
        for lever in step.levers:
            assert min(lever.now, lever.best) <= lever.target <= max(lever.now, lever.best)


def test_what_cannot_be_reached_is_said() -> None:
    few = {rate.rate_id: (15 * (rate.good + rate.bad) / 2, 15) for rate in PROGRAMME.rates}
    worse = {rate.rate_id: (15 * rate.bad, 15) for rate in PROGRAMME.rates}
    peers = [
        {rate.rate_id: (100 * (rate.good + k / 20 * (rate.bad - rate.good)), 100) for rate in PROGRAMME.rates}
        for k in range(20)
    ]
    counts = counts_of(
        [worse, few, *peers, {"n": 3}, {rate.rate_id: (400 * rate.good, 400) for rate in PROGRAMME.rates}]
    )
    model = fit_model(counts, PROGRAMME)
    path = path_to_next_level(counts, model, "m0000", days=2)
    assert path is not None
    assert path.level == "poor"
    assert path.next_level == "watch"
    assert not any(step.is_reachable for step in path.alone)
    assert path.together is not None
    assert not path.together.is_reachable
    assert path.together.probability < 0.8
    assert path.minimum is not None
    assert path.given_from == path.minimum + 3
    assert level_after([path.minimum - 10, path.given_from], PROGRAMME) == "watch"
    assert level_after([path.minimum - 10, path.given_from - 0.1], PROGRAMME) == "poor"
    assert path_to_next_level(counts, model, "m0022") is None  # no score yet
    best = path_to_next_level(counts, model, "m0023")
    assert best is not None
    assert best.next_level is None
    with pytest.raises(InputError, match="no-one"):
        path_to_next_level(counts, model, "no-one")


def test_where_no_order_is_to_come_nothing_can_be_moved() -> None:
    peers = [
        {rate.rate_id: (100 * (rate.good + k / 20 * (rate.bad - rate.good)), 100) for rate in PROGRAMME.rates}
        for k in range(20)
    ]
    counts = counts_of([{"n": 25}, *peers])
    path = path_to_next_level(counts, fit_model(counts, PROGRAMME), "m0000")
    assert path is not None
    assert path.next_level is not None
    assert (path.alone, path.together) == ((), None)


def test_a_change_is_the_same_whoever_else_is_asked_and_when() -> None:
    counts, model, _ = marketplace()
    merchant_id = counts.loc[counts["n"].between(100, 300), "merchant_id"].iloc[0]
    assert path_to_next_level(counts, model, merchant_id) == path_to_next_level(counts.iloc[::-1], model, merchant_id)


def test_no_step_of_any_merchant_is_less_likely_than_going_on_as_now() -> None:
    counts, model, _ = marketplace(60)
    steps = 0
    for merchant_id in counts["merchant_id"][:15]:
        path = path_to_next_level(counts, model, merchant_id)
        if path is None:
            continue
        for step in (*path.alone, *((path.together,) if path.together else ())):
            steps += 1
            assert step.probability >= path.unchanged, (merchant_id, step)
    assert steps > 25


@pytest.mark.parametrize("orders", [0.05, 1.0, 4.0, 100.0])
def test_the_share_of_new_orders_rises_with_the_rate_however_few_they_are(orders: float) -> None:
    from analytics.trust.path import _best, _Future

    counts, model, _ = marketplace(60)
    future = _Future(counts.iloc[:1], model, 90, _best(counts, model), 70.0)
    future.effective[:] = orders
    for column in range(len(model.rates)):
        shares = [future._share(np.full(2000, true), column) for true in np.linspace(0.001, 0.999, 60)]
        assert (np.diff(shares, axis=0) >= -1e-6).all()


@pytest.mark.parametrize(
    ("told", "score", "count"),
    [
        ([80.0] * 6, 86.0, 2),  # between border and margin: two in a row
        ([*([80.0] * 5), 86.0], 86.0, 1),  # the second of them
        ([80.0] * 6, 88.0, 1),  # past the margin
        ([*([80.0] * 4), 86.0, 87.0], 86.0, 0),
        ([*([80.0] * 4), 86.0, float("nan")], 86.0, 1),  # one without a score breaks no row
        ([], 86.0, 1),
    ],
)
def test_how_many_evaluations_give_a_level_that_the_score_has(told: list[float], score: float, count: int) -> None:
    assert evaluations_until(told, score, "excellent", PROGRAMME) == count
