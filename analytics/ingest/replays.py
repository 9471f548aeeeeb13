"""Quarantined rows tried again, corrected or as they are: through the same contract and merge as any load, all or nothing.

Knows nothing of where corrections come from. What a replay settles stays in the quarantine file, so that the file it came from can be
loaded again without it coming back (docs/decisions/008-replay.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import duckdb
import pandas as pd

from analytics.engines.duckdb import quote
from analytics.errors import InputError
from analytics.ingest.contracts import Conditions
from analytics.ingest.loads import LoadResult, Progress, Report, clear_errors, publish, read_buyer_key
from analytics.ingest.merge import Target, merge_table, render
from analytics.ingest.rejects import copy_rows, quarantine_path
from analytics.ingest.staging import Staging, create_bad_table
from analytics.snapshots import Load, Manifest, Part, new_snapshot_id
from analytics.tables import TABLES
from analytics.warehouse import Warehouse, create_table_views, view_quarantine

REPLAY = "quarantine"  # what a replay's result is called by


@dataclass(frozen=True)
class Correction:
    """New texts of a quarantined row's columns (None = no value); columns not named stay. `table` is for a malformed line of no known table."""

    row_id: str
    values: Mapping[str, str | None] = field(default_factory=dict)
    table: str = ""


def replay(
    warehouse: Warehouse,
    corrections: Sequence[Correction] | None = None,
    *,
    called: str = REPLAY,
    progress: Report | None = None,
) -> LoadResult:
    """Try quarantined rows again: those corrected, or all of them as they are (None); publishes a snapshot when that changes anything.

    A row that passes leaves the quarantine, one that fails again stays with what is wrong with it now. Rows that an earlier replay
    settled are passed over and noted. Times without a zone are read as in the row's file; a buyer's pseudonym stays what it is.
    `called` is the name that the load is listed under. Raises InputError for a row, table or column that does not exist, and WarehouseError.
    """
    with warehouse.folder.writing(), clear_errors(warehouse):
        base = warehouse.folder.current()
        warehouse.folder.check_files(base)
        return _Replay(warehouse, base, called, progress or (lambda _: None)).run(corrections)


