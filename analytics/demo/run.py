"""One run of the simulator: month after month, orders, penalties and views become shards on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analytics.demo import events as ev
from analytics.demo.casebook import Casebook
from analytics.demo.demand import (
    OUTSIDE_SHARE,
    Diary,
    Purchases,
    further_purchases,
    hourly_demand,
    merchant_weights,
    outside_purchases,
)
from analytics.demo.emit import emit_orders
from analytics.demo.market import Market, make_market
from analytics.demo.orders import simulate
from analytics.demo.penalties import CLAUSES, Court, Penalties, Tally, emit_penalties, join
from analytics.demo.reviews import text_pool
from analytics.demo.stream import EventStream
from analytics.demo.truth import OrderTruth
from analytics.demo.world import DAY, HOUR, Calendar, Ints, Size

Progress = Callable[[str, float], None]
_FIRST_ORDER = 10_000_001
_BATCH = 400_000  # orders simulated at a time
_CASES = 400_000  # troubled orders kept for tickets, about
_ANONYMOUS = 0.45  # views by visitors who have not signed in
_CART_SHARE = 0.12


@dataclass(frozen=True)
class RunResult:
    """What a run leaves in memory once its shards are written."""

    market: Market
    casebook: Casebook
    penalties: Penalties
    order_count: int
    event_count: int
    next_order: int
    next_event: int


class Simulation:
    """State that passes from month to month; each block of chance has its own generator, spawned from the seed."""

    def __init__(self, size: Size, calendar: Calendar, seed: int, out: Path, truth: OrderTruth) -> None:
        self._size, self._calendar, self._seed, self._out = size, calendar, seed, out
        self.market = make_market(size, calendar, seed)
        self._stream = EventStream(calendar)
        self._diary = Diary(calendar)
        self._tally = Tally(calendar, size.merchants)
        self._court = Court(self.market.merchants, self._tally)
        self.casebook = Casebook(min(1.0, _CASES / (0.25 * size.orders)))
        self._truth = truth
        self._penalties: list[Penalties] = []
        self._sales: list[tuple[Ints, Ints, Ints]] = []  # merchant, product, placed of this month's orders
        self._order_count = 0
        self._event_count = 0
        self._texts = text_pool()

    def run(self, progress: Progress | None) -> RunResult:
        """Simulate every month and write its shard."""
        rate = OUTSIDE_SHARE * self._size.orders / self._total_demand()
        for month in range(self._calendar.months):
            self._simulate_month(month, rate)
            if progress:
                progress("simulate", (month + 1) / self._calendar.months)
        return RunResult(
            market=self.market,
            casebook=self.casebook,
            penalties=join(self._penalties),
            order_count=self._order_count,
            event_count=self._event_count,
            next_order=_FIRST_ORDER + self._order_count,
            next_event=self._stream.next_number,
        )

    def _chance(self, stage: int, month: int, block: int = 0) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(stage, month, block)))

    def _total_demand(self) -> float:
        is_chinese = self.market.merchants.region >= 3
        total = 0.0
        for month in range(self._calendar.months):
            weights = merchant_weights(self.market, month)
            for members, region in ((~is_chinese, 0), (is_chinese, 3)):
                total += float(weights[members].sum() * hourly_demand(self._calendar, month, region)[1].sum())
        return total

    def _simulate_month(self, month: int, rate: float) -> None:
        self._sales = []
        self._trade(month, rate)
        self._browse(month, self._chance(4, month))
        taken = self._stream.take_month(month)
        name = np.datetime64(int(self._calendar.month_starts[month]), "s").astype("datetime64[M]")
        clauses = [clause for clause, _, _ in CLAUSES]
        path = self._out / "events" / f"{name}.parquet"
        self._event_count += ev.write_events(path, taken, self.market.merchants.region, clauses, self._texts)

    def _trade(self, month: int, rate: float) -> None:
        """The orders of a month, and the penalties that it ends with."""
        block = 0
        self._diary.add(outside_purchases(self.market, month, rate, self._chance(1, month)))
        # A purchase may lead to another in the same month: repeat until none is left.
        while (due := self._diary.take(month)) is not None:
            for first in range(0, len(due.placed), _BATCH):
                block += 1
                part = slice(first, first + _BATCH)
                batch = Purchases(due.merchant[part], due.buyer[part], due.placed[part])
                self._handle(month, batch, self._chance(2, month, block))
        end_of_month = int(self._calendar.month_starts[month + 1])
        penalties = self._court.judge(month, end_of_month, self._chance(3, month))
        emit_penalties(self._stream, penalties)
        self._penalties.append(penalties)

    def _handle(self, month: int, batch: Purchases, rng: np.random.Generator) -> None:
        orders = simulate(self.market, batch.merchant, batch.buyer, batch.placed, rng)
        number = _FIRST_ORDER + self._order_count + np.arange(len(orders))
        self._order_count += len(orders)
        reviews = emit_orders(self.market, self._stream, orders, number, rng)
        self._tally.add(orders)
        self.casebook.add(orders, number, reviews, rng)
        self._truth.add(orders, number)
        self._diary.add(further_purchases(self.market, orders, month, rng))
        self._sales.append((orders.merchant, orders.product[:, 0], orders.placed))

    def _browse(self, month: int, rng: np.random.Generator) -> None:
        """Views and carts that lead to no order: as many as bring the month to its share of events."""
        merchant, product, placed = (np.concatenate(parts) for parts in zip(*self._sales, strict=True))
        start, end = int(self._calendar.month_starts[month]), int(self._calendar.month_starts[month + 1])
        wanted = round(self._size.events / self._size.orders * len(placed)) - self._stream.count(month)
        n = max(0, wanted)
        pick = rng.integers(0, len(placed), n)
        time = placed[pick] + (rng.normal(0.0, 10.0, n) * HOUR).astype(np.int64) + rng.integers(-3, 4, n) * DAY
        time = np.where((time < start) | (time >= end), placed[pick], time)
        buyer = np.where(rng.random(n) < _ANONYMOUS, -1, rng.integers(0, self.market.buyers.count, n))
        is_cart = rng.random(n) < _CART_SHARE
        party = {"merchant": merchant[pick], "product": product[pick], "buyer": buyer}
        self._stream.add("view", time, ~is_cart, **party)
        self._stream.add("cart", time, is_cart, **party)
