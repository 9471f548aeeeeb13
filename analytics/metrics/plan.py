"""Turns metrics, a scope and dimensions into statements: which mart, which grain, which window.

Knows nothing of values and intervals; every name comes from the catalogue or the white list of dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.metrics.extent import Extent
from analytics.metrics.templates import (
    Dimension,
    Statement,
    fill,
    get_dimensions,
    group_columns,
    join_on,
    keys,
    partition,
    piece,
    scope_filters,
    scope_params,
    window_sql,
)
from analytics.metrics.types import MetricSpec, Scope

COLUMN_FAMILIES = ("count", "rate", "ratio", "mean", "nps", "duration")


@dataclass(frozen=True)
class Question:
    """A scope and its grouping, against one snapshot's extent."""

    scope: Scope
    by: tuple[Dimension, ...]
    extent: Extent

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return tuple(dimension.name for dimension in self.by)

    @property
    def is_marketplace(self) -> bool:
        """Whether orders count once for the whole marketplace: nothing filters or splits the merchants."""
        return not self.scope.has_filter and all(dimension.grain == "time" for dimension in self.by)

    @property
    def is_single_merchant(self) -> bool:
        """Whether every group holds one merchant only."""
        return "merchant" in self.names or len(self.scope.merchants) == 1

    @property
    def has_carrier(self) -> bool:
        """Whether orders are split by carrier."""
        return "carrier" in self.names

    def through(self, spec: MetricSpec) -> date:
        """The last day that counts for a metric."""
        return self.extent.through(spec.maturity_days, self.scope.date_to)


def ask(scope: Scope, by: Sequence[str], extent: Extent) -> Question:
    """A question; raises UnknownDimension."""
    return Question(scope, get_dimensions(by), extent)


def applies(spec: MetricSpec, question: Question) -> bool:
    """Whether a metric can be split as asked: only orders and their money have a carrier."""
    return not question.has_carrier or spec.rows in ("orders", "amounts", "buyers")


def numerator_expression(spec: MetricSpec) -> str:
    """The summed expression of the numerator, over the relation w."""
    if spec.subtracted_column:
        return piece("difference", column=str(spec.numerator_column), other=spec.subtracted_column)
    return piece("column", column=str(spec.numerator_column))


def spread_expression(spec: MetricSpec) -> str | None:
    """The third sum that some intervals need: squares for a mean, decided answers for NPS."""
    if spec.family == "mean":
        return piece("column", column=str(spec.sumsq_column))
    if spec.family == "nps":
        return piece("both", column=str(spec.numerator_column), other=str(spec.subtracted_column))
    return None


def mart_columns(specs: Sequence[MetricSpec]) -> str:
    """The marts' columns that some metrics read, comma-separated, each once."""
    wanted: dict[str, None] = {}
    for spec in specs:
        for column in (spec.numerator_column, spec.subtracted_column, spec.denominator_column, spec.sumsq_column):
            if column:
                wanted[column] = None
    return ", ".join(wanted)


