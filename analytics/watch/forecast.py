"""A metric's coming days, with intervals: a count, rate or mean of the marketplace, of any filter, or of one merchant.

Knows the catalogue and the day marts; nothing of pages or languages.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from analytics.errors import InputError
from analytics.metrics.types import MetricCursor, Scope
from analytics.watch.extrapolate import LEAST_DAYS, extrapolate
from analytics.watch.panel import extent_of, last_day, read_series, to_unit, watched_spec

LOOK_BACK_DAYS = 400
MOST_DAYS = 90
FAR = date(2200, 12, 31)


def forecast(
    cursor: MetricCursor, metric_id: str, days: int = 28, level: float = 0.8, filters: Scope | None = None
) -> pd.DataFrame:
    """The days after the last one that is complete and old enough: columns day (datetime64), expected, low, high.

    Values are in the metric's unit and of single days; low … high is meant to hold a day's figure with probability `level`, as wide
    as the same forecast's errors in the past. filters: which merchants; a date_to before the last day of data cuts the past there.
    Raises UnknownMetric, and InputError, one line, for a metric that can't be watched or that the source does not hold, less than
    LEAST_DAYS days of data, days outside 1–MOST_DAYS, and a level outside 0.5–0.99.
    """
    if not 1 <= days <= MOST_DAYS:
        raise InputError(f"A forecast reaches 1 to {MOST_DAYS} days: {days} is out of range.")
    if not 0.5 <= level <= 0.99:
        raise InputError(f"The level of a forecast's interval lies from 0.5 to 0.99: {level:g} is out of range.")
    spec = watched_spec(metric_id)
    extent = extent_of(cursor, spec)
    last = last_day(cursor, extent, spec, filters.date_to if filters else FAR)
    first = max(extent.first_day or last, last - timedelta(days=LOOK_BACK_DAYS))
    if first > last:
        raise InputError(f"{metric_id} has no day to go by yet: load more, or choose a later window.")
    asked = filters or Scope(first, last)
    series = read_series(
        cursor, spec, Scope(first, last, asked.categories, asked.regions, asked.tiers, asked.merchants)
    )
    if len(series.y) < LEAST_DAYS:
        raise InputError(
            f"A forecast of {metric_id} needs {LEAST_DAYS} days with data, and there are {len(series.y)}: widen the filters, or wait."
        )
    found = extrapolate(series.y, series.exposure, days, level)
    columns = {"expected": found.expected, "low": found.low, "high": found.high}
    if series.exposure is not None:
        columns = {name: np.array([to_unit(spec, v) for v in values]) for name, values in columns.items()}
    return pd.DataFrame({"day": pd.date_range(last + timedelta(days=1), periods=days), **columns})
