"""Types one adapter SELECT by its table's contract: good rows to a staging file, bad rows to the table `bad`.

Knows nothing of what is already stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analytics.engines.duckdb import first_line, quote
from analytics.errors import InputError
from analytics.ingest.contracts import Conditions, Problem, problems, raw_columns, typed_columns
from analytics.tables import Table


@dataclass(frozen=True)
class Staged:
    """What became of one unit (a SELECT over one set of files)."""

    read: int
    good: int
    unknown_columns: tuple[str, ...]


def create_bad_table(connection: duckdb.DuckDBPyConnection) -> None:
    """The table that bad rows of all units gather in; `line` is a record number until it is resolved."""
    connection.execute(
        'CREATE TABLE bad ("table" VARCHAR, file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, raw VARCHAR)'
    )


def stage_unit(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    select: str,
    conditions: Conditions,
    folder: Path,
    place: int,
    described_as: str,
) -> Staged:
    """Write the good rows of a SELECT below `folder` and the bad ones to `bad`.

    Staging files have the canonical columns, `_file`, `_line` and `_unit` (= `place`, the unit's number). Those of tables
    that are kept by month lie in folders named _month=2018-03, so that each month is merged alone. Raises InputError when the SELECT fails or lacks a column that the contract requires.
    """
    try:
        return _stage(connection, table, select, conditions, folder, place, described_as)
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error as error:
        raise InputError(f"{described_as} can't be read as {table.name}: {first_line(error)}") from error


def _stage(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    select: str,
    conditions: Conditions,
    folder: Path,
    place: int,
    described_as: str,
) -> Staged:
    described = connection.execute(f"DESCRIBE {select}").fetchall()
    types = {name: kind for name, kind, *_ in described}
    source_types = {name.lower(): types[name] for name in types}
    _require_columns(table, source_types, described_as)
    typed = typed_columns(table, source_types, conditions)
    found = problems(table, source_types, conditions)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW typed AS\n{_typed_select(table, select, source_types, typed)}")
    is_bad = " OR ".join(f"coalesce({problem.sql}, false)" for problem in found) or "false"
    names = ", ".join(f'"{name}"' for name in table.column_names())
    folder.mkdir(parents=True)
    month, target, options = "", folder / "all.parquet", "FORMAT parquet"
    if table.month_column is not None:
        month = f", strftime(\"{table.month_column}\", '%Y-%m') AS _month"
        target, options = folder, "FORMAT parquet, PARTITION_BY (_month), OVERWRITE_OR_IGNORE"
    counted = connection.execute(
        f"COPY (SELECT {names}, _file, _line, {place} AS _unit{month} FROM typed WHERE NOT ({is_bad})) "
        f"TO {quote(target)} ({options})"
    ).fetchall()
    good = int(counted[0][0])
    read = int(connection.execute(f"SELECT count(*) FROM (\n{select}\n)").fetchall()[0][0])
    if good < read:
        _keep_bad(connection, table, found, is_bad, raw_columns(table, source_types, typed))
    known = set(table.column_names()) | {"_file", "_line", "source", "load_id"}
    return Staged(read, good, tuple(sorted(set(source_types) - known)))


def _require_columns(table: Table, source_types: Mapping[str, str], described_as: str) -> None:
    for column in table.columns:
        if column.is_required and column.name not in source_types:
            found = ", ".join(name for name in source_types if not name.startswith("_")) or "none"
            raise InputError(
                f"{described_as} has no column {column.name!r} for {table.name} (found: {found}): name yours in a map, "
                f'[columns] {column.name} = "your column", and pass it with --map.'
            )


def _typed_select(table: Table, select: str, source_types: Mapping[str, str], typed: Mapping[str, str]) -> str:
    columns = [f'{sql} AS "{name}"' for name, sql in typed.items()]
    raw = raw_columns(table, source_types, typed)
    columns += [f'{raw[column.name]} AS "raw_{column.name}"' for column in table.columns if column.name in raw]
    columns.append("_file" if "_file" in source_types else "'' AS _file")
    columns.append("_line::BIGINT AS _line" if "_line" in source_types else "0::BIGINT AS _line")
    listed = ",\n    ".join(columns)
    return f"SELECT\n    {listed}\nFROM (\n{select}\n)"


def _keep_bad(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    found: tuple[Problem, ...],
    is_bad: str,
    raw: Mapping[str, str],
) -> None:
    column = " ".join(f"WHEN coalesce({problem.sql}, false) THEN {quote(problem.column)}" for problem in found)
    reasons = ", ".join(
        f"CASE WHEN coalesce({problem.sql}, false) THEN {quote(problem.column + ' ')} || ({problem.reason}) END"
        for problem in found
    )
    known = [name for name in table.column_names() if name in raw]
    pairs = ", ".join(f'{quote(name)}: "raw_{name}"' for name in known)
    connection.execute(
        f"INSERT INTO bad SELECT {quote(table.name)}, _file, _line, CASE {column} END, concat_ws('; ', {reasons}), "
        f"to_json({{{pairs}}})::VARCHAR FROM typed WHERE {is_bad}"
    )
