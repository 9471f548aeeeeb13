"""Merchants' unusual days and forecasts, as pages and commands show them. Words stay msgids. Knows no page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from app.charts.shapes import Annotation, Point
from app.services import figures, trust
from app.services.figures import Number
from app.services.runtime import cached
from app.services.warehouse import cursor, filter_options

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.watch import Anomaly

DEFAULT_Q = 0.05
DAYS, LEVEL = 28, 0.8
DAYS_SHOWN = 14
SHOWN = 12
MERCHANTS_AT_ONCE = 3_000  # judging more takes tens of seconds of both cores, which a page does not spend unasked
CONTEXT_DAYS = 13  # before an unusual stretch, in the window that its link opens


def watched() -> tuple[str, ...]:
    """The metrics that are watched unless others are named."""
    from analytics.watch import WATCHED

    return WATCHED


@cached
def anomalies(snapshot_id: str, metric_ids: tuple[str, ...], scope: Scope, q: float = DEFAULT_Q) -> tuple[Anomaly, ...]:
    """Unusual stretches that end in the scope's window, surest first. Raises UnknownMetric and InputError, in one line."""
    from analytics.watch import anomalies as found

    with cursor(snapshot_id) as opened:
        return tuple(found(opened, metric_ids, scope.date_from, scope.date_to, q=q, scope=scope))


def anomaly_rows(snapshot_id: str, metric_ids: tuple[str, ...], scope: Scope, q: float) -> list[dict[str, object]]:
    """Anomalies under the keys of the command's contract."""
    from analytics.watch import anomaly_record

    found = anomalies(snapshot_id, metric_ids, scope, q)
    with cursor(snapshot_id) as opened:
        return [anomaly_record(anomaly, opened) for anomaly in found]


@cached
def forecast(snapshot_id: str, metric_id: str, scope: Scope, days: int = DAYS, level: float = LEVEL) -> pd.DataFrame:
    """The days after the scope's last day, or after the last that is known: day, expected, low, high. Raises InputError."""
    from analytics.watch import forecast as found

    with cursor(snapshot_id) as opened:
        return found(opened, metric_id, days, level, scope)


def forecast_rows(snapshot_id: str, metric_id: str, scope: Scope, days: int, level: float) -> list[dict[str, object]]:
    """A forecast under the keys of the command's contract, one row a day. The scope's last day is the last of the past that it knows."""
    from analytics.metrics import get_spec

    frame = forecast(snapshot_id, metric_id, scope, days, level)
    filters = {"category": scope.categories, "region": scope.regions, "tier": scope.tiers, "merchant": scope.merchants}
    shared: dict[str, object] = {
        "metric": metric_id,
        "group": {name: ", ".join(values) for name, values in filters.items() if values},
        "time_zone": figures.time_zone(snapshot_id),
        "unit": get_spec(metric_id).unit,
        "level": level,
        "snapshot_id": snapshot_id,
    }
    return [
        shared | {"day": row["day"].date(), "expected": row["expected"], "low": row["low"], "high": row["high"]}
        for row in frame.to_dict("records")
    ]


def is_quick(snapshot_id: str) -> bool:
    """Whether the marketplace is small enough for its merchants to be judged whenever a page is drawn."""
    return len(filter_options(snapshot_id).merchants) <= MERCHANTS_AT_ONCE


@cached
def unusual(snapshot_id: str, scope: Scope) -> pd.DataFrame:
    """What the Overview lists, surest first: merchant_id, name, metric_id, metric (a msgid), unit, day, run_days, value, expected, is_bad,
    first, last (the window that looks into it)."""
    names = filter_options(snapshot_id).merchants
    rows = [
        {
            "merchant_id": found.merchant_id,
            "name": names.get(found.merchant_id, found.merchant_id),
            "metric_id": found.metric_id,
            "metric": figures.definition(Number(found.metric_id, scope)).name,
            "unit": figures.definition(Number(found.metric_id, scope)).unit,
            "day": found.day,
            "run_days": found.run_days,
            "value": found.value,
            "expected": found.expected,
            "is_bad": found.is_bad,
            "first": found.first_day - timedelta(days=CONTEXT_DAYS),
            "last": found.day,
        }
        for found in anomalies(snapshot_id, watched(), scope)[:SHOWN]
    ]
    columns = [
        "merchant_id",
        "name",
        "metric_id",
        "metric",
        "unit",
        "day",
        "run_days",
        "value",
        "expected",
        "is_bad",
        "first",
        "last",
    ]
    return pd.DataFrame(rows, columns=columns)


@cached
def marks(snapshot_id: str, scope: Scope, merchant_id: str, metric_id: str) -> tuple[tuple[date, date, bool], ...]:
    """Unusual stretches of one merchant and metric in a window: first day, last day, whether upwards. None of a metric that can't be
    watched, nor where judging takes long (it needs all merchants)."""
    from analytics.errors import InputError

    if not is_quick(snapshot_id):
        return ()
    own = replace(scope, categories=(), regions=(), tiers=(), merchants=())
    try:
        found = anomalies(snapshot_id, (metric_id,), own)
    except InputError:
        return ()
    return tuple((a.first_day, a.day, a.direction == "up") for a in found if a.merchant_id == merchant_id)


def marked(found: tuple[tuple[date, date, bool], ...], up: str, down: str) -> tuple[Annotation, ...]:
    """Marks for a time axis, under translated words."""
    return tuple(Annotation(first, last, up if is_up else down) for first, last, is_up in found)


@cached
def ahead(snapshot_id: str, shown: Number) -> tuple[Point, ...]:
    """A number's coming days after the window, as points with the interval's bounds; none where it can't be forecast."""
    from analytics.errors import InputError

    if shown.metric_id == trust.METRIC_ID:
        return ()
    try:
        frame = forecast(snapshot_id, shown.metric_id, shown.scope, DAYS_SHOWN)
    except InputError:
        return ()
    return tuple(Point(row["day"].date(), row["expected"], row["low"], row["high"]) for row in frame.to_dict("records"))
