"""The marketplace's automatic penalties: monthly rates judged against limits, appeals and lifts, fair or not.

The clauses are those of data/knowledge/clauses.toml (a test compares them). The rule is blunt on purpose: it counts
parcels that a carrier outage delayed as the merchant's fault, so some penalties are unfair; the truth tables say which.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from analytics.demo.delivery import SELLER
from analytics.demo.market import Merchants
from analytics.demo.orders import Orders
from analytics.demo.stream import EventStream
from analytics.demo.world import DAY, HOUR, Bools, Calendar, Floats, Ints

# id, points, days to expiry. The first six are judged by rates, the rest by what was found.
CLAUSES = (
    ("F-1.1", 2, 90),
    ("F-1.2", 3, 90),
    ("F-2.1", 4, 90),
    ("F-2.2", 3, 90),
    ("S-1.1", 2, 90),
    ("Q-1.2", 6, 180),
    ("Q-3.1", 2, 90),
    ("S-2.2", 6, 180),
    ("I-1.2", 6, 180),
    ("I-2.1", 8, 180),
    ("I-1.1", 12, 180),
    ("Q-2.1", 24, 365),
)
LATE_DELIVERY = 2
_JUDGED = 6
_FOUND_SHARE = (0.40, 0.15, 0.15, 0.15, 0.10, 0.05)
MIN_ORDERS = 20
APPEAL_DAYS = 14
_COUNTED = (
    "placed",
    "seller_cancelled",
    "shipped",
    "late_shipped",
    "valid",
    "delivered",
    "late",
    "just_late",
    "asked",
    "replied",
    "upheld",
)


class Tally:
    """What the rule sees: counts per merchant and month, and beside them the count that would be just."""

    def __init__(self, calendar: Calendar, merchants: int) -> None:
        self._calendar = calendar
        self._months = calendar.months
        self._merchants = merchants
        self._counts = {name: np.zeros((merchants, calendar.months)) for name in _COUNTED}

    def add(self, orders: Orders) -> None:
        """Count a batch; each fact in the month in which it happens."""
        is_late = orders.days_late > 0
        is_seller = orders.late_fault == SELLER
        replied = (orders.answered >= 0) & (orders.answered - orders.asked <= DAY)
        self._add("placed", orders.placed, orders.merchant)
        self._add("seller_cancelled", orders.cancelled, orders.merchant, orders.cancel_fault == SELLER)
        self._add("shipped", orders.shipped, orders.merchant)
        self._add("late_shipped", orders.shipped, orders.merchant, orders.shipped > orders.ship_by)
        self._add("valid", orders.shipped, orders.merchant, orders.tracking > 0)
        self._add("delivered", orders.delivered, orders.merchant)
        self._add("late", orders.delivered, orders.merchant, is_late & (is_seller | orders.is_outage))
        self._add("just_late", orders.delivered, orders.merchant, is_late & is_seller)
        self._add("asked", orders.asked, orders.merchant)
        self._add("replied", orders.asked, orders.merchant, replied)
        self._add(
            "upheld", orders.dispute_closed, orders.merchant, (orders.outcome == 0) & (orders.dispute_fault == SELLER)
        )

    def _add(self, name: str, when: Ints, merchant: Ints, where: Bools | None = None) -> None:
        month = self._calendar.month_of(when)
        keep = (when >= self._calendar.start) & (month < self._months)
        if where is not None:
            keep &= where
        cell = merchant[keep] * self._months + month[keep]
        counts = np.bincount(cell, minlength=self._merchants * self._months)
        self._counts[name] += counts.reshape(self._merchants, self._months)

    def share(self, part: str, whole: str, month: int) -> Floats:
        """part / whole of every merchant in a month; 0 where the whole is below MIN_ORDERS."""
        n = self._counts[whole][:, month]
        return np.where(n >= MIN_ORDERS, self._counts[part][:, month] / np.maximum(n, 1.0), 0.0)

    def is_overcounted(self, month: int) -> Bools:
        """Merchants of whom the rule counted an order as late that was not late by their fault."""
        return np.asarray(self._counts["late"][:, month] > self._counts["just_late"][:, month])


@dataclass(frozen=True)
class Penalties:
    """One entry per penalty: its number, merchant, judged month, clause (position in CLAUSES) and instants (−1: none).

    is_unfair: the merchant would not have broken the limit by its own fault.
    """

    number: Ints
    merchant: Ints
    month: Ints
    clause: Ints
    issued: Ints
    appealed: Ints
    decided: Ints
    is_lifted: Bools
    is_unfair: Bools


def join(parts: list[Penalties]) -> Penalties:
    """All penalties of several months as one."""
    return Penalties(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Penalties)})


def _breaches(tally: Tally, month: int) -> tuple[Bools, Bools]:
    """(merchants, judged clauses): over the limit as counted; and as it would be just."""
    counted = [
        tally.share("late_shipped", "shipped", month) > 0.05,
        tally.share("seller_cancelled", "placed", month) > 0.02,
        tally.share("late", "delivered", month) > 0.04,
        (tally.share("shipped", "shipped", month) > 0) & (tally.share("valid", "shipped", month) < 0.95),
        (tally.share("asked", "asked", month) > 0) & (tally.share("replied", "asked", month) < 0.90),
        tally.share("upheld", "placed", month) > 0.01,
    ]
    just = list(counted)
    just[LATE_DELIVERY] = tally.share("just_late", "delivered", month) > 0.04
    return np.column_stack(counted), np.column_stack(just)


class Court:
    """Judges month after month; a clause is not applied again to a merchant within three months."""

    def __init__(self, merchants: Merchants, tally: Tally, earlier: int = 0) -> None:
        """earlier: penalties that were numbered before its first."""
        self._merchants = merchants
        self._tally = tally
        self._last = np.full((len(merchants), _JUDGED), -99)
        self._count = earlier

    def judge(self, month: int, end_of_month: int, rng: np.random.Generator) -> Penalties:
        """Penalties issued in the first two days after a month, with the appeals and decisions to come."""
        counted, just = _breaches(self._tally, month)
        counted &= month - self._last >= 3
        merchant, clause = np.nonzero(counted)
        self._last[merchant, clause] = month
        unfair = ~just[merchant, clause]
        is_touched = (clause == LATE_DELIVERY) & self._tally.is_overcounted(month)[merchant]
        found = np.flatnonzero(
            (rng.random(len(self._merchants)) < 0.05 * self._merchants.mischief)
            & (self._merchants.joined_at < end_of_month)
        )
        merchant = np.concatenate([merchant, found])
        clause = np.concatenate([clause, _JUDGED + rng.choice(len(_FOUND_SHARE), size=len(found), p=_FOUND_SHARE)])
        unfair = np.concatenate([unfair, rng.random(len(found)) < 0.12])
        is_touched = np.concatenate([is_touched, np.zeros(len(found), dtype=bool)])
        n = len(merchant)
        issued = end_of_month + 6 * HOUR + rng.integers(0, 30 * HOUR, n)
        is_appealed = rng.random(n) < np.select([unfair, is_touched], [0.85, 0.65], 0.22)
        appealed = issued + (rng.gamma(1.8, 1.6, n) * DAY).astype(np.int64) + 2 * HOUR
        is_appealed &= appealed < issued + APPEAL_DAYS * DAY
        number = self._count + 1 + np.arange(n)
        self._count += n
        return Penalties(
            number=number,
            merchant=merchant,
            month=np.full(n, month),
            clause=clause,
            issued=issued,
            appealed=np.where(is_appealed, appealed, -1),
            decided=np.where(is_appealed, appealed + (rng.uniform(1.5, 8.0, n) * DAY).astype(np.int64), -1),
            is_lifted=is_appealed & (rng.random(n) < np.where(unfair, 0.85, 0.10)),
            is_unfair=unfair,
        )


def emit_penalties(stream: EventStream, penalties: Penalties) -> None:
    """Add the events of issued, appealed and lifted penalties."""
    party: dict[str, Any] = {"merchant": penalties.merchant, "penalty": penalties.number, "clause": penalties.clause}
    points = np.array([points for _, points, _ in CLAUSES])[penalties.clause]
    days = np.array([days for _, _, days in CLAUSES])[penalties.clause]
    stream.add("penalty_issued", penalties.issued, **party, points=points, expires=penalties.issued + days * DAY)
    stream.add("penalty_appealed", penalties.appealed, penalties.appealed >= 0, **party)
    stream.add("penalty_lifted", penalties.decided, penalties.is_lifted, **party)
