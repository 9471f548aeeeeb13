"""Simulated panels with planted incidents, to judge the watch by: who did what on which day, and what was planted.

Drawn from none of the families that the watch assumes: orders come in bursts whose rate wanders, and late ones in batches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FIRST_DAY = date(2025, 1, 6)  # a Monday


@dataclass(frozen=True)
class Incident:
    """Days first … last (places in the panel, both included) of one merchant; size: what the expectation was multiplied with."""

    merchant: int
    first: int
    last: int
    size: float


@dataclass(frozen=True)
class SimulatedPanel:
    """orders, late: (merchants, days) counts, late of the orders. incidents: planted in `orders` or in `late`."""

    orders: Floats
    late: Floats
    order_incidents: tuple[Incident, ...] = field(default=())
    late_incidents: tuple[Incident, ...] = field(default=())


def _wander(shape: tuple[int, int], sd: Floats, memory: float, is_rough: bool, rng: np.random.Generator) -> Floats:
    """A stationary wandering of each merchant's log rate, of bounded or of heavy-tailed steps; sd of shape (merchants, 1)."""
    steps = rng.standard_t(6, size=shape) / np.sqrt(1.5) if is_rough else rng.uniform(-1.732, 1.732, shape)
    steps *= np.sqrt(1 - memory**2)
    walk = np.zeros(shape)
    for t in range(shape[1]):
        walk[:, t] = steps[:, t] + (memory * walk[:, t - 1] if t else 0.0)
    return walk * sd


def _market(days: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Log demand common to all, and the log lift of campaigns and holidays, which each merchant feels in its own measure."""
    t = np.arange(days)
    week = rng.normal(0, 0.2, 7)[t % 7]
    year = 0.25 * np.sin(2 * np.pi * (t / 365 + rng.random())) + rng.normal(0, 0.0006) * t
    event = np.zeros(days)
    for start in rng.integers(20, days, max(days // 60, 2)):
        event[start : start + rng.integers(1, 6)] = rng.choice([-0.9, 0.7, 1.1])
    return week + year + rng.normal(0, 0.05, days), event


def _planted(
    count: int, base: Floats, first: int, sizes: tuple[float, ...], floor: float, rng: np.random.Generator
) -> tuple[Incident, ...]:
    """Incidents of 1 to 7 days after day `first`, in merchants of two months and at least `floor` a day, none of them twice."""
    days = base.shape[1]
    is_settled = (base[:, : max(first - 60, 1)] > 0).any(axis=1)
    large = np.flatnonzero(is_settled & (base[:, first:].mean(axis=1) >= floor))
    chosen = rng.choice(large, size=min(count, len(large)), replace=False)
    found = []
    for i, merchant in enumerate(chosen):
        length = int(rng.integers(1, 8))
        start = int(rng.integers(first, days - length))
        found.append(Incident(int(merchant), start, start + length - 1, sizes[i % len(sizes)]))
    return tuple(found)


def simulate_panel(
    seed: int,
    *,
    merchants: int = 500,
    days: int = 180,
    judged: int = 30,
    incidents: int = 0,
    order_sizes: tuple[float, ...] = (0.0, 0.4, 2.0, 3.0, 5.0),
    late_sizes: tuple[float, ...] = (2.0, 3.0, 5.0),
    floor: float = 4.0,
    is_rough: bool = False,
) -> SimulatedPanel:
    """A panel whose last `judged` days hold `incidents` of each metric; none is quiet. Merchants sell 0.05 to several hundred a day."""
    rng = np.random.default_rng(seed)
    shape = (merchants, days)
    common, event = _market(days, rng)
    size = np.exp(rng.normal(1.5, 1.5, (merchants, 1)))
    own_week = rng.normal(0, 0.25, (merchants, 7))[:, np.arange(days) % 7]
    trend = rng.normal(0, 0.0015, (merchants, 1)) * np.arange(days)
    feels = np.clip(rng.normal(1, 0.35, (merchants, 1)), 0, 2.5)
    joined = np.where(rng.random(merchants) < 0.15, rng.integers(0, days, merchants), 0)[:, None]
    noise = _wander(shape, np.exp(rng.normal(-2.0, 0.5, (merchants, 1))), 0.6, is_rough, rng)
    base = size * np.exp(common + feels * event + own_week + trend + noise) * (np.arange(days) >= joined)
    first = days - judged
    planted = _planted(incidents, base, first, order_sizes, floor, rng)
    for one in planted:
        base[one.merchant, one.first : one.last + 1] *= one.size
    bursts = rng.poisson(base * 0.85)  # each brings one order, some two or three
    orders = bursts + rng.binomial(bursts, 0.12) + rng.binomial(bursts, 0.03) * 2
    level = rng.normal(-3.0, 0.8, (merchants, 1)) + _wander(shape, np.full((merchants, 1), 0.25), 0.5, is_rough, rng)
    outage = np.zeros(days)
    start = int(rng.integers(days // 3, days - 6))
    outage[start : start + 6] = 1.1
    share = 1 / (1 + np.exp(-(level + feels * outage)))
    late_planted = _planted(incidents, base, first, late_sizes, floor, rng)
    for one in late_planted:
        at = slice(one.first, one.last + 1)
        odds = share[one.merchant, at] / (1 - share[one.merchant, at]) * one.size * 1.3
        share[one.merchant, at] = odds / (1 + odds)
    pairs = orders // 2  # parcels handed over in twos fare alike two times in three
    alike = rng.binomial(pairs, 0.3)
    late = 2 * rng.binomial(alike, share) + rng.binomial(orders - 2 * alike, share)
    return SimulatedPanel(orders.astype(float), late.astype(float), planted, late_planted)
