"""Computes figures: statements in, MetricResults with value, n, interval and status out.

The same path serves one metric or many, pages and commands. Knows nothing of charts, words for people or the trust score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.metrics import intervals
from analytics.metrics.catalogue import get_spec
from analytics.metrics.durations import Words, duration_figures, group_columns
from analytics.metrics.extent import read_extent
from analytics.metrics.figures import Figures, judged, results, without_figure
from analytics.metrics.intervals import ClusterMoments, Floats
from analytics.metrics.plan import (
    COLUMN_FAMILIES,
    Question,
    applies,
    ask,
    column_statement,
    concentration_statement,
    duration_statement,
    money_statement,
)
from analytics.metrics.sums import grouped_sums, serves
from analytics.metrics.templates import Statement
from analytics.metrics.types import MetricCursor, MetricResult, MetricSpec, Scope

Groups = Mapping[str, Words]

_LIMITS = {"rate": (0.0, 1.0), "mean": (1.0, 5.0), "nps": (-100.0, 100.0)}


def _floats(frame: pd.DataFrame, column: str) -> Floats:
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _sorted(cursor: MetricCursor, statement: Statement, question: Question, *others: str) -> pd.DataFrame:
    """A statement's rows by group."""
    frame = cursor.df(statement.sql, statement.params)
    names = [*question.names, *others]
    return frame.sort_values(names, ignore_index=True, na_position="first") if names else frame


def _moments(frame: pd.DataFrame, i: str) -> ClusterMoments | None:
    if f"m{i}" not in frame:
        return None
    y, x, yy, xy, xx, m = (np.nan_to_num(_floats(frame, f"{name}{i}")) for name in ("cy", "cx", "yy", "xy", "xx", "m"))
    return ClusterMoments(y=y, x=x, yy=yy, xy=xy, xx=xx, m=m)


def _single_bounds(spec: MetricSpec, y: Floats, x: Floats, spread: Floats | None) -> intervals.Bounds:
    if spec.family == "rate":
        return intervals.wilson(y, x)
    if spec.family == "ratio":
        return intervals.poisson_rate(y, x)
    if spec.family == "mean" and spread is not None:
        return intervals.mean_of_sums(y, spread, x)
    if spec.family == "nps" and spread is not None:
        return intervals.net_promoter(y, spread, x)
    nothing = np.full(y.shape, np.nan)
    return nothing, nothing.copy()


def _bounds(
    spec: MetricSpec, value: Floats, y: Floats, x: Floats, spread: Floats | None, moments: ClusterMoments | None
) -> intervals.Bounds:
    """A single merchant's method, and the clustered one where a group holds several merchants that differ."""
    low, high = _single_bounds(spec, y, x, spread)
    if moments is None or spec.family in ("count", "duration"):
        return low, high
    if spec.family == "rate":
        pooled = intervals.clustered_share(value, x, moments)
    else:
        pooled = intervals.clustered_ratio(value, moments, 100.0 if spec.family == "nps" else 1.0)
    use = (moments.m >= 2) & (np.nan_to_num(intervals.ratio_variance(moments)) > 0)
    low, high = np.where(use, pooled[0], low), np.where(use, pooled[1], high)
    if spec.family == "ratio":
        low = np.maximum(low, 0.0)
    return low, high


def _column_figures(
    cursor: MetricCursor,
    question: Question,
    spec: MetricSpec,
    frame: pd.DataFrame,
    i: str,
    groups: Groups,
    *,
    has_bounds: bool,
) -> Figures:
    y, x = _floats(frame, f"y{i}"), _floats(frame, f"x{i}")
    spread = _floats(frame, f"s{i}") if f"s{i}" in frame else None
    nothing = np.full(y.shape, np.nan)
    if spec.denominator_column is None:
        return judged(spec, question, groups, y, (y, None, y), (nothing, nothing))
    value = (100.0 if spec.family == "nps" else 1.0) * np.divide(y, x, out=nothing.copy(), where=x > 0)
    low, high = _bounds(spec, value, y, x, spread, _moments(frame, i)) if has_bounds else (nothing, nothing)
    if spec.family in _LIMITS:
        low, high = np.clip(low, *_LIMITS[spec.family]), np.clip(high, *_LIMITS[spec.family])
    if spec.family == "duration":
        value, low, high = _medians(cursor, question, spec, groups, len(y))
    return judged(spec, question, groups, value, (y, x, x), (low, high))


def _money_figures(cursor: MetricCursor, question: Question, spec: MetricSpec) -> Figures:
    frame = _sorted(cursor, money_statement(question, spec), question, "currency")
    if frame.empty and not question.by:
        zero, nothing = np.zeros(1), np.full(1, np.nan)
        return judged(spec, question, {}, zero, (zero, None, zero), (nothing, nothing))
    value = _floats(frame, "y") / 100
    nothing = np.full(value.shape, np.nan)
    currencies = np.array([None if pd.isna(code) else str(code) for code in frame["currency"]], dtype=object)
    counted = (value, None, _floats(frame, "n"))
    return judged(spec, question, group_columns(frame, question.names), value, counted, (nothing, nothing), currencies)


