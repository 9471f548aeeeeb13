"""Reads a table of ratings (CSV or Parquet with rater, ratee, score and time) and says which rows can't count, and why.

Knows no warehouse and no model. Nothing is left out silently: every row that doesn't count stands in `set_aside` with its line.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from analytics.errors import InputError
from analytics.ingest.readers import SourceFile, inspect_file
from analytics.trust.credibility.ratings import Floats, Ratings, pool_ratings

COLUMNS = ("rater", "ratee", "score", "time")
LONGEST_CELL = 131_072  # characters: longer is a quote that was never closed
# Scales in use, narrowest first. A 50 among stars is a mistake, a 10 among them makes it a scale of ten.
SCALES = ((0, 1), (-1, 1), (1, 5), (0, 5), (1, 7), (1, 10), (0, 10), (-5, 5), (-10, 10), (0, 100))
NEAR = 2.5
SMALL = 100
MARGIN = 1e-9


@dataclass(frozen=True)
class RatingTable:
    """The ratings that count, and the rows that don't: reason → lines (rows from 1 in Parquet), each ascending.

    remarks: rows that count, but not as they stand there. is_scale_given: whether the scale was named, not found.
    """

    ratings: Ratings
    set_aside: Mapping[str, tuple[int, ...]]
    remarks: Mapping[str, tuple[int, ...]]
    row_word: str
    is_scale_given: bool


def read_ratings(path: Path, scale: tuple[float, float] | None = None) -> RatingTable:
    """Read a file of ratings; `scale`: lowest and highest score (default: found from the scores).

    Times are epoch seconds or ISO 8601, taken as UTC where they name no zone. InputError when the file, a column or every row is unusable.
    """
    if scale is not None and not 0 < scale[1] - scale[0] < math.inf:
        raise InputError(
            f"The scale {scale[0]:g} to {scale[1]:g} has no room: name its lowest score, then its highest."
        )
    file = inspect_file(Path(path), Path(path).name)
    if file.format == "jsonl":
        raise InputError(f"{path} is no CSV or Parquet file: convert it to one of them.")
    columns, lines = _parquet(file) if file.format == "parquet" else _csv(file)
    if not len(lines):
        raise InputError(f"{path} holds no rating: expected rows below {', '.join(COLUMNS)}.")
    return _checked(path, columns, lines, scale, "row" if file.format == "parquet" else "line")


def _places(file: SourceFile) -> dict[str, int]:
    names = {name.strip().lower(): place for place, name in enumerate(file.columns)}
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(
            f"{file.path} has no column {' and no column '.join(missing)}: expected {', '.join(COLUMNS)}, "
            f"found {', '.join(file.columns)}."
        )
    return {name: names[name] for name in COLUMNS}


def _csv(file: SourceFile) -> tuple[dict[str, list[str]], list[int]]:
    """The four columns as text, and the line on which each row begins. A row that is cut short has empty cells."""
    places = _places(file)
    widest = max(places.values()) + 1
    columns: dict[str, list[str]] = {name: [] for name in COLUMNS}
    lines: list[int] = []
    with file.path.open("r", encoding=file.encoding, errors="replace", newline="") as stream:
        for begins, row in _rows(file.path, csv.reader(stream, delimiter=file.delimiter, quotechar=file.quote)):
            cells = row + [""] * (widest - len(row))
            for name, place in places.items():
                columns[name].append(cells[place].strip())
            lines.append(begins)
    return columns, lines


def _rows(path: Path, reader: csv._reader) -> Iterator[tuple[int, list[str]]]:  # type: ignore[name-defined]
    """(line, cells) of every row below the header that is not blank."""
    has_header = False
    begins = 1
    try:
        for row in reader:
            if any(
                len(cell) > LONGEST_CELL for cell in row
            ):  # csv's own limit belongs to the process: others may have moved it
                raise csv.Error(f"a cell of more than {LONGEST_CELL} characters")
            if row and has_header:
                yield begins, row
            has_header = has_header or bool(row)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path} is no readable CSV from line {begins} on ({error}): mend the quotes there."
        ) from error


def _parquet(file: SourceFile) -> tuple[dict[str, list[str]], list[int]]:
    places = _places(file)
    frame = pq.read_table(file.path, columns=[file.columns[place] for place in places.values()]).to_pandas()
    frame.columns = pd.Index(COLUMNS)
    columns = {name: _as_text(frame[name]) for name in COLUMNS}
    return columns, list(range(1, len(frame) + 1))


def _as_text(values: pd.Series) -> list[str]:
    if pd.api.types.is_datetime64_any_dtype(values):
        return [("" if pd.isna(value) else pd.Timestamp(value).isoformat()) for value in values]
    if pd.api.types.is_float_dtype(values) and bool((values.dropna() % 1 == 0).all()):
        return [("" if pd.isna(value) else f"{value:.0f}") for value in values]
    return [("" if value is None or value is pd.NaT or value != value else str(value).strip()) for value in values]


def _checked(
    path: Path,
    columns: Mapping[str, Sequence[str]],
    lines: Sequence[int],
    scale: tuple[float, float] | None,
    row_word: str,
) -> RatingTable:
    rater, ratee = (np.array(columns[name], dtype=object) for name in ("rater", "ratee"))
    score = pd.to_numeric(pd.Series(columns["score"], dtype=str), errors="coerce").to_numpy(float, copy=True)
    time = _seconds(columns["time"])
    faults = {
        "no rater": rater == "",
        "no ratee": ratee == "",
        "score is no number": ~np.isfinite(score),
        "rater rates themselves": rater == ratee,
    }
    left = np.ones(len(lines), dtype=bool)
    for fault in faults.values():
        left &= ~fault
    low, high = scale or (_scale(score[left]) if left.any() else (0.0, 1.0))
    faults[f"score outside {low:g} to {high:g}"] = outside = (score < low - MARGIN) | (score > high + MARGIN)
    left &= ~outside
    set_aside = _named(faults, np.ones(len(lines), dtype=bool), lines)
    if not left.any():
        reasons = "; ".join(f"{reason} ({len(found)})" for reason, found in set_aside.items())
        raise InputError(f"No row of {path} is a rating that counts: {reasons}.")
    repeated = pd.DataFrame({"rater": rater, "ratee": ratee, "time": time})[left].duplicated().to_numpy()
    again = np.zeros(len(lines), dtype=bool)
    again[np.flatnonzero(left)[repeated]] = True
    return RatingTable(
        ratings=pool_ratings(
            rater[left].tolist(),
            ratee[left].tolist(),
            np.clip(score[left], low, high),
            time[left],
            low,
            high,
            known_raters=rater[rater != ""].tolist(),
            known_ratees=ratee[ratee != ""].tolist(),
        ),
        set_aside=set_aside,
        remarks=_named(
            {
                "same rater, ratee and time as a row before (they count once, with the mean of their scores)": again,
                "time is neither epoch seconds nor ISO 8601 (the score counts)": np.isnan(time),
            },
            left,
            lines,
        ),
        row_word=row_word,
        is_scale_given=scale is not None,
    )


def _named(faults: Mapping[str, np.ndarray], among: np.ndarray, lines: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Each row under the first fault that it has."""
    found: dict[str, tuple[int, ...]] = {}
    for reason, fault in faults.items():
        rows = np.flatnonzero(fault & among)
        among = among & ~fault
        if len(rows):
            found[reason] = tuple(lines[row] for row in rows.tolist())
    return found


