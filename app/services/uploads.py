"""Own files into the warehouse: an upload kept aside and looked at, its map, and loads that run beside the page.

A load runs in a thread of its own: who started it may look at other pages, and everybody keeps the old snapshot until it is
published. Every load, map and demo is taken down in the audit log. Knows no page.
"""

from __future__ import annotations

import difflib
import errno
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING
from zoneinfo import available_timezones

from app.errors import AppError, NotAllowed
from app.services.loading import Report, load_demo, load_path
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from analytics.ingest import CheckResult, ColumnMap, FilePreview
    from analytics.tables import Column
    from app.identity import Actor
    from app.workspace import Document

FILE_TYPES = ("csv", "tsv", "txt", "parquet", "jsonl", "ndjson")
ENCODINGS = ("utf-8", "utf-16", "gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1251", "latin-1")
DELIMITERS = (",", ";", "\t", "|")
SOURCES = ("canonical", "olist")
DEMO_SEED = 7


class Upload:
    """One uploaded file in a folder of its own, which goes when nothing holds the upload any more."""

    def __init__(self, name: str, content: IO[bytes]) -> None:
        """Writes the content aside. Raises AppError when there is no room for it."""
        self.name = Path(name).name
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="trustdesk-upload-")
            self.path = Path(self._folder.name) / self.name
            with self.path.open("wb") as target:
                shutil.copyfileobj(content, target, 1 << 20)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise AppError(
                    "The disk is full, {name} was not kept: free some space and upload it again.", name=self.name
                ) from error
            raise AppError(
                "{name} could not be kept ({error}): upload it again.", name=self.name, error=error.strerror
            ) from error
        self.size = self.path.stat().st_size
        self.key = Path(self._folder.name).name
        self._previews: dict[tuple[str | None, str | None], FilePreview] = {}
        self._checks: dict[str, CheckResult] = {}

    def preview(self, encoding: str | None = None, delimiter: str | None = None) -> FilePreview:
        """What the file is and what its columns may mean; None = detected. Raises InputError when it can't be read."""
        from analytics.ingest import Dialect, preview

        key = (encoding, delimiter)
        if key not in self._previews:
            with self.named():
                self._previews[key] = preview(self.path, dialect=Dialect(encoding, delimiter))
        return self._previews[key]

    def check(self, column_map: ColumnMap) -> CheckResult:
        """Which rows a load would reject. Raises InputError when the map does not fit the file."""
        from analytics.ingest import check, map_to_toml

        key = map_to_toml(column_map)
        if key not in self._checks:
            with self.named():
                self._checks[key] = check(self.path, column_map)
        return self._checks[key]

    def known_check(self, column_map: ColumnMap) -> CheckResult | None:
        """The result of `check` for this very map, if it was asked for."""
        from analytics.ingest import map_to_toml

        return self._checks.get(map_to_toml(column_map))

    @contextmanager
    def named(self) -> Iterator[None]:
        """Errors name the file as the person does, not where it is kept."""
        from analytics.errors import InputError

        try:
            yield
        except InputError as error:
            raise InputError(str(error).replace(str(self.path), self.name)) from error


def canonical_columns(table: str) -> tuple[Column, ...]:
    """A canonical table's columns, required ones first."""
    from analytics.tables import TABLES

    return tuple(sorted(TABLES[table].columns, key=lambda column: not column.is_required))


def guess_for(upload_columns: tuple[str, ...], table: str, file_name: str) -> Mapping[str, str]:
    """Canonical column → the file's column that most likely means it, for a table that a person chose."""
    from analytics.ingest import guess_map

    found = guess_map(upload_columns, file_name, table=table)
    return found.columns


def missing_columns(column_map: ColumnMap) -> tuple[str, ...]:
    """Required columns that the map gives no column and no constant."""
    named = {*column_map.columns, *column_map.constants}
    return tuple(c.name for c in canonical_columns(column_map.table) if c.is_required and c.name not in named)


def guess_value(value: str, allowed: tuple[str, ...]) -> str | None:
    """The allowed value that a file's value most likely means; None when it is not clear."""
    plain = value.strip().lower().replace(" ", "_").replace("-", "_")
    close = difflib.get_close_matches(plain, allowed, n=1, cutoff=0.6)
    return plain if plain in allowed else close[0] if close else None