def _whole_months(date_from: date, date_to: date) -> tuple[date, date]:
    """First day of the first whole month of a window and first day after its last; equal when there is none."""
    first = date_from if date_from.day == 1 else (date_from.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (date_to + timedelta(days=1)).replace(day=1)
    return (first, last) if first < last else (date_to + timedelta(days=1), date_to + timedelta(days=1))


def _sum(expression: str | None, alias: str, spec: MetricSpec, question: Question) -> str:
    if expression is None:
        return piece("zero", alias=alias)
    if question.through(spec) >= question.scope.date_to:  # all of the window counts, which metrics then share
        return piece("sum", expression=expression, alias=alias)
    return piece("sum_mature", expression=expression, alias=alias, through=f"through_{spec.maturity_days}")


def _sums(specs: Sequence[MetricSpec], question: Question) -> str:
    parts: list[str] = []
    for i, spec in enumerate(specs):
        denominator = piece("column", column=spec.denominator_column) if spec.denominator_column else None
        parts.append(_sum(numerator_expression(spec), f"y{i}", spec, question))
        parts.append(_sum(denominator, f"x{i}", spec, question))
        spread = spread_expression(spec)
        if spread:
            parts.append(_sum(spread, f"s{i}", spec, question))
    return ", ".join(parts)


def aliases(specs: Sequence[MetricSpec]) -> list[str]:
    """Names of the summed columns that a column statement gives."""
    names: list[str] = []
    for i, spec in enumerate(specs):
        names += [f"y{i}", f"x{i}"]
        if spread_expression(spec):
            names.append(f"s{i}")
    return names


def _window(question: Question, specs: Sequence[MetricSpec], params: dict[str, object]) -> str:
    columns = mart_columns(specs)
    if question.has_carrier:
        return window_sql("window_carriers", columns=columns)
    if {"day", "week"} & set(question.names):
        return window_sql("window_days", columns=columns)
    # A month's row stands for all of its days, so only months that are mature for every metric may be taken whole.
    last = min(question.through(spec) for spec in specs)
    start, end = _whole_months(question.scope.date_from, max(last, question.scope.date_from - timedelta(days=1)))
    params |= {"months_from": start, "months_to": end}
    return window_sql("window_months" if start < end else "window_days", columns=columns)


def column_statement(question: Question, specs: Sequence[MetricSpec], *, has_bounds: bool = True) -> Statement:
    """One statement for any number of metrics that are sums of columns; per metric i the columns y, x, s and, with bounds and unless every
    group is one merchant, cy, cx, yy, xy, xx, m (the moments over merchants)."""
    params = scope_params(question.scope, question.scope.date_to)
    for spec in specs:
        if question.through(spec) < question.scope.date_to:
            params[f"through_{spec.maturity_days}"] = question.through(spec)
    if not has_bounds or question.is_single_merchant:
        return _sum_statement(question, specs, params)
    by, names = question.by, aliases(specs)
    clustered = [i for i, spec in enumerate(specs) if spec.denominator_column]
    moments = "".join(", " + piece("moments", i=str(i)) for i in clustered)
    window = _window(question, specs, params)
    if question.is_marketplace:
        return fill(
            "columns_marketplace",
            params,
            group_columns=group_columns(by),
            sums=_sums(specs, question),
            window=window,
            keys=keys(by),
            moments_only=piece("cluster_count") + moments,
            market_keys=keys(by, "market."),
            market_totals=", ".join(piece("market_total", alias=alias) for alias in names),
            cluster_moments="".join(", " + piece("cluster_moments", i=str(i)) for i in clustered),
            join=join_on(by, "market", "cluster"),
        )
    return fill(
        "columns",
        params,
        group_columns=group_columns(by),
        sums=_sums(specs, question),
        window=window,
        filters=scope_filters(question.scope),
        keys=keys(by),
        totals=", ".join(piece("total", alias=alias) for alias in names),
        moments=moments,
    )


def _sum_statement(question: Question, specs: Sequence[MetricSpec], params: dict[str, object]) -> Statement:
    if question.is_marketplace:
        window, profiles = window_sql("window_marketplace", columns=mart_columns(specs)), ""
    else:
        window, profiles = _window(question, specs, params), piece("profiles")
    return fill(
        "columns_sums",
        params,
        group_columns=group_columns(question.by),
        sums=_sums(specs, question),
        window=window,
        profiles=profiles,
        filters=scope_filters(question.scope),
        keys=keys(question.by),
        totals=", ".join(piece("whole_total", alias=alias) for alias in aliases(specs)),
    )


def money_statement(question: Question, spec: MetricSpec, template: str = "money") -> Statement:
    """Sums per group and currency: columns currency, y (hundredths), n (orders)."""
    window = window_sql("window_money_carriers" if question.has_carrier else "window_money_days")
    return fill(
        template,
        scope_params(question.scope, question.through(spec)),
        group_columns=group_columns(question.by),
        column=str(spec.numerator_column),
        window=window,
        filters=scope_filters(question.scope),
    )


def duration_statement(question: Question, spec: MetricSpec, template: str = "duration") -> Statement:
    """The buckets of a duration per group, with the moments of the share at or below the median's bucket."""
    by = question.by
    params = scope_params(question.scope, question.through(spec)) | {"measure": spec.measure}
    return fill(
        template,
        params,
        group_columns=group_columns(by),
        filters=scope_filters(question.scope),
        keys=keys(by),
        partition=partition(by),
        b_keys=keys(by, "b."),
        r_keys=keys(by, "r."),
        join_bm=join_on(by, "b", "m"),
        join_rk=join_on(by, "r", "k"),
    )


def concentration_statement(question: Question, spec: MetricSpec, template: str = "concentration") -> Statement:
    """Same-buyer pairs (y) and all pairs (x) of orders per group, with moments."""
    return fill(
        template,
        scope_params(question.scope, question.through(spec)),
        group_columns=group_columns(question.by),
        filters=scope_filters(question.scope),
        keys=keys(question.by),
    )
