"""Reads what clauses count from the marts: one query a place, whatever the number of merchants, clauses and windows.

The only module of the programmes that knows the warehouse. The windows' edges cut the calendar into stretches of days; a query sums each
stretch, and a window is a sum of neighbouring ones. Counts are those known at the cursor's day; a window may reach past it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.extent import read_extent
from analytics.trust.counts import sql_text
from analytics.trust.programmes.definition import Clause
from analytics.trust.programmes.measures import DUE, MEASURES
from analytics.trust.programmes.windows import Span

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

Ints = NDArray[np.int64]
_PATTERNED = ("days", "orders")  # places whose statement takes a pattern of measures; the others give all of theirs
_LONG_DAYS = 120  # longer windows of these are read apart: they look at few measures of many days


@dataclass
class Counts:
    """Counts of all merchants, one array position each, in the order of `merchants` (merchant_id, name, category, joined_date,
    first_order_date). `penalties`: every penalty up to the day. `recorded`: what the source holds, kind or kind.field → events."""

    merchants: pd.DataFrame
    penalties: pd.DataFrame
    recorded: Mapping[str, int]
    measures: dict[tuple[str, Span], Ints] = field(default_factory=dict)
    bad_orders: dict[str, BadOrders] = field(default_factory=dict)
    has_sold: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def of(self, names: Iterable[str], span: Span) -> Ints:
        """The sum of some measures over a window, shape (merchants,)."""
        total: Ints = np.sum([self.measures[name, span] for name in names], axis=0, dtype=np.int64)
        return total

    @cached_property
    def ids(self) -> pd.Index[str]:
        ids: pd.Index[str] = pd.Index(self.merchants["merchant_id"], dtype="object")
        return ids

    @cached_property
    def categories(self) -> NDArray[np.intp]:
        """A number for each merchant's category, −1 for one without."""
        codes: NDArray[np.intp] = pd.factorize(self.merchants["category"], sort=True)[0]
        return codes

    def places(self, frame: pd.DataFrame) -> NDArray[np.intp]:
        """The array position of each row's merchant, −1 for one that is not among them."""
        return self.ids.get_indexer(pd.Index(frame["merchant_id"], dtype="object"))


@dataclass(frozen=True)
class BadOrders:
    """Bad orders, one position each: the merchant's array position, the local day, a number that stands for the buyer."""

    merchant: NDArray[np.intp]
    day: NDArray[np.datetime64]
    buyer: NDArray[np.uint64]
    merchants: int

    def count(self, span: Span) -> Ints:
        """Bad orders of a window per merchant."""
        return np.bincount(self.merchant[self._inside(span)], minlength=self.merchants).astype(np.int64)

    def buyers(self, span: Span, most: int) -> tuple[Ints, Ints]:
        """Per merchant: distinct buyers of a window, and the bad orders of those beyond `most`, the buyers with the fewest first."""
        inside = self._inside(span)
        order = np.lexsort((self.buyer[inside], self.merchant[inside]))
        merchant, buyer = self.merchant[inside][order], self.buyer[inside][order]
        starts = np.flatnonzero(np.r_[True, (np.diff(merchant) != 0) | (buyer[1:] != buyer[:-1])][: len(merchant)])
        merchant, units = merchant[starts], np.diff(np.r_[starts, len(order)])
        order = np.lexsort((-units, merchant))  # within a merchant the buyer with the most first
        merchant, units = merchant[order], units[order]
        count = np.bincount(merchant, minlength=self.merchants)
        rank = np.arange(len(merchant)) - np.repeat(np.cumsum(count) - count, count)
        over = np.bincount(merchant, weights=np.where(rank >= most, units, 0), minlength=self.merchants)
        return count.astype(np.int64), over.astype(np.int64)

    def _inside(self, span: Span) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (self.day >= np.datetime64(span[0])) & (self.day <= np.datetime64(span[1]))
        return found


def needed(clause: Clause, day: date) -> Iterable[tuple[str, Span]]:
    """The measures and windows behind one clause on a day; orders where a rule or its n asks for them."""
    names = [
        *(() if _caps_buyers(clause) else clause.numerator),
        *((clause.denominator,) if clause.denominator else ()),
    ]
    asks_orders = clause.form in ("count", "points", "rating", "money") or clause.minimum_orders
    if asks_orders or clause.window.short_from_orders or clause.denominator in DUE:
        names.append("order_count")
    if clause.denominator in DUE:
        names.append("cancelled_count")
    if clause.rating is not None:
        names.append("shipped_count")
    if clause.currency:
        names.append(clause.currency)
    return [(name, span) for span in clause.window.spans(day) for name in names]


