"""Looks at a file before it is loaded: what it is, what its columns may mean, and which rows would be rejected.

Touches no warehouse.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from analytics.errors import InputError
from analytics.ingest.adapters import check_time_zone
from analytics.ingest.contracts import Conditions
from analytics.ingest.mapping import ColumnMap, guess_map, read_map
from analytics.ingest.readers import Dialect, Reader, inspect_file
from analytics.ingest.rejects import settle_lines
from analytics.ingest.staging import Staging, create_bad_table
from analytics.ingest.units import open_units, plan_map, view_columns
from analytics.tables import TABLES

_FEW_VALUES = 40
_LOOKED_AT_ROWS = 100_000


@dataclass(frozen=True)
class FilePreview:
    """A file as found. `rows` are its first ones as text; `values` the distinct values of columns that have few."""

    path: Path
    format: str
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    table: str
    mapping: ColumnMap
    rows: tuple[Mapping[str, str | None], ...]
    values: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class CheckResult:
    """What a load would reject. `rejects`: file, line, column, reason, raw; at most the limit asked for."""

    table: str
    read: int
    good: int
    quarantined: int
    rejects: pd.DataFrame
    notes: tuple[str, ...]


def preview(path: Path, *, dialect: Dialect | None = None, limit: int = 20) -> FilePreview:
    """Describe a file and guess its table and map. InputError in one line when it can't be read."""
    file = inspect_file(Path(path), Path(path).name, dialect)
    with tempfile.TemporaryDirectory() as staging, duckdb.connect(":memory:") as connection:
        Reader(connection, Path(staging)).open(file, "raw_file")
        columns = tuple(name for name in view_columns(connection, "raw_file") if not name.startswith("_"))
        frame = _rows(connection, columns, limit)
        values = {name: found for name in columns if (found := _few_values(connection, name))}
    rows = tuple({str(name): value for name, value in row.items()} for row in frame)
    guessed = guess_map(columns, file.path.name)
    return FilePreview(
        file.path, file.format, file.encoding, file.delimiter, columns, guessed.table, guessed, rows, values
    )


def _rows(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...], limit: int) -> list[dict[str, str | None]]:
    listed = ", ".join(f"{_identifier(name)}::VARCHAR" for name in columns) or "NULL"
    found = connection.execute(f"SELECT {listed} FROM raw_file ORDER BY _line LIMIT {int(limit)}").fetchall()
    return [dict(zip(columns, row, strict=False)) for row in found]


def _few_values(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    found = connection.execute(
        f"SELECT DISTINCT trim({_identifier(column)}::VARCHAR) AS value FROM (SELECT * FROM raw_file LIMIT {_LOOKED_AT_ROWS}) "
        f"WHERE value <> '' ORDER BY value LIMIT {_FEW_VALUES + 1}"
    ).fetchall()
    return tuple(value for (value,) in found) if len(found) <= _FEW_VALUES else ()


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def check(
    path: Path,
    mapping: ColumnMap | Path,
    table: str | None = None,
    *,
    time_zone: str | None = None,
    limit: int = 1000,
) -> CheckResult:
    """Read a file by a map and its table's contract without loading it. `table` overrides the map's."""
    column_map = read_map(mapping) if isinstance(mapping, Path) else mapping
    if table is not None and table not in TABLES:
        raise InputError(f"There is no table {table!r}: use one of {', '.join(TABLES)}.")
    column_map = replace(column_map, table=table or column_map.table)
    zone = time_zone or column_map.time_zone or "UTC"
    check_time_zone(zone, "time zone")
    plan = plan_map(column_map, Path(path))
    conditions = Conditions(zone, "preview", datetime.now(UTC) + timedelta(days=1), column_map.formats)
    read = good = 0
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        create_bad_table(connection)
        reader = Reader(connection, Path(folder))
        staging = Staging(connection, Path(folder))
        for unit in open_units(connection, reader, plan):
            staged = staging.stage(unit.table, unit.select, conditions, unit.described_as)
            read, good = read + staged.read, good + staged.good
            notes += [
                f"{unit.described_as}: column {name} is no {unit.table.name} column" for name in staged.unknown_columns
            ]
        read += settle_lines(connection, reader, plan.table_of())
        quarantined = int(connection.execute("SELECT count(*) FROM bad").fetchall()[0][0])
        rejects = connection.execute(
            f'SELECT file, line, "column", reason, raw FROM bad ORDER BY file, line LIMIT {int(limit)}'
        ).df()
    return CheckResult(column_map.table, read, good, quarantined, rejects, tuple(notes))