def time_zones() -> list[str]:
    """Names of time zones, UTC first."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]


def mapping_text(column_map: ColumnMap) -> str:
    """The map as a file for `trustdesk ingest --map`."""
    from analytics.ingest import map_to_toml

    return map_to_toml(column_map)


def saved_mappings() -> list[Document]:
    """Kept maps, last changed first."""
    return get_runtime().workspace.mappings.all()


def read_mapping(document: Document) -> ColumnMap:
    """A kept map. Raises InputError when it is none."""
    from analytics.ingest.mapping import parse_map

    return parse_map(tomllib.loads(document.body), Path(document.name))


def seed_map(preview: FilePreview, kept: Document | None, encoding: str | None, delimiter: str | None) -> ColumnMap:
    """What the form begins with: a kept map or the guess, with the dialect that was chosen. Raises InputError."""
    found = read_mapping(kept) if kept else preview.mapping
    return replace(found, dialect=replace(found.dialect, encoding=encoding, delimiter=delimiter))


def keep_mapping(name: str, column_map: ColumnMap, actor: Actor, *, version: int = 0) -> Document:
    """Keeps a map under a name. `version`: that of the kept map which was opened. Raises StaleDocument, NotAllowed.

    The same map under its name again changes nothing.
    """
    mappings = get_runtime().workspace.mappings
    text = mapping_text(column_map)
    same = next((found for found in mappings.all() if found.name == name.strip() and found.body == text), None)
    return same or mappings.save(name, text, actor, version=version)


class LoadJob:
    """A load under way. `step` and `share` (0–1, None when unknown) tell how far."""

    def __init__(self, title: str, work: Callable[[Report], Mapping[str, object]]) -> None:
        self.title = title
        self.step = ""
        self.share: float | None = None
        executor = ThreadPoolExecutor(1, thread_name_prefix="trustdesk-load")
        self._outcome = executor.submit(work, self._tell)
        executor.shutdown(wait=False)

    @property
    def is_done(self) -> bool:
        return self._outcome.done()

    @property
    def is_failed(self) -> bool:
        return self.is_done and self._outcome.exception() is not None

    def result(self, seconds: float | None = None) -> Mapping[str, object]:
        """What became of the rows, once the load has ended. Raises what stopped it, or TimeoutError after `seconds`."""
        return self._outcome.result(seconds)

    def _tell(self, step: str, share: float | None) -> None:
        self.step, self.share = step, share


def start_upload(upload: Upload, column_map: ColumnMap, actor: Actor) -> LoadJob:
    """Loads an uploaded file by a map."""

    def work(report: Report) -> Mapping[str, object]:
        with upload.named():
            result = load_path("canonical", upload.path, mapping=column_map, progress=report)
        return _taken_down(result, upload.name, actor)

    return LoadJob(upload.name, work)


def start_folder(source: str, path: str, actor: Actor) -> LoadJob:
    """Loads a folder or file of this machine. Raises NotAllowed for anybody but the person at it."""
    if actor.source != "local":
        raise NotAllowed("Folders of the server are loaded by who sits at it: upload the file instead.")
    folder = Path(path.strip()).expanduser()
    if not path.strip() or not folder.is_absolute():
        raise NotAllowed("{path} is no absolute path: write it from the root on, such as /data/shop.", path=path or "–")

    def work(report: Report) -> Mapping[str, object]:
        return _taken_down(load_path(source, folder, progress=report), folder.name, actor)

    return LoadJob(folder.name, work)


def start_demo(actor: Actor) -> LoadJob:
    """Fills an empty warehouse with the small demo marketplace."""

    def work(report: Report) -> Mapping[str, object]:
        return _taken_down(load_demo("small", DEMO_SEED, report), "demo", actor)

    return LoadJob("demo", work)


def _taken_down(result: Mapping[str, object], name: str, actor: Actor) -> Mapping[str, object]:
    """The result of a load, after it stands in the audit log."""
    counts = {key: result[key] for key in ("source", "read", "loaded", "duplicate", "conflict", "quarantined")}
    get_runtime().workspace.audit.note(actor, "data.loaded", f"snapshot:{result['snapshot_id']}", file=name, **counts)
    return result
