"""What a merchant of the demo really is: its history lived again and again, with other chance and the same traits.

Counts of a measure, averaged over lives that are known to their end, are what the measure of one life scatters around: the score of those
averages is the true score. Knows the simulator and a score definition; knows no warehouse. For benchmarks and tests: a real marketplace
has one life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.demo import events as ev
from analytics.demo.delivery import SELLER
from analytics.demo.demand import OUTSIDE_SHARE, Purchases, further_purchases
from analytics.demo.emit import emit_orders
from analytics.demo.generate import LAST_DAY
from analytics.demo.orders import Orders, simulate
from analytics.demo.run import Simulation
from analytics.demo.stream import EventStream
from analytics.demo.truth import OrderTruth
from analytics.demo.world import CATEGORIES, DAY, SIZES, Bools, Floats, Ints, ScaleName, make_calendar
from analytics.trust.posterior import credit
from analytics.trust.prior import TrustModel, recent
from analytics.trust.programme import Programme

_UPHELD = 0  # position in stream.OUTCOMES


@dataclass(frozen=True)
class Lives:
    """`seen`: the counts of one life, as known at the end of history (columns of `daily_counts`); `expected`: those of many lives, added up.

    `is_drifting`: merchants whose traits move during history.
    """

    seen: pd.DataFrame
    expected: pd.DataFrame
    is_drifting: Bools


def live(scale: ScaleName, seed: int, programme: Programme, replicates: int) -> Lives:
    """A demo marketplace of a seed and what to expect of it: the life that `trustdesk demo` writes, and `replicates` others."""
    seen = _Life(scale, seed, programme, None).lived()
    expected: dict[str, npt.NDArray[np.int32]] = {}
    for replicate in range(replicates):
        for name, days in _Life(scale, seed, programme, replicate).lived().daily.items():
            expected[name] = expected[name] + days if name in expected else days
    return Lives(seen.counts(seen.daily), seen.counts(expected), seen.market.merchants.drift != 0)


def true_rates(expected: pd.DataFrame, model: TrustModel) -> Floats:
    """The merchants' true rates (merchants, rates), 0–1, weighted by recency as the score does; NaN where no life had such an order."""
    pairs = [recent(expected, rate) for rate in model.rates]
    return np.array([np.where(n > 0, x / np.where(n > 0, n, 1.0), np.nan) for x, n in pairs]).T


def true_scores(expected: pd.DataFrame, model: TrustModel) -> Floats:
    """The score of the true rates (merchants,), 0–100; NaN where one of them is unknown."""
    return cast(Floats, credit(true_rates(expected, model), model) @ np.array(model.max_points))


class _Opinions:
    """Stands in for the stream of events and counts what is not told by the orders themselves: survey answers and penalties."""

    def __init__(self, life: _Life) -> None:
        self._life = life

    def add(self, kind: str, time: Ints, where: Bools | None = None, **columns: Ints) -> None:
        happened = self._life.is_known(time) if where is None else self._life.is_known(time) & where
        if kind == "csat_answered":
            self._life.count("csat_count", columns["merchant"], time, happened)
            self._life.count("csat_satisfied_count", columns["merchant"], time, happened & (columns["score"] >= 4))
        elif kind == "penalty_issued":
            self._life.count("penalty_count", columns["merchant"], time, happened)


