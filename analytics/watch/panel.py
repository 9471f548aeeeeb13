"""Reads the day marts as arrays: metrics by merchant and day, or one series; and up to which day they can be judged.

The only module of the watch that knows the warehouse.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.freshness import last_whole_day
from analytics.metrics.catalogue import get_spec
from analytics.metrics.extent import Extent, read_extent
from analytics.metrics.plan import numerator_expression
from analytics.metrics.templates import piece, scope_filters, scope_params
from analytics.metrics.types import MetricCursor, MetricSpec, Scope
from analytics.tables import SQL_FOLDER
from analytics.watch.expected import Bools, Floats

FOLDER = SQL_FOLDER / "watch"
FAMILIES = ("count", "rate", "mean", "nps")
SETTLED_SHARE = 0.9  # share of days with a row from which a day without one is lost data
IDLE_SHARE = 0.01  # share of rows without an order from which rows tell more than orders
NPS_RANGE, STAR_RANGE = 2.0, 4.0
BEFORE_ANY = date(1900, 1, 1)


@dataclass(frozen=True)
class Panel:
    """Sums of one metric, (merchants, days): y of exposure for a share (stars and NPS as parts of their range), exposure None for a
    count. is_seen: (merchants, days), whether the day is known: see `seen_cells`. is_asked: (merchants,), those that the filters let through; the others say what the marketplace did."""

    first_day: date
    merchants: tuple[str, ...]
    is_asked: NDArray[np.bool_]
    is_seen: Bools
    y: Floats
    exposure: Floats | None


@dataclass(frozen=True)
class Series:
    """One metric by day, (days,), without gaps."""

    first_day: date
    y: Floats
    exposure: Floats | None


@cache
def _sql(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8").strip()


@cache
def _pieces() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads((FOLDER / "fragments.toml").read_text(encoding="utf-8"))
    return found


def watched_spec(metric_id: str) -> MetricSpec:
    """A metric's definition. Raises UnknownMetric, and InputError for one whose days are no sums to judge."""
    spec = get_spec(metric_id)
    if spec.family not in FAMILIES:
        raise InputError(
            f"{metric_id} is no count, rate or mean by day, so it can't be watched: choose another metric."
        )
    return spec


def last_day(cursor: MetricCursor, extent: Extent, spec: MetricSpec, date_to: date) -> date:
    """The last day that can be judged: complete, and old enough for the metric. Before the first day when there is none."""
    if extent.last_day is None:
        return BEFORE_ANY
    if spec.maturity_days:
        return extent.through(spec.maturity_days, date_to)
    found = cursor.df(_sql("last_event"), {"time_zone": cursor.time_zone})["last_at"]
    is_complete = last_whole_day(pd.Timestamp(found.iloc[0])) >= extent.last_day
    return min(date_to, extent.last_day if is_complete else extent.last_day - timedelta(days=1))


def _sums(specs: Sequence[MetricSpec]) -> str:
    parts = []
    for i, spec in enumerate(specs):
        columns = {f"y{i}": numerator_expression(spec)}
        if spec.denominator_column:
            columns[f"x{i}"] = piece("column", column=spec.denominator_column)
        parts += [_pieces()["total"].format(expression=sql, alias=alias) for alias, sql in columns.items()]
    return ", ".join(parts)


def seen_cells(has_row: Bools, *, is_telling: bool) -> Bools:
    """Whether a merchant's day is known, from which days have a row, both (merchants, days).

    Nothing is known after the last row: the merchant is gone. A day without a row, in a merchant that has one nearly every day, is
    lost data; else it is a day without events. is_telling: whether the source has rows of days without an order (deliveries, reviews);
    where it has none, a missing row is all that an outage leaves behind, so it counts as one.
    """
    places = np.arange(has_row.shape[1])[None, :]
    first = np.where(has_row, places, has_row.shape[1]).min(axis=1, keepdims=True)
    last = np.where(has_row, places, -1).max(axis=1, keepdims=True)
    share = has_row.sum(axis=1, keepdims=True) / np.maximum(last - first + 1, 1)
    is_lost = ~has_row & (share >= SETTLED_SHARE) & is_telling
    return np.asarray((places <= last) & ~is_lost)


