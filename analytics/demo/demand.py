"""Who buys where and when: outside demand with its seasons, and further purchases that grow out of experience."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from analytics.demo import behaviour
from analytics.demo.market import Market
from analytics.demo.orders import Orders
from analytics.demo.world import CATEGORIES, DAY, HOUR, REGIONS, Calendar, Floats, Ints

_HOURS = np.array([3, 2, 1, 1, 1, 1, 2, 3, 5, 6, 7, 7, 7, 7, 7, 7, 7, 7, 8, 10, 11, 10, 8, 5], dtype=float)
_WEEKDAYS = np.array([1.08, 1.02, 1.0, 0.98, 0.94, 0.93, 1.05])  # Monday first
_GROWTH = 0.012  # a month
CAMPAIGN_LIFT = 1.9
_HOLIDAY_LIFT = 1.6  # 11 November in China, 24–30 November in the United States
_WARM_UP = (1.30, 1.15, 1.05)  # first months: there are no earlier orders yet that could lead to further ones
OUTSIDE_SHARE = 0.785  # of all orders; the rest are further purchases
_KNOWN_BUYER = 0.10  # outside demand that comes from a buyer who is already there


@dataclass(frozen=True)
class Purchases:
    """Purchases to be made: merchant and buyer positions, instants in epoch seconds."""

    merchant: Ints
    buyer: Ints
    placed: Ints


def hourly_demand(calendar: Calendar, month: int, region: int) -> tuple[Ints, Floats]:
    """Start of each hour of the month, and the relative demand of buyers of a region in that hour."""
    starts = np.arange(calendar.month_starts[month], calendar.month_starts[month + 1], HOUR)
    local = starts + REGIONS[region].utc_offset * HOUR
    weight = _HOURS[(local // HOUR) % 24] / _HOURS.mean() * _WEEKDAYS[(local // DAY + 3) % 7]
    weight = weight * (1.0 + _GROWTH) ** ((starts - calendar.start) / (30.4 * DAY))
    weight = weight * np.where((starts >= calendar.campaign[0]) & (starts < calendar.campaign[1]), CAMPAIGN_LIFT, 1.0)
    middle = datetime.fromtimestamp(int(starts[len(starts) // 2]), UTC)
    if middle.month == 11:
        day = (local - calendar.month_starts[month]) // DAY + 1
        first, last = (10, 11) if REGIONS[region].country == "CN" else (24, 30)
        weight = weight * np.where((day >= first) & (day <= last), _HOLIDAY_LIFT, 1.0)
    return starts, weight * (_WARM_UP[month] if month < len(_WARM_UP) else 1.0)


def category_season(calendar: Calendar, month: int) -> Floats:
    """Yearly season of each category in a month: 1 plus a bump of about three months around its peak."""
    middle = int(calendar.month_starts[month] + calendar.month_starts[month + 1]) // 2
    number = datetime.fromtimestamp(middle, UTC).month
    peak = np.array([c.peak_month for c in CATEGORIES])
    height = np.array([c.peak for c in CATEGORIES])
    return np.asarray(1.0 + height * np.exp(4.0 * (np.cos(2.0 * np.pi * (number - peak) / 12.0) - 1.0)))


def merchant_weights(market: Market, month: int) -> Floats:
    """Each merchant's demand in a month: size, category season, and a ramp of 90 days after joining."""
    merchants, calendar = market.merchants, market.calendar
    start, end = calendar.month_starts[month], calendar.month_starts[month + 1]
    age = np.clip((end - merchants.joined_at) / (90 * DAY), 0.0, 1.0)
    open_share = np.clip((end - merchants.joined_at) / (end - start), 0.0, 1.0)
    return np.asarray(merchants.size * category_season(calendar, month)[merchants.category] * age * open_share)


def _weighted(weights: Floats, n: int, rng: np.random.Generator) -> Ints:
    total = np.cumsum(weights)
    return np.asarray(np.minimum(np.searchsorted(total, rng.random(n) * total[-1]), len(weights) - 1))


def buyers_region(merchant_region: Ints, rng: np.random.Generator) -> Ints:
    """Region of each buyer: mostly the merchant's country; a quarter of Chinese merchants' buyers are American."""
    n = len(merchant_region)
    is_chinese = (merchant_region >= 3) & (rng.random(n) < 0.75)
    return np.where(is_chinese, rng.choice([3, 4], size=n, p=[0.56, 0.44]), rng.choice(3, size=n, p=[0.4, 0.28, 0.32]))


