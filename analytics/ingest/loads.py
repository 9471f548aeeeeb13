"""A load: source files → staging → merge → marts → a new snapshot, all or nothing.

Knows nothing of pages or commands; progress is told to a callback.
"""

import errno
import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from analytics.engines.duckdb import first_line, is_disk_full
from analytics.engines.marts import marts_digest, read_marts
from analytics.errors import InputError, WarehouseError
from analytics.ingest.adapters import check_time_zone, find_adapter
from analytics.ingest.contracts import Conditions
from analytics.ingest.mapping import ColumnMap, read_map
from analytics.ingest.marts import Build, build_all, build_changed, can_follow
from analytics.ingest.merge import Target, merge_table
from analytics.ingest.readers import Reader
from analytics.ingest.rejects import settle_lines, write_quarantine
from analytics.ingest.staging import Staging, create_bad_table
from analytics.ingest.units import Plan, open_shared, open_units, plan_adapter, plan_map
from analytics.snapshots import Load, Manifest, new_snapshot_id
from analytics.warehouse import Warehouse, create_table_views


@dataclass(frozen=True)
class Progress:
    """Where a load is: `step` is read, merge, marts or publish; `done` of `total`; `detail` names the file or table."""

    step: str
    done: int
    total: int
    detail: str


@dataclass(frozen=True)
class LoadResult:
    """What became of a load's rows: read = loaded + duplicate + conflict + quarantined. `notes` are lines for a person."""

    source: str
    read: int
    loaded: int
    duplicate: int
    conflict: int
    quarantined: int
    snapshot_id: str
    notes: tuple[str, ...] = ()


Report = Callable[[Progress], None]


def load(
    warehouse: Warehouse,
    source: str | Path,
    path: Path,
    *,
    mapping: Path | ColumnMap | None = None,
    time_zone: str | None = None,
    reporting_time_zone: str | None = None,
    is_demo: bool = False,
    seed: int | None = None,
    progress: Report | None = None,
) -> LoadResult:
    """Load a source's files into the warehouse and publish a new snapshot; the same load again changes nothing.

    `time_zone` reads times that carry none (default: the map's, else the source's). `reporting_time_zone` cuts days in the
    warehouse (default: as it is; in a new warehouse the zone of the source). A demo load replaces all data, and so does
    the first real load into a demo; the snapshot before stays for roll-back. `seed` makes buyers' pseudonyms repeatable.
    Raises InputError or WarehouseError, one line each; then the snapshot before is served on and nothing is left behind.
    """
    report = progress or (lambda _: None)
    column_map = read_map(mapping) if isinstance(mapping, Path) else mapping
    if column_map is not None and str(source) != "canonical":
        raise InputError(f"A map goes with the source 'canonical' only, not {str(source)!r}: leave one of them out.")
    adapter = find_adapter(source)
    zone = time_zone or (column_map.time_zone if column_map else None) or adapter.source_time_zone
    for given in (zone, reporting_time_zone or zone):
        check_time_zone(given, "time zone")
    path = Path(path).absolute()
    plan = plan_map(column_map, path) if column_map else plan_adapter(adapter, path)
    with warehouse.folder.writing(), clear_errors(warehouse):
        base = _base(warehouse, is_demo)
        work = _Work(warehouse, base, adapter.name, path, datetime.now(UTC), reporting_time_zone or zone, is_demo)
        formats = dict(column_map.formats) if column_map else {}
        return work.run(plan, zone, formats, seed, report)


