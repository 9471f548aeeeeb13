"""Small marketplaces whose effects of behaviour are known: the demo's own equations, lived with and without each cause, confounded on demand.

Gives the frame that `sql/whatif/effect_orders.sql` reads of a warehouse, and beside it the truth. The dial makes merchants who are late, silent
and slow sell worse goods to stricter and less loyal buyers, and more so after the handling limit was tightened: hinges and ranks,
nothing that is linear or Gaussian. Knows the simulator; nothing of how effects are estimated. For benchmarks and tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from analytics.demo import behaviour
from analytics.demo.demand import outside_purchases
from analytics.demo.emit import review_chance
from analytics.demo.generate import LAST_DAY
from analytics.demo.market import Market, make_market
from analytics.demo.orders import ACTUAL, Conditions, Orders, simulate
from analytics.demo.truth import WITHOUT, concerned_orders
from analytics.demo.world import CARRIERS, CATEGORIES, DAY, REGIONS, Bools, Floats, Ints, Size, make_calendar

REPLICATE = Size(merchants=60, events=0, orders=9_000, months=12, tickets=0)
REPLAYS = 6
CANDIDATES = 16  # buyers of whom one is picked, with the dial fully turned
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "late_seller_rate": "late_seller",
        "slow_reply_rate": "slow_reply",
        "slow_refund_rate": "slow_refund",
        "seller_cancellation_rate": "seller_cancel",
    }
)
_BACKGROUND = 0.04  # share of buyers who come back within 60 days whatever happened
_REPEAT_DAYS = 60


@dataclass(frozen=True)
class Replicate:
    """One marketplace: its orders as a warehouse gives them, and `truth`: by lever and outcome a row a merchant (index: merchant_id) with
    the mean effect on its concerned orders (`effect`), over replays of all its orders."""

    orders: pd.DataFrame
    truth: Mapping[tuple[str, str], pd.Series[float]]


def make_replicate(seed: int, confounding: float, size: Size = REPLICATE, replays: int = REPLAYS) -> Replicate:
    """The marketplace of a seed. confounding: 0 is the demo's own, 1 the strongest."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(21,)))
    market = _confounded(make_market(size, make_calendar(size, LAST_DAY), seed), confounding)
    parts = [outside_purchases(market, month, _rate(market, size), rng) for month in range(market.calendar.months)]
    merchant = np.concatenate([part.merchant for part in parts])
    placed = np.concatenate([part.placed for part in parts])
    buyer = _pick_buyers(market, merchant, np.concatenate([part.buyer for part in parts]), placed, confounding, rng)
    life = _Life(market, merchant, buyer, placed)
    return Replicate(life.frame(rng), life.truth(seed, replays))


def _rate(market: Market, size: Size) -> float:
    """Orders per unit of demand, so that about size.orders are placed in all."""
    from analytics.demo.demand import hourly_demand, merchant_weights

    total = 0.0
    for month in range(market.calendar.months):
        weights = merchant_weights(market, month)
        for region in (0, 3):
            local = weights * ((market.merchants.region >= 3) == bool(region))
            total += float(local.sum() * hourly_demand(market.calendar, month, region)[1].sum())
    return size.orders / total


def _confounded(market: Market, confounding: float) -> Market:
    """Merchants whose reliability and service rank low sell worse goods: up to 2.7 below, by a hinge at the median."""
    merchants = market.merchants
    traits = merchants.traits.copy()
    traits[:, 2] += confounding * (0.8 - 7.0 * np.maximum(0.0, _badness(market) - 0.5))
    return replace(market, merchants=replace(merchants, traits=traits))


def _badness(market: Market) -> Floats:
    """Rank of each merchant by reliability and service, 1 for the worst."""
    conduct = 2.0 * market.merchants.traits[:, 0] + market.merchants.traits[:, 1]
    return np.asarray(rankdata(-conduct) / len(conduct), dtype=np.float64)


def _pick_buyers(
    market: Market, merchant: Ints, buyer: Ints, placed: Ints, confounding: float, rng: np.random.Generator
) -> Ints:
    """Buyers picked of several candidates: strict ones who seldom return for bad merchants and late in history, the reverse for the others."""
    number = round(1 + confounding * (CANDIDATES - 1))
    candidates = np.column_stack([buyer, rng.integers(0, market.buyers.count, (len(buyer), number - 1))])
    severity = market.buyers.taste(candidates.ravel(), 1) - market.buyers.taste(candidates.ravel(), 3)
    late = 0.3 * (placed >= market.calendar.policy_at)
    is_severe = rng.random(len(buyer)) < np.clip(2.0 * _badness(market)[merchant] - 0.7 + late, 0.01, 0.99)
    wanted = severity.reshape(candidates.shape) * np.where(is_severe, 1.0, -1.0)[:, None]
    return np.asarray(candidates[np.arange(len(buyer)), wanted.argmax(axis=1)])


