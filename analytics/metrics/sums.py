"""Sums of the marts' columns per merchant over a window, read once while a snapshot is open: what is asked of the same days by what merchants are
(category, region, tier, size band, merchant) is then arithmetic on arrays. Knows no values, intervals or units.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.intervals import Floats
from analytics.metrics.plan import (
    ORDERS,
    Question,
    in_one_reading,
    market_statement,
    merchant_statement,
    profiles_statement,
    summed_columns,
)
from analytics.metrics.templates import FILTERS
from analytics.metrics.types import MetricCursor, MetricSpec

Places = NDArray[np.intp]


@dataclass
class WindowSums:
    """What is known of a window of days: `merchants`, the ids with a row in it, ascending, what these are (`who`), and the columns asked for so far, each
    through a last day that counts, shape (merchants,)."""

    first: date
    last: date
    merchants: pd.Index = field(default_factory=lambda: pd.Index([], dtype=object))
    who: pd.DataFrame = field(default_factory=pd.DataFrame)
    columns: dict[tuple[str, date], Floats] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, cursor: MetricCursor, names: Mapping[date, Collection[str]]) -> None:
        """Reads what is not known yet of columns by the last day that counts for them."""
        with self.lock:
            if not self.columns:
                names = {**names, self.last: (ORDERS, *names.get(self.last, ()))}  # says who is there at all
            missing = {
                last: [name for name in dict.fromkeys(wanted) if (name, last) not in self.columns]
                for last, wanted in names.items()
            }
            readings = in_one_reading(self.first, {last: wanted for last, wanted in missing.items() if wanted})
            for columns in sorted(readings, key=lambda columns: self.last not in columns):
                self._read(cursor, columns)

    def _read(self, cursor: MetricCursor, columns: Mapping[date, Sequence[str]]) -> None:
        statement = merchant_statement(self.first, columns)
        frame = cursor.df(statement.sql, statement.params).set_index("merchant_id")
        if not self.columns:
            self.merchants = pd.Index(frame.index.sort_values(), dtype=object)
            self.who = cursor.kept("profiles", lambda: _profiles(cursor)).reindex(self.merchants)
        placed = frame.reindex(self.merchants, fill_value=0.0)
        keys = [(name, last) for last, names in columns.items() for name in names]
        self.columns |= {key: placed[f"c{i}"].to_numpy(np.float64) for i, key in enumerate(keys)}

    def sums(self, spec: MetricSpec, through: date) -> dict[str, Floats]:
        """y, x and s of a metric; zeros where no day of the window counts for it."""
        nothing = np.zeros(len(self.merchants))
        return {
            alias: sum((sign * self.columns.get((name, through), nothing) for name, sign in parts), nothing)
            for alias, parts in summed_columns(spec).items()
        }


def serves(question: Question, *, has_bounds: bool) -> bool:
    """Whether a question is answered from merchants' sums: it groups by what merchants are, and isn't about single ones."""
    is_only_a_total = question.is_marketplace and not has_bounds
    is_of_merchants = all(dimension.grain == "merchant" for dimension in question.by)
    return is_of_merchants and not is_only_a_total and not question.scope.merchants


def grouped_sums(
    cursor: MetricCursor, question: Question, specs: Sequence[MetricSpec], *, has_bounds: bool
) -> pd.DataFrame:
    """The rows that `plan.column_statement` would give, sorted by group, for a question that is served from sums."""
    first, last = question.scope.date_from, question.scope.date_to
    window = cursor.kept(("sums", first, last), lambda: WindowSums(first, last))
    window.read(cursor, _names(question, specs))
    chosen = np.flatnonzero(_is_in(window.who, question))
    groups, places = _groups(window.who.iloc[chosen], question.names)
    columns = {name: groups[name].to_numpy() for name in question.names}
    has_moments = has_bounds and not question.is_single_merchant
    for i, spec in enumerate(specs):
        sums = {alias: values[chosen] for alias, values in window.sums(spec, question.through(spec)).items()}
        columns |= {f"{alias}{i}": _total(values, places, len(groups)) for alias, values in sums.items()}
        if has_moments and spec.denominator_column:
            columns |= {f"{name}{i}": found for name, found in _moments(sums, places, len(groups)).items()}
    if question.is_marketplace:  # an order of several merchants counts once
        statement = market_statement(question, specs)
        columns |= {str(name): values.to_numpy() for name, values in cursor.df(statement.sql, statement.params).items()}
    return pd.DataFrame(columns, index=groups.index)


def _names(question: Question, specs: Sequence[MetricSpec]) -> dict[date, list[str]]:
    """The columns that metrics need, by the last day that counts for them, where that is in the window."""
    names: dict[date, list[str]] = {}
    for spec in specs:
        through = question.through(spec)
        if through >= question.scope.date_from:
            sums = summed_columns(spec).values()
            names.setdefault(through, []).extend(name for parts in sums for name, _sign in parts)
    return names


def _profiles(cursor: MetricCursor) -> pd.DataFrame:
    """What merchants are, by id; texts that repeat, so categories."""
    statement = profiles_statement()
    return cursor.df(statement.sql, statement.params).set_index("merchant_id").astype("category")


def _is_in(who: pd.DataFrame, question: Question) -> NDArray[np.bool_]:
    is_in = np.ones(len(who), dtype=bool)
    for name, dimension in FILTERS.items():
        wanted = getattr(question.scope, name)
        if wanted:
            is_in &= who[dimension].isin(wanted).to_numpy()
    return is_in


def _groups(who: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, Places]:
    """The groups, sorted, with their names as columns, and each merchant's place among them."""
    if not names:
        return pd.DataFrame(index=range(1)), np.zeros(len(who), dtype=np.intp)
    keyed = who.rename_axis("merchant").reset_index()[list(names)]
    by_group = keyed.groupby(list(names), sort=True, observed=True)
    places = np.asarray(by_group.ngroup(), dtype=np.intp)
    return by_group.head(1).sort_values(list(names), ignore_index=True), places


def _total(values: Floats, places: Places, count: int) -> Floats:
    return np.bincount(places, values, count).astype(np.float64)


def _moments(sums: Mapping[str, Floats], places: Places, count: int) -> dict[str, Floats]:
    y, x = sums["y"], sums["x"]
    products = {"cy": y, "cx": x, "yy": y * y, "xy": x * y, "xx": x * x, "m": (x > 0).astype(np.float64)}
    return {name: _total(values, places, count) for name, values in products.items()}
