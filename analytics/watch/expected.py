"""What each merchant's day should have brought, from its own past and from what the whole marketplace did that day.

One pass over the days, each from what lies before it alone. Knows arrays only: no cursor, no metric, no verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Kind = Literal["count", "share"]

HALF_LIFE_DAYS = 28.0
# A merchant's last days say nothing about what to expect of it, so that an incident of a week is not its own yardstick.
GAP_DAYS = 7
HISTORY_DAYS = 28
WEEKDAY_WEIGHT = 40.0  # events that a merchant's own weekday must outweigh
SHARE_WEIGHT = 30.0  # rows of the marketplace's share in a merchant's
CLIP = 4.0  # standard deviations beyond which a day no longer teaches the future
FEW_MERCHANTS = 5.0


@dataclass(frozen=True)
class Expected:
    """All of shape (merchants, days). value: what y should be. exposure: what it is counted over (1 a day for a count).

    uncertainty: the variance of `value` relative to its square (count) or to its binomial variance per row (share), from how
    little the past holds. is_known: whether the past is long enough to say anything.
    """

    value: Floats
    exposure: Floats
    uncertainty: Floats
    is_known: Bools


def _common(y: Floats, base: Floats, is_known: Bools, kind: Kind, exposure: Floats) -> Floats:
    """What the day did to all: each merchant's factor (of the count, or of the odds), from the others alone."""
    known_y, known_base = np.where(is_known, y, 0.0), np.where(is_known, base, 0.0)
    total = known_base.sum()
    if total <= 0 or total**2 < FEW_MERCHANTS * (known_base**2).sum():
        return np.ones_like(y)  # too few to tell the marketplace from the merchant
    others_y, others_base = known_y.sum() - known_y, total - known_base
    if kind == "count":
        return np.asarray((others_y + 0.5) / (others_base + 0.5))
    others_n = np.where(is_known, exposure, 0.0)
    others_n = others_n.sum() - others_n
    odds = (others_y + 0.5) / (others_n - others_y + 0.5)
    return np.asarray(odds / ((others_base + 0.5) / (others_n - others_base + 0.5)))


def _moved(base: Floats, exposure: Floats, factor: Floats, kind: Kind) -> Floats:
    if kind == "count":
        return base * factor
    share = np.divide(base, exposure, out=np.zeros_like(base), where=exposure > 0)
    return exposure * share * factor / (1 - share + share * factor)


def _variance(value: Floats, exposure: Floats, excess: Floats, kind: Kind) -> Floats:
    if kind == "count":
        return value + excess * value**2
    share = np.divide(value, exposure, out=np.zeros_like(value), where=exposure > 0)
    return np.asarray(value * (1 - share) * (1 + excess))


