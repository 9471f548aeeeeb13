"""The rows behind a figure, and its SQL to paste: both from the same definitions as the figure itself.

Knows nothing of intervals. Values of a scope are bound parameters; names come from the catalogue and the white list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analytics.errors import InputError
from analytics.metrics.catalogue import get_spec
from analytics.metrics.extent import read_extent
from analytics.metrics.plan import (
    Question,
    applies,
    ask,
    concentration_statement,
    duration_statement,
    mart_columns,
    money_statement,
    numerator_expression,
)
from analytics.metrics.templates import Statement, fill, group_columns, piece, scope_filters, scope_params, window_sql
from analytics.metrics.types import Drill, MetricCursor, MetricSpec, Scope, UnknownDimension

_AT_BOTH_GRAINS = ("orders", "reviews", "tickets_and_orders")


@dataclass(frozen=True)
class _RowSource:
    """How the rows of a metric are read: relation and the SQL of each row's parts."""

    rows: str
    numerator: str
    denominator: str
    n: str
    is_counted: str
    without: str


def _source(spec: MetricSpec, question: Question) -> _RowSource:
    if spec.family == "concentration":
        y, x = piece("buyer_pairs"), piece("merchant_pairs")
        return _RowSource(window_sql("rows_buyers"), y, x, piece("buyer_orders"), piece("always"), "")
    name = f"rows_{spec.rows}"
    if question.is_marketplace and spec.rows in _AT_BOTH_GRAINS:
        name += "_marketplace"
    columns = mart_columns([spec])
    rows = window_sql(name, columns=columns)
    numerator = numerator_expression(spec)
    without = piece("without", columns=columns)
    if spec.denominator_column is None:
        n = piece("one") if spec.family == "money" else numerator
        is_counted = piece("always") if spec.family == "money" else piece("counts_numerator", numerator=numerator)
        return _RowSource(rows, numerator, piece("null"), n, is_counted, without)
    denominator = piece("column", column=spec.denominator_column)
    counted = "counts_either" if spec.family == "ratio" else "counts_denominator"
    is_counted = piece(counted, numerator=numerator, denominator=denominator)
    return _RowSource(rows, numerator, denominator, denominator, is_counted, without)


def _only_currency(cursor: MetricCursor, question: Question, spec: MetricSpec, currency: str | None) -> str | None:
    if spec.family != "money" or currency is not None:
        return currency
    statement = money_statement(question, spec)
    found = [None if pd.isna(code) else str(code) for code in cursor.df(statement.sql, statement.params)["currency"]]
    if len(found) > 1:
        names = ", ".join(sorted(code or "unknown" for code in found))
        raise InputError(f"{spec.metric_id} has amounts in {names} here: name the currency whose rows you want.")
    return found[0] if found else None


def drill(
    cursor: MetricCursor, metric_id: str, scope: Scope, *, limit: int = 1000, currency: str | None = None
) -> Drill:
    """The rows behind compute(cursor, metric_id, scope): their parts add up to its numerator and denominator exactly.

    Parts of money are in hundredths in the rows and in major units in the totals; parts of a median are its seconds.
    Raises UnknownMetric, and InputError when money of several currencies is asked for without naming one.
    """
    spec = get_spec(metric_id)
    question = ask(scope, (), read_extent(cursor))
    through = question.through(spec)
    chosen = _only_currency(cursor, question, spec, currency)
    source = _source(spec, question)
    params = scope_params(scope, through) | {"limit": limit, "currency": chosen}
    parts = {
        "rows": source.rows,
        "numerator": source.numerator,
        "denominator": source.denominator,
        "is_counted": source.is_counted,
        "filters": scope_filters(scope),
    }
    listing = fill("drill", params, without=source.without, row_key=piece(f"row_key_{spec.rows}"), **parts)
    total = fill("drill_total", params, n=source.n, **parts)
    sums = cursor.df(total.sql, total.params).iloc[0]
    has_denominator = spec.denominator_column is not None or spec.family == "concentration"
    return Drill(
        metric_id=metric_id,
        rows=cursor.df(listing.sql, listing.params),
        row_count=int(sums["row_count"]),
        numerator=float(sums["numerator"]) / (100 if spec.family == "money" else 1),
        denominator=float(0 if pd.isna(sums["denominator"]) else sums["denominator"]) if has_denominator else None,
        n=int(sums["n"]),
        currency=chosen,
        grain="marketplace" if question.is_marketplace else "merchant",
    )


def _value(spec: MetricSpec, numerator: str, denominator: str) -> str:
    if spec.denominator_column is None:
        return piece("value_count", numerator=numerator)
    name = "value_nps" if spec.family == "nps" else "value_share"
    return piece(name, numerator=numerator, denominator=denominator)


def _column_text(spec: MetricSpec, question: Question) -> Statement:
    numerator = numerator_expression(spec)
    denominator = piece("column", column=spec.denominator_column) if spec.denominator_column else piece("null")
    parts = {
        "group_columns": group_columns(question.by),
        "numerator": piece("plain_sum", expression=numerator),
        "denominator": piece("plain_sum", expression=denominator) if spec.denominator_column else denominator,
        "value": _value(spec, numerator, denominator),
    }
    params = scope_params(question.scope, question.through(spec))
    if question.is_marketplace:
        return fill("explain_marketplace", params, **parts)
    source = piece("source_carriers" if question.has_carrier else "source_days")
    return fill("explain_columns", params, source=source, filters=scope_filters(question.scope), **parts)


def explain_statement(cursor: MetricCursor, metric_id: str, scope: Scope, by: Sequence[str] = ()) -> Statement:
    """The statement of sql_text with its parameters still bound."""
    spec = get_spec(metric_id)
    question = ask(scope, by, read_extent(cursor))
    if not applies(spec, question):
        raise UnknownDimension(f"{metric_id} has no carrier: group it by something else.")
    if spec.family == "money":
        return money_statement(question, spec, "explain_money")
    if spec.family == "duration":
        return duration_statement(question, spec, "explain_duration")
    if spec.family == "concentration":
        return concentration_statement(question, spec, "explain_concentration")
    return _column_text(spec, question)


def sql_text(cursor: MetricCursor, metric_id: str, scope: Scope, by: Sequence[str] = ()) -> str:
    """A read-only statement over the marts that gives the same value as compute, ready to paste; columns: the
    dimensions (currency for money), numerator and denominator where the metric has them, value.

    It shows the plain figure: neither min_n nor the interval. Younger orders than the metric's maturity are left out.
    """
    return explain_statement(cursor, metric_id, scope, by).literal()
