"""Reads what clauses count from the marts: one query a window and place, whatever the number of merchants and programmes.

The only module of the programmes that knows the warehouse. Counts are those known at the cursor's day; a window may reach past it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.extent import read_extent
from analytics.trust.counts import sql_text
from analytics.trust.programmes.definition import Clause
from analytics.trust.programmes.measures import MEASURES, Place
from analytics.trust.programmes.windows import Span

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

Ints = NDArray[np.int64]
# Places whose statement takes the pattern of measures; the others give all of theirs.
_PATTERNED = ("days", "orders")


@dataclass
class Counts:
    """Counts of all merchants, one array position each, in the order of `merchants` (merchant_id, name, category, joined_date,
    first_order_date). `penalties`: every penalty up to the day. `recorded`: what the source holds, kind or kind.field → events."""

    merchants: pd.DataFrame
    penalties: pd.DataFrame
    recorded: Mapping[str, int]
    measures: dict[tuple[str, Span], Ints] = field(default_factory=dict)
    buyers: dict[tuple[str, Span, int], tuple[Ints, Ints]] = field(default_factory=dict)
    amounts: dict[tuple[str, Span], tuple[Ints, NDArray[np.bool_]]] = field(default_factory=dict)

    def of(self, names: Iterable[str], span: Span) -> Ints:
        """The sum of some measures over a window, shape (merchants,)."""
        return np.sum([self.measures[name, span] for name in names], axis=0, dtype=np.int64)

    def ids(self) -> pd.Index[str]:
        return pd.Index(self.merchants["merchant_id"])


def needed(clause: Clause, day: date) -> Iterable[tuple[str, Span]]:
    """The measures and windows behind one clause on a day. Orders are always counted: clauses of few orders ask for them."""
    for span in clause.window.spans(day):
        for name in ("order_count", *clause.numerator, *((clause.denominator,) if clause.denominator else ())):
            yield name, span
        if clause.rating is not None:
            yield "shipped_count", span


def read_counts(cursor: Cursor, asked: Iterable[tuple[Clause, date]], day: date) -> Counts:
    """Everything that clauses need, each on an evaluation day; `day` is the cursor's, up to which penalties are read."""
    zone = {"time_zone": cursor.time_zone}
    counts = Counts(
        merchants=cursor.df(sql_text("programme_merchants"), zone),
        penalties=cursor.df(sql_text("programme_penalties"), {**zone, "day": day}),
        recorded=read_extent(cursor).counts,
    )
    wanted: dict[tuple[Place, Span], set[str]] = defaultdict(set)
    for clause, evaluation_day in asked:
        for name, span in needed(clause, evaluation_day):
            wanted[MEASURES[name].place, span].add(name)
        _read_special(cursor, counts, clause, evaluation_day)
    for (place, span), names in wanted.items():
        frame = _read(cursor, place, span, names)
        for name in names:
            counts.measures[name, span] = _aligned(frame, name, counts.ids())
    return counts


def _read(cursor: Cursor, place: Place, span: Span, names: set[str]) -> pd.DataFrame:
    params: dict[str, object] = {"date_from": span[0], "date_to": span[1]}
    if place in _PATTERNED:
        params["measures"] = "|".join(sorted(names))
    return cursor.df(sql_text(f"programme_{place}"), params)


def _read_special(cursor: Cursor, counts: Counts, clause: Clause, day: date) -> None:
    """Distinct buyers and money, which are no plain measures."""
    for span in clause.window.spans(day):
        dates = {"date_from": span[0], "date_to": span[1]}
        if clause.cap is not None and clause.cap.of == "buyers":
            measure, most = clause.numerator[0], clause.cap.most
            if (measure, span, most) not in counts.buyers:
                frame = cursor.df(sql_text("programme_buyers"), {**dates, "measure": measure, "most": most})
                counts.buyers[measure, span, most] = (
                    _aligned(frame, "buyer_count", counts.ids()),
                    _aligned(frame, "units_over", counts.ids()),
                )
        if clause.currency and (clause.currency, span) not in counts.amounts:
            frame = cursor.df(sql_text("programme_amounts"), {**dates, "currency": clause.currency})
            has_sold = counts.ids().isin(frame["merchant_id"])
            counts.amounts[clause.currency, span] = (_aligned(frame, "gmv_minor", counts.ids()), has_sold)


def _aligned(frame: pd.DataFrame, name: str, ids: pd.Index[str]) -> Ints:
    found = np.zeros(len(ids), dtype=np.int64)
    places = ids.get_indexer(pd.Index(frame["merchant_id"]))
    is_known = places >= 0
    found[places[is_known]] = frame[name].to_numpy(dtype=np.int64)[is_known]
    return found
