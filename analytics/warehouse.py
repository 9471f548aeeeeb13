"""The only door to DuckDB for readers: snapshots, cursors over one snapshot, as-of truncation, roll-back.

Knows nothing of metrics, sources or pages. Cursors can read the snapshot's files and nothing else of the machine.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import duckdb
import pandas as pd

from analytics.engines.days import end_of_day
from analytics.engines.duckdb import build_marts, first_line, is_disk_full, quote, read_files
from analytics.engines.marts import MARTS_FOLDER, instant, marts_digest, read_marts
from analytics.engines.upkeep import Upkeep, World, needed, same_key
from analytics.errors import WarehouseError
from analytics.memo import Memo, T
from analytics.snapshots import Load, Manifest, Part, SnapshotFolder
from analytics.tables import SQL_FOLDER, stored_columns

QUERY_TIME_LIMIT_SECONDS = 30.0
OPEN_SNAPSHOTS = 6
FULL_DAY_ROWS = 20_000  # up to so many rows building a past day's marts takes no longer than finding out what it lacks
# The instant from which a row of these tables is known; what comes at or after an as-of bound is taken away.
KNOWN_AT = {"events": "occurred_at", "tickets": "opened_at", "messages": "sent_at"}
QUARANTINE_COLUMNS = ("load_id", "source", "table", "file", "line", "column", "reason", "raw", "row_id")


@dataclass(frozen=True)
class Snapshot:
    """What a reader may know of a snapshot. `tables` are row counts; times are UTC; `time_zone` cuts its days."""

    snapshot_id: str
    created_at: datetime
    time_zone: str
    is_demo: bool
    data_from: datetime | None
    data_up_to: datetime | None
    loads: tuple[Load, ...]
    tables: Mapping[str, int]


# What stops a reader: too little memory or disk, or (the last two) a Parquet file that is gone, torn or none.
STOPPING = (duckdb.OutOfMemoryException, duckdb.IOException, duckdb.InvalidInputException)


class Cursor:
    """Reads one snapshot, optionally as of the end of a day. One thread at a time; made by `Warehouse.cursor`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        snapshot: Snapshot,
        as_of: date | None,
        time_limit: float | None,
        explain: Callable[[str, Exception], WarehouseError],
        memo: Memo,
    ) -> None:
        self.connection = connection
        self.snapshot_id = snapshot.snapshot_id
        self.time_zone = snapshot.time_zone
        self.as_of = as_of
        self.data_up_to = snapshot.data_up_to
        self._time_limit = time_limit
        self._explain = explain
        self._memo = memo

    def df(self, sql: str, params: Mapping[str, object] | None = None) -> pd.DataFrame:
        """Run one SELECT with `$name` parameters; instants come back in UTC. WarehouseError when it takes too long."""
        with self._watched():
            frame: pd.DataFrame = self.connection.execute(sql, params or None).df()
            return frame

    def rows(self, sql: str, params: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Run one SELECT with `$name` parameters and give each row as a dictionary."""
        with self._watched():
            result = self.connection.execute(sql, params or None)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` worked out from this snapshot, remembered under a key for all of its cursors while it is open."""
        return self._memo.kept(key, make)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        timer = None
        if self._time_limit is not None:
            timer = threading.Timer(self._time_limit, self.connection.interrupt)
            timer.daemon = True
            timer.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise WarehouseError(
                "The query was stopped after {seconds} s: choose a shorter window or fewer dimensions.",
                seconds=f"{self._time_limit or 0:g}",
            ) from error
        except STOPPING as error:
            raise self._explain(self.snapshot_id, error) from error
        finally:
            if timer is not None:
                timer.cancel()


@dataclass
class _Opened:
    """One in-memory database of views, opened at most once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    connection: duckdb.DuckDBPyConnection | None = None
    snapshot: Snapshot | None = None
    memo: Memo = field(default_factory=Memo)


@dataclass(frozen=True)
class _Key:
    """What is opened: a snapshot, as of a day, with all marts or only those named."""

    snapshot_id: str
    as_of: date | None
    marts: frozenset[str] | None


class Warehouse:
    """A warehouse folder. Safe to share between threads; opening it reads nothing and creates nothing."""

    def __init__(
        self,
        root: Path,
        *,
        memory_limit: str = "2GB",
        spill_limit: str = "",
        threads: int = 2,
        query_seconds: float = QUERY_TIME_LIMIT_SECONDS,
        marts_folder: Path = MARTS_FOLDER,
    ) -> None:
        """`memory_limit` and `spill_limit` (disk to spill to; empty: DuckDB's default) are of each open database, `query_seconds` of a query."""
        self.root = Path(root).absolute()
        self.memory_limit = memory_limit
        self.spill_limit = spill_limit
        self.threads = threads
        self.query_seconds = query_seconds
        self.marts_folder = marts_folder
        self.folder = SnapshotFolder(self.root)
        self._lock = threading.Lock()
        self._opened: OrderedDict[_Key, _Opened] = OrderedDict()
        self._going_back = threading.Lock()
        self._running: Counter[str] = Counter()

    def exists(self) -> bool:
        """Whether a snapshot is being served."""
        return self.folder.current_id() is not None

    def snapshot(self, snapshot_id: str | None = None) -> Snapshot:
        """The current snapshot, or the one named. WarehouseError when there is none."""
        return _describe(self.folder.current() if snapshot_id is None else self.folder.read(snapshot_id))

    def snapshots(self) -> list[Snapshot]:
        """Every snapshot that can be rolled back to, newest first."""
        return [_describe(manifest) for manifest in self.folder.manifests()[0].values()]

    def rollback(self, snapshot_id: str) -> Snapshot:
        """Serve an older (or newer) snapshot again. WarehouseError when it is unknown or lacks a file."""
        self.folder.read(snapshot_id)  # locking makes the folder: not for an id that isn't there
        with self.folder.locked():
            manifest = self.folder.read(snapshot_id)
            self.folder.check_files(manifest)
            self.folder.point_to(snapshot_id)
        return _describe(manifest)

    @contextmanager
    def cursor(
        self,
        snapshot_id: str | None = None,
        *,
        as_of: date | None = None,
        marts: Collection[str] | None = None,
        time_limit: float | Literal["default"] | None = "default",
    ) -> Iterator[Cursor]:
        """A cursor over one snapshot (None = the current one) with a view of every canonical table and mart.

        With `as_of` D it shows the warehouse as if it held only events, tickets and messages before the end of day D in
        the reporting time zone; naming the only `marts` that will be read opens it faster. `time_limit` is seconds a query, None for no limit,
        by default the warehouse's. Raises WarehouseError.
        """
        resolved = self.folder.current().snapshot_id if snapshot_id is None else snapshot_id
        with self._in_use(resolved):
            key = _Key(resolved, as_of, frozenset(marts) if marts and as_of else None)
            connection, snapshot, memo = self._connect(key)
            try:
                seconds = self.query_seconds if isinstance(time_limit, str) else time_limit
                yield Cursor(connection, snapshot, as_of, seconds, self.explain, memo)
            finally:
                connection.close()

    def quarantine(self, snapshot_id: str | None = None, *, settled: bool = False) -> pd.DataFrame:
        """Rows that a snapshot's loads set aside: load_id, source, table, file, line, column, reason, raw, row_id.

        With `settled` those that a replay loaded or replaced since, with settled_by, the replay's load id.
        """
        with self.quarantine_view(snapshot_id) as connection:
            frame: pd.DataFrame = connection.execute(quarantined(settled)).df()
            return frame

    @contextmanager
    def quarantine_view(self, snapshot_id: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with the view `quarantine` of a snapshot; `analytics.set_aside` asks it. Raises WarehouseError."""
        manifest = self.folder.current() if snapshot_id is None else self.folder.read(snapshot_id)
        self.folder.check_files(manifest)
        with self.connect() as connection:
            try:
                view_quarantine(connection, self.root, manifest.quarantine)
                yield connection
            except STOPPING as error:
                raise self.explain(manifest.snapshot_id, error) from error

    def needs_rebuild(self, snapshot_id: str | None = None) -> bool:
        """Whether a snapshot's marts (None: the current one's) were built by other mart SQL than this program's: see ingest.rebuild.

        Until they are built anew, a load builds everything and an as-of day does so in memory.
        """
        manifest = self.folder.current() if snapshot_id is None else self.folder.read(snapshot_id)
        return manifest.marts_digest != marts_digest(read_marts(self.marts_folder))

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A fresh in-memory connection with the warehouse's limits and no sandbox; for loads and the quarantine."""
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self.memory_limit,
            "threads": self.threads,
            "temp_directory": str(self.folder.scratch()),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
        connection = duckdb.connect(":memory:", config=settings)
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        if self.spill_limit:  # DuckDB 1.5 shows the limit but doesn't keep to it when it is given in the config
            connection.execute(f"SET GLOBAL max_temp_directory_size = {quote(self.spill_limit)}")
        return connection

    def explain_full_disk(self, error: Exception) -> str:
        """What is full and what to do, as the beginning of a sentence."""
        if self.spill_limit and "failed to offload" in str(error):
            return f"DuckDB needs more than the {self.spill_limit} of disk that it may spill to: raise the spill limit"
        return f"The disk of {self.root} is full: free some space"

    def explain(self, snapshot_id: str, error: Exception) -> WarehouseError:
        """What stopped a reader, in one line with what to do."""
        if is_disk_full(error):
            return WarehouseError(f"{self.explain_full_disk(error)} and try again.")
        if isinstance(error, duckdb.OutOfMemoryException):
            return WarehouseError(
                "This needs more memory than the {limit} that the warehouse may use ({error}): "
                "choose a shorter window, or raise the memory limit.",
                limit=self.memory_limit,
                error=first_line(error),
            )
        return WarehouseError(
            "A file of snapshot {snapshot_id} can't be read ({error}): put it back, or roll back to "
            "another snapshot with `trustdesk snapshots --rollback ID`.",
            snapshot_id=snapshot_id,
            error=first_line(error),
        )

    def _connect(self, key: _Key) -> tuple[duckdb.DuckDBPyConnection, Snapshot, Memo]:
        with self._lock:
            whole = replace(key, marts=None)
            key = whole if whole in self._opened else key
            opened = self._opened.setdefault(key, _Opened())
            self._opened.move_to_end(key)
            self._forget_old()
        with opened.lock:
            if opened.connection is None or opened.snapshot is None:
                opened.connection, opened.snapshot = self._open(key)
            return opened.connection.cursor(), opened.snapshot, opened.memo

    def _forget_old(self) -> None:
        while len(self._opened) > OPEN_SNAPSHOTS:
            key, _ = self._opened.popitem(last=False)  # running cursors keep their database alive
            self._release_unused(key.snapshot_id)

    def _release_unused(self, snapshot_id: str) -> None:
        if not self._running[snapshot_id] and all(snapshot_id != key.snapshot_id for key in self._opened):
            del self._running[snapshot_id]
            self.folder.release(snapshot_id)

    @contextmanager
    def _in_use(self, snapshot_id: str) -> Iterator[None]:
        """Keep the snapshot's lease while a cursor runs, however many others are opened meanwhile."""
        with self._lock:
            self._running[snapshot_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[snapshot_id] -= 1
                self._release_unused(snapshot_id)

    def _open(self, key: _Key) -> tuple[duckdb.DuckDBPyConnection, Snapshot]:
        self.folder.lease(key.snapshot_id)
        try:
            manifest = self.folder.read(key.snapshot_id)
            self.folder.check_files(manifest)
            return self._open_views(manifest, key)
        except WarehouseError:
            self.folder.release(key.snapshot_id)
            raise
        except STOPPING as error:
            self.folder.release(key.snapshot_id)
            raise self.explain(key.snapshot_id, error) from error

    def _open_views(self, manifest: Manifest, key: _Key) -> tuple[duckdb.DuckDBPyConnection, Snapshot]:
        snapshot = _describe(manifest)
        connection = self.connect()
        if key.as_of is None:
            create_views(connection, self.root, manifest)
        else:
            with self._going_back:  # one at a time: two would share the processors and hold twice the memory
                self._go_back(connection, manifest, key.as_of, key.marts)
            bound = end_of_day(key.as_of, manifest.time_zone)
            snapshot = replace(snapshot, data_up_to=_last_event(connection, bound))
        _lock_down(connection, self.root)
        return connection, snapshot

    def _go_back(
        self, connection: duckdb.DuckDBPyConnection, manifest: Manifest, as_of: date, only: frozenset[str] | None
    ) -> None:
        """Views of all tables and marts as they stood at the end of a local day."""
        bound = end_of_day(as_of, manifest.time_zone)
        marts = read_marts(self.marts_folder)
        rows = sum(part.rows for parts in manifest.tables.values() for part in parts)
        is_followed = manifest.marts_digest == marts_digest(marts) and rows > FULL_DAY_ROWS
        create_views(
            connection, self.root, manifest if is_followed else replace(manifest, marts={}, views={}), "before"
        )
        for name in stored_columns():
            sql = (SQL_FOLDER / "warehouse" / f"{name}_as_of.sql").read_text(encoding="utf-8")
            connection.execute(f'CREATE VIEW "{name}" AS\n{sql.replace("{{as_of}}", instant(bound))}')
        if only is not None:
            marts = needed(marts, only, "as_of")
        if not is_followed:
            build_marts(connection, marts, as_of=bound, time_zone=manifest.time_zone)
            return
        for table, instants in KNOWN_AT.items():
            connection.execute(
                f"CREATE VIEW changed_{table} AS SELECT * FROM before.{table} WHERE {instants} >= {instant(bound)}"
            )
        Upkeep(connection, marts, World(manifest.time_zone, bound, as_of), adds_up=only is None).run()


def _last_event(connection: duckdb.DuckDBPyConnection, bound: datetime) -> datetime | None:
    """The last instant of the events; looked for in the month before `bound` first, which lets the engine skip the rest."""
    for recent in (f" WHERE occurred_at >= {instant(bound - timedelta(days=31))}", ""):
        found: datetime | None = connection.execute(f"SELECT max(occurred_at) FROM events{recent}").fetchall()[0][0]
        if found is not None:
            return found
    return None


def create_views(connection: duckdb.DuckDBPyConnection, root: Path, manifest: Manifest, schema: str = "main") -> None:
    """A view of every stored table and mart of a snapshot, over an explicit list of files, in a schema."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    create_table_views(connection, root, manifest.tables, f"{schema}.")
    for name, paths in manifest.marts.items():
        files = read_files([root / path for path in paths])
        sql = f"SELECT m.* FROM {files} AS m"
        if patch := manifest.patches.get(name):
            if patch.keys:
                replaced = read_files([root / patch.keys])
                sql += f" ANTI JOIN {replaced} AS k ON {same_key(patch.key, 'm', 'k', patch.is_nullable)}"
            sql += f" UNION ALL SELECT * FROM {read_files([root / patch.rows])}"
        connection.execute(f'CREATE VIEW {schema}."{name}" AS {sql}')
    connection.execute(f"SET search_path = '{schema}'")
    for name, sql in manifest.views.items():
        connection.execute(f'CREATE VIEW {schema}."{name}" AS\n{sql}\n')
    connection.execute("SET search_path = 'main'")


def create_table_views(
    connection: duckdb.DuckDBPyConnection, root: Path, tables: Mapping[str, tuple[Part, ...]], prefix: str = ""
) -> None:
    """A view of every stored table over an explicit list of files."""
    for name, columns in stored_columns().items():
        parts = tables.get(name, ())
        if parts:
            listed = ", ".join(f'"{column}"' for column in columns)
            sql = f"SELECT {listed} FROM {read_files([root / part.path for part in parts])}"
        else:
            typed_null = ", ".join(f'NULL::{kind} AS "{column}"' for column, kind in columns.items())
            sql = f"SELECT {typed_null} WHERE false"
        connection.execute(f"CREATE VIEW {prefix}{name} AS {sql}")


def view_quarantine(connection: duckdb.DuckDBPyConnection, root: Path, paths: tuple[str, ...]) -> None:
    """The view `quarantine` over its files (those of older programs lack the last columns)."""
    files = ", ".join(quote(root / path) for path in paths)
    stored = f"union all by name select * from read_parquet([{files}], union_by_name = true)" if paths else ""
    sql = (SQL_FOLDER / "warehouse" / "quarantine.sql").read_text(encoding="utf-8").replace("{{stored}}", stored)
    connection.execute(f"CREATE TEMP VIEW quarantine AS\n{sql}")


def quarantined(settled: bool) -> str:
    condition = "settled_by IS NOT NULL" if settled else "settled_by IS NULL"
    names = ", ".join(f'"{name}"' for name in (*QUARANTINE_COLUMNS, *(("settled_by",) if settled else ())))
    return f"SELECT {names} FROM quarantine WHERE {condition}"


def _lock_down(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    folders = ", ".join(quote(root / name) for name in ("parts", "marts"))
    connection.execute(f"SET allowed_directories = [{folders}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _describe(manifest: Manifest) -> Snapshot:
    return Snapshot(
        snapshot_id=manifest.snapshot_id,
        created_at=manifest.created_at,
        time_zone=manifest.time_zone,
        is_demo=manifest.is_demo,
        data_from=manifest.data_from,
        data_up_to=manifest.data_up_to,
        loads=manifest.loads,
        tables=MappingProxyType({name: sum(part.rows for part in parts) for name, parts in manifest.tables.items()}),
    )