def _caps_buyers(clause: Clause) -> bool:
    """Whether its bad orders are read one by one, to tell their buyers apart."""
    return clause.cap is not None and clause.cap.of == "buyers"


def read_counts(cursor: Cursor, asked: Collection[tuple[Clause, date]], day: date) -> Counts:
    """Everything that clauses need, each on an evaluation day; `day` is the cursor's, up to which penalties are read."""
    zone = {"time_zone": cursor.time_zone}
    counts = Counts(
        merchants=cursor.df(sql_text("programme_merchants"), zone),
        penalties=cursor.df(sql_text("programme_penalties"), {**zone, "day": day}),
        recorded={**read_extent(cursor).counts, **_rated(cursor)},
    )
    wanted: dict[tuple[str, bool], set[tuple[str, Span]]] = defaultdict(set)
    for clause, evaluation_day in asked:
        for name, span in needed(clause, evaluation_day):
            place = MEASURES[name].place if name in MEASURES else f"amounts {name}"
            is_apart = place in _PATTERNED and (span[1] - span[0]).days > _LONG_DAYS
            wanted[place, is_apart].add((name, span))
    for (place, _), pairs in wanted.items():
        _read(cursor, counts, place, pairs)
    _read_bad_orders(cursor, counts, asked)
    return counts


def _rated(cursor: Cursor) -> dict[str, int]:
    """dsr_rated.DIMENSION → its ratings by anybody of any merchant."""
    frame = cursor.df(sql_text("programme_dimensions"))
    return {
        f"dsr_rated.{name}": int(count) for name, count in zip(frame["dimension"], frame["rating_count"], strict=True)
    }


def _read(cursor: Cursor, counts: Counts, place: str, pairs: set[tuple[str, Span]]) -> None:
    """Puts the sums of measures over windows of one place into `counts`."""
    names, spans = sorted({name for name, _ in pairs}), {span for _, span in pairs}
    edges = sorted({edge for first, last in spans for edge in (first, last + timedelta(days=1))})
    days = [day for day in _days(edges[0], edges[-1]) if any(first <= day <= last for first, last in spans)]
    stretches = np.searchsorted(np.array(edges), np.array(days), side="right") - 1
    params: dict[str, object] = {"days": days, "stretches": stretches.tolist(), "date_to": edges[-1]}
    place, _, currency = place.partition(" ")
    if currency:
        params["currency"] = currency
    else:
        params["date_from"] = edges[0]
    if place in _PATTERNED:
        params["measures"] = "|".join(names)
    frame = cursor.df(sql_text(f"programme_{place}"), params)
    merchant, stretch = counts.places(frame), frame["stretch"].to_numpy(dtype=np.int64)
    if currency:
        sold = np.zeros(len(counts.merchants), dtype=bool)
        sold[merchant[merchant >= 0]] = True
        counts.has_sold[currency] = counts.has_sold.get(currency, np.zeros_like(sold)) | sold
    kept = (merchant >= 0) & (stretch >= 0)
    for name in names:
        sums = np.zeros((len(edges) + 1, len(counts.merchants)), dtype=np.int64)
        column = frame["gmv_minor" if currency else name].to_numpy(dtype=np.int64)
        np.add.at(sums, (stretch[kept] + 1, merchant[kept]), column[kept])
        total = np.cumsum(sums, axis=0)
        for span in (span for wanted, span in pairs if wanted == name):
            first, after = edges.index(span[0]), edges.index(span[1] + timedelta(days=1))
            counts.measures[name, span] = total[after] - total[first]


def _days(first: date, after: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((after - first).days)]


def _read_bad_orders(cursor: Cursor, counts: Counts, asked: Iterable[tuple[Clause, date]]) -> None:
    spans: dict[str, list[Span]] = defaultdict(list)
    for clause, day in asked:
        if _caps_buyers(clause):
            spans[clause.numerator[0]] += clause.window.spans(day)
    for measure, windows in spans.items():
        params = {"date_from": min(first for first, _ in windows), "date_to": max(last for _, last in windows)}
        frame = cursor.df(sql_text("programme_buyers"), {**params, "measure": measure})
        merchant, buyer = counts.places(frame), frame["buyer"].to_numpy(dtype=np.uint64)
        known = merchant >= 0
        # an order of an unknown buyer stands for a buyer of its own
        buyer = np.where(frame["is_unknown"].to_numpy(dtype=bool), np.arange(len(frame), dtype=np.uint64), buyer)
        counts.bad_orders[measure] = BadOrders(
            merchant[known],
            frame["day"].to_numpy(dtype="datetime64[D]")[known],
            buyer[known],
            len(counts.merchants),
        )
        for span in set(windows):
            counts.measures[measure, span] = counts.bad_orders[measure].count(span)
