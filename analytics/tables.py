"""The canonical tables: their columns, physical types, key and month column, read from sql/contracts/*.toml.

Knows nothing of files, sources or checks; the warehouse and the ingest both build on it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

SQL_FOLDER = Path(__file__).parent / "sql"

PHYSICAL_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "id": "VARCHAR",
        "buyer": "VARCHAR",
        "word": "VARCHAR",
        "label": "VARCHAR",
        "text": "VARCHAR",
        "currency": "VARCHAR",
        "time": "TIMESTAMP WITH TIME ZONE",
        "deadline": "TIMESTAMP WITH TIME ZONE",
        "integer": "INTEGER",
        "amount": "DECIMAL(18,4)",
        "boolean": "BOOLEAN",
    }
)


@dataclass(frozen=True)
class Column:
    """One column of a canonical table; `kind` is a key of PHYSICAL_TYPES, `doc` says what it means."""

    name: str
    doc: str
    kind: str
    is_required: bool
    allowed: tuple[str, ...]
    minimum: int | None
    maximum: int | None

    @property
    def physical_type(self) -> str:
        """The DuckDB and Parquet type."""
        return PHYSICAL_TYPES[self.kind]


@dataclass(frozen=True)
class Check:
    """A rule over several columns of a row: the row is bad where `sql` is true."""

    column: str
    sql: str
    reason: str


@dataclass(frozen=True)
class Table:
    """A canonical table. `keeps` says which of two rows with one key stays: the "first" or the "latest" by updated_at."""

    name: str
    description: str
    key: str
    keeps: str
    month_column: str | None
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]

    def column_names(self) -> tuple[str, ...]:
        """Names in canonical order."""
        return tuple(column.name for column in self.columns)


def _read_table(path: Path) -> Table:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    columns = tuple(
        Column(
            name=name,
            doc=spec["doc"],
            kind=spec["type"],
            is_required=spec.get("required", False),
            allowed=tuple(spec.get("allowed", ())),
            minimum=spec.get("minimum"),
            maximum=spec.get("maximum"),
        )
        for name, spec in document["columns"].items()
    )
    checks = tuple(Check(check["column"], check["sql"], check["reason"]) for check in document.get("checks", ()))
    return Table(
        path.stem,
        document["description"],
        document["key"],
        document["keeps"],
        document.get("month_column"),
        columns,
        checks,
    )


def _read_tables() -> Mapping[str, Table]:
    order = ("events", "merchants", "buyers", "products", "tickets", "messages")
    return MappingProxyType({name: _read_table(SQL_FOLDER / "contracts" / f"{name}.toml") for name in order})


TABLES = _read_tables()

# Free text of events is stored apart from the facts, so that it can be erased without touching a figure.
EVENT_TEXT_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "event_id": "VARCHAR",
        "occurred_at": "TIMESTAMP WITH TIME ZONE",
        "kind": "VARCHAR",
        "merchant_id": "VARCHAR",
        "buyer_id": "VARCHAR",
        "order_id": "VARCHAR",
        "text": "VARCHAR",
    }
)


def stored_columns() -> Mapping[str, Mapping[str, str]]:
    """Table name → column name → physical type, of everything that a warehouse stores and a cursor shows.

    `events` has no text (it lies in `event_texts`); `source` and `load_id` say where a row came from.
    """
    stored: dict[str, Mapping[str, str]] = {}
    for table in TABLES.values():
        columns = {column.name: column.physical_type for column in table.columns}
        if table.name == "events":
            del columns["text"]
        stored[table.name] = MappingProxyType(columns | {"source": "VARCHAR", "load_id": "VARCHAR"})
    stored["event_texts"] = EVENT_TEXT_COLUMNS
    return MappingProxyType(stored)