@dataclass
class _Replay:
    """One replay on its way. Rows are known by their row_id: it stands where a load has the file's name."""

    warehouse: Warehouse
    base: Manifest
    called: str
    report: Report

    def __post_init__(self) -> None:
        self.started_at = datetime.now(UTC)
        self.snapshot_id = new_snapshot_id(self.started_at)
        self.staging = self.warehouse.root / "staging" / self.snapshot_id
        self.staging.mkdir(parents=True)
        self.rows = self.staging / "rows.parquet"
        self.tables: dict[str, tuple[Part, ...]] = dict(self.base.tables)

    def run(self, corrections: Sequence[Correction] | None) -> LoadResult:
        notes, sources = self._choose(corrections)
        loads = []
        for place, source in enumerate(sources):
            self.report(Progress("merge", place, len(sources), source))
            loads.append(self._load(place, source))
        result = _summed(loads, self.base.snapshot_id, notes)
        if not loads:
            return result
        path, is_changed = self._settle(loads)
        if not is_changed:
            return result
        manifest = replace(
            self.base,
            snapshot_id=self.snapshot_id,
            created_at=self.started_at,
            parent=self.base.snapshot_id,
            loads=(*self.base.loads, *loads),
            tables=self.tables,
            quarantine=(path,),
        )
        if result.loaded:
            publish(self.warehouse, manifest, self.report, base=self.base)
        else:  # the figures stay, and so do their marts
            self.warehouse.folder.publish(manifest)
        return replace(result, snapshot_id=self.snapshot_id)

    def _choose(self, corrections: Sequence[Correction] | None) -> tuple[tuple[str, ...], list[str]]:
        """Write the rows to be tried; returns what a person should know, and the sources that they came from."""
        with self.warehouse.connect() as connection:
            view_quarantine(connection, self.warehouse.root, self.base.quarantine)
            settled = _check(connection, corrections or ())
            frame = pd.DataFrame(
                [(row.row_id, row.table, json.dumps(dict(row.values))) for row in corrections or ()],
                columns=["row_id", "table", "patch"],
                dtype="str",
            )
            connection.register("corrections", frame)
            is_all = "true" if corrections is None else "false"
            sql = render("replay_rows", corrections="corrections", is_all=is_all, time_zone=quote(self.base.time_zone))
            copy_rows(connection, sql, self.rows)
            found = connection.execute(
                f"SELECT DISTINCT source FROM read_parquet({quote(self.rows)}) ORDER BY source"
            ).fetchall()
            untried = int(connection.execute(render("untried", tried=quote(self.rows))).fetchall()[0][0])
        said = []
        if settled:
            said.append(f"{_rows(settled)} settled by an earlier replay, passed over")
        if corrections is None and untried:
            said.append(
                f"{_rows(untried)} in malformed lines can't be tried as they stand: export them and fill in their columns"
            )
        return tuple(said), [source for (source,) in found]

    def _load(self, place: int, source: str) -> Load:
        """Try a source's rows: new parts, and a staging file of the rows that failed again."""
        load_id = f"load-{len(self.base.loads) + place + 1:04d}"
        target = Target(self.warehouse.root, f"{self.snapshot_id}-{place}", source, load_id)
        with self.warehouse.connect() as connection:
            create_table_views(connection, target.root, self.tables, "stored_")
            create_bad_table(connection)
            staging = Staging(connection, self.staging / source)
            read = self._stage(connection, staging, source)
            quarantined = int(connection.execute("SELECT count(*) FROM bad").fetchall()[0][0])
            loaded = duplicate = conflict = 0
            for table in staging.tables():
                merged = merge_table(connection, table, staging, self.tables, target)
                self.tables |= merged.parts
                loaded, duplicate = loaded + merged.loaded, duplicate + merged.duplicate
                conflict += merged.conflict
            still = 'SELECT file AS row_id, "column", reason, raw FROM bad'
            copy_rows(connection, still, self.staging / "still" / f"{place}.parquet")
        counts = (read, loaded, duplicate, conflict, quarantined)
        return Load(load_id, source, self.called, self.started_at, datetime.now(UTC), *counts, is_replay=True)

    def _stage(self, connection: duckdb.DuckDBPyConnection, staging: Staging, source: str) -> int:
        rows = f"read_parquet({quote(self.rows)})"
        groups = connection.execute(
            f'SELECT DISTINCT "table", time_zone, formats FROM {rows} WHERE source = $source ORDER BY ALL',
            {"source": source},
        ).fetchall()
        key = read_buyer_key(self.warehouse.root, self.base)
        read = 0
        for name, zone, formats in groups:
            table = TABLES[name]
            conditions = Conditions(zone, key, self.started_at + timedelta(days=1), json.loads(formats))
            columns = ", ".join(f'patched ->> {quote("$." + column)} AS "{column}"' for column in table.column_names())
            of_group = {"source": source, "table": name, "time_zone": zone, "formats": formats}
            where = " AND ".join(f'"{column}" = {quote(value)}' for column, value in of_group.items())
            select = f"SELECT {columns}, row_id AS _file, line AS _line FROM {rows} WHERE {where}"
            read += staging.stage(table, select, conditions, f"the quarantine of {source}").read
        return read

    def _settle(self, loads: Sequence[Load]) -> tuple[str, bool]:
        """Write the quarantine as it is now; returns its path and whether it differs from before."""
        target = Target(self.warehouse.root, self.snapshot_id, REPLAY, loads[0].load_id)
        path = quarantine_path(target)
        files = ", ".join(quote(file) for file in sorted((self.staging / "still").glob("*.parquet")))
        with self.warehouse.connect() as connection:
            view_quarantine(connection, target.root, self.base.quarantine)
            connection.register(
                "replay_loads",
                pd.DataFrame({"source": [x.source for x in loads], "load_id": [x.load_id for x in loads]}),
            )
            sql = render("replayed_quarantine", still=files, tried=quote(self.rows), loads="replay_loads")
            copy_rows(connection, sql, target.root / path)
            settled = "SELECT count(*) FROM {} WHERE settled_by IS NOT NULL"
            before = connection.execute(settled.format("quarantine")).fetchall()
            after = connection.execute(settled.format(f"read_parquet({quote(target.root / path)})")).fetchall()
        return path, before != after


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _summed(loads: Sequence[Load], snapshot_id: str, notes: tuple[str, ...]) -> LoadResult:
    return LoadResult(
        REPLAY,
        sum(load.read for load in loads),
        sum(load.loaded for load in loads),
        sum(load.duplicate for load in loads),
        sum(load.conflict for load in loads),
        sum(load.quarantined for load in loads),
        snapshot_id,
        notes,
    )


def _check(connection: duckdb.DuckDBPyConnection, corrections: Sequence[Correction]) -> int:
    """How many corrections are of rows settled before. InputError for a row, table or column that does not exist, or a row named twice."""
    if not corrections:
        return 0
    states = dict(
        connection.execute(
            'SELECT row_id, min(CASE WHEN settled_by IS NULL THEN "table" END) FROM quarantine GROUP BY row_id'
        ).fetchall()
    )
    settled = 0
    seen: set[str] = set()
    for row in corrections:
        if row.row_id not in states:
            raise InputError(
                f"There is no quarantined row {row.row_id!r}: export the quarantine again and correct that."
            )
        if row.row_id in seen:
            raise InputError(f"The quarantined row {row.row_id} is corrected twice: keep one of the two.")
        seen.add(row.row_id)
        if states[row.row_id] is None:
            settled += 1
        else:
            _check_columns(row, row.table or states[row.row_id])
    return settled


def _check_columns(row: Correction, name: str) -> None:
    if not row.values:
        return
    if name not in TABLES:
        raise InputError(f"The quarantined row {row.row_id} needs a table: write one of {', '.join(TABLES)}.")
    known = TABLES[name].column_names()
    for column, value in row.values.items():
        if value is not None and column not in known:
            raise InputError(f"The quarantined row {row.row_id} is of {name}, which has no column {column!r}.")