@contextmanager
def clear_errors(warehouse: Warehouse) -> Iterator[None]:
    """Say in one line what stopped a load: a full disk, too little memory, an unreadable file."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(warehouse, error) from error
        raise WarehouseError(f"{error.filename or warehouse.root}: {error.strerror}. Nothing was changed.") from error
    except duckdb.OutOfMemoryException as error:
        if is_disk_full(error):
            raise _disk_full(warehouse, error) from error
        raise WarehouseError(
            f"The load needs more than {warehouse.memory_limit} of memory ({first_line(error)}): raise the memory limit. "
            "Nothing was changed."
        ) from error
    except (duckdb.IOException, duckdb.InvalidInputException) as error:  # the latter for a torn file
        if is_disk_full(error):
            raise _disk_full(warehouse, error) from error
        raise WarehouseError(f"A file can't be read or written ({first_line(error)}). Nothing was changed.") from error
    except duckdb.InterruptException as error:
        raise WarehouseError("The load was stopped. Nothing was changed.") from error


def _disk_full(warehouse: Warehouse, error: Exception) -> WarehouseError:
    return WarehouseError(f"{warehouse.explain_full_disk(error)} and load again. Nothing was changed.")


def _base(warehouse: Warehouse, is_demo: bool) -> Manifest | None:
    current = warehouse.folder.current_id()
    if current is None:
        return None
    manifest = warehouse.folder.read(current)
    warehouse.folder.check_files(manifest)
    if is_demo and not manifest.is_demo:
        raise WarehouseError(f"{warehouse.root} holds real data: give the demo its own folder with --warehouse.")
    return manifest


@dataclass
class _Work:
    """One load on its way. `base` is the snapshot that it adds to (None: an empty warehouse)."""

    warehouse: Warehouse
    base: Manifest | None
    source: str
    path: Path
    started_at: datetime
    default_time_zone: str
    is_demo: bool

    def __post_init__(self) -> None:
        self.parent = self.base.snapshot_id if self.base else None
        if self.base is not None and (self.is_demo or self.base.is_demo):
            self.base = None
        root = self.warehouse.root
        self.snapshot_id = new_snapshot_id(self.started_at)
        number = len(self.base.loads) + 1 if self.base else 1
        self.target = Target(root, self.snapshot_id, self.source, f"load-{number:04d}")
        self.staging = root / "staging" / self.snapshot_id
        self.staging.mkdir(parents=True)

    def run(self, plan: Plan, zone: str, formats: dict[str, str], seed: int | None, report: Report) -> LoadResult:
        key_name, key = self._buyer_key(seed)
        conditions = Conditions(zone, key, self.started_at + timedelta(days=1), formats)
        with self.warehouse.connect() as connection:
            create_table_views(connection, self.target.root, self.base.tables if self.base else {}, "stored_")
            create_bad_table(connection)
            reader = Reader(connection, self.staging)
            staging = Staging(connection, self.staging)
            read, notes = self._stage(connection, reader, staging, plan, conditions, report)
            if self.base is None and len(reader.without_rows) == len(reader.files):
                raise InputError(f"{_say_without_rows(reader)}: export it again, or check the path {self.path}.")
            tables = dict(self.base.tables) if self.base else {}
            loaded = duplicate = conflict = 0
            staged = staging.tables()
            for done, table in enumerate(staged):
                report(Progress("merge", done, len(staged), table.name))
                merged = merge_table(connection, table, staging, tables, self.target)
                tables |= merged.parts
                loaded, duplicate = loaded + merged.loaded, duplicate + merged.duplicate
                conflict += merged.conflict
            malformed = settle_lines(connection, reader, plan.table_of())  # conflicts get their lines too
            quarantined = int(connection.execute("SELECT count(*) FROM bad").fetchall()[0][0]) - conflict
            known = self.base.quarantine if self.base else ()
            quarantine = write_quarantine(connection, known, self.target, conditions)
        counts = (read + malformed, loaded, duplicate, conflict, quarantined)
        if self.base is not None and not loaded and quarantine == known:
            return LoadResult(self.source, *counts, self.base.snapshot_id, notes)
        record = Load(self.target.load_id, self.source, str(self.path), self.started_at, datetime.now(UTC), *counts)
        manifest = Manifest(
            snapshot_id=self.snapshot_id,
            created_at=self.started_at,
            parent=self.parent,
            time_zone=self.base.time_zone if self.base else self.default_time_zone,
            is_demo=self.is_demo,
            data_from=None,
            data_up_to=None,
            loads=(*(self.base.loads if self.base else ()), record),
            tables=tables,
            marts={},
            quarantine=quarantine,
            buyer_key=key_name,
            marts_digest="",
        )
        publish(self.warehouse, manifest, report, base=self.base)
        return LoadResult(self.source, *counts, self.snapshot_id, notes)

    def _stage(
        self,
        connection: duckdb.DuckDBPyConnection,
        reader: Reader,
        staging: Staging,
        plan: Plan,
        conditions: Conditions,
        report: Report,
    ) -> tuple[int, tuple[str, ...]]:
        read = 0
        notes: list[str] = []
        open_shared(connection, reader, plan)
        for place, unit in enumerate(open_units(connection, reader, plan)):
            report(Progress("read", place, len(plan.units), unit.described_as))
            result = staging.stage(unit.table, unit.select, conditions, unit.described_as)
            read += result.read
            if result.unknown_columns:
                notes.append(
                    f"{unit.described_as}: columns not in {unit.table.name}, left out: {', '.join(result.unknown_columns)}"
                )
        if reader.without_rows:
            notes.append(_say_without_rows(reader))
        notes += [
            f"{file.name}: read as {file.encoding}; if letters look wrong, set encoding under [file] in a map"
            for file in reader.files.values()
            if file.encoding not in ("utf-8", "utf-8-sig")
        ]
        return read, tuple(notes)

    def _buyer_key(self, seed: int | None) -> tuple[str, str]:
        root = self.target.root
        if self.base is not None:
            return self.base.buyer_key, read_buyer_key(root, self.base)
        name = "buyer.key" if self.parent is None else f"buyer-{self.snapshot_id}.key"
        key = secrets.token_hex(32) if seed is None else hashlib.sha256(f"trustdesk demo {seed}".encode()).hexdigest()
        path = root / name
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(key + "\n", encoding="ascii")
        return name, key


def read_buyer_key(root: Path, manifest: Manifest) -> str:
    """The secret that a snapshot's pseudonyms were made with. Raises WarehouseError when its file is gone."""
    path = root / manifest.buyer_key
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise WarehouseError(
            f"{path} is missing, so buyers can't be matched with those already loaded: put the file back."
        ) from None