class _Past:
    """Fading sums over each merchant's past, in effective exposure: what the marketplace did is taken out of it."""

    def __init__(self, merchants: int, kind: Kind) -> None:
        self.kind = kind
        self.y, self.x, self.days = np.zeros(merchants), np.zeros(merchants), np.zeros(merchants)
        self.weekday_y, self.weekday_x = np.zeros((7, merchants)), np.zeros((7, merchants))
        self.spread, self.spread_base = np.zeros(merchants), np.zeros(merchants)
        self.fade = 0.5 ** (1 / HALF_LIFE_DAYS)

    def rate(self) -> Floats:
        """Expected y per unit of exposure, on no weekday in particular."""
        if self.kind == "count":
            return np.divide(self.y, self.x, out=np.zeros_like(self.y), where=self.x > 0)
        whole = self.y.sum() / max(self.x.sum(), 1e-9)
        return np.asarray(np.clip((self.y + SHARE_WEIGHT * whole) / (self.x + SHARE_WEIGHT), 1e-4, 1 - 1e-4))

    def weekday(self, day: int) -> Floats:
        """What the merchant's own weekday adds to the marketplace's."""
        if self.kind == "share":
            return np.ones_like(self.y)
        return np.asarray((self.weekday_y[day] + WEEKDAY_WEIGHT) / (self.weekday_x[day] + WEEKDAY_WEIGHT))

    def excess(self) -> Floats:
        """How much more than Poisson or binomial the merchant's days vary, leaning on all merchants."""
        pooled = max(self.spread.sum() / max(self.spread_base.sum(), 1e-9), 0.0)
        weight = self.spread_base.sum() / max((self.spread_base > 0).sum(), 1)
        return np.asarray(np.maximum((self.spread + weight * pooled) / (self.spread_base + weight + 1e-9), 0.0))

    def learn(
        self, day: int, y: Floats, value: Floats, weekday: Floats, rate: Floats, exposure: Floats, present: Bools
    ) -> None:
        """Take in one day: what was seen (clipped) and what was expected of it (0 where nothing was), where it is present."""
        y, exposure = y * present, exposure * present
        is_new = rate <= 0
        effective = np.where(is_new, exposure, np.divide(value, rate * weekday, out=exposure.copy(), where=~is_new))
        started = (self.y > 0) | (y > 0) if self.kind == "count" else exposure > 0
        effective = np.where(started & present, effective, 0.0)
        self.y, self.x = self.fade * self.y + y, self.fade * self.x + effective
        self.days += (self.days > 0) | (y > 0) | ((exposure > 0) & (self.kind == "share"))
        if self.kind == "count":
            slow = self.fade**2  # a weekday comes once a week: it forgets half as fast in days
            self.weekday_y[day] = slow * self.weekday_y[day] + np.where(is_new, 0.0, y)
            self.weekday_x[day] = slow * self.weekday_x[day] + np.where(is_new | ~present, 0.0, value / weekday)
        known = (value > 0) & present & ~is_new & (self.days > GAP_DAYS)
        plain = _variance(value, exposure, np.zeros_like(value), self.kind)
        base = value**2 if self.kind == "count" else plain
        self.spread = self.fade * self.spread + np.where(known, (y - value) ** 2 - plain, 0.0)
        self.spread_base = self.fade * self.spread_base + np.where(known, base, 0.0)


def expect(y: Floats, exposure: Floats | None, *, first_weekday: int, is_seen: Bools | None = None) -> Expected:
    """What to expect of every merchant's day.

    y: (merchants, days) sums. exposure: the same shape for a share (y of exposure, 0 ≤ y ≤ exposure), None for a count.
    first_weekday: that of the first column, Monday is 0. is_seen: whether the day is known at all (default: always).
    """
    kind: Kind = "count" if exposure is None else "share"
    merchants, days = y.shape
    x = np.ones_like(y) if exposure is None else exposure
    value, uncertainty, known = np.zeros_like(y), np.zeros_like(y), np.zeros(y.shape, dtype=bool)
    past = _Past(merchants, kind)
    waiting: list[Callable[[], None]] = []
    for t in range(days):
        weekday = (first_weekday + t) % 7
        rate, own = past.rate(), past.weekday(weekday)
        is_known = past.days >= HISTORY_DAYS
        present = np.ones(merchants, dtype=bool) if is_seen is None else is_seen[:, t]
        is_known &= present
        base = rate * own * x[:, t]
        excess, seen = past.excess(), y[:, t]
        for _ in range(2):
            now = _moved(base, x[:, t], _common(seen, base, is_known, kind, x[:, t]), kind)
            width = CLIP * np.sqrt(_variance(now, x[:, t], excess, kind)) + 1.0
            seen = np.where(is_known, np.clip(y[:, t], now - width, now + width), y[:, t])
            seen = np.minimum(np.maximum(seen, 0.0), x[:, t]) if kind == "share" else np.maximum(seen, 0.0)
        value[:, t], known[:, t] = now, is_known
        uncertainty[:, t] = 1 / (past.y + 1) if kind == "count" else 1 / (past.x + SHARE_WEIGHT)
        taught = np.where(past.days > 0, now, 0.0)
        waiting.append(partial(past.learn, weekday, seen, taught, own, rate, x[:, t], present))
        if len(waiting) > GAP_DAYS:
            waiting.pop(0)()
    return Expected(value, x, uncertainty, known)
