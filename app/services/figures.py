"""Metrics as pages show them: cards, series, and what stands behind a number. The same figures as `trustdesk metrics`.

Every function that reads data takes a snapshot id first. Words stay untranslated msgids. Knows no page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pandas as pd

from app.charts.shapes import Point
from app.errors import NoData
from app.services import metrics, trust, trust_number
from app.services.runtime import cached
from app.services.warehouse import cursor, filter_options, snapshot

if TYPE_CHECKING:
    from analytics.metrics import Comparison, Explanation, Figures, MetricResult, MetricSpec, Scope
    from app.filters import Compare

Direction = Literal["higher", "lower", "neutral"]
Period = Literal["day", "week", "month"]
DAYS_BY_DAY = 45
DAYS_BY_WEEK = 300
SPARKLINE_POINTS = 4


@dataclass(frozen=True)
class Number:
    """A number on a page: a metric (or `trust_score`) over a scope. What a figure's menu explains."""

    metric_id: str
    scope: Scope
    currency: str | None = None


PART_COLUMNS = ("before", "after", "change", "volume", "mix", "rate", "n")
PERIODS = ("month", "week", "day")
# dimension → the filter of a scope that narrows to one of its groups
FILTERS = {"category": "categories", "region": "regions", "tier": "tiers", "merchant": "merchants"}


def groupings(snapshot_id: str) -> tuple[str, ...]:
    """The dimensions of FILTERS that the snapshot's merchants have."""
    offered = filter_options(snapshot_id)
    return tuple(name for name, field in FILTERS.items() if getattr(offered, field))


def narrowed(shown: Number, dimension: str, key: str) -> Number:
    """The same number of one group; of a period, its days within the window."""
    if dimension in PERIODS:
        start = date.fromisoformat(key)
        ((first, last),) = periods(start, start, cast(Period, dimension))
        first, last = max(first, shown.scope.date_from), min(last, shown.scope.date_to)
        return replace(shown, scope=replace(shown.scope, date_from=first, date_to=last))
    only: dict[str, Any] = {FILTERS[dimension]: (key,)}
    return replace(shown, scope=replace(shown.scope, **only))


@dataclass(frozen=True)
class Card:
    """What one card shows. ``value`` is None unless ``status`` is ``ok``; ``name`` is a msgid.

    change: value minus base, in the metric's unit; None without a comparison. change_share: the same as a share of the base.
    is_significant: whether the interval of the change excludes zero. Without that the change has no colour.
    sparkline: the values of the window's periods in time order; periods without a value are left out.
    other_currencies: those that a money figure also has; they are never added to it.
    """

    metric_id: str
    name: str
    unit: str
    direction: Direction
    status: str
    value: float | None
    n: int
    min_n: int
    grain: str = ""
    currency: str | None = None
    change: float | None = None
    change_share: float | None = None
    is_significant: bool = False
    sparkline: tuple[float, ...] = ()
    peer_median: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    other_currencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A number's definition; the texts are msgids. The fields are those of a metric of the catalogue."""

    metric_id: str
    name: str
    description: str
    unit: str
    direction: Direction
    numerator: str
    denominator: str
    grain: str
    anchor: str
    maturity_days: int
    min_n: int


@dataclass(frozen=True)
class Rows:
    """The rows behind a number, the first of them in `frame`; over all `row_count` they add up to numerator and denominator."""

    frame: pd.DataFrame
    row_count: int
    value: float | None
    unit: str
    currency: str | None
    numerator: float
    denominator: float | None
    n: int
    status: str
    min_n: int
    grain: str


def definition(shown: Number) -> Definition:
    """What a number means. Raises UnknownMetric."""
    if shown.metric_id == trust.METRIC_ID:
        return Definition(**trust_number.definition())
    spec = _spec(shown.metric_id)
    return Definition(**{name: getattr(spec, name) for name in Definition.__dataclass_fields__})


def time_zone(snapshot_id: str) -> str:
    """The reporting zone of a snapshot."""
    return snapshot(snapshot_id).time_zone


