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
    Question,
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
    """What is known of a window of days: `merchants`, the ids with a row in it, ascending, what these are (`who`), and the columns asked for so far,
    shape (merchants,) each."""

    merchants: pd.Index = field(default_factory=lambda: pd.Index([], dtype=object))
    who: pd.DataFrame = field(default_factory=pd.DataFrame)
    columns: dict[str, Floats] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def serves(question: Question, *, has_bounds: bool) -> bool:
    """Whether a question is answered from merchants' sums: it groups by what merchants are, and isn't about single ones."""
    is_only_a_total = question.is_marketplace and not has_bounds
    is_of_merchants = all(dimension.grain == "merchant" for dimension in question.by)
    return is_of_merchants and not is_only_a_total and not question.scope.merchants


def grouped_sums(
    cursor: MetricCursor, question: Question, specs: Sequence[MetricSpec], *, has_bounds: bool
) -> pd.DataFrame:
    """The rows that `plan.column_statement` would give, sorted by group, for a question that is served from sums."""
    scope, names = question.scope, _names(question, specs)
    window = _read(cursor, scope.date_from, scope.date_to, names.get(scope.date_to, ()))
    chosen = np.flatnonzero(_is_in(window.who, question))
    groups, places = _groups(window.who.iloc[chosen], question.names)
    columns = {name: groups[name].to_numpy() for name in question.names}
    has_moments = has_bounds and not question.is_single_merchant
    read = {last: _read(cursor, scope.date_from, last, wanted) for last, wanted in names.items()}
    placed = {last: _placed(own, names[last], window, chosen) for last, own in read.items()}
    for i, spec in enumerate(specs):
        sums = _sums(spec, placed[question.through(spec)], len(chosen))
        columns |= {f"{name}{i}": _total(values, places, len(groups)) for name, values in sums.items()}
        if has_moments and spec.denominator_column:
            columns |= {f"{name}{i}": found for name, found in _moments(sums, places, len(groups)).items()}
    if question.is_marketplace:  # an order of several merchants counts once
        statement = market_statement(question, specs)
        columns |= {str(name): values.to_numpy() for name, values in cursor.df(statement.sql, statement.params).items()}
    return pd.DataFrame(columns, index=groups.index)


def _names(question: Question, specs: Sequence[MetricSpec]) -> dict[date, list[str]]:
    """The columns that metrics need, by the last day that counts for them."""
    names: dict[date, dict[str, None]] = {}
    for spec in specs:
        sums = summed_columns(spec).values()
        names.setdefault(question.through(spec), {}).update({name: None for parts in sums for name, _sign in parts})
    return {last: list(wanted) for last, wanted in names.items()}


def _read(cursor: MetricCursor, first: date, last: date, names: Collection[str]) -> WindowSums:
    window = cursor.kept(("sums", first, last), WindowSums)
    with window.lock:
        missing = [name for name in names if name not in window.columns]
        if (missing or not window.columns) and first <= last:
            statement = merchant_statement(first, last, missing)
            frame = cursor.df(statement.sql, statement.params).sort_values("merchant_id", ignore_index=True)
            if not window.columns:
                window.merchants = pd.Index(frame["merchant_id"], dtype=object)
                window.who = cursor.kept("profiles", lambda: _profiles(cursor)).reindex(window.merchants)
            window.columns |= {name: frame[name].to_numpy(np.float64) for name in frame.columns.drop("merchant_id")}
    return window


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


def _placed(own: WindowSums, names: Collection[str], window: WindowSums, chosen: Places) -> dict[str, Floats]:
    """Columns of chosen merchants of a window, from sums of a part of its days: zero for one without a row there."""
    if own is window:
        return {name: own.columns.get(name, np.zeros(0))[chosen] for name in names}
    places = own.merchants.get_indexer(window.merchants[chosen])
    return {
        name: np.where(places >= 0, np.append(own.columns.get(name, np.zeros(0)), 0.0)[places], 0.0) for name in names
    }


def _sums(spec: MetricSpec, columns: Mapping[str, Floats], count: int) -> dict[str, Floats]:
    """y, x and s of a metric, shape (count,) each."""
    return {
        alias: sum((sign * columns[name] for name, sign in parts), np.zeros(count))
        for alias, parts in summed_columns(spec).items()
    }


def _total(values: Floats, places: Places, count: int) -> Floats:
    return np.bincount(places, values, count).astype(np.float64)


def _moments(sums: Mapping[str, Floats], places: Places, count: int) -> dict[str, Floats]:
    y, x = sums["y"], sums["x"]
    products = {"cy": y, "cx": x, "yy": y * y, "xy": x * y, "xx": x * x, "m": (x > 0).astype(np.float64)}
    return {name: _total(values, places, count) for name, values in products.items()}
