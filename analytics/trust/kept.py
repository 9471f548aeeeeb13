"""Trust scores of past days, computed once and kept as files of the warehouse, for as long as the facts known by the end of the day stay the same.

A file's name is a digest of all that the scores depend on, so nothing has to be told when they become stale: a load of later days leaves a
day's file valid, a late event or a changed merchant makes it be computed anew, and roll-back needs no rule. The files hold no buyer and may be
deleted at any time. Unlike evaluations (`analytics.trust.evaluations`) they record nothing that was told: a torn or foreign file is replaced.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from analytics.errors import WarehouseError
from analytics.trust.counts import MARTS, sql_text
from analytics.trust.merchants import score_merchants
from analytics.trust.programme import Programme, default_programme
from analytics.trust.score import TrustScore

if TYPE_CHECKING:
    from analytics.snapshots import Part
    from analytics.warehouse import Warehouse

FOLDER = "scores"
SCORE_VERSION = 2  # of the way that scores and levels are computed: decision 014 says when to raise it
ABANDONED_SECONDS = 3600  # a file that is still unfinished then is one that a killed process left
_ABOUT = b"trustdesk.scores"
_PART = "contribution."
# What reading a file raises that is torn, or of another kind.
_TORN = (OSError, pa.ArrowException, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class DayScores:
    """All merchants' scores as of the end of a day, and when they were computed (UTC)."""

    scores: tuple[TrustScore, ...]
    made_at: datetime


@dataclass(frozen=True)
class KeptScores:
    """The scores of past days of one warehouse, snapshot and programme."""

    warehouse: Warehouse
    snapshot_id: str
    programme: Programme

    @classmethod
    def of(cls, warehouse: Warehouse, snapshot_id: str, programme: Programme | None = None) -> KeptScores:
        """Of the committed definition unless another is given."""
        return cls(warehouse, snapshot_id, programme or default_programme())

    def on(self, day: date) -> DayScores:
        """What `score_merchants` gives as of the end of a day of the reporting time zone: kept, or computed and kept.

        A warehouse that only can be read keeps nothing. Raises InputError for a day before all events, and WarehouseError.
        """
        path = self._path(day)
        if path is not None and (found := _read(path, day)) is not None:
            return found
        made = self._computed(day)
        if path is not None:
            with suppress(OSError):
                _keep(path, day, made)
        return made

    def prepare(self, day: date) -> bool:
        """Keeps the scores of a day; False where they are kept already. Raises WarehouseError when they can't be, else as `on`."""
        path = self._path(day)
        if path is None:
            raise WarehouseError(
                f"Scores of {day} can't be kept: the marts are those of another version of the program (run `trustdesk build`), or the day is yet to come."
            )
        if _is_kept(path):
            return False
        made = self._computed(day)
        try:
            _keep(path, day, made)
        except OSError as error:
            raise WarehouseError(f"Can't keep scores in {path.parent} ({error.strerror or error}).") from error
        return True

    def _computed(self, day: date) -> DayScores:
        with self.warehouse.cursor(self.snapshot_id, as_of=day, marts=MARTS) as cursor:
            return DayScores(tuple(score_merchants(cursor, programme=self.programme)), datetime.now(UTC))

    def _path(self, day: date) -> Path | None:
        facts = facts_known(self.warehouse, self.snapshot_id, day)
        if facts is None:
            return None
        programme = _digest(repr(self.programme))
        name = f"{day}-{_digest(f'{SCORE_VERSION} {programme} {facts}')}.parquet"
        return self.warehouse.root / FOLDER / f"{self.programme.programme_id}-{programme}" / name


def facts_known(warehouse: Warehouse, snapshot_id: str, day: date) -> str | None:
    """What two snapshots have in common when their scores as of the end of a day are the same, whatever else they hold.

    That is the time zone, the marts' SQL, the files that hold events of the time up to then (a file never changes), and digests of what is
    read of merchants and tickets. None where scores are not worth keeping: their marts are built in memory by other SQL than the stored
    ones, or the day is yet to come.
    """
    from analytics.engines.days import end_of_day

    manifest = warehouse.folder.read(snapshot_id)
    bound = end_of_day(day, manifest.time_zone)
    newest = max(datetime.now(UTC), manifest.data_up_to or datetime.min.replace(tzinfo=UTC))
    if bound > newest + timedelta(days=2) or warehouse.needs_rebuild(snapshot_id):
        return None
    events = sorted(part.path for part in manifest.tables.get("events", ()) if _holds(warehouse.root, part, bound))
    with warehouse.cursor(snapshot_id) as cursor:
        others = cursor.rows(sql_text("facts_known"), {"as_of": bound})
    return json.dumps([manifest.time_zone, manifest.marts_digest, events, others])


