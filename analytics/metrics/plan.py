"""Turns metrics, a scope and dimensions into statements: which mart, which grain, which window.

Knows nothing of values and intervals; every name comes from the catalogue or the white list of dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.metrics.extent import Extent
from analytics.metrics.templates import (
    Dimension,
    Statement,
    dimensions,
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
ORDERS = "order_count"
SignedColumns = tuple[tuple[str, int], ...]
"""Columns of a mart, each added (1) or taken away (-1)."""


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


def summed_columns(spec: MetricSpec) -> dict[str, SignedColumns]:
    """The mart columns behind a metric's sums y, x and s (a spread, where the metric has one), each with its sign; none: zero."""
    numerator, other = str(spec.numerator_column), spec.subtracted_column
    sums: dict[str, SignedColumns] = {
        "y": ((numerator, 1), (other, -1)) if other else ((numerator, 1),),
        "x": ((spec.denominator_column, 1),) if spec.denominator_column else (),
    }
    if spec.family == "mean":
        sums["s"] = ((str(spec.sumsq_column), 1),)
    if spec.family == "nps":
        sums["s"] = ((numerator, 1), (str(other), 1))
    return sums


def numerator_expression(spec: MetricSpec) -> str:
    """The summed expression of the numerator, over the relation w."""
    return _expression(summed_columns(spec)["y"])


def _expression(parts: SignedColumns) -> str:
    if not parts:
        return piece("nothing")
    if len(parts) == 1:
        return piece("column", column=parts[0][0])
    (column, _sign), (other, sign) = parts
    return piece("difference" if sign < 0 else "both", column=column, other=other)


def mart_columns(specs: Sequence[MetricSpec]) -> str:
    """The marts' columns that some metrics read, comma-separated, each once."""
    sums = (parts for spec in specs for parts in summed_columns(spec).values())
    return ", ".join(dict.fromkeys(name for parts in sums for name, _sign in parts))


def _whole_months(date_from: date, date_to: date) -> tuple[date, date]:
    """First day of the first whole month of a window and first day after its last; equal when there is none."""
    first = date_from if date_from.day == 1 else (date_from.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (date_to + timedelta(days=1)).replace(day=1)
    return (first, last) if first < last else (date_to + timedelta(days=1), date_to + timedelta(days=1))


def _sum(expression: str, alias: str, spec: MetricSpec, question: Question) -> str:
    if question.through(spec) >= question.scope.date_to:  # all of the window counts, which metrics then share
        return piece("sum", expression=expression, alias=alias)
    return piece("sum_mature", expression=expression, alias=alias, through=f"through_{spec.maturity_days}")


def _sums(specs: Sequence[MetricSpec], question: Question) -> str:
    return ", ".join(
        _sum(_expression(parts), f"{name}{i}", spec, question)
        for i, spec in enumerate(specs)
        for name, parts in summed_columns(spec).items()
    )


def aliases(specs: Sequence[MetricSpec]) -> list[str]:
    """Names of the summed columns that a column statement gives."""
    return [f"{name}{i}" for i, spec in enumerate(specs) for name in summed_columns(spec)]


def _window(question: Question, specs: Sequence[MetricSpec], params: dict[str, object]) -> str:
    columns = mart_columns(specs)
    if question.has_carrier:
        return window_sql("window_carriers", columns=columns)
    if {"day", "week"} & set(question.names):
        return window_sql("window_days", columns=columns)
    # A month's row stands for all of its days, so only months that are mature for every metric may be taken whole.
    last = min(question.through(spec) for spec in specs)
    return _days_and_months(question.scope.date_from, last, columns, params)


def _days_and_months(first: date, last: date, columns: str, params: dict[str, object]) -> str:
    """Days of a window, and whole months of those through `last`."""
    start, end = _whole_months(first, max(last, first - timedelta(days=1)))
    params |= {"months_from": start, "months_to": end}
    return window_sql("window_months" if start < end else "window_days", columns=columns)


def in_one_reading(first: date, columns: Mapping[date, Sequence[str]]) -> list[dict[date, Sequence[str]]]:
    """Columns by the last day that counts for them, put together where the same whole months lie in their days."""
    readings: dict[tuple[date, date] | None, dict[date, Sequence[str]]] = {}
    for last, names in columns.items():
        start, end = _whole_months(first, last)
        readings.setdefault((start, end) if start < end else None, {})[last] = names
    return list(readings.values())


def merchant_statement(first: date, columns: Mapping[date, Sequence[str]]) -> Statement:
    """Sums of columns of the marts from `first` to the day that each is given under, a row a merchant that has a row in these days.

    Gives merchant_id and c0, c1, … in the order of `columns`, which are all of `in_one_reading`.
    """
    params: dict[str, object] = {"date_from": first, "date_to": max(columns)}
    sums: list[str] = []
    for last, names in columns.items():
        day = f"through_{last:%Y_%m_%d}"
        params[day] = last
        for name in names:
            alias = f"c{len(sums)}"
            is_all = last == max(columns)
            sums.append(
                piece("column_sum", column=name, alias=alias)
                if is_all
                else piece("column_sum_mature", column=name, alias=alias, through=day)
            )
    read = ", ".join(dict.fromkeys(name for names in columns.values() for name in names))
    return fill(
        "merchant_sums", params, sums=", ".join(sums), window=_days_and_months(first, min(columns), read, params)
    )


def profiles_statement() -> Statement:
    """Every merchant's merchant_id with the value of each dimension that is an attribute of merchants."""
    attributes = tuple(d for d in dimensions().values() if d.grain == "merchant" and d.name != "merchant")
    return fill("profiles", {}, group_columns=group_columns(attributes))


def market_statement(question: Question, specs: Sequence[MetricSpec]) -> Statement:
    """The sums y, x and s of each metric i at the marketplace's own grain."""
    return _sum_statement(question, specs, _column_params(question, specs))


def _column_params(question: Question, specs: Sequence[MetricSpec]) -> dict[str, object]:
    params = scope_params(question.scope, question.scope.date_to)
    for spec in specs:
        if question.through(spec) < question.scope.date_to:
            params[f"through_{spec.maturity_days}"] = question.through(spec)
    return params


def column_statement(question: Question, specs: Sequence[MetricSpec], *, has_bounds: bool = True) -> Statement:
    """One statement for any number of metrics that are sums of columns; per metric i the columns y, x, s and, with bounds and unless every
    group is one merchant, cy, cx, yy, xy, xx, m (the moments over merchants)."""
    params = _column_params(question, specs)
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