def in_zone(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """The frame with its instants as wall-clock times of a zone, as pages show and export them."""
    found = frame.copy()
    for column in found.columns:
        if isinstance(found[column].dtype, pd.DatetimeTZDtype):
            found[column] = found[column].dt.tz_convert(zone).dt.tz_localize(None)
    return found


def period_of(scope: Scope) -> Period:
    """The period that a trend of this window is drawn by: thirty points or so."""
    days = (scope.date_to - scope.date_from).days + 1
    if days <= DAYS_BY_DAY:
        return "day"
    return "week" if days <= DAYS_BY_WEEK else "month"


def base_is_covered(snapshot_id: str, scope: Scope, base: Compare) -> bool:
    """Whether the data reaches back over the whole window of the comparison; else there is nothing to compare with."""
    from analytics.metrics import base_scope

    return base_scope(scope, base).date_from >= filter_options(snapshot_id).data_from


@cached
def compared(
    snapshot_id: str, metric_ids: tuple[str, ...], scope: Scope, base: Compare
) -> dict[str, tuple[Comparison, ...]]:
    """Several metrics over a scope against the comparison; alone where the data does not reach back that far."""
    from analytics.metrics import compare_many, compute_many

    with cursor(snapshot_id) as opened:
        if base_is_covered(snapshot_id, scope, base):
            found = compare_many(opened, metric_ids, scope, base=base)
            return {metric_id: tuple(comparisons) for metric_id, comparisons in found.items()}
        plain = compute_many(opened, metric_ids, scope)
    return {metric_id: tuple(alone(result) for result in results) for metric_id, results in plain.items()}


@cached
def cards(
    snapshot_id: str,
    metric_ids: tuple[str, ...],
    scope: Scope,
    base: Compare,
    peer_of: str | None = None,
    among: tuple[str, ...] = (),
) -> tuple[Card, ...]:
    """Cards of several metrics over a scope, in the order asked for.

    Args:
        peer_of: a merchant whose peers' medians go on the cards.
        among: what the page compares besides, these metrics included: asked for together, it costs one statement.
    """
    from analytics.metrics import figures_many, peers_many

    comparisons = compared(snapshot_id, among or metric_ids, scope, base)
    with cursor(snapshot_id) as opened:
        series = figures_many(opened, metric_ids, scope, by=(period_of(scope),), has_bounds=False)
        sparse = [name for name in metric_ids if np.isfinite(series[name].value).sum() < SPARKLINE_POINTS]
        if sparse:
            series |= figures_many(opened, sparse, scope, by=("week",), has_bounds=False)
        benchmarks = peers_many(opened, metric_ids, scope, peer_of) if peer_of else {}
    return tuple(
        _card(
            _spec(metric_id),
            comparisons[metric_id],
            series[metric_id],
            benchmarks[metric_id].median if metric_id in benchmarks else None,
        )
        for metric_id in metric_ids
    )


@cached
def series(snapshot_id: str, shown: Number, period: Period) -> tuple[Point, ...]:
    """A number by period, every period of the window in order; those without a value are gaps."""
    if shown.metric_id == trust.METRIC_ID:
        return trust_number.history(snapshot_id, shown.scope)
    return many_series(snapshot_id, (shown.metric_id,), shown.scope, period)[shown.metric_id]


@cached
def many_series(
    snapshot_id: str, metric_ids: tuple[str, ...], scope: Scope, period: Period
) -> dict[str, tuple[Point, ...]]:
    """Several metrics by period in one query."""
    from analytics.metrics import compute_many

    with cursor(snapshot_id) as opened:
        found = compute_many(opened, metric_ids, scope, by=(period,))
    return {metric_id: _points(results, scope, period) for metric_id, results in found.items()}


@cached
def rows(snapshot_id: str, shown: Number, limit: int) -> Rows:
    """The rows behind a number, `limit` at most, and the number computed from the same scope."""
    from analytics.metrics import compute, drill

    if shown.metric_id == trust.METRIC_ID:
        frame, median = trust_number.rows(snapshot_id, shown.scope)
        count = len(frame)
        return Rows(frame.head(limit), count, median, "score", None, count, None, count, "ok", 1, "merchant")
    with cursor(snapshot_id) as opened:
        results = compute(opened, shown.metric_id, shown.scope)
        result = next((r for r in results if r.currency == shown.currency), main_result(results))
        drilled = drill(opened, shown.metric_id, shown.scope, limit=limit, currency=result.currency)
    return Rows(
        in_zone(drilled.rows, time_zone(snapshot_id)),
        drilled.row_count,
        result.value,
        result.unit,
        drilled.currency,
        drilled.numerator,
        drilled.denominator,
        drilled.n,
        result.status,
        _spec(shown.metric_id).min_n,
        _spec(shown.metric_id).grain,
    )


@cached
def sql(snapshot_id: str, shown: Number) -> str:
    """A statement that gives the number, with every parameter written out."""
    from analytics.metrics import sql_text

    if shown.metric_id == trust.METRIC_ID:
        return trust_number.sql(snapshot_id, shown.scope)
    with cursor(snapshot_id) as opened:
        return sql_text(opened, shown.metric_id, shown.scope)


def main_currency(results: Sequence[MetricResult]) -> str | None:
    """The currency with the largest total; None for a metric that has none."""
    totals: dict[str, float] = {}
    for result in results:
        if result.currency is not None:
            totals[result.currency] = totals.get(result.currency, 0.0) + (result.value or 0.0)
    return max(totals, key=lambda currency: totals[currency]) if totals else None


def main_result(results: Sequence[MetricResult]) -> MetricResult:
    """Of a figure in several currencies the largest; else the only one."""
    return max(results, key=lambda result: result.value or 0.0)


def _spec(metric_id: str) -> MetricSpec:
    from analytics.metrics import get_spec

    return get_spec(metric_id)


def alone(result: MetricResult) -> Comparison:
    """A figure without anything to compare it with."""
    from analytics.metrics import Comparison

    return Comparison(result, None, None, None, None, None, None)


def _card(spec: MetricSpec, comparisons: Sequence[Comparison], periods: Figures, peer_median: float | None) -> Card:
    main = max(comparisons, key=lambda comparison: comparison.current.value or 0.0)
    current = main.current
    drawn = periods.of(current.currency) & np.isfinite(periods.value)
    return Card(
        metric_id=spec.metric_id,
        name=spec.name,
        unit=spec.unit,
        direction=spec.direction,
        status=current.status,
        value=current.value,
        n=current.n,
        min_n=spec.min_n,
        grain=spec.grain,
        currency=current.currency,
        change=main.change,
        change_share=main.change_share,
        is_significant=bool(main.is_significant),
        sparkline=tuple(periods.value[drawn].tolist()),
        peer_median=peer_median,
        ci_low=current.ci_low,
        ci_high=current.ci_high,
        other_currencies=tuple(
            sorted({c.current.currency for c in comparisons if c.current.currency} - {current.currency})
        ),
    )


def _points(results: Sequence[MetricResult], scope: Scope, period: Period) -> tuple[Point, ...]:
    currency = main_currency(results)
    by_start = {
        date.fromisoformat(result.group[period]): result
        for result in results
        if period in result.group and result.currency == currency
    }
    points = []
    for start, end in periods(scope.date_from, scope.date_to, period):
        found = by_start.get(start)
        last = scope.date_to if found is None else min(scope.date_to, found.mature_to)
        is_complete = scope.date_from <= start and end <= last
        if found is None:
            points.append(Point(start, None, is_complete=is_complete))
        else:
            points.append(Point(start, found.value, found.ci_low, found.ci_high, found.n, is_complete))
    return tuple(points)


def periods(first: date, last: date, period: Period) -> list[tuple[date, date]]:
    """First and last day of every period that touches the window; weeks begin on Monday."""
    start = first
    if period == "week":
        start = first - timedelta(days=first.weekday())
    elif period == "month":
        start = first.replace(day=1)
    found = []
    while start <= last:
        if period == "day":
            following = start + timedelta(days=1)
        elif period == "week":
            following = start + timedelta(days=7)
        else:
            following = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
        found.append((start, following - timedelta(days=1)))
        start = following
    return found


def change_parts(snapshot_id: str, shown: Number, base: Compare, dimension: str) -> tuple[Explanation, pd.DataFrame]:
    """What a number's change is made of, and its parts as a frame, largest first: key, name, and PART_COLUMNS.

    Money is explained in the number's currency, or the one with most of it. Raises NoData where the change can't be split.
    """
    from analytics.metrics import NotExplained

    try:
        found = metrics.explanations(snapshot_id, shown.metric_id, shown.scope, base, dimension)
    except NotExplained as error:
        raise NoData(error.text, **error.values) from error
    largest = max(found, key=lambda one: one.after)
    chosen = next((one for one in found if one.currency == shown.currency), largest)
    parts = pd.DataFrame(metrics.explanation_rows(chosen)[:-1], columns=["group", *PART_COLUMNS])
    names = filter_options(snapshot_id).merchants if dimension == "merchant" else {}
    parts.insert(0, "key", [group[dimension] for group in parts.pop("group")])
    parts.insert(1, "name", [names.get(key, key) for key in parts["key"]])
    return chosen, parts.astype(dict.fromkeys(PART_COLUMNS, float))
