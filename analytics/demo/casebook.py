"""The orders that may become someone's issue, kept while the run goes on; tickets are planned from them at the end."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from analytics.demo.emit import Reviews
from analytics.demo.orders import Orders
from analytics.demo.world import Ints


@dataclass(frozen=True)
class Cases:
    """Kept orders with their numbers, and the time and text of their reviews (−1 for none)."""

    orders: Orders
    number: Ints
    posted: Ints
    text: Ints

    def __len__(self) -> int:
        return len(self.number)


class Casebook:
    """Keeps troubled orders, a share of them when there are many, and a few ordinary ones."""

    def __init__(self, kept_share: float) -> None:
        self._kept_share = kept_share
        self._parts: list[Cases] = []

    def add(self, orders: Orders, number: Ints, reviews: Reviews, rng: np.random.Generator) -> None:
        is_troubled = (
            (orders.days_late > 0)
            | orders.is_lost
            | (orders.returned >= 0)
            | (orders.disputed >= 0)
            | (orders.chargeback >= 0)
            | (orders.cancelled >= 0)
            | ((reviews.text >= 0) & (orders.score <= 2))
        )
        chance = np.where(is_troubled, self._kept_share, 0.06 * self._kept_share)
        rows = np.flatnonzero(rng.random(len(orders)) < chance)
        self._parts.append(Cases(orders.take(rows), number[rows], reviews.posted[rows], reviews.text[rows]))

    def cases(self) -> Cases:
        """Everything kept, in order of arrival."""
        orders = Orders(
            **{f.name: np.concatenate([getattr(part.orders, f.name) for part in self._parts]) for f in fields(Orders)}
        )
        return Cases(
            orders,
            np.concatenate([part.number for part in self._parts]),
            np.concatenate([part.posted for part in self._parts]),
            np.concatenate([part.text for part in self._parts]),
        )
