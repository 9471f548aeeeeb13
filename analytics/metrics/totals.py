"""Figures by several dimensions with their totals. A total is asked for like any figure, without the dimension that it leaves
out: it is never a sum of its parts, which would be wrong for rates, means, medians and orders of several merchants.

Built on compute only; knows no SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from analytics.metrics.compute import compute_many
from analytics.metrics.types import MetricCursor, MetricResult, Scope


def compute_with_totals(
    cursor: MetricCursor, metric_ids: Sequence[str], scope: Scope, *, by: Sequence[str]
) -> dict[tuple[str, ...], dict[str, list[MetricResult]]]:
    """The figures of `compute_many` by every subset of `by`: all of the dimensions first, then the totals, the whole last.

    With k dimensions these are 2**k groupings. Raises UnknownMetric and UnknownDimension.
    """
    names = tuple(dict.fromkeys(by))
    subsets = [subset for size in range(len(names), -1, -1) for subset in combinations(names, size)]
    return {subset: compute_many(cursor, metric_ids, scope, by=subset) for subset in subsets}
