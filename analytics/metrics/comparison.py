"""A figure against an earlier window, and a merchant against its peers.

Built on compute only; knows no SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analytics.errors import InputError
from analytics.metrics.catalogue import get_spec
from analytics.metrics.compute import compute_many
from analytics.metrics.extent import read_extent
from analytics.metrics.intervals import difference
from analytics.metrics.templates import fill, get_dimensions
from analytics.metrics.types import Base, Comparison, MetricCursor, MetricResult, MetricSpec, PeerBenchmark, Scope

MIN_PEERS = 5
ADDITIVE = ("count", "money")  # families that grow with the window


def _a_year_before(day: date) -> date:
    earlier: date = (pd.Timestamp(day) - pd.DateOffset(years=1)).date()
    return earlier


def base_scope(scope: Scope, base: Base) -> Scope:
    """The window to compare with: the one of equal length just before, the same a week or a calendar year earlier, or two days
    given. Raises InputError."""
    if isinstance(base, tuple):
        return replace(scope, date_from=base[0], date_to=base[1])
    if base == "previous":
        days = (scope.date_to - scope.date_from).days + 1
        return replace(
            scope, date_from=scope.date_from - timedelta(days=days), date_to=scope.date_from - timedelta(days=1)
        )
    if base == "week":
        week = timedelta(days=7)
        return replace(scope, date_from=scope.date_from - week, date_to=scope.date_to - week)
    if base == "year":
        return replace(scope, date_from=_a_year_before(scope.date_from), date_to=_a_year_before(scope.date_to))
    raise InputError(f"A comparison is with previous, week, year or two days, not {base!r}.")


def _days(result: MetricResult) -> int:
    return (result.date_to - result.date_from).days + 1


def compare_results(current: MetricResult, base: MetricResult | None) -> Comparison:
    """The change between two results of one metric, group and currency; None fields where either has no value."""
    if base is None or current.value is None or base.value is None:
        return Comparison(current, base, None, None, None, None, None)
    before = base.value
    if get_spec(current.metric_id).family in ADDITIVE:
        before *= _days(current) / _days(base)
    change = current.value - before
    share = change / before if before else None
    bounds = (current.ci_low, current.ci_high, base.ci_low, base.ci_high)
    if any(bound is None for bound in bounds):
        return Comparison(current, base, change, share, None, None, None)
    c_low, c_high, b_low, b_high = (float(bound) for bound in bounds if bound is not None)
    low, high = difference(current.value, (c_low, c_high), base.value, (b_low, b_high))
    return Comparison(current, base, change, share, low, high, low > 0 or high < 0)


def compare_many(
    cursor: MetricCursor, metric_ids: Sequence[str], scope: Scope, *, base: Base, by: Sequence[str] = ()
) -> dict[str, list[Comparison]]:
    """Each figure of `scope` with its partner of the base window; base is None where the group had none, and everywhere
    when the base window starts before the data does, or either ends after them (a window that is only partly covered would look like growth, or a fall).

    The two windows are taken as independent samples, which is cautious for the same merchants and for windows that overlap. Raises InputError when
    `by` holds a period.
    """
    for dimension in get_dimensions(by):
        if dimension.grain == "time":
            raise InputError(f"A comparison can't be grouped by {dimension.name}: ask for the two series instead.")
    now = compute_many(cursor, metric_ids, scope, by=by)
    earlier = base_scope(scope, base)
    extent = read_extent(cursor)
    if not (extent.covers(earlier) and extent.is_reached(scope)):
        return {metric_id: [compare_results(result, None) for result in results] for metric_id, results in now.items()}
    before = compute_many(cursor, metric_ids, earlier, by=by)
    compared: dict[str, list[Comparison]] = {}
    for metric_id, results in now.items():
        partners = {(tuple(result.group.items()), result.currency): result for result in before[metric_id]}
        compared[metric_id] = [
            compare_results(result, partners.get((tuple(result.group.items()), result.currency))) for result in results
        ]
    return compared


def compare(
    cursor: MetricCursor, metric_id: str, scope: Scope, *, base: Base, by: Sequence[str] = ()
) -> list[Comparison]:
    """One metric's comparison; see compare_many."""
    return compare_many(cursor, [metric_id], scope, base=base, by=by)[metric_id]


def _percentile(value: float, others: np.ndarray, spec: MetricSpec) -> float:
    below = float((others < value).mean() + 0.5 * (others == value).mean())
    return 1 - below if spec.direction == "lower" else below


def _benchmark(
    spec: MetricSpec, merchant_id: str, place: tuple[str, str], results: Sequence[MetricResult]
) -> PeerBenchmark:
    category, size_band = place
    own = next((result for result in results if result.group.get("merchant") == merchant_id), None)
    currency = own.currency if own else None
    others = np.array(
        [
            result.value
            for result in results
            if result.value is not None
            and result.group.get("merchant") != merchant_id
            and result.group.get("size_band") == size_band
            and result.currency == currency
        ]
    )
    has_peers = len(others) >= MIN_PEERS
    value = own.value if own else None
    whole_metric = results[0].status if results and not results[0].group else "too_few"
    return PeerBenchmark(
        metric_id=spec.metric_id,
        merchant_id=merchant_id,
        value=value,
        median=float(np.median(others)) if has_peers else None,
        percentile=_percentile(value, others, spec) if has_peers and value is not None else None,
        peer_count=len(others),
        category=category,
        size_band=size_band,
        status=own.status if own else whole_metric,
    )


def peers_many(
    cursor: MetricCursor, metric_ids: Sequence[str], scope: Scope, merchant_id: str
) -> dict[str, PeerBenchmark]:
    """A merchant's figures among the merchants of the same category and size band, over the scope's dates.

    The scope's filters are set aside: who a merchant's peers are does not depend on what a page shows. A merchant's first
    currency stands for its money. Raises InputError for a merchant that the warehouse does not know.
    """
    profile = fill("profile", {"merchant_id": merchant_id})
    found = cursor.df(profile.sql, profile.params)
    if found.empty:
        raise InputError(f"There is no merchant {merchant_id!r} in this warehouse: check the id.")
    place = (str(found["category"].iloc[0]), str(found["size_band"].iloc[0]))
    window = Scope(scope.date_from, scope.date_to, categories=(place[0],))
    results = compute_many(cursor, metric_ids, window, by=("merchant", "size_band"))
    return {metric_id: _benchmark(get_spec(metric_id), merchant_id, place, rows) for metric_id, rows in results.items()}


def peers(cursor: MetricCursor, metric_id: str, scope: Scope, merchant_id: str) -> PeerBenchmark:
    """One metric's benchmark; see peers_many."""
    return peers_many(cursor, [metric_id], scope, merchant_id)[metric_id]