def _say_without_rows(reader: Reader) -> str:
    names = reader.without_rows
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{listed} {'has' if len(names) == 1 else 'have'} a header and no rows"


def publish(
    warehouse: Warehouse,
    manifest: Manifest,
    report: Report,
    *,
    base: Manifest | None = None,
    build: Build | None = None,
) -> Manifest:
    """Build the marts of a manifest's tables, find its first and last instant, and make it current.

    With `base`, the snapshot that the manifest's last loads added to, only what they changed is made anew where that pays. `build` is another engine's way.
    """
    marts = read_marts(warehouse.marts_folder)
    places = {mart.name: place for place, mart in enumerate(marts)}

    def on_mart(name: str) -> None:
        report(Progress("marts", places[name], len(marts), name))

    if base is not None and can_follow(base, manifest, marts):
        built = build_changed(warehouse, base, manifest, marts, on_mart)
    else:
        built = build_all(warehouse, manifest, marts, on_mart, build)
    report(Progress("publish", 0, 1, manifest.snapshot_id))
    complete = replace(built, marts_digest=marts_digest(marts))
    warehouse.folder.publish(complete)
    return complete


def rebuild(
    warehouse: Warehouse,
    *,
    time_zone: str | None = None,
    progress: Report | None = None,
    build: Build | None = None,
) -> str:
    """Build the marts of the current data anew, after mart SQL or the reporting time zone changed; the new snapshot's id.

    `build` does it in another engine than DuckDB. Raises InputError or WarehouseError; then nothing was changed.
    """
    if time_zone is not None:
        check_time_zone(time_zone, "time zone")
    with warehouse.folder.writing(), clear_errors(warehouse):
        base = warehouse.folder.current()
        warehouse.folder.check_files(base, only_facts=True)
        now = datetime.now(UTC)
        renewed = replace(
            base,
            snapshot_id=new_snapshot_id(now),
            created_at=now,
            parent=base.snapshot_id,
            time_zone=time_zone or base.time_zone,
        )
        return publish(warehouse, renewed, progress or (lambda _: None), build=build).snapshot_id
