"""The warehouse folder: manifests, the CURRENT pointer, the writer's lock, leases of readers, collection of old files.

A snapshot is a manifest of immutable Parquet files. Nothing here opens DuckDB or knows what the files hold.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from analytics.errors import WarehouseError

KEPT_SNAPSHOTS = 5
FORMAT = 1
DATA_FOLDERS = ("parts", "marts", "quarantine")
SERVED_FOLDER = "served"  # copies for ad-hoc analysis, SNAPSHOT.*: made from a snapshot, named by it, gone with it
TORN = (OSError, ValueError, KeyError, TypeError, AttributeError)  # what reading a manifest raises that is none


@dataclass(frozen=True)
class Load:
    """One load: where it came from and what became of its rows. Times are UTC.

    `is_replay`: its rows came from quarantine; what it loaded, or found there already, had been counted as set aside before.
    """

    load_id: str
    source: str
    path: str
    started_at: datetime
    finished_at: datetime
    read: int
    loaded: int
    duplicate: int
    conflict: int
    quarantined: int
    is_replay: bool = False


@dataclass(frozen=True)
class Part:
    """One immutable Parquet file; `path` is relative to the warehouse, `month` is "2018-03" in UTC or None."""

    path: str
    rows: int
    month: str | None = None


@dataclass(frozen=True)
class Patch:
    """What later loads changed in a mart: `rows` replace those whose `key` is in the file `keys`, or, without, are added to the sums.

    `is_nullable`: a column of the key may be NULL, and is then equal to another NULL.
    """

    rows: str
    keys: str | None = None
    key: tuple[str, ...] = ()
    is_nullable: bool = False


@dataclass(frozen=True)
class Manifest:
    """All that a snapshot names. `data_from` and `data_up_to` are the first and last instant of its events.

    `marts` are the files of each stored mart, `patches` what loads since changed in it, `views` the SQL of marts that aren't stored.
    """

    snapshot_id: str
    created_at: datetime
    parent: str | None
    time_zone: str
    is_demo: bool
    data_from: datetime | None
    data_up_to: datetime | None
    loads: tuple[Load, ...]
    tables: Mapping[str, tuple[Part, ...]]
    marts: Mapping[str, tuple[str, ...]]
    quarantine: tuple[str, ...]
    buyer_key: str
    marts_digest: str
    patches: Mapping[str, Patch] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)

    def paths(self) -> set[str]:
        """Every file that this snapshot needs, relative to the warehouse."""
        marts = {path for paths in self.marts.values() for path in paths}
        patches = {path for patch in self.patches.values() for path in (patch.rows, patch.keys) if path}
        return self.fact_paths() | marts | patches

    def fact_paths(self) -> set[str]:
        """The files that can't be made anew from others: parts and quarantine."""
        return {part.path for table in self.tables.values() for part in table} | set(self.quarantine)


def _to_json(manifest: Manifest) -> str:
    document = {"format": FORMAT} | asdict(manifest)
    return json.dumps(document, indent=1, default=lambda value: value.isoformat(), ensure_ascii=False)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _from_json(document: dict[str, Any]) -> Manifest:
    loads = tuple(
        Load(
            **load
            | {
                "started_at": datetime.fromisoformat(load["started_at"]),
                "finished_at": datetime.fromisoformat(load["finished_at"]),
            }
        )
        for load in document["loads"]
    )
    return Manifest(
        snapshot_id=document["snapshot_id"],
        created_at=datetime.fromisoformat(document["created_at"]),
        parent=document["parent"],
        time_zone=document["time_zone"],
        is_demo=document["is_demo"],
        data_from=_instant(document["data_from"]),
        data_up_to=_instant(document["data_up_to"]),
        loads=loads,
        tables={name: tuple(Part(**part) for part in parts) for name, parts in document["tables"].items()},
        marts={name: tuple(paths) for name, paths in document["marts"].items()},
        quarantine=tuple(document["quarantine"]),
        buyer_key=document["buyer_key"],
        marts_digest=document["marts_digest"],
        patches={
            name: Patch(**patch | {"key": tuple(patch["key"])}) for name, patch in document.get("patches", {}).items()
        },
        views=document.get("views", {}),
    )