def _seconds(texts: Sequence[str]) -> Floats:
    """Epoch seconds of each time, NaN where it is none."""
    series = pd.Series(texts, dtype=str)
    seconds = pd.to_numeric(series, errors="coerce").to_numpy(float, copy=True)
    seconds[~np.isfinite(seconds)] = np.nan
    named = np.isnan(seconds) & (series != "").to_numpy()
    if named.any():
        instants = pd.to_datetime(series[named], format="ISO8601", errors="coerce", utc=True)
        # in microseconds, which hold the years 1 to 9999
        since = instants.dt.as_unit("us") - pd.Timestamp(0, tz="UTC").as_unit("us")
        seconds[named] = since.dt.total_seconds().to_numpy()
    return seconds


def _scale(scores: Floats) -> tuple[float, float]:
    """The narrowest scale in use that holds the scores, or all but a few that no scale of about its width holds; else their own ends."""
    n = len(scores)
    few = max(1, n // 10 if n <= SMALL else n // SMALL)
    for low, high in SCALES:
        outside = _outside(scores, low, high)
        if outside == 0 or (outside <= min(few, n / 3) and not _fits_near(scores, high - low)):
            return float(low), float(high)
    lowest, highest = float(scores.min()), float(scores.max())
    return (lowest, highest) if lowest < highest else (lowest - 1, highest + 1)


def _outside(scores: Floats, low: float, high: float) -> int:
    return int(np.sum((scores < low - MARGIN) | (scores > high + MARGIN)))


def _fits_near(scores: Floats, width: float) -> bool:
    near = [(low, high) for low, high in SCALES if high - low <= NEAR * width]
    return any(_outside(scores, low, high) == 0 for low, high in near)