class _Life:
    """Who bought what when; what became of it is drawn anew for each seed, the same under all conditions."""

    def __init__(self, market: Market, merchant: Ints, buyer: Ints, placed: Ints) -> None:
        self._market, self._merchant, self._buyer, self._placed = market, merchant, buyer, placed
        self._names = np.array([f"m{position:04d}" for position in range(len(market.merchants))], dtype=object)

    def frame(self, rng: np.random.Generator) -> pd.DataFrame:
        """What a warehouse would show of one life."""
        market = self._market
        o = simulate(market, self._merchant, self._buyer, self._placed, rng, ACTUAL)
        is_reviewed = rng.random(len(o)) < review_chance(market, o)
        concerned = concerned_orders(o)
        region = market.merchants.region[o.merchant]
        is_late = o.days_late > 0
        repeat = rng.random(len(o)) < self._repeat(o, rng)
        return pd.DataFrame(
            {
                "merchant_id": self._names[o.merchant],
                "category": np.array([one.name for one in CATEGORIES], dtype=object)[
                    market.merchants.category[o.merchant]
                ],
                "region": np.array([one.name for one in REGIONS], dtype=object)[region],
                "carrier": np.array([*(one.name for one in CARRIERS), "unknown"], dtype=object)[o.carrier],
                "currency": np.array([one.currency for one in REGIONS], dtype=object)[region],
                "size_band": "50-199",
                "ordered_day": o.placed / DAY,
                "amount": o.line_amount.sum(axis=1) / 100.0,
                "line_count": (o.product >= 0).sum(axis=1),
                "promised_days": (o.deliver_by - o.placed) / DAY,
                "is_due": o.delivered >= 0,
                "is_late": is_late,
                "is_late_seller": concerned["late_seller"],
                "is_cancelled": o.cancelled >= 0,
                "is_cancelled_seller": concerned["seller_cancel"],
                "is_asked": o.asked >= 0,
                "is_slow_reply": concerned["slow_reply"],
                "is_asked_overdue": (o.asked >= 0) & (o.asked > o.deliver_by),
                "is_returned": o.returned >= 0,
                "return_fault": np.array(["seller", "carrier", "buyer", "platform", "unknown"], dtype=object)[
                    o.return_fault
                ],
                "is_slow_refund": concerned["slow_refund"],
                "stars": np.where(is_reviewed, o.score, np.nan),
                "is_disputed": o.disputed >= 0,
                "is_disputed_after_return": (o.returned >= 0) & (o.disputed > o.returned),
                "repeat_60d": repeat.astype(float),
            }
        )

    def truth(self, seed: int, replays: int) -> dict[tuple[str, str], pd.Series[float]]:
        """Effects by merchant. That on stars is of reviews: what those of the concerned orders say, less what those same orders'
        reviews would say otherwise."""
        sums: dict[tuple[str, str], Floats] = {}
        for replay in range(replays):
            lived = self._outcomes(seed, replay, ACTUAL)
            for do, causes in WITHOUT.items():
                other = self._outcomes(seed, replay, do)
                for lever in (lever for lever, cause in CAUSES.items() if cause in causes):
                    where = concerned_orders(lived[0])[CAUSES[lever]] & (
                        lived[0].delivered >= 0 if lever == "late_seller_rate" else True
                    )
                    for outcome in ("stars", "dispute", "repeat"):
                        found = self._sums(lever, outcome, where, lived, other)
                        sums[lever, outcome] = sums.get((lever, outcome), np.zeros_like(found)) + found
        return {key: self._by_name(found) for key, found in sums.items()}

    def _by_name(self, sums: Floats) -> pd.Series[float]:
        """Effects of cells, brought together by merchant with the weights of the concerned orders as they were lived."""
        a, n_a, b, n_b = sums.reshape(4, -1, 2)
        known = (n_a > 0) & (n_b > 0)
        weight = np.where(known, n_a, 0.0)
        effect = np.where(known, a / np.where(known, n_a, 1.0) - b / np.where(known, n_b, 1.0), 0.0)
        total = weight.sum(axis=1)
        found = np.where(total > 0, (weight * effect).sum(axis=1) / np.where(total > 0, total, 1.0), np.nan)
        return pd.Series(found, index=self._names).dropna()

    def _sums(
        self, lever: str, outcome: str, where: Bools, lived: tuple[Orders, Floats], other: tuple[Orders, Floats]
    ) -> Floats:
        """Sums of the outcome and its weights with and without the cause, shape (4, 2 × merchants): questions about overdue orders apart,
        because who reviews would else mix them in other shares."""
        is_apart = (lived[0].asked > lived[0].deliver_by) & (lever == "slow_reply_rate")
        cell = self._merchant * 2 + is_apart
        size = 2 * len(self._names)
        sums = []
        for orders, repeat in (lived, other):
            weight, value = np.ones(len(orders)), repeat
            if outcome == "stars":
                weight, value = review_chance(self._market, orders), orders.score.astype(float)
            elif outcome == "dispute":
                value = (orders.disputed >= 0).astype(float)
                if lever == "slow_refund_rate":
                    value = value * (orders.disputed > orders.returned)
            sums += [np.bincount(cell, found * where, size) for found in (weight * value, weight)]
        return np.array(sums)

    def _outcomes(self, seed: int, replay: int, do: Conditions) -> tuple[Orders, Floats]:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(22, replay)))
        orders = simulate(self._market, self._merchant, self._buyer, self._placed, rng, do)
        return orders, self._repeat(orders, rng)

    def _repeat(self, o: Orders, rng: np.random.Generator) -> Floats:
        """Chance of a purchase within 60 days: one that the order leads to, as in `demand.further_purchases`, or another."""
        market = self._market
        again = np.array([one.again for one in CATEGORIES])[market.merchants.category[o.merchant]]
        active = 0.55 + 0.9 * market.buyers.taste(o.buyer, 3)
        done = np.where(o.delivered >= 0, o.delivered, np.where(o.cancelled >= 0, o.cancelled, o.deliver_by))
        gap = np.exp(np.log(22.0) + 0.8 * rng.standard_normal(len(o))) + 0.5
        is_in_time = (done - o.placed) / DAY + gap <= _REPEAT_DAYS
        rate = behaviour.repeat_rate(o.latent, o.refund_days, again, active)
        return np.asarray(1.0 - (1.0 - rate * is_in_time) * (1.0 - _BACKGROUND), dtype=np.float64)