def _holds(root: Path, part: Part, bound: datetime) -> bool:
    """Whether a file of events has, or may have, one before an instant."""
    last_month = f"{(bound - timedelta(microseconds=1)).astimezone(UTC):%Y-%m}"
    if part.month is None or part.month < last_month:
        return True
    if part.month > last_month:
        return False
    first = _first_instant(root / part.path)
    return first is None or first < bound


@lru_cache(maxsize=4096)
def _first_instant(path: Path) -> datetime | None:
    """When the first event of a file occurred, by its statistics; None where they don't say."""
    try:
        found = pq.read_metadata(path)
        column = found.schema.names.index("occurred_at")
        groups = [found.row_group(group).column(column).statistics for group in range(found.num_row_groups)]
        return min(group.min for group in groups) if all(group and group.has_min_max for group in groups) else None
    except _TORN:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keep(path: Path, day: date, made: DayScores) -> None:
    """Writes the file, whole or not at all, then drops what was kept of the day for other facts. Raises OSError."""
    if not made.scores:
        return
    temporary = path.with_name(f"{path.stem}.{os.getpid()}-{id(made)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(_table(path, made), temporary, compression="zstd", write_page_checksum=True)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    for other in path.parent.glob(f"{day}-*"):
        with suppress(OSError):  # a reader may hold it, or another process has dropped it
            is_unfinished = other.suffix == ".tmp" and time.time() - other.stat().st_mtime < ABANDONED_SECONDS
            if other != path and not is_unfinished:
                other.unlink()


def _table(path: Path, made: DayScores) -> pa.Table:
    scores = made.scores
    names: Sequence[str] = next((tuple(score.contributions) for score in scores if score.contributions), ())
    about = {"name": path.name, "made_at": made.made_at.isoformat(), "left_out": scores[0].left_out}
    columns: dict[str, Any] = {
        "merchant_id": pa.array([score.merchant_id for score in scores], pa.string()),
        **{
            name: pa.array([getattr(score, name) for score in scores], pa.float64())
            for name in ("score", "ci_low", "ci_high")
        },
        "n": pa.array([score.n for score in scores], pa.int64()),
        **{name: pa.array([getattr(score, name) for score in scores], pa.string()) for name in ("level", "status")},
        **{_PART + name: pa.array([score.contributions.get(name) for score in scores], pa.float64()) for name in names},
    }
    return pa.table(columns).replace_schema_metadata({_ABOUT: json.dumps(about)})


def _about(path: Path, schema: pa.Schema) -> dict[str, Any]:
    """What a file says of itself. Raises one of _TORN for a file of another kind, or of another day, programme or facts."""
    found: dict[str, Any] = json.loads(schema.metadata[_ABOUT])
    if found["name"] != path.name:
        raise ValueError("the file bears another's name")
    return found


def _is_kept(path: Path) -> bool:
    try:
        return bool(_about(path, pq.read_schema(path)))
    except _TORN:
        return False


def _read(path: Path, day: date) -> DayScores | None:
    """The scores of a file; None where there is none, or none that can be used."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read()
        about = _about(path, table.schema)
        return DayScores(tuple(_scores(table, day, tuple(about["left_out"]))), datetime.fromisoformat(about["made_at"]))
    except _TORN:
        return None


def _scores(table: pa.Table, day: date, left_out: tuple[str, ...]) -> list[TrustScore]:
    names = [name.removeprefix(_PART) for name in table.column_names if name.startswith(_PART)]
    columns = {name: table[name].to_pylist() for name in ("merchant_id", "n", "level", "status")}
    numbers = {name: _numbers(table[name]) for name in ("score", "ci_low", "ci_high")}
    parts = zip(*(_numbers(table[_PART + name]) for name in names), strict=True) if names else [()] * len(table)
    return [
        TrustScore(merchant_id, day, score, level, low, high, n, status, dict(zip(names, own, strict=True)), left_out)
        if level is not None
        else TrustScore(merchant_id, day, None, None, None, None, n, status, {}, left_out)
        for merchant_id, n, level, status, score, low, high, own in zip(
            *columns.values(), *numbers.values(), parts, strict=True
        )
    ]


def _numbers(column: pa.ChunkedArray) -> list[float]:
    """The values as Python has them, nulls as NaN."""
    found: list[float] = column.to_numpy().tolist()
    return found
