"""SQL templates of the metric layer, filled with white-listed names only; everything a person types is a bound parameter.

The SQL itself lies in analytics/sql/metrics. Knows nothing of figures or intervals.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Literal

from analytics.metrics.types import Scope, UnknownDimension
from analytics.tables import SQL_FOLDER

FOLDER = SQL_FOLDER / "metrics"
_PARAMETER = re.compile(r"\$([a-z_0-9]+)")
FILTERS: Mapping[str, str] = MappingProxyType(
    {"categories": "category", "regions": "region", "tiers": "tier", "merchants": "merchant"}
)


@dataclass(frozen=True)
class Dimension:
    """Something to group by: `sql` is its expression, `grain` where it comes from."""

    name: str
    sql: str
    grain: Literal["merchant", "time", "order"]


@dataclass(frozen=True)
class Statement:
    """SQL with named parameters, holding exactly the parameters that it names."""

    sql: str
    params: Mapping[str, object]

    def literal(self) -> str:
        """The same statement with its parameters written out, ready to paste into any client of the warehouse."""
        return _PARAMETER.sub(lambda match: _literal(self.params[match.group(1)]), self.sql)


def _literal(value: object) -> str:
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return str(value)


@cache
def _template(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8").strip()


@cache
def fragments() -> Mapping[str, str]:
    """Named pieces of SQL."""
    pieces: dict[str, str] = tomllib.loads((FOLDER / "fragments.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: text.strip() for name, text in pieces.items()})


@cache
def dimensions() -> Mapping[str, Dimension]:
    """The white list of dimensions."""
    tables = tomllib.loads((FOLDER / "dimensions.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: Dimension(name, table["sql"], table["grain"]) for name, table in tables.items()})


def get_dimensions(names: Iterable[str]) -> tuple[Dimension, ...]:
    """Dimensions by name, without repetition. Raises UnknownDimension with the closest name."""
    known = dimensions()
    found: dict[str, Dimension] = {}
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}."
            raise UnknownDimension(f"There is no dimension {name!r}. {hint}")
        found[name] = known[name]
    return tuple(found.values())


def piece(name: str, **names: str) -> str:
    """A fragment filled with names of the marts."""
    return fragments()[name].format(**names)


def fill(template: str, params: Mapping[str, object], **parts: str) -> Statement:
    """A template filled with parts; parameters that the result does not name are dropped."""
    sql = _template(template).format(**parts)
    used = set(_PARAMETER.findall(sql))
    return Statement(sql, {name: params[name] for name in sorted(used)})


def window_sql(template: str, **parts: str) -> str:
    """The relation of a window, to stand inside a template."""
    return _template(template).format(**parts)


def group_columns(by: tuple[Dimension, ...]) -> str:
    """'expression as name, ' for each dimension."""
    return "".join(f"{dimension.sql} as {dimension.name}, " for dimension in by)


def keys(by: tuple[Dimension, ...], prefix: str = "") -> str:
    """'name, ' for each dimension."""
    return "".join(f"{prefix}{dimension.name}, " for dimension in by)


def join_on(by: tuple[Dimension, ...], left: str, right: str) -> str:
    """Condition that joins two relations on the dimensions."""
    parts = [piece("equal", left=left, right=right, key=dimension.name) for dimension in by]
    return " and ".join(parts) or piece("always")


def partition(by: tuple[Dimension, ...]) -> str:
    """'partition by a, b' or nothing."""
    return piece("partition", columns=", ".join(dimension.name for dimension in by)) if by else ""


def scope_params(scope: Scope, date_to: date) -> dict[str, object]:
    """The values of a scope, with the window ending on `date_to`."""
    params: dict[str, object] = {"date_from": scope.date_from, "date_to": date_to}
    for name in FILTERS:
        values = getattr(scope, name)
        if values:
            params[name] = list(values)
    return params


def scope_filters(scope: Scope) -> str:
    """Conditions for the filters that are on; the values stay parameters."""
    known = dimensions()
    return " ".join(
        piece("filter", expression=known[dimension].sql, parameter=name)
        for name, dimension in FILTERS.items()
        if getattr(scope, name)
    )
