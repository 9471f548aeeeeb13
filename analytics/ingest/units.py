"""Splits a source into units of work: one SELECT over a set of files, for one canonical table.

Knows nothing of contracts or of what is stored.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analytics.errors import InputError
from analytics.ingest.adapters import Adapter, FileSpec, find_files
from analytics.ingest.mapping import ColumnMap, mapped_select
from analytics.ingest.readers import FORMATS, Dialect, Reader, SourceFile, inspect_file
from analytics.tables import TABLES, Table


@dataclass(frozen=True)
class Unit:
    """One SELECT for a table; `files` are opened for it alone as `view` (none: the views are there already)."""

    table: Table
    select: str
    described_as: str
    files: tuple[SourceFile, ...] = ()
    view: str = ""
    column_map: ColumnMap | None = None


@dataclass(frozen=True)
class Plan:
    """All units of a load, and the files that several of them share, by view name."""

    units: tuple[Unit, ...]
    shared: Mapping[str, tuple[SourceFile, ...]]
    columns: Mapping[str, tuple[str, ...]]
    adapter_name: str

    def table_of(self) -> dict[str, str]:
        """File name → the table it was read for; "" when it feeds several."""
        tables = {file.name: unit.table.name for unit in self.units for file in unit.files}
        users = {view: [u.table.name for u in self.units if _uses(u.select, view)] for view in self.shared}
        for view, files in self.shared.items():
            tables |= {file.name: users[view][0] if len(users[view]) == 1 else "" for file in files}
        return tables


def plan_adapter(adapter: Adapter, path: Path) -> Plan:
    """The units of an adapter over a folder (or one file of it). InputError when a file is missing or unreadable."""
    if not path.exists():
        raise InputError(f"There is no file or folder {path}: check the path.")
    files = {spec.name: _inspect_all(spec, path) for spec in adapter.files}
    if not any(files.values()):
        expected = ", ".join(pattern for spec in adapter.files for pattern in spec.match[:1])
        raise InputError(
            f"{path} is nothing that the source {adapter.name!r} knows (expected e.g. {expected}): rename it, or give a map."
        )
    single = {spec.name for spec in adapter.files if spec.one_at_a_time}
    units: list[Unit] = []
    shared: dict[str, tuple[SourceFile, ...]] = {}
    for table, select in adapter.selects.items():
        used = [spec for spec in adapter.files if _uses(select, f"raw_{spec.name}")]
        if any(not files[spec.name] for spec in used):
            continue
        if len(used) == 1 and used[0].name in single:
            units += [
                Unit(TABLES[table], select, file.name, (file,), f"raw_{used[0].name}") for file in files[used[0].name]
            ]
        else:
            shared |= {f"raw_{spec.name}": files[spec.name] for spec in used}
            units.append(Unit(TABLES[table], select, f"{table}.sql of the source {adapter.name!r}"))
    columns = {f"raw_{spec.name}": spec.columns for spec in adapter.files}
    return Plan(tuple(units), shared, columns, adapter.name)


def plan_map(column_map: ColumnMap, path: Path) -> Plan:
    """One unit a file of a path that a map describes (a file, or a folder of files of one shape)."""
    if path.is_dir():
        paths = sorted(file for file in path.iterdir() if file.suffix.lower() in FORMATS)
        if not paths:
            raise InputError(f"{path} holds no {', '.join(FORMATS)} file: check the path.")
    else:
        paths = [path]
    table = TABLES[column_map.table]
    files = [inspect_file(file, file.name, column_map.dialect) for file in paths]
    units = tuple(Unit(table, "", file.name, (file,), "raw_file", column_map) for file in files)
    return Plan(units, {}, {}, "map")


def _inspect_all(spec: FileSpec, path: Path) -> tuple[SourceFile, ...]:
    dialect = Dialect(spec.encoding, spec.delimiter, spec.quote)
    if path.is_dir():
        found = find_files(spec, path)
        return tuple(inspect_file(file, file.relative_to(path).as_posix(), dialect) for file in found)
    if any(path.match(pattern) for pattern in spec.globs):
        return (inspect_file(path, path.name, dialect),)
    if spec.is_required:
        raise InputError(f"{path} is one file, and this source needs {spec.match[0]} too: give the folder.")
    return ()


def _uses(select: str, view: str) -> bool:
    return re.search(rf"\b{view}\b", select) is not None


def open_shared(connection: duckdb.DuckDBPyConnection, reader: Reader, plan: Plan) -> None:
    """Open the files that several units share, and check their columns."""
    for view, files in plan.shared.items():
        names = []
        for place, file in enumerate(files):
            name = view if len(files) == 1 else f"{view}__{place}"
            reader.open(file, name)
            names.append(name)
            _check_columns(connection, plan, view, name, file)
        if len(names) > 1:
            union = " UNION ALL BY NAME ".join(f'SELECT * FROM "{name}"' for name in names)
            connection.execute(f'CREATE OR REPLACE VIEW "{view}" AS {union}')


def open_units(connection: duckdb.DuckDBPyConnection, reader: Reader, plan: Plan) -> Iterator[Unit]:
    """Each unit in turn with its own files open; a mapped unit comes with its SELECT."""
    for unit in plan.units:
        for file in unit.files:
            reader.open(file, unit.view)
            _check_columns(connection, plan, unit.view, unit.view, file)
        select = unit.select
        if unit.column_map is not None:
            columns = [name for name in view_columns(connection, unit.view) if not name.startswith("_")]
            select = mapped_select(unit.column_map, unit.view, columns, unit.described_as)
        yield Unit(unit.table, select, unit.described_as, unit.files, unit.view, unit.column_map)


def view_columns(connection: duckdb.DuckDBPyConnection, view: str) -> list[str]:
    """The columns of a view, in order."""
    return [row[0] for row in connection.execute(f'DESCRIBE SELECT * FROM "{view}"').fetchall()]


def _check_columns(connection: duckdb.DuckDBPyConnection, plan: Plan, spec: str, view: str, file: SourceFile) -> None:
    found = view_columns(connection, view)
    for column in plan.columns.get(spec, ()):
        if column.lower() not in [name.lower() for name in found]:
            listed = ", ".join(name for name in found if not name.startswith("_"))
            raise InputError(
                f"{file.path} has no column {column!r} (found: {listed}): rename it in the file, or change the SQL of the "
                f"source {plan.adapter_name!r}."
            )