def outside_purchases(market: Market, month: int, rate: float, rng: np.random.Generator) -> Purchases:
    """Purchases of a month that no earlier order caused; rate is orders per unit of demand."""
    calendar, merchants, buyers = market.calendar, market.merchants, market.buyers
    start, end = int(calendar.month_starts[month]), int(calendar.month_starts[month + 1])
    weights = merchant_weights(market, month)
    season = [hourly_demand(calendar, month, region) for region in (0, 3)]
    parts = []
    for chinese, (hours, demand) in enumerate(season):
        local = weights * ((merchants.region >= 3) == bool(chinese))
        n = int(rng.poisson(rate * local.sum() * demand.sum()))
        placed = hours[_weighted(demand, n, rng)] + rng.integers(0, HOUR, n)
        parts.append((_weighted(local, n, rng), placed))
    merchant = np.concatenate([p[0] for p in parts])
    placed = np.concatenate([p[1] for p in parts])
    opened = np.maximum(merchants.joined_at[merchant], start)
    placed = np.where(placed < opened, opened + (rng.random(len(placed)) * (end - opened)).astype(np.int64), placed)
    region = buyers_region(merchants.region[merchant], rng)
    known = rng.random(len(merchant)) < (_KNOWN_BUYER if buyers.count > 1_000 else 0.0)
    buyer = np.empty(len(merchant), dtype=np.int64)
    buyer[known] = rng.integers(0, max(buyers.count, 1), int(known.sum()))
    joined = placed[~known] - (rng.exponential(4.0, int((~known).sum())) * DAY).astype(np.int64) - DAY
    buyer[~known] = buyers.add(region[~known], joined)
    return Purchases(merchant, buyer, placed)


def further_purchases(market: Market, orders: Orders, month: int, rng: np.random.Generator) -> Purchases:
    """Purchases that a batch of orders leads to, at any later time; where to depends on how the order went."""
    n = len(orders)
    merchants = market.merchants
    again = np.array([c.again for c in CATEGORIES])[merchants.category[orders.merchant]]
    active = 0.55 + 0.9 * market.buyers.taste(orders.buyer, 3)
    rows = np.flatnonzero(rng.random(n) < behaviour.repeat_rate(orders.latent, orders.refund_days, again, active))
    done = np.where(
        orders.delivered >= 0, orders.delivered, np.where(orders.cancelled >= 0, orders.cancelled, orders.deliver_by)
    )
    gap = np.exp(np.log(22.0) + 0.8 * rng.standard_normal(len(rows)))
    placed = done[rows] + ((gap + 0.5) * DAY).astype(np.int64)
    is_loyal = rng.random(len(rows)) < behaviour.loyalty_rate(orders.latent[rows])
    weights = merchant_weights(market, month)
    is_chinese = merchants.region >= 3
    elsewhere = np.where(
        is_chinese[orders.merchant[rows]],
        _weighted(weights * is_chinese, len(rows), rng),
        _weighted(weights * ~is_chinese, len(rows), rng),
    )
    merchant = np.where(is_loyal, orders.merchant[rows], elsewhere)
    return Purchases(merchant, orders.buyer[rows], np.maximum(placed, merchants.joined_at[merchant] + HOUR))


class Diary:
    """Further purchases that wait for their month."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._waiting: dict[int, list[Purchases]] = defaultdict(list)

    def add(self, purchases: Purchases) -> None:
        month = self._calendar.month_of(purchases.placed)
        for m in np.unique(month[month < self._calendar.months]):
            chosen = month == m
            self._waiting[int(m)].append(
                Purchases(purchases.merchant[chosen], purchases.buyer[chosen], purchases.placed[chosen])
            )

    def take(self, month: int) -> Purchases | None:
        """All purchases waiting for a month, and forget them; None when there are none."""
        waiting = self._waiting.pop(month, [])
        if not waiting:
            return None
        return Purchases(
            np.concatenate([p.merchant for p in waiting]),
            np.concatenate([p.buyer for p in waiting]),
            np.concatenate([p.placed for p in waiting]),
        )