def _as_share(spec: MetricSpec, y: Floats, x: Floats) -> Floats:
    """Sums of stars (1–5) and of promoters less detractors as parts of their range; a rate's numerator as it is."""
    if spec.family == "mean":
        return (y - x) / STAR_RANGE
    return (y + x) / NPS_RANGE if spec.family == "nps" else y


def to_unit(spec: MetricSpec, share: float) -> float:
    """A share of the range back in the metric's unit."""
    if spec.family == "mean":
        return 1 + STAR_RANGE * share
    return 100 * (NPS_RANGE * share - 1) if spec.family == "nps" else share


def read_panels(cursor: MetricCursor, specs: Sequence[MetricSpec], scope: Scope) -> list[Panel]:
    """The panels of several metrics over the scope's days, in one statement; all merchants, whatever the filters."""
    params = scope_params(scope, scope.date_to)
    window = {"date_from": scope.date_from, "date_to": scope.date_to}
    merchants = cursor.df(_sql("merchants").format(filters=scope_filters(scope)), params)
    cells = cursor.df(_sql("panel").format(sums=_sums(specs)), window)
    shape = (len(merchants), (scope.date_to - scope.date_from).days + 1)
    at = (cells["merchant"].to_numpy(), cells["day"].to_numpy())

    def spread(column: str) -> Floats:
        values = np.zeros(shape)
        values[at] = cells[column].to_numpy(dtype=np.float64)
        return values

    has_row = np.zeros(shape, dtype=bool)
    has_row[at] = True
    is_seen = seen_cells(has_row, is_telling=bool(cells["is_idle"].mean() > IDLE_SHARE))
    found = []
    ids, is_asked = tuple(merchants["merchant_id"].astype(str)), merchants["is_asked"].to_numpy(dtype=bool)
    for i, spec in enumerate(specs):
        exposure = spread(f"x{i}") if spec.denominator_column else None
        y = spread(f"y{i}") if exposure is None else _as_share(spec, spread(f"y{i}"), exposure)
        found.append(Panel(scope.date_from, ids, is_asked, is_seen, y, exposure))
    return found


def read_series(cursor: MetricCursor, spec: MetricSpec, scope: Scope) -> Series:
    """One metric of what the filters let through, from its first day with a row to the scope's last day."""
    filters = scope_filters(scope)
    sql = _sql("series").format(
        sums=_sums([spec]),
        mart="merchant_day" if scope.has_filter else "marketplace_day",
        join=_pieces()["profile"] if scope.has_filter else "",
        filters=filters,
    )
    frame = cursor.df(sql, scope_params(scope, scope.date_to))
    volume = frame["x0"] if spec.denominator_column else frame["y0"]
    frame = frame[(volume > 0).cummax()]
    if frame.empty:
        return Series(scope.date_to, np.zeros(0), None)
    days = pd.date_range(frame["day"].iloc[0], scope.date_to)
    values = frame.set_index(pd.DatetimeIndex(frame["day"])).drop(columns="day").reindex(days, fill_value=0.0)
    y = values["y0"].to_numpy(dtype=np.float64)
    exposure = values["x0"].to_numpy(dtype=np.float64) if spec.denominator_column else None
    return Series(days[0].date(), y if exposure is None else _as_share(spec, y, exposure), exposure)


def extent_of(cursor: MetricCursor, spec: MetricSpec) -> Extent:
    """The extent of the cursor's snapshot. Raises InputError where the source does not hold the metric."""
    extent = read_extent(cursor)
    if not extent.holds(spec):
        raise InputError(f"The source does not hold what {spec.metric_id} needs, so it can't be watched.")
    return extent
