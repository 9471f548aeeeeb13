"""Evaluations that are kept: every merchant's score and level on the days of the programme's calendar, as files of the warehouse.

Two readings of one past evaluation, both defined for any day:
- `then`: as it was first evaluated. Its scores, and the level that was decided from the scores evaluated by then, are written once and
  stay, whatever is loaded later: what a merchant was told doesn't change.
- `now`: as the snapshot knows it: the same rule over scores of that snapshot alone (`analytics.trust.kept`). Late data move it.

Nothing is evaluated before somebody asks, and then only the evaluations asked for and those that their levels look back at: each costs one
as-of cursor, once, where its day's scores aren't kept yet. An evaluation counts once the data cover its day. Another definition, time zone or way of computing begins a
chain of files of its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics.engines.days import local_day, local_time
from analytics.errors import WarehouseError
from analytics.freshness import last_whole_day
from analytics.trust import kept
from analytics.trust.levels import evaluation_days, levels_held
from analytics.trust.programme import Programme, default_programme

if TYPE_CHECKING:
    from analytics.warehouse import Warehouse

Known = Literal["then", "now"]
FOLDER = "evaluations"
COLUMNS = (
    *(
        "evaluated_on",
        "merchant_id",
        "level",
        "previous_on",
        "previous_level",
        "previous_score",
        "score_level",
        "score",
    ),
    *("ci_low", "ci_high", "n", "status", "snapshot_id", "made_at"),
)
_SCORES = ("merchant_id", "score", "score_level", "ci_low", "ci_high", "n", "status")
_KEPT = frozenset((*_SCORES, "evaluated_on", "snapshot_id", "made_at"))


@dataclass(frozen=True)
class Evaluations:
    """The evaluations of one warehouse, programme and snapshot (which snapshot matters for what isn't kept yet, and for `now`)."""

    warehouse: Warehouse
    snapshot_id: str
    programme: Programme

    @classmethod
    def of(cls, warehouse: Warehouse, snapshot_id: str, programme: Programme | None = None) -> Evaluations:
        """Of the committed definition unless another is given."""
        return cls(warehouse, snapshot_id, programme or default_programme())

    def days(self, up_to: date, count: int) -> list[date]:
        """The last `count` evaluation days up to a day (included) that the snapshot's data cover, oldest first.

        For levels as of a day, give the last day that the data known by then cover.
        """
        found = self.warehouse.snapshot(self.snapshot_id)
        if found.data_from is None or found.data_up_to is None:
            return []
        zone = found.time_zone
        covered = last_whole_day(local_time(found.data_up_to, zone))
        return evaluation_days(self.programme.evaluated, local_day(found.data_from, zone), min(up_to, covered), count)

    def history(self, up_to: date, count: int, *, known: Known = "then") -> pd.DataFrame:
        """The last `count` evaluations up to a day of the reporting time zone, by day and merchant.

        Columns: evaluated_on, merchant_id, level (held; None without a score), previous_on, previous_level, previous_score (of the evaluation before;
        missing where there was none), score_level (by the score alone), score, ci_low, ci_high (NaN without), n, status, snapshot_id (that the scores come from), made_at (UTC).
        Raises WarehouseError for a kept file that can't be read.
        """
        remembers = self.programme.evaluated.remembers
        days = self.days(up_to, count + remembers)  # one more than is shown, for the level before
        shown = days[-count:]
        made: dict[date, pd.DataFrame] = {}
        seen: dict[date, pd.DataFrame] = {}
        frames = []
        for place, day in enumerate(days):
            if place < len(days) - len(shown) - 1:
                continue
            window = days[max(0, place + 1 - remembers) : place + 1]
            frame = self._levels(window, known, seen)
            made[day] = frame.set_index("merchant_id")
            if day in shown:
                frames.append(_beside(frame, day, days[place - 1] if place else None, made))
        found = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))
        return _with_none(found[list(COLUMNS)])

    def _levels(self, window: Sequence[date], known: Known, seen: dict[date, pd.DataFrame]) -> pd.DataFrame:
        """Scores and levels of the last day of a window of evaluation days; `seen` remembers the scores of days."""
        day = window[-1]
        path = self._path(day, "levels")
        if known == "then" and path.exists():
            return _read(path, self.programme)
        for one in window:
            if one not in seen:
                seen[one] = self._scores(one, known)
        frames, own = [seen[one] for one in window], seen[day]
        index = pd.Index(own["merchant_id"])
        scores = np.array([f.set_index("merchant_id")["score"].reindex(index).to_numpy(dtype=float) for f in frames])
        found = own.assign(level=levels_held(scores, self.programme))
        return self._kept(path, found) if known == "then" else found

    def _scores(self, day: date, known: Known) -> pd.DataFrame:
        """Scores of one evaluation day: as first told, or as the snapshot knows them."""
        first = self._path(day, "scores")
        if not first.exists():
            return self._kept(first, self._evaluated(day).assign(made_at=datetime.now(UTC)))
        then = _read(first, self.programme)
        if known == "then" or then["snapshot_id"].iloc[0] == self.snapshot_id:
            return then
        return self._evaluated(day)

    def _evaluated(self, day: date) -> pd.DataFrame:
        found = kept.KeptScores(self.warehouse, self.snapshot_id, self.programme).on(day)
        rows = [(s.merchant_id, s.score, s.level, s.ci_low, s.ci_high, s.n, s.status) for s in found.scores]
        frame = pd.DataFrame(rows, columns=list(_SCORES))
        frame = frame.astype({"score": float, "ci_low": float, "ci_high": float})
        return _with_none(frame.assign(snapshot_id=self.snapshot_id, made_at=found.made_at))

    def _path(self, day: date, kind: str) -> Path:
        zone = self.warehouse.snapshot(self.snapshot_id).time_zone
        digest = hashlib.sha256(f"{kept.SCORE_VERSION} {self.programme!r} {zone}".encode()).hexdigest()[:12]
        return self.warehouse.root / FOLDER / f"{self.programme.programme_id}-{digest}" / f"{day}.{kind}.parquet"

    def _kept(self, path: Path, frame: pd.DataFrame) -> pd.DataFrame:
        """Writes the frame, whole or not at all; of two that make the first at once, one wins and both read it."""
        if frame.empty:  # nobody was told anything
            return frame
        temporary = path.with_name(f"{path.name}.{os.getpid()}-{id(frame)}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.assign(evaluated_on=_day_of(path)).to_parquet(temporary, index=False)
            _make_first(path, temporary)
        except OSError:  # a warehouse that only can be read keeps nothing: it is evaluated at each asking
            return frame
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        return _read(path, self.programme)


def _make_first(path: Path, temporary: Path) -> None:
    """Gives the file its name unless another has it; copied where hard links are refused. Raises OSError, and then leaves no half of it."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return
    except OSError:
        with suppress(FileExistsError), path.open("xb") as made:
            try:
                made.write(temporary.read_bytes())
                made.flush()
            except OSError:
                path.unlink()
                raise


def _beside(frame: pd.DataFrame, day: date, before: date | None, made: dict[date, pd.DataFrame]) -> pd.DataFrame:
    """An evaluation with its day, and what the one before it said."""
    previous = pd.DataFrame({"level": None, "score": np.nan}, index=pd.Index(frame["merchant_id"]))
    if before is not None:
        previous = made[before].reindex(frame["merchant_id"])
    return frame.assign(
        evaluated_on=day,
        previous_on=before,
        previous_level=previous["level"].to_numpy(),
        previous_score=previous["score"].to_numpy(dtype=float),
    )


def _read(path: Path, programme: Programme) -> pd.DataFrame:
    try:
        if not path.is_file():
            raise OSError("it is no file")
        found = _with_none(pd.read_parquet(path))
        _check(found, path, programme)
    except (OSError, pa.ArrowException) as error:
        raise WarehouseError(
            f"The kept evaluation {path} can't be read ({' '.join(str(error).split())[:80]}): put it back, or delete it and it is "
            "evaluated anew from what is known now."
        ) from error
    return found


def _check(found: pd.DataFrame, path: Path, programme: Programme) -> None:
    """Raises OSError for what isn't an evaluation of the day that the file's name says, one row a merchant."""
    levels = ("score_level", "level") if ".levels." in path.name else ("score_level",)
    if found.empty:
        raise OSError("it holds no rows")
    if not _KEPT | set(levels) <= set(found):
        raise OSError("it holds other columns")
    if set(found["evaluated_on"]) != {_day_of(path)}:
        raise OSError("it is of another day")
    if not found["merchant_id"].is_unique:
        raise OSError("it names a merchant twice")
    known = {level.level_id for level in programme.levels} | {None}
    if not all(set(found[name]) <= known for name in levels):
        raise OSError("it holds a level that there is not")
    if not all(pd.api.types.is_float_dtype(found[name]) for name in ("score", "ci_low", "ci_high")):
        raise OSError("its scores are no numbers")


def _day_of(path: Path) -> str:
    return path.name.partition(".")[0]


def _with_none(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing levels as None, whatever a file or a join made of them."""
    names = [name for name in ("level", "previous_level", "score_level") if name in frame]
    texts = {name: frame[name].astype(object).where(frame[name].notna(), None) for name in names}
    return frame.assign(**texts)
