"""What buyers' reviews complain of and praise, by aspect: how much of it, and whether that changed. Read from words; see `llm.aspects`. Knows no page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from app.charts.shapes import Point
from app.i18n import language
from app.services.runtime import cached, get_runtime
from app.services.themes import review_items, text_reader
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from analytics.metrics import Scope

MONTHS = 12
MIN_REVIEWS = 20
"""Of fewer reviews with words no share is told."""


@dataclass(frozen=True)
class Share:
    """Reviews that complain of an aspect among the `n` reviews with words: `value` 0-1 with its 95 % interval, clustered by merchant; None below
    MIN_REVIEWS."""

    n: int
    value: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class AspectTrend:
    """An aspect in the window: the reviews that praise it and that complain of it, the share of complaints now and in the equally long window before,
    the difference with its interval, and the share by calendar month up to the window's end."""

    aspect_id: str
    praise: int
    complaints: int
    now: Share
    before: Share
    change: float | None
    change_low: float | None
    change_high: float | None
    months: tuple[Point, ...]


@cached
def aspect_trends(snapshot_id: str, scope: Scope) -> tuple[AspectTrend, ...]:
    """The taxonomy's aspects in its order; nothing where no review of a year up to the window's end has words."""
    from analytics.threads import reviewed

    days = (scope.date_to - scope.date_from).days + 1
    first_month = (pd.Period(scope.date_to, "M") - (MONTHS - 1)).start_time.date()
    earliest = min(first_month, scope.date_from - timedelta(days=days))
    with cursor(snapshot_id) as opened:
        rows = reviewed(opened, replace(scope, date_from=earliest))
    if rows.empty:
        return ()
    told = [dict(own.aspects) for own in text_reader().read(review_items(rows))]
    rows = rows.assign(day=pd.to_datetime(rows["review_date"]))
    return tuple(
        _trend(one.aspect_id, rows.assign(said=[said.get(one.aspect_id, "") for said in told]), scope, days)
        for one in get_runtime().desk.taxonomy.aspects
    )


def aspect_names() -> dict[str, str]:
    """Aspect id → name in the reader's language."""
    found = get_runtime().desk.taxonomy.aspects
    return {one.aspect_id: one.name.get(language()) or one.aspect_id for one in found}


def table_of(trends: Sequence[AspectTrend], names: dict[str, str]) -> pd.DataFrame:
    """A row an aspect: name, complaints, praise, share, ci_low, ci_high, before, change, change_low, change_high, n, months (a list)."""
    return pd.DataFrame(
        [
            {
                "name": names[one.aspect_id],
                "complaints": one.complaints,
                "praise": one.praise,
                "share": one.now.value,
                "ci_low": one.now.ci_low,
                "ci_high": one.now.ci_high,
                "before": one.before.value,
                "change": one.change,
                "change_low": one.change_low,
                "change_high": one.change_high,
                "n": one.now.n,
                "months": [point.value for point in one.months],
            }
            for one in trends
        ]
    )


def month_table(trend: AspectTrend) -> pd.DataFrame:
    """The months of a trend: day, value, ci_low, ci_high, n."""
    columns = ["day", "value", "ci_low", "ci_high", "n"]
    return pd.DataFrame([[getattr(point, column) for column in columns] for point in trend.months], columns=columns)


def _trend(aspect_id: str, rows: pd.DataFrame, scope: Scope, days: int) -> AspectTrend:
    from analytics.metrics.intervals import difference

    first, last = pd.Timestamp(scope.date_from), pd.Timestamp(scope.date_to)
    current = rows[rows["day"] >= first]
    earlier = rows[(rows["day"] < first) & (rows["day"] >= first - pd.Timedelta(days=days))]
    now, before = _share(current), _share(earlier)
    change = low = high = None
    if now.value is not None and before.value is not None:
        change = now.value - before.value
        bounds = [(share.ci_low or 0.0, share.ci_high if share.ci_high is not None else 1.0) for share in (now, before)]
        low, high = difference(now.value, bounds[0], before.value, bounds[1])
    return AspectTrend(
        aspect_id=aspect_id,
        praise=int((current["said"] == "positive").sum()),
        complaints=int((current["said"] == "negative").sum()),
        now=now,
        before=before,
        change=change,
        change_low=low,
        change_high=high,
        months=tuple(_months(rows, last)),
    )


def _months(rows: pd.DataFrame, last: pd.Timestamp) -> list[Point]:
    held = dict(iter(rows.groupby(rows["day"].dt.to_period("M"))))
    found = []
    for period in pd.period_range(end=pd.Period(last, "M"), periods=MONTHS):
        share = _share(held[period]) if period in held else Share(0, None, None, None)
        day: date = period.start_time.date()
        is_complete = period.end_time.date() <= last.date()
        found.append(Point(day, share.value, share.ci_low, share.ci_high, share.n, is_complete))
    return found


def _share(rows: pd.DataFrame) -> Share:
    from analytics.metrics.intervals import ClusterMoments, clustered_share

    if len(rows) < MIN_REVIEWS:
        return Share(len(rows), None, None, None)
    by_merchant = (rows["said"] == "negative").groupby(rows["merchant_id"].fillna("")).agg(["sum", "count"])
    y, x = by_merchant["sum"].to_numpy(float), by_merchant["count"].to_numpy(float)
    one = {"y": y.sum(), "x": x.sum(), "yy": (y * y).sum(), "xy": (x * y).sum(), "xx": (x * x).sum(), "m": len(x)}
    moments = ClusterMoments(**{name: np.array([float(value)]) for name, value in one.items()})
    share = y.sum() / x.sum()
    low, high = clustered_share(np.array([share]), np.array([x.sum()]), moments)
    return Share(len(rows), float(share), float(low[0]), float(high[0]))
