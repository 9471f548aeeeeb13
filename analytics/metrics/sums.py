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
    """What is known of a window of days: `merchants`, the ids with a row in it, ascending, and the columns asked for so far, shape (merchants,) each."""

    merchants: pd.Index = field(default_factory=lambda: pd.Index([], dtype=object))
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
    window = _read(cursor, question.scope.date_from, question.scope.date_to, ())
    profiles = cursor.kept("profiles", lambda: _profiles(cursor))
    who = profiles.reindex(window.merchants)
    chosen = np.flatnonzero(_is_in(who, question))
    groups, places = _groups(who.iloc[chosen], window.merchants[chosen], question.names)
    columns = {name: groups[name].to_numpy() for name in question.names}
    has_moments = has_bounds and not question.is_single_merchant
    for i, sums in enumerate(_sums(cursor, question, specs, window.merchants[chosen])):
        columns |= {f"{name}{i}": _total(values, places, len(groups)) for name, values in sums.items()}
        if has_moments and specs[i].denominator_column:
            columns |= {f"{name}{i}": found for name, found in _moments(sums, places, len(groups)).items()}
    if question.is_marketplace:  # an order of several merchants counts once
        statement = market_statement(question, specs)
        columns |= {str(name): values.to_numpy() for name, values in cursor.df(statement.sql, statement.params).items()}
    return pd.DataFrame(columns, index=groups.index)


def _read(cursor: MetricCursor, first: date, last: date, names: Collection[str]) -> WindowSums:
    window = cursor.kept(("sums", first, last), WindowSums)
    with window.lock:
        missing = [name for name in names if name not in window.columns]
        if (missing or not window.columns) and first <= last:
            statement = merchant_statement(first, last, missing)
            frame = cursor.df(statement.sql, statement.params).sort_values("merchant_id", ignore_index=True)
            window.merchants = pd.Index(frame.pop("merchant_id"), dtype=object)
            window.columns |= {str(name): values.to_numpy(np.float64) for name, values in frame.items()}
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


def _groups(who: pd.DataFrame, merchants: pd.Index, names: Sequence[str]) -> tuple[pd.DataFrame, Places]:
    """The groups, sorted, with their names as columns, and each merchant's place among them."""
    if not names:
        return pd.DataFrame(index=range(1)), np.zeros(len(who), dtype=np.intp)
    keyed = who.reset_index(drop=True).assign(merchant=merchants.to_numpy())[list(names)]
    by_group = keyed.groupby(list(names), sort=True, observed=True)
    places = np.asarray(by_group.ngroup(), dtype=np.intp)
    return by_group.head(1).sort_values(list(names), ignore_index=True), places


def _sums(
    cursor: MetricCursor, question: Question, specs: Sequence[MetricSpec], merchants: pd.Index
) -> list[Mapping[str, Floats]]:
    """y, x and s of each metric per merchant, each through the last day that counts for it."""
    first = question.scope.date_from
    wanted: dict[date, dict[str, None]] = {}
    for spec in specs:
        parts = summed_columns(spec).values()
        wanted.setdefault(question.through(spec), {}).update({name: None for names in parts for name, _sign in names})
    columns = {last: _placed(_read(cursor, first, last, names), names, merchants) for last, names in wanted.items()}
    return [
        {
            alias: sum((sign * columns[question.through(spec)][name] for name, sign in parts), np.zeros(len(merchants)))
            for alias, parts in summed_columns(spec).items()
        }
        for spec in specs
    ]


def _placed(window: WindowSums, names: Collection[str], merchants: pd.Index) -> dict[str, Floats]:
    """Columns of given merchants; zero for one without a row in the window."""
    places = window.merchants.get_indexer(merchants)
    nothing = np.zeros(1)
    return {
        name: np.where(places >= 0, np.append(window.columns.get(name, nothing[:0]), 0.0)[places], 0.0)
        for name in names
    }


def _total(values: Floats, places: Places, count: int) -> Floats:
    return np.bincount(places, values, count).astype(np.float64)


def _moments(sums: Mapping[str, Floats], places: Places, count: int) -> dict[str, Floats]:
    y, x = sums["y"], sums["x"]
    products = {"cy": y, "cx": x, "yy": y * y, "xy": x * y, "xx": x * x, "m": (x > 0).astype(np.float64)}
    return {name: _total(values, places, count) for name, values in products.items()}
