"""Figures of one metric as arrays, one element a group: what is computed on, and made into MetricResults only for those that are shown.

A marketplace of 20,000 merchants has as many groups: arrays of them cost milliseconds, objects a second. Knows no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.durations import PERIODS, Words
from analytics.metrics.intervals import Floats
from analytics.metrics.plan import Question
from analytics.metrics.types import MetricResult, MetricSpec, Status


@dataclass(frozen=True)
class Figures:
    """Figures of one metric, shape (groups,) each, sorted by group and currency.

    groups: dimension → each group's value; empty where the metric has no figure by groups.
    value: NaN unless `statuses` is ok, as low and high; numerator and denominator are always given where something was counted (denominator:
    None for a total). currencies: of money, else None.
    """

    groups: Mapping[str, Words]
    currencies: Words
    value: Floats
    numerator: Floats
    denominator: Floats | None
    n: Floats
    low: Floats
    high: Floats
    statuses: Words

    def of(self, currency: str | None) -> NDArray[np.bool_]:
        """Which groups are in a currency."""
        found: NDArray[np.bool_] = (self.currencies == currency).astype(np.bool_)
        return found

    def by(self, dimension: str, values: Floats) -> dict[str, float]:
        """Each group's value of one of the arrays, of figures by this dimension alone; empty where the metric has no figure by groups."""
        keys = self.groups.get(dimension)
        return {} if keys is None else dict(zip(keys.tolist(), values.tolist(), strict=True))

    def without_bounds(self) -> Figures:
        """The same without intervals."""
        nothing = np.full(len(self.value), np.nan)
        return replace(self, low=nothing, high=nothing)


def without_figure(status: Status) -> Figures:
    """Of a metric that has no figure here, and why."""
    missing = np.full(1, np.nan)
    return Figures(
        {},
        np.array([None], dtype=object),
        *(missing, missing, None, np.zeros(1), missing, missing),
        statuses=np.array([status], dtype=object),
    )


def judged(
    spec: MetricSpec,
    question: Question,
    groups: Mapping[str, Words],
    value: Floats,
    counted: tuple[Floats, Floats | None, Floats],
    bounds: tuple[Floats, Floats],
    currencies: Words | None = None,
) -> Figures:
    """Figures with their status. `counted`: numerator, denominator and n."""
    numerator, denominator, n = counted
    statuses = _statuses(spec, question, groups, value, n)
    is_ok = statuses == "ok"
    low, high = bounds
    return Figures(
        groups=groups,
        currencies=np.full(len(value), None, dtype=object) if currencies is None else currencies,
        value=np.where(is_ok, value, np.nan),
        numerator=numerator,
        denominator=denominator,
        n=n,
        low=np.where(is_ok, low, np.nan),
        high=np.where(is_ok, high, np.nan),
        statuses=statuses,
    )


def results(
    figures: Figures, spec: MetricSpec, question: Question, *, time_zone: str, snapshot_id: str
) -> list[MetricResult]:
    """Each group's figure as a MetricResult."""
    count, names = len(figures.value), tuple(figures.groups)
    denominators = [None] * count if figures.denominator is None else _numbers(figures.denominator)
    columns = zip(
        zip(*figures.groups.values(), strict=True) if names else [()] * count,
        figures.currencies.tolist(),
        _numbers(figures.value),
        _numbers(figures.numerator),
        denominators,
        figures.n.astype(np.int64).tolist(),
        _numbers(figures.low),
        _numbers(figures.high),
        figures.statuses.tolist(),
        strict=True,
    )
    scope, mature_to = question.scope, question.through(spec)
    return [
        MetricResult(
            metric_id=spec.metric_id,
            group=dict(zip(names, group, strict=True)),
            date_from=scope.date_from,
            date_to=scope.date_to,
            time_zone=time_zone,
            unit=spec.unit,
            currency=currency,
            value=value,
            numerator=numerator,
            denominator=denominator,
            n=n,
            ci_low=low,
            ci_high=high,
            status=cast(Status, status),
            snapshot_id=snapshot_id,
            mature_to=mature_to,
            grain="marketplace" if question.is_marketplace else "merchant",
        )
        for group, currency, value, numerator, denominator, n, low, high, status in columns
    ]


def _statuses(spec: MetricSpec, question: Question, groups: Mapping[str, Words], value: Floats, n: Floats) -> Words:
    through, scope = question.through(spec), question.scope
    immature = np.full(len(value), through < scope.date_from)
    for period in set(PERIODS) & set(groups):
        immature |= groups[period] > through.isoformat()
    if spec.denominator_column is not None and through < scope.date_to:
        immature |= n == 0
    too_few = (n < spec.min_n) | np.isnan(value)
    found: Words = np.where(immature, "immature", np.where(too_few, "too_few", "ok")).astype(object)
    return found


def _numbers(values: Floats) -> list[float | None]:
    """Plain numbers; NaN as None."""
    return [None if number != number else number for number in values.tolist()]
