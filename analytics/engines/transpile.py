"""Mart SQL for Spark: the DuckDB text, checked against a list of portable constructs, parsed, bound and written again.

The list is what both engines are known to compute alike; anything else is refused, because a transpiler changes meaning
without saying so. Needs sqlglot (extra `spark`) and neither engine. Knows nothing of what a mart means.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from analytics.errors import WarehouseError

LAST_INSTANT = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)  # Spark has no infinity

_BINARY = "this expression"
# Syntax node → the parts that it may have. A node or a part that is not listed is refused.
_PARTS: dict[type[exp.Expr], str] = {
    # queries
    exp.Select: "with_ expressions distinct from_ joins where group having",
    exp.Union: "with_ this expression distinct",
    exp.With: "expressions",
    exp.CTE: "this alias",
    exp.Distinct: "expressions",
    exp.From: "this",
    exp.Join: "this on side kind",
    exp.Where: "this",
    exp.Group: "expressions",
    exp.Having: "this",
    exp.Table: "this alias",
    exp.TableAlias: "this",
    exp.Star: "",
    exp.Column: "this table",
    exp.Identifier: "this",
    exp.Alias: "this alias",
    exp.Placeholder: "this",
    # values
    exp.Literal: "this is_string",
    exp.Boolean: "this",
    exp.Null: "",
    exp.Cast: "this to",
    exp.DataType: "this",
    # conditions and arithmetic
    exp.Case: "this ifs default",
    exp.If: "this true",
    exp.Coalesce: "this expressions",
    exp.In: "this expressions",
    exp.Paren: "this",
    exp.Not: "this",
    exp.And: _BINARY,
    exp.Or: _BINARY,
    exp.Is: _BINARY,
    exp.EQ: _BINARY,
    exp.NEQ: _BINARY,
    exp.LT: _BINARY,
    exp.LTE: _BINARY,
    exp.GT: _BINARY,
    exp.GTE: _BINARY,
    exp.Add: _BINARY,
    exp.Sub: _BINARY,
    exp.Mul: _BINARY,
    # functions of a row
    exp.Round: "this",  # of a DECIMAL: both round halves away from zero
    exp.Floor: "this",
    exp.Log: _BINARY,
    exp.SplitPart: "this delimiter part_index",
    exp.DateDiff: "this expression unit date_part_boundary",
    exp.TimestampTrunc: "this unit",
    exp.Interval: "this unit",
    exp.AtTimeZone: "this zone",
    exp.Var: "this",
    # aggregates and windows
    exp.Count: "this big_int",
    exp.Sum: "this",
    exp.Min: "this",
    exp.Max: "this",
    exp.Lead: "this",
    exp.RowNumber: "",
    exp.Filter: _BINARY,
    exp.Window: "this partition_by order over spec",
    exp.WindowSpec: "kind start start_side end end_side",
    exp.Order: "expressions",
    exp.Ordered: "this desc nulls_first",
}
PORTABLE: Mapping[type[exp.Expr], frozenset[str]] = MappingProxyType(
    {node: frozenset(parts.split()) for node, parts in _PARTS.items()}
)
PORTABLE_UNITS: Mapping[type[exp.Expr], frozenset[str]] = MappingProxyType(
    {
        exp.DateDiff: frozenset({"SECOND"}),  # see _seconds_between
        exp.TimestampTrunc: frozenset({"MONTH"}),
        exp.Interval: frozenset({"HOUR"}),  # a day's length depends on the zone of the session
    }
)
PORTABLE_TYPES = frozenset({"BIGINT", "INT", "DATE"})
PARAMETERS = frozenset({"as_of", "time_zone"})


def parse(sql: str) -> exp.Expr:
    """The syntax tree of one statement in DuckDB's dialect. WarehouseError when it is not one."""
    try:
        return sqlglot.parse_one(sql, dialect="duckdb")
    except ParseError as error:
        raise WarehouseError(f"This is not one SQL statement: {str(error).splitlines()[0]}") from error


def not_portable(tree: exp.Expr) -> list[str]:
    """What in a statement is outside the portable list, in words; empty when all of it is inside."""
    found = []
    for node in tree.walk():
        name = type(node).__name__
        allowed = PORTABLE.get(type(node))
        if allowed is None:
            found.append(f"{name}: {node.sql('duckdb')}")
            continue
        parts = {part for part, value in node.args.items() if value not in (None, False, [], "")}
        found += [f"{name} with {part}: {node.sql('duckdb')}" for part in sorted(parts - allowed)]
        found += [
            f"{reason}: {node.sql('duckdb')}" for is_bad, reason in _PARTICULARS.get(type(node), ()) if is_bad(node)
        ]
    return found


def _has_other_unit(node: exp.Expr) -> bool:
    return node.text("unit").upper() not in PORTABLE_UNITS[type(node)]


def _is_no_date(node: exp.Expr) -> bool:
    parent = node.parent
    return not (isinstance(parent, exp.Cast) and parent.to.sql() == "DATE")


def _needs_order(node: exp.Expr) -> bool:
    return not node.args.get("order") and not isinstance(node.this, exp.Min | exp.Max)


_PARTICULARS: Mapping[type[exp.Expr], tuple[tuple[Callable[[exp.Expr], bool], str], ...]] = MappingProxyType(
    {
        **dict.fromkeys(PORTABLE_UNITS, ((_has_other_unit, "another unit"),)),
        exp.DataType: ((lambda node: node.sql() not in PORTABLE_TYPES, "another type"),),
        exp.Placeholder: ((lambda node: node.name not in PARAMETERS, "an unknown parameter"),),
        exp.AtTimeZone: ((_is_no_date, "a local time that is not cast to a date"),),
        exp.Join: ((lambda node: node.text("side").upper() not in ("", "LEFT"), "another join"),),
        exp.Window: ((_needs_order, "a window without an order"),),
    }
)


def to_spark(sql: str, *, as_of: datetime | None, time_zone: str) -> str:
    """One mart's SELECT in Spark's dialect with its parameters bound; the session's time zone must be UTC.

    Raises WarehouseError that names what is outside the portable list.
    """
    tree = parse(sql)
    if strange := not_portable(tree):
        raise WarehouseError(f"it uses what is not known to mean the same in DuckDB and Spark: {strange[0]}")
    instant = (as_of or LAST_INSTANT).astimezone(UTC)
    values: dict[str, exp.Expr] = {
        "as_of": exp.cast(exp.Literal.string(f"{instant:%Y-%m-%d %H:%M:%S.%f}+00:00"), "TIMESTAMPTZ"),
        "time_zone": exp.Literal.string(time_zone),
    }

    def rewrite(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder):
            return values[node.name].copy()
        if isinstance(node, exp.DateDiff):
            return _seconds_between(node)
        return node

    return str(tree.transform(rewrite).sql(dialect="spark", comments=False))


def _seconds_between(node: exp.DateDiff) -> exp.Expr:
    """DuckDB counts the second borders between two instants, Spark whole elapsed seconds: 0.9 → 1.1 is 1 there, 0 here."""
    end, start = (
        exp.Anonymous(this="unix_seconds", expressions=[side.copy()]) for side in (node.this, node.expression)
    )
    return exp.paren(exp.Sub(this=end, expression=start))
