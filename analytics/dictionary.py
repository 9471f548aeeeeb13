"""The data dictionary: what each table and mart holds, its grain and its columns, read from the files that define them.

Knows no data; the Data page and data/README.md are made from it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from analytics.engines.marts import read_marts
from analytics.tables import TABLES, Column


@dataclass(frozen=True)
class ColumnDoc:
    """One column; `rule` is its type and what its values must be, "" where a mart's description says it all."""

    name: str
    doc: str
    rule: str = ""


@dataclass(frozen=True)
class TableDoc:
    """A canonical table or a mart. `grain`: the columns that tell its rows apart. `sql` makes a mart; "" of a table."""

    name: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[ColumnDoc, ...]
    invariants: tuple[str, ...] = ()
    sql: str = ""

    @property
    def is_mart(self) -> bool:
        """Whether it is computed from the canonical tables rather than loaded."""
        return bool(self.sql)


@cache
def describe_tables() -> tuple[TableDoc, ...]:
    """The canonical tables in their order, then the marts in the order in which they are built."""
    tables = [
        TableDoc(
            table.name,
            table.description,
            (table.key,),
            tuple(ColumnDoc(column.name, column.doc, rule_of(column)) for column in table.columns),
        )
        for table in TABLES.values()
    ]
    for mart in read_marts():
        described = tomllib.loads(mart.path.with_suffix(".toml").read_text(encoding="utf-8"))
        columns = tuple(ColumnDoc(name, doc) for name, doc in described["columns"].items())
        tables.append(
            TableDoc(
                mart.name,
                described["description"],
                tuple(described["grain"]),
                columns,
                tuple(described["invariants"]),
                mart.sql,
            )
        )
    return tuple(tables)


def rule_of(column: Column) -> str:
    """Type, whether it is required, and the values that it may take, in short."""
    parts = [column.physical_type]
    if column.is_required:
        parts.append("required")
    if column.allowed:
        parts.append("one of " + ", ".join(column.allowed))
    if column.minimum is not None and column.maximum is not None:
        parts.append(f"{column.minimum} to {column.maximum}")
    elif column.minimum is not None:
        parts.append("not negative" if column.minimum == 0 else f"at least {column.minimum}")
    return "; ".join(parts)
