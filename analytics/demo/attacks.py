"""What attackers do: their shops' orders, false orders with bought reviews, and the honest ones that hide them.

Runs after the rest of the marketplace is written, with a stream, numbers and chance of its own, and adds shards of its
own; nothing written before it changes. Memory holds the attackers' events alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from analytics.demo import events as ev
from analytics.demo.attackers import Attackers, AttackSize, Gang, Shop
from analytics.demo.demand import buyers_region, hourly_demand
from analytics.demo.emit import emit_facts, emit_orders
from analytics.demo.market import Market
from analytics.demo.orders import Orders, simulate
from analytics.demo.penalties import CLAUSES, Court, Penalties, Tally, emit_penalties, join
from analytics.demo.praise import DRAFTS, VARIANTS, praise_number, praise_pool
from analytics.demo.reviews import text_number, text_pool
from analytics.demo.run import RunResult
from analytics.demo.stream import EventStream
from analytics.demo.truth import OrderTruth
from analytics.demo.world import DAY, HOUR, Bools, Ints

_RETURNING = 0.2  # share of a shop's orders by buyers it had before
_VIEWS = 3  # views and carts without an order, per order of a shop
_CART_SHARE = 0.12
_ANONYMOUS = 0.45
_COVER = 0.75  # share of a ring's members that each of its reviewers rates
_CAMPAIGNS = 3
_CAMPAIGN_DAYS = 2.0
_IN_CAMPAIGN = 0.6
_COPIED = {"ring": 0.7, "sybil": 0.4}  # share of false reviews in the words of a draft
_TRIES = 60


@dataclass(frozen=True)
class FalseReviews:
    """One entry per false order: its number, merchant and buyer (positions), and the position of its gang."""

    order: Ints
    merchant: Ints
    buyer: Ints
    gang: Ints


@dataclass(frozen=True)
class AttackResult:
    """What the attacks added: penalties of the attackers' shops, false reviews, and how many orders and events."""

    penalties: Penalties
    false_reviews: FalseReviews
    order_count: int
    event_count: int


