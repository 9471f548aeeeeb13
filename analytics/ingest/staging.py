"""Types adapter SELECTs by their table's contract: good rows are staged, bad rows go to the table `bad`.

Knows nothing of what is already stored.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from analytics.engines.duckdb import first_line, quote
from analytics.errors import InputError
from analytics.ingest.contracts import (
    Conditions,
    Problem,
    lacking_columns,
    plain_row,
    problems,
    raw_columns,
    typed_columns,
)
from analytics.tables import TABLES, Table

BYTES_A_ROW = 800  # what a staged row and its place in a sort may take; a load of more rows than fit goes through files


@dataclass(frozen=True)
class Staged:
    """What became of one unit (a SELECT over one set of files)."""

    read: int
    good: int
    unknown_columns: tuple[str, ...]


@dataclass(frozen=True)
class Slice:
    """Staged rows of a table in one month, as a SELECT. `is_sorted`: they come in the order of `sort_order`."""

    month: str
    sql: str
    is_sorted: bool


def create_bad_table(connection: duckdb.DuckDBPyConnection) -> None:
    """The table that bad rows of all units gather in; `line` is a record number until it is resolved."""
    connection.execute(
        'CREATE TABLE bad ("table" VARCHAR, file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, raw VARCHAR)'
    )


def sort_order(table: Table) -> str:
    """The order of stored rows of a month. Rows of one kind lie together: whoever asks for some kinds skips the rest of the file.

    Made of numbers only, of fixed length: sorting by words takes twice as long.
    """
    words = next((column.allowed for column in table.columns if column.name == "kind"), ())
    kind = f"TRY_CAST(kind AS ENUM ({', '.join(quote(word) for word in words)})), " if words else ""
    return f"{kind}{table.month_column}, hash({table.key})"


class Staging:
    """The good rows of a load, by table: what fits into memory in tables of the connection, the rest in files below `folder`.

    Staged rows have the canonical columns, `_file`, `_line`, `_unit` (the number of their unit, in the order of staging), and `_part` and
    `_row`, which tell them apart. Files of tables that are kept by month lie in folders named _month=2018-03.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, room: int | None = None) -> None:
        self._connection = connection
        self._folder = folder
        self._units = 0
        self._units_in_memory: Counter[str] = Counter()
        self._files: defaultdict[str, list[Path]] = defaultdict(list)
        if room is None:
            limit = connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
            room = int(limit[0][0]) // BYTES_A_ROW
        self._room = room

    def stage(self, table: Table, select: str, conditions: Conditions, described_as: str) -> Staged:
        """Stage the good rows of a SELECT. Raises InputError when it fails or lacks a column that the contract requires."""
        try:
            return self._stage(table, select, conditions, described_as)
        except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error as error:
            raise InputError(f"{described_as} can't be read as {table.name}: {first_line(error)}") from error

    def tables(self) -> tuple[Table, ...]:
        """Those that have staged rows."""
        return tuple(table for table in TABLES.values() if self._units_in_memory[table.name] or self._files[table.name])

    def rows(self, table: Table) -> str:
        """A SELECT of all staged rows of a table."""
        return _union(_in_memory(table) if self._units_in_memory[table.name] else "", self._files[table.name])

    def months(self, table: Table) -> list[Slice]:
        """The staged rows of a table that is kept by month, month by month."""
        files: dict[str, list[Path]] = defaultdict(list)
        for path in self._files[table.name]:
            files[path.parent.name.removeprefix("_month=")].append(path)
        units = self._units_in_memory[table.name]
        in_memory = self._months_in_memory(table) if units else {}
        return [
            Slice(
                month,
                _union(in_memory.get(month, ""), files.get(month, ())),
                is_sorted=units == 1 and month not in files,
            )
            for month in sorted({*files, *in_memory})
        ]

    def _months_in_memory(self, table: Table) -> dict[str, str]:
        months = self._connection.execute(
            f"SELECT DISTINCT {_month(table)} AS month FROM {_memory(table)} ORDER BY month"
        ).fetchall()
        found = {}
        for (number,) in months:
            first = datetime(number // 100, number % 100, 1, tzinfo=UTC)
            following = (first + timedelta(days=31)).replace(day=1)
            found[f"{first:%Y-%m}"] = (
                f"{_in_memory(table)} WHERE {table.month_column} >= TIMESTAMPTZ '{first}' "
                f"AND {table.month_column} < TIMESTAMPTZ '{following}'"
            )
        return found

    def _stage(self, table: Table, select: str, conditions: Conditions, described_as: str) -> Staged:
        described = self._connection.execute(f"DESCRIBE {select}").fetchall()
        source_types = {name.lower(): kind for name, kind, *_ in described}
        _require_columns(table, source_types, described_as)
        typed = typed_columns(table, source_types, conditions)
        found = problems(table, source_types, conditions)
        is_bad = _is_bad(found)
        read = self._count(f"(\n{select}\n)")
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW typed AS\n{_typed_select(table, select, source_types, typed)}"
        )
        place, self._units = self._units, self._units + 1
        if read <= self._room:
            self._room -= read
            good = self._to_memory(table, is_bad, place)
        else:
            self._leave_memory()
            rows = f"SELECT {_listed(table)}, _file, _line, {place} AS _unit FROM typed WHERE NOT {is_bad}"
            good = self._to_files(table, rows, f"{place:06d}")
        if good < read:
            _keep_bad(self._connection, table, found, is_bad, raw_columns(table, source_types, typed))
        known = set(table.column_names()) | {"_file", "_line", "source", "load_id"}
        return Staged(read, good, tuple(sorted(set(source_types) - known)))

    def _to_memory(self, table: Table, is_bad: str, place: int) -> int:
        rows = f"SELECT {_listed(table)}, _file, _line, {place} AS _unit, {is_bad} AS _is_bad FROM typed"
        memory = _memory(table)
        is_first = not self._units_in_memory[table.name]
        into = f"CREATE OR REPLACE TEMP TABLE {memory} AS" if is_first else f"INSERT INTO {memory}"
        # By month first, so that whoever reads one month need not look at the others.
        order = f" ORDER BY {_month(table)}, {sort_order(table)}" if table.month_column else ""
        self._connection.execute(f"{into} {rows}{order}")
        self._units_in_memory[table.name] += 1
        # Tested on the way in, not filtered: the engine would type each row once for the test and once more.
        self._connection.execute(f"DELETE FROM {memory} WHERE _is_bad")
        return self._count(f"{memory} WHERE _unit = {place}")

    def _leave_memory(self) -> None:
        """A load that turns out to be large leaves the memory to the merge."""
        for table in TABLES.values():
            if self._units_in_memory.pop(table.name, 0):
                self._to_files(table, f"SELECT * EXCLUDE (_is_bad) FROM {_memory(table)}", "from_memory")
                self._connection.execute(f"DROP TABLE {_memory(table)}")
        self._room = 0

    def _to_files(self, table: Table, rows: str, name: str) -> int:
        folder = self._folder / table.name / name
        folder.mkdir(parents=True)
        target, options = folder / "all.parquet", "FORMAT parquet"
        if table.month_column is not None:
            rows = f"SELECT *, strftime({table.month_column}, '%Y-%m') AS _month FROM ({rows})"
            target, options = folder, "FORMAT parquet, PARTITION_BY (_month), OVERWRITE_OR_IGNORE"
        counted = self._connection.execute(f"COPY ({rows}) TO {quote(target)} ({options})").fetchall()
        self._files[table.name] += sorted(folder.rglob("*.parquet"))
        return int(counted[0][0])

    def _count(self, rows: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


def _memory(table: Table) -> str:
    return f"staged_{table.name}"


def _month(table: Table) -> str:
    """A row's month in UTC as a number (2018-03: 201803), by way of another: conversions by time zone are slow."""
    instant = f"make_timestamp(epoch_us({table.month_column}))"
    return f"(year({instant}) * 100 + month({instant}))::INTEGER"


def _listed(table: Table) -> str:
    return ", ".join(f'"{name}"' for name in table.column_names())


def _in_memory(table: Table) -> str:
    return f"SELECT * EXCLUDE (_is_bad), 'memory' AS _part, rowid AS _row FROM {_memory(table)}"


def _union(in_memory: str, files: Iterable[Path]) -> str:
    selects = [in_memory] if in_memory else []
    if listed := ", ".join(quote(path) for path in files):
        selects.append(
            "SELECT * EXCLUDE (filename, file_row_number), filename AS _part, file_row_number AS _row "
            f"FROM read_parquet([{listed}], filename = true, file_row_number = true, hive_partitioning = false)"
        )
    return " UNION ALL BY NAME ".join(selects)


def _is_bad(found: tuple[Problem, ...]) -> str:
    asked, ruled_out = ([p for p in found if p.is_ruled_out is wanted] for wanted in (False, True))
    tests = [f"coalesce({problem.sql}, false)" for problem in asked]
    if ruled_out:
        tests.append(f"CASE WHEN _plain THEN false ELSE {_any(ruled_out)} END")
    return f"({' OR '.join(tests) or 'false'})"


def _any(found: list[Problem]) -> str:
    return " OR ".join(f"coalesce({problem.sql}, false)" for problem in found)


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
    columns += [f'{sql} AS "lacks_{name}"' for name, sql in lacking_columns(table, source_types).items()]
    columns.append("_file" if "_file" in source_types else "'' AS _file")
    columns.append("_line::BIGINT AS _line" if "_line" in source_types else "0::BIGINT AS _line")
    columns.append("_plain")
    used = [column.name for column in table.columns if column.name in source_types]
    used += [name for name in ("_file", "_line") if name in source_types]
    source = ", ".join(f'"{name}"' for name in used)
    listed = ",\n    ".join(columns)
    return (
        f"SELECT\n    {listed}\nFROM (SELECT {source}, {plain_row(table, source_types)} AS _plain FROM (\n{select}\n))"
    )


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
