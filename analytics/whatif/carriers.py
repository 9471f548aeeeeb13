"""Counts by carrier behind the rates of a score: who sent how much with whom, and what came of it.

Knows frames as `sql/whatif/carriers.sql` gives them, and the definition's rates; knows no lever and no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.trust.programme import Programme, Rate

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
SHIPPED = "shipped_count"
LATE_ANY = (
    "delivered_late_count",
    "delivery_due_count",
)  # late, whoever's fault: what carriers differ in first, though the score may not ask


@dataclass(frozen=True)
class Side:
    """What merchants sent with one carrier, or with several. shipped: plain orders, (merchants,). The others: (merchants, columns of `Carriers`),
    recency-weighted numerators and denominators, and plain ones."""

    shipped: Floats
    counted: Floats
    total: Floats
    plain: Floats
    base: Floats

    def without(self, other: Side) -> Side:
        """What is left once `other` is taken away."""
        names = ("shipped", "counted", "total", "plain", "base")
        return Side(*(np.maximum(getattr(self, name) - getattr(other, name), 0.0) for name in names))


@dataclass(frozen=True)
class Carriers:
    """One row a merchant and carrier: `merchant` (its place), `carrier` (position in `names`), and the counts of `Side`, (rows, columns). Columns are the
    rates in use, then lateness whoever's fault it was. A rate of something else than orders (surveys, questions, penalties) is 0 of 0."""

    names: tuple[str, ...]
    merchants: int
    merchant: Places
    carrier: Places
    counts: Side

    @cached_property
    def everything(self) -> Side:
        """All carriers together."""
        return self._added(np.ones(len(self.carrier), dtype=bool))

    def side(self, name: str) -> Side:
        """One carrier."""
        return self._added(self.carrier == self.names.index(name))

    def _added(self, rows: NDArray[np.bool_]) -> Side:
        places = self.merchant[rows]

        def added(values: Floats) -> Floats:
            found = np.zeros((self.merchants, *values.shape[1:]))
            np.add.at(found, places, values[rows])
            return found

        mine = self.counts
        return Side(*(added(part) for part in (mine.shipped, mine.counted, mine.total, mine.plain, mine.base)))


def measures_of(programme: Programme) -> set[str]:
    """The measures that counts by carrier are read of, where the orders have them."""
    counted = {measure for rate in programme.rates for measure in (rate.numerator, rate.denominator)}
    return counted | {SHIPPED, *LATE_ANY}


def make_carriers(
    sums: pd.DataFrame, merchant_ids: NDArray[np.object_], rates: Sequence[Rate], programme: Programme
) -> Carriers:
    """From the rows of `sql/whatif/carriers.sql`; carriers by name. Merchants that are not among `merchant_ids` are left out."""
    steps = sorted({rate.maturity_days for rate in programme.rates})
    known = pd.Index(merchant_ids).get_indexer(pd.Index(sums["merchant_id"]))
    sums, known = sums[known >= 0], known[known >= 0]
    carrier, names = pd.factorize(sums["carrier"].to_numpy(dtype=object), sort=True)
    keys, row = np.unique(known * max(len(names), 1) + carrier, return_inverse=True)
    matured = sums["matured"].to_numpy(dtype=np.intp)

    def ripe(column: str, step: int) -> Floats:
        found = np.zeros(len(keys))
        if column in sums:
            has_reached = matured >= step
            np.add.at(found, row[has_reached], sums[column].to_numpy(dtype=float)[has_reached])
        return found

    def columns(prefix: str, part: int) -> Floats:
        parts = [((rate.numerator, rate.denominator), 1 + steps.index(rate.maturity_days)) for rate in rates]
        told = [(pair if _is_of_orders(pair, sums) else ("", ""), step) for pair, step in [*parts, (LATE_ANY, 0)]]
        return np.column_stack([ripe(f"{prefix}_{pair[part]}", step) for pair, step in told])

    total, base = columns("recent", 1), columns("raw", 1)
    counted, plain = np.minimum(columns("recent", 0), total), np.minimum(columns("raw", 0), base)
    counts = Side(ripe(f"raw_{SHIPPED}", 0), counted, total, plain, base)
    place, position = np.divmod(keys, max(len(names), 1))
    return Carriers(tuple(map(str, names)), len(merchant_ids), place, position, counts)


def _is_of_orders(pair: tuple[str, str], sums: pd.DataFrame) -> bool:
    return all(f"raw_{measure}" in sums for measure in pair)