class Attacks:
    """One run of all attackers; `truth` gets every order that they add."""

    def __init__(self, attackers: Attackers, size: AttackSize, before: RunResult, truth: OrderTruth, seed: int) -> None:
        self._attackers, self._size, self._truth = attackers, size, truth
        self._market: Market = attackers.market
        self._calendar = attackers.market.calendar
        self._known = attackers.market.buyers.count  # buyers who are no attacker's
        self._stream = EventStream(self._calendar, before.next_event)
        self._first_order = self._next_order = before.next_order
        self._tally = Tally(self._calendar, len(self._market.merchants))
        honest = replace(self._market.merchants, mischief=np.zeros(len(self._market.merchants)))
        self._court = Court(honest, self._tally, len(before.penalties.number))
        self._chance = [np.random.default_rng(s) for s in np.random.SeedSequence(seed, spawn_key=(7, 1)).spawn(4)]
        self._false: list[FalseReviews] = []
        self._words = len(text_pool())

    def run(self, out: Path) -> AttackResult:
        """Simulate every attack and write its events, one shard a month, beside the others'."""
        trade, gangs, court, views = self._chance
        for shop in self._attackers.shops:
            self._trade(shop, trade, views)
        for position, gang in enumerate(self._attackers.gangs):
            self._conspire(position, gang, gangs)
        penalties = []
        for month in range(self._calendar.months):
            judged = self._court.judge(month, int(self._calendar.month_starts[month + 1]), court)
            emit_penalties(self._stream, judged)
            penalties.append(judged)
        names = [field.name for field in fields(FalseReviews)]
        return AttackResult(
            join(penalties),
            FalseReviews(**{name: np.concatenate([getattr(part, name) for part in self._false]) for name in names}),
            self._next_order - self._first_order,
            self._write(out),
        )

    def _write(self, out: Path) -> int:
        texts, clauses, count = text_pool() + praise_pool(), [clause for clause, _, _ in CLAUSES], 0
        for month in range(self._calendar.months):
            taken = self._stream.take_month(month)
            name = np.datetime64(int(self._calendar.month_starts[month]), "s").astype("datetime64[M]")
            if len(taken["time"]):
                path = out / "events" / f"{name}-2.parquet"
                count += ev.write_events(path, taken, self._market.merchants.region, clauses, texts)
        return count

    def _numbers(self, orders: Orders) -> Ints:
        number = self._next_order + np.arange(len(orders))
        self._next_order += len(orders)
        self._truth.add(orders, number)
        return number

    def _trade(self, shop: Shop, rng: np.random.Generator, views: np.random.Generator) -> None:
        """A shop's own orders, with the conduct of its traits, and the views that lead to none."""
        n = max(1, round(self._size.orders_a_day * (shop.closes - shop.opens) / DAY))
        merchant = np.full(n, shop.merchant)
        placed = np.sort(
            self._instants(int(self._market.merchants.region[shop.merchant]), shop.opens, shop.closes, n, rng)
        )
        orders = simulate(self._market, merchant, self._customers(merchant, placed, rng), placed, rng)
        emit_orders(self._market, self._stream, orders, self._numbers(orders), rng)
        self._tally.add(orders)
        row = views.integers(0, n, _VIEWS * n)
        time = np.maximum(placed[row] + (views.normal(0.0, 30.0, len(row)) * HOUR).astype(np.int64), shop.opens)
        buyer = np.where(views.random(len(row)) < _ANONYMOUS, -1, orders.buyer[views.integers(0, n, len(row))])
        is_cart = views.random(len(row)) < _CART_SHARE
        party: dict[str, Ints | int] = {"merchant": shop.merchant, "product": orders.product[row, 0], "buyer": buyer}
        self._stream.add("view", time, ~is_cart, **party)
        self._stream.add("cart", time, is_cart, **party)

    def _instants(self, region: int, opens: int, closes: int, n: int, rng: np.random.Generator) -> Ints:
        """n instants between two, by the demand of the region's buyers."""
        months = [hourly_demand(self._calendar, month, region) for month in range(self._calendar.months)]
        hours, demand = np.concatenate([m[0] for m in months]), np.concatenate([m[1] for m in months])
        inside = (hours >= opens) & (hours < closes)
        weight = demand[inside] / demand[inside].sum()
        return np.asarray(rng.choice(hours[inside], size=n, p=weight) + rng.integers(0, HOUR, n))

    def _customers(self, merchant: Ints, placed: Ints, rng: np.random.Generator) -> Ints:
        """A buyer per order (by time): most are new to the marketplace, some come back to the shop."""
        n = len(placed)
        is_new = rng.random(n) >= _RETURNING
        is_new[0] = True
        region = buyers_region(self._market.merchants.region[merchant], rng)
        joined = placed - (rng.exponential(4.0, n) * DAY).astype(np.int64) - DAY
        new = self._market.buyers.add(region[is_new], joined[is_new])
        met = np.cumsum(is_new)
        return np.where(is_new, new[met - 1], new[(rng.random(n) * met).astype(np.int64)])

    def _conspire(self, position: int, gang: Gang, rng: np.random.Generator) -> None:
        """A gang's false orders and reviews; new accounts of a ring also buy honestly elsewhere."""
        is_chinese = bool(self._market.merchants.region[gang.members[0]] >= 3)
        if gang.attack == "ring":
            merchant, buyer, placed, new = self._ring_orders(gang, rng)
            self._hide(gang, new, rng)
        else:
            n = self._size.sybils
            merchant = np.repeat(gang.members, n)
            placed = self._dates(gang, n, rng)
            buyer = self._accounts(is_chinese, placed, rng)
        orders = self._served(merchant, buyer, placed, rng)
        number = self._numbers(orders)
        emit_facts(self._stream, orders, number, rng)
        n = len(orders)
        posted = orders.delivered + ((0.15 + rng.gamma(1.3, 1.2, n)) * DAY).astype(np.int64)
        draft = rng.choice(DRAFTS, size=2, replace=False)[rng.integers(0, 2, n)]
        copied = self._words + praise_number(is_chinese, draft, rng.integers(0, VARIANTS, n))
        own = text_number(np.full(n, int(is_chinese)), orders.score, orders.cause, rng.random(n))
        text = np.where(rng.random(n) < _COPIED[gang.attack], copied, own)
        party = {"merchant": orders.merchant, "buyer": orders.buyer, "order": number}
        self._stream.add("review_posted", posted, posted >= 0, **party, score=orders.score, text=text)
        self._false.append(FalseReviews(number, orders.merchant, orders.buyer, np.full(n, position)))

    def _ring_orders(self, gang: Gang, rng: np.random.Generator) -> tuple[Ints, Ints, Ints, Ints]:
        """Merchant, buyer and instant of each false order, and the ring's new accounts: half of its reviewers."""
        n = len(gang.members) + 8
        is_chinese = bool(self._market.merchants.region[gang.members[0]] >= 3)
        bought = self._bought(is_chinese, gang.opens, n - n // 2, rng)
        new = self._accounts(is_chinese, np.full(n - len(bought), gang.opens), rng)
        rater, member = np.nonzero(rng.random((n, len(gang.members))) < _COVER)
        return gang.members[member], np.concatenate([bought, new])[rater], self._dates(gang, len(rater), rng), new

    def _dates(self, gang: Gang, n: int, rng: np.random.Generator) -> Ints:
        """Instants of false orders: six in ten in campaigns of two days, the rest spread."""
        span = gang.closes - gang.opens
        window = gang.opens + rng.random(_CAMPAIGNS) * (span - _CAMPAIGN_DAYS * DAY)
        burst = window[rng.integers(0, _CAMPAIGNS, n)] + rng.random(n) * _CAMPAIGN_DAYS * DAY
        spread = gang.opens + rng.random(n) * span
        return np.where(rng.random(n) < _IN_CAMPAIGN, burst, spread).astype(np.int64)

    def _accounts(self, is_chinese: bool, placed: Ints, rng: np.random.Generator) -> Ints:
        """A new account per entry, opened in the three weeks before."""
        n = len(placed)
        region = rng.choice([3, 4], size=n) if is_chinese else rng.choice(3, size=n)
        return self._market.buyers.add(region, placed - (rng.uniform(0.05, 21.0, n) * DAY).astype(np.int64))

    def _bought(self, is_chinese: bool, before: int, n: int, rng: np.random.Generator) -> Ints:
        """Up to n accounts of buyers in the country who joined before an instant."""
        buyers = self._market.buyers
        tried = np.unique(rng.integers(0, self._known, 200 * n))
        able = tried[((buyers.region_of(tried) >= 3) == is_chinese) & (buyers.joined_at[tried] < before)]
        return rng.choice(able, size=min(n, len(able)), replace=False)

    def _hide(self, gang: Gang, accounts: Ints, rng: np.random.Generator) -> None:
        """One to three honest orders of each new account at merchants of the country outside the ring."""
        merchants = self._market.merchants
        is_chinese = merchants.region >= 3
        weight = merchants.size * (is_chinese == is_chinese[gang.members[0]]) * (merchants.joined_at < gang.opens)
        weight[gang.members] = 0.0
        buyer = np.repeat(accounts, rng.integers(1, 4, len(accounts)))
        merchant = rng.choice(len(merchants), size=len(buyer), p=weight / weight.sum())
        placed = gang.opens + (rng.random(len(buyer)) * (gang.closes - gang.opens)).astype(np.int64)
        orders = simulate(self._market, merchant, buyer, placed, rng)
        emit_orders(self._market, self._stream, orders, self._numbers(orders), rng)

    def _served(self, merchant: Ints, buyer: Ints, placed: Ints, rng: np.random.Generator) -> Orders:
        """Orders that go well, for seller and buyer are in league: drawn until they do, and five stars each."""
        orders = simulate(self._market, merchant, buyer, placed, rng)
        for _ in range(_TRIES):
            failed = np.flatnonzero(~_is_well(orders))
            if not len(failed):
                break
            again = simulate(self._market, merchant[failed], buyer[failed], placed[failed], rng)
            orders = _replaced(orders, failed, again)
        orders = orders.take(np.flatnonzero(_is_well(orders)))
        return replace(orders, score=np.full(len(orders), 5), latent=np.maximum(orders.latent, 5.2))


def _is_well(orders: Orders) -> Bools:
    """Delivered in time and as described, no question unanswered, nothing returned, disputed or paid back."""
    troubles = (orders.returned, orders.refunded, orders.disputed, orders.chargeback)
    is_troubled = np.any([trouble >= 0 for trouble in troubles], axis=0)
    return np.asarray((orders.delivered >= 0) & (orders.cause == 0) & ~is_troubled)


def _replaced(orders: Orders, rows: Ints, other: Orders) -> Orders:
    told = {}
    for field in fields(Orders):
        told[field.name] = getattr(orders, field.name).copy()
        told[field.name][rows] = getattr(other, field.name)
    return Orders(**told)