def _concentration_figures(cursor: MetricCursor, question: Question, spec: MetricSpec) -> Figures:
    frame = _sorted(cursor, concentration_statement(question, spec), question)
    y, x = _floats(frame, "y"), _floats(frame, "x")
    nothing = np.full(y.shape, np.nan)
    value = np.divide(y, x, out=nothing.copy(), where=x > 0)
    moments = _moments(frame, "")
    low, high = nothing, nothing
    if moments is not None:
        low, high = (np.clip(bound, 0.0, 1.0) for bound in intervals.clustered_ratio(value, moments))
    counted = (y, x, _floats(frame, "n"))
    return judged(spec, question, group_columns(frame, question.names), value, counted, (low, high))


def _medians(
    cursor: MetricCursor, question: Question, spec: MetricSpec, groups: Groups, count: int
) -> tuple[Floats, Floats, Floats]:
    """The median of a duration in each of `count` groups, and its interval."""
    statement = duration_statement(question, spec)
    medians = duration_figures(cursor.df(statement.sql, statement.params), question.names)
    asked = zip(*groups.values(), strict=True) if groups else [()] * count
    places = [medians.get(group, (np.nan, np.nan, np.nan)) for group in asked]
    median, low, high = np.array(places, dtype=np.float64).reshape(-1, 3).T
    return median, low, high


def _split(question: Question, specs: Sequence[MetricSpec]) -> tuple[dict[str, Figures], list[MetricSpec]]:
    """The metrics that have no figure here, and those that have one."""
    answered: dict[str, Figures] = {}
    open_specs: list[MetricSpec] = []
    for spec in specs:
        if not applies(spec, question):
            answered[spec.metric_id] = without_figure("not_applicable")
        elif not question.extent.holds(spec):
            answered[spec.metric_id] = without_figure("not_in_source")
        else:
            open_specs.append(spec)
    return answered, open_specs


def figures_many(
    cursor: MetricCursor, metric_ids: Sequence[str], scope: Scope, *, by: Sequence[str] = (), has_bounds: bool = True
) -> dict[str, Figures]:
    """Figures of several metrics as arrays, one element a group (and currency); the same as `compute_many`, for many groups.

    Without bounds (low and high are then NaN) a group of several merchants is summed without looking at each: for lines and sums.
    """
    specs = [get_spec(metric_id) for metric_id in dict.fromkeys(metric_ids)]
    answered = _answered(cursor, ask(scope, by, read_extent(cursor)), specs, has_bounds=has_bounds)
    return answered if has_bounds else {name: found.without_bounds() for name, found in answered.items()}


def _answered(
    cursor: MetricCursor, question: Question, specs: Sequence[MetricSpec], *, has_bounds: bool = True
) -> dict[str, Figures]:
    answered, open_specs = _split(question, specs)
    in_columns = [spec for spec in open_specs if spec.family in COLUMN_FAMILIES]
    if in_columns:
        if serves(question, has_bounds=has_bounds):
            frame = grouped_sums(cursor, question, in_columns, has_bounds=has_bounds)
        else:
            frame = _sorted(cursor, column_statement(question, in_columns, has_bounds=has_bounds), question)
        groups = group_columns(frame, question.names)
        for i, spec in enumerate(in_columns):
            answered[spec.metric_id] = _column_figures(
                cursor, question, spec, frame, str(i), groups, has_bounds=has_bounds
            )
    for spec in open_specs:
        if spec.family == "money":
            answered[spec.metric_id] = _money_figures(cursor, question, spec)
        elif spec.family == "concentration":
            answered[spec.metric_id] = _concentration_figures(cursor, question, spec)
    return answered


def compute_many(
    cursor: MetricCursor, metric_ids: Sequence[str], scope: Scope, *, by: Sequence[str] = ()
) -> dict[str, list[MetricResult]]:
    """Figures of several metrics, each a list with one result a group (and currency), sorted by group.

    by: any of merchant, category, region, tier, size_band, carrier (orders only), day, week (its Monday), month. Groups
    and periods without a row are absent. All metrics that are sums share one statement; each of money, medians and buyer
    concentration adds one. Raises UnknownMetric and UnknownDimension.
    """
    specs = [get_spec(metric_id) for metric_id in dict.fromkeys(metric_ids)]
    question = ask(scope, by, read_extent(cursor))
    answered = _answered(cursor, question, specs)
    stamp = {"time_zone": cursor.time_zone, "snapshot_id": cursor.snapshot_id}
    return {spec.metric_id: results(answered[spec.metric_id], spec, question, **stamp) for spec in specs}


def compute(cursor: MetricCursor, metric_id: str, scope: Scope, *, by: Sequence[str] = ()) -> list[MetricResult]:
    """Figures of one metric; see compute_many."""
    return compute_many(cursor, [metric_id], scope, by=by)[metric_id]


def result_record(result: MetricResult) -> dict[str, Any]:
    """The JSON object of the `metrics` command: dates as ISO text, keys of the published contract first."""
    return {
        "metric": result.metric_id,
        "group": dict(result.group),
        "from": result.date_from.isoformat(),
        "to": result.date_to.isoformat(),
        "time_zone": result.time_zone,
        "unit": result.unit,
        "currency": result.currency,
        "value": result.value,
        "numerator": result.numerator,
        "denominator": result.denominator,
        "n": result.n,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "status": result.status,
        "snapshot_id": result.snapshot_id,
        "mature_to": result.mature_to.isoformat(),
        "grain": result.grain,
    }