def write_durably(path: Path, text: str) -> None:
    """Write a small file so that a crash leaves the old content or the new, never a half (temp, fsync, replace)."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class SnapshotFolder:
    """The files of one warehouse. Every method raises WarehouseError with one line when the folder is not as it must be."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._pointer = root / "CURRENT"
        self._manifests = root / "snapshots"
        self._leases = root / "readers"
        self._reader = f"{os.getpid()}-{secrets.token_hex(4)}"

    def snapshot_ids(self) -> list[str]:
        """Ids that have a manifest, newest first (an id begins with its time)."""
        return sorted((path.stem for path in self._manifests.glob("*.json")), reverse=True)

    def manifests(self) -> tuple[dict[str, Manifest], dict[str, str]]:
        """The manifests that can be read by their id, newest first, and by id a line for a person about each that can't."""
        found, torn = {}, {}
        for snapshot_id in self.snapshot_ids():
            try:
                found[snapshot_id] = self._load(snapshot_id)
            except FileNotFoundError:  # collected meanwhile
                continue
            except TORN as error:
                torn[snapshot_id] = (
                    f"{self._manifests / snapshot_id}.json is no manifest ({type(error).__name__}): put it back or delete it; "
                    "until then no file of an older snapshot is deleted."
                )
        return found, torn

    def _load(self, snapshot_id: str) -> Manifest:
        return _from_json(json.loads((self._manifests / f"{snapshot_id}.json").read_text(encoding="utf-8")))

    def _whole(self, *, but: str = "") -> list[str]:
        """Ids that can be served, newest first: their manifest can be read, and their files are there."""
        return [
            snapshot_id
            for snapshot_id, manifest in self.manifests()[0].items()
            if snapshot_id != but and all((self.root / path).is_file() for path in manifest.paths())
        ]

    def current_id(self) -> str | None:
        """The id that CURRENT names; None in a folder where nothing was ever published."""
        try:
            pointed = self._pointer.read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            if self.snapshot_ids():
                raise WarehouseError(f"{self._pointer} is missing. {_advise(self._whole())}") from None
            return None
        if pointed not in self.snapshot_ids():
            raise WarehouseError(
                f"{self._pointer} names snapshot {pointed[:40]!a}, which has no manifest. {_advise(self._whole())}"
            )
        return pointed

    def read(self, snapshot_id: str) -> Manifest:
        """The manifest of a snapshot."""
        path = self._manifests / f"{snapshot_id}.json"
        try:
            if snapshot_id not in self.snapshot_ids():  # a path to a manifest is no id
                raise FileNotFoundError
            return self._load(snapshot_id)
        except FileNotFoundError:
            raise WarehouseError(
                f"There is no snapshot {snapshot_id!r} in {self.root}. {_advise(self._whole())}"
            ) from None
        except TORN as error:
            raise WarehouseError(
                f"{path} is no manifest ({type(error).__name__}). {_advise(self._whole(but=snapshot_id))}"
            ) from error

    def current(self) -> Manifest:
        """The manifest that CURRENT names."""
        if (snapshot_id := self.current_id()) is None:
            raise WarehouseError(
                f"No data in {self.root}: fill it with `trustdesk demo`, or load your own with `trustdesk ingest SOURCE PATH`."
            )
        return self.read(snapshot_id)

    def check_files(self, manifest: Manifest, *, only_facts: bool = False) -> None:
        """Raise WarehouseError when a file that the snapshot names is gone. `only_facts`: marts need not be there."""
        facts = manifest.fact_paths()
        lost = {path for path in manifest.paths() if not (self.root / path).is_file()}
        missing = sorted(lost & facts) or ([] if only_facts else sorted(lost))
        if not missing:
            return
        said = f"Snapshot {manifest.snapshot_id} lacks {len(lost)} of its files, first {self.root / missing[0]}:"
        if not lost & facts and manifest.snapshot_id == self.current_id():
            raise WarehouseError(f"{said} put it back, or build the marts anew with `trustdesk build`.")
        raise WarehouseError(f"{said} put it back. {_advise(self._whole(but=manifest.snapshot_id))}")

    def publish(self, manifest: Manifest) -> None:
        """Make a manifest current. Its files must lie at their places; call it inside `writing()`."""
        for path in manifest.paths():
            sync(self.root / path)
        self._manifests.mkdir(parents=True, exist_ok=True)
        write_durably(self._manifests / f"{manifest.snapshot_id}.json", _to_json(manifest))
        self.point_to(manifest.snapshot_id)

    def point_to(self, snapshot_id: str) -> None:
        """Move the CURRENT pointer."""
        write_durably(self._pointer, snapshot_id + "\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the writer's lock. WarehouseError at once when another process or thread holds it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / "writer.lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise WarehouseError(
                f"Another process is writing to {self.root}: wait until its load has ended, then run this again."
            ) from None
        except OSError as error:
            raise WarehouseError(
                f"Can't write to {self.root} ({error.strerror}): choose another --warehouse."
            ) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer's lock; leave no staging and no unnamed file behind, whatever happens inside."""
        with self.locked():
            self.collect()
            try:
                yield
            finally:
                with suppress(OSError, WarehouseError):
                    self.collect()

    def collect(self) -> None:
        """Drop manifests beyond the newest KEPT_SNAPSHOTS that no reader holds, then what no manifest names.

        While a manifest can't be read, what it names can't be known: then no key and no data file is dropped.
        """
        current = self.current_id()
        known = self.snapshot_ids()
        kept = set(known[:KEPT_SNAPSHOTS]) | self._leased()
        if current is not None:
            self.read(current)
            kept.add(current)
        manifests, torn = self.manifests()
        for snapshot_id in set(known) - kept:
            (self._manifests / f"{snapshot_id}.json").unlink()
        self._clear_unfinished()
        self._drop_served(set(self.snapshot_ids()))
        if not torn:
            self._drop_unnamed([manifest for snapshot_id, manifest in manifests.items() if snapshot_id in kept])

    def _drop_unnamed(self, manifests: list[Manifest]) -> None:
        named = {path for manifest in manifests for path in manifest.paths()}
        keys = {manifest.buyer_key for manifest in manifests}
        for key in self.root.glob("buyer*.key"):
            if key.name not in keys:
                key.unlink()
        for folder in DATA_FOLDERS:
            for path in sorted((self.root / folder).rglob("*"), reverse=True):
                if path.is_dir():
                    with suppress(OSError):
                        path.rmdir()
                elif path.relative_to(self.root).as_posix() not in named:
                    path.unlink()

    def _drop_served(self, kept: set[str]) -> None:
        for path in (self.root / SERVED_FOLDER).glob("*.*"):
            if path.name.partition(".")[0] not in kept:
                path.unlink(missing_ok=True)

    def _clear_unfinished(self) -> None:
        """What a killed process was writing; only the holder of the writer's lock may call it."""
        for unfinished in (*self.root.glob("*.tmp"), *self._manifests.glob("*.tmp")):
            unfinished.unlink()
        shutil.rmtree(self.root / "staging", ignore_errors=True)
        for scratch in (self.root / "tmp").glob("*-*"):
            if not _is_alive(scratch.name):
                shutil.rmtree(scratch, ignore_errors=True)

    def scratch(self) -> Path:
        """A folder of this process's own for the engine to spill to; the engine makes it when needed, `collect` clears it."""
        spills = self.root / "tmp"
        with suppress(OSError):  # a warehouse that only can be read has no place to spill to
            spills.mkdir(exist_ok=True)  # the engine makes one folder, not its parents
        return spills / f"{os.getpid()}-{secrets.token_hex(4)}"

    def lease(self, snapshot_id: str) -> None:
        """Say that this process reads a snapshot, so that collection keeps it; a read-only folder needs no lease."""
        if snapshot_id not in self.snapshot_ids():
            return
        with suppress(OSError):
            self._leases.mkdir(exist_ok=True)
            (self._leases / f"{snapshot_id}.{self._reader}").touch()

    def release(self, snapshot_id: str) -> None:
        """Take this process's lease back."""
        with suppress(OSError):
            (self._leases / f"{snapshot_id}.{self._reader}").unlink()

    def _leased(self) -> set[str]:
        held = set()
        for path in self._leases.glob("*.*"):
            snapshot_id, _, reader = path.name.rpartition(".")
            if _is_alive(reader):
                held.add(snapshot_id)
            else:
                path.unlink(missing_ok=True)
        return held


def new_snapshot_id(now: datetime) -> str:
    """An id that sorts by time, to the microsecond (one writer at a time makes it unique)."""
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def _is_alive(owner: str) -> bool:
    process = owner.partition("-")[0]
    return process.isdecimal() and psutil.pid_exists(int(process))


def _advise(whole: list[str]) -> str:
    if not whole:
        return "No whole snapshot is left: load the data again into a new folder."
    return f"Roll back with `trustdesk snapshots --rollback {whole[0]}`."