class _Life(Simulation):
    """One history: `daily` has a measure's counts by merchant and age in days, shape (merchants, window)."""

    def __init__(self, scale: ScaleName, seed: int, programme: Programme, replicate: int | None) -> None:
        size = SIZES[scale]
        nowhere = Path(gettempdir()) / "trustdesk-lives"  # nothing is written
        super().__init__(size, make_calendar(size, LAST_DAY), seed, nowhere, OrderTruth(nowhere / "orders.parquet"))
        self._replicate, self._programme = replicate, programme
        self._stream = cast(EventStream, _Opinions(self))
        self.daily: dict[str, npt.NDArray[np.int32]] = {}

    def lived(self) -> _Life:
        rate = OUTSIDE_SHARE * self._size.orders / self._total_demand()
        for month in range(self._calendar.months):
            self._trade(month, rate)
        return self

    def is_known(self, time: Ints) -> Bools:
        """Whether something has happened, as far as is known: the first life is seen at the end of history, the others from afterwards."""
        return np.asarray((time >= 0) & (time < self._calendar.end) if self._replicate is None else time >= 0)

    def count(self, measure: str, merchant: Ints, time: Ints, where: Bools) -> None:
        days = self._programme.window_days
        age = (self._calendar.end - 1 - time) // DAY
        cell = (merchant * days + age)[where & (age >= 0) & (age < days)]
        found = np.bincount(cell, minlength=self._size.merchants * days).astype(np.int32).reshape(-1, days)
        self.daily[measure] = self.daily[measure] + found if measure in self.daily else found

    def counts(self, daily: dict[str, npt.NDArray[np.int32]]) -> pd.DataFrame:
        """The frame of `daily_counts` for these days."""
        programme, merchants = self._programme, self.market.merchants
        ages = np.arange(programme.window_days)
        weight = 0.5 ** (ages / programme.half_life_days)
        columns: dict[str, Sequence[object] | npt.NDArray[np.generic] | date] = {
            "merchant_id": ev.ids(ev.MERCHANT, np.arange(len(merchants))).to_pylist(),
            "name": merchants.name,
            "category": [CATEGORIES[position].name for position in merchants.category],
            "tenure_days": (self._calendar.end - merchants.joined_at) / DAY,
            "as_of": [LAST_DAY] * len(merchants),
            "n": daily["order_count"].sum(axis=1),
        }
        for rate in programme.rates:
            ripe = (ages >= rate.maturity_days).astype(float)
            bad, n = daily[rate.numerator], daily[rate.denominator]
            columns |= {
                f"{rate.rate_id}.numerator": bad @ ripe,
                f"{rate.rate_id}.denominator": n @ ripe,
                f"{rate.rate_id}.recent_numerator": bad @ (ripe * weight),
                f"{rate.rate_id}.recent_denominator": n @ (ripe * weight),
                f"{rate.rate_id}.square_denominator": n @ (ripe * weight**2),
                f"{rate.rate_id}.evidence": daily[rate.evidence] @ ripe,
            }
        return pd.DataFrame(columns)

    def _chance(self, stage: int, month: int, block: int = 0) -> np.random.Generator:
        if self._replicate is None:
            return super()._chance(stage, month, block)
        key = (1000 + self._replicate, stage, month, block)
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=key))

    def _handle(self, month: int, batch: Purchases, rng: np.random.Generator) -> None:
        orders = simulate(self.market, batch.merchant, batch.buyer, batch.placed, rng)
        number = np.arange(len(orders))
        reviews = emit_orders(self.market, self._stream, orders, number, rng)
        self._tally.add(orders)
        if self._replicate is None:
            self.casebook.add(orders, number, reviews, rng)  # draws chance, so that this life stays the demo's
        self._diary.add(further_purchases(self.market, orders, month, rng))
        self._count_orders(orders, reviews.posted)

    def _count_orders(self, o: Orders, reviewed: Ints) -> None:
        shipped, delivered = self.is_known(o.shipped), self.is_known(o.delivered)
        returned, disputed = self.is_known(o.returned), self.is_known(o.disputed)
        closed, posted = self.is_known(o.dispute_closed), self.is_known(reviewed)
        overdue = ~shipped & ~self.is_known(o.cancelled) & self.is_known(o.ship_by)
        for measure, where in {
            "order_count": np.ones(len(o), dtype=bool),
            "seller_cancelled_count": self.is_known(o.cancelled) & (o.cancel_fault == SELLER),
            "ship_due_count": (shipped | overdue) & self.is_known(o.ship_by),
            "shipped_late_count": ((shipped & (o.shipped > o.ship_by)) | overdue) & self.is_known(o.ship_by),
            "tracked_count": shipped,
            "valid_tracking_count": shipped & (o.tracking > 0),
            "delivered_count": delivered,
            "delivery_due_count": delivered & self.is_known(o.deliver_by),
            "late_seller_count": delivered & (o.late_fault == SELLER),
            "reviewed_order_count": posted,
            "negative_order_count": posted & (o.score <= 2),
            "returned_count": returned,
            "seller_returned_count": returned & (o.return_fault == SELLER),
            "disputed_count": disputed,
            "seller_disputed_count": disputed & closed & (o.dispute_fault == SELLER),
            "upheld_dispute_count": closed & (o.outcome == _UPHELD),
            "chargeback_count": self.is_known(o.chargeback),
        }.items():
            self.count(measure, o.merchant, o.placed, where)
        asked, answered = self.is_known(o.asked), self.is_known(o.asked) & self.is_known(o.answered)
        self.count("question_count", o.merchant, o.asked, asked)
        self.count("question_replied_count", o.merchant, o.asked, answered)
        in_time = answered & (o.answered - o.asked <= DAY)
        self.count("question_replied_24h_count", o.merchant, o.asked, in_time)
