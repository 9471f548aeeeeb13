"""Inferred satisfaction of a year's conversations, and how it agrees with the surveys that some of them were answered with. Knows no page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pandas as pd

from app.services.issues import threads_of
from app.services.runtime import cached, get_runtime, snapshot_id
from app.services.warehouse import cursor, filter_options

if TYPE_CHECKING:
    from analytics.metrics import Scope

YEAR_DAYS = 365
MOST_THREADS = 1_000
MOST_COUNTED = 100_000
BINS = 5
LEAST_SURVEYS = 50
LANGUAGES = ("en", "zh-Hans")


@dataclass(frozen=True)
class Bin:
    """Surveyed conversations of like inferred score: their means on both sides, 1–5, the surveys' with a 95 % interval."""

    language: str
    inferred: float
    surveyed: float
    ci_low: float
    ci_high: float
    n: int


@dataclass(frozen=True)
class Agreement:
    """Of one language, or of all ('all'): conversations read, their mean score, and against the surveys among them the mean of both, the
    expected calibration error in points before and after the surveys drew the scores to their own scale (None: too few surveys), rank
    correlation, and the share of surveys inside the interval."""

    language: str
    read: int
    inferred: float
    surveys: int
    surveyed: float | None
    inferred_of_surveyed: float | None
    error_before: float | None
    calibration_error: float | None
    rank: float | None
    covered: float | None


@dataclass(frozen=True)
class Inferred:
    """`read` of the `total` conversations of the window: the newest ones."""

    agreements: tuple[Agreement, ...]
    bins: tuple[Bin, ...]
    window: tuple[date, date]
    read: int
    total: int


@dataclass(frozen=True)
class Line:
    """How surveys of one language answer to the scores as they are read: score = slope · read + offset, and what is left over, 95 %; `n` surveys."""

    slope: float
    offset: float
    low: float
    high: float
    n: int


@cached
def inferred(snapshot_id: str, scope: Scope) -> Inferred:
    """Of the year that ends with the scope's window."""
    from analytics.threads import tickets

    first = max(scope.date_to - timedelta(days=YEAR_DAYS - 1), filter_options(snapshot_id).data_from)
    year = replace(scope, date_from=min(first, scope.date_from))
    with cursor(snapshot_id) as opened:
        rows = tickets(opened, year, limit=MOST_COUNTED)
    frame = scored(snapshot_id, list(rows["ticket_id"][:MOST_THREADS]))
    surveys = rows[["ticket_id", "csat_score"]].astype({"csat_score": float})
    frame = _calibrated(frame.merge(surveys, on="ticket_id", how="left"))
    groups = [("all", frame), *((language, frame[frame["language"] == language]) for language in LANGUAGES)]
    agreements = tuple(_agreement(language, group) for language, group in groups if len(group))
    bins = tuple(one for language, group in groups[1:] for one in _bins(language, group))
    return Inferred(agreements, bins, (year.date_from, year.date_to), len(frame), len(rows))


def scored(snapshot_id: str, ticket_ids: Sequence[str]) -> pd.DataFrame:
    """ticket_id, score, ci_low, ci_high, language of the conversations in which a merchant or buyer wrote."""
    from llm.satisfaction import satisfaction_of_all

    said = [
        thread
        for thread in threads_of(snapshot_id, ticket_ids)
        if any(message.author in {"merchant", "buyer"} and message.text.strip() for message in thread.messages)
    ]
    found = satisfaction_of_all(said, get_runtime().desk.triage)
    return pd.DataFrame(
        [one.to_json() for one in found], columns=["ticket_id", "score", "ci_low", "ci_high", "language"]
    )


def _agreement(language: str, frame: pd.DataFrame) -> Agreement:
    known = frame[frame["csat_score"].notna()]
    if len(known) < LEAST_SURVEYS:
        nothing = (None,) * 6
        return Agreement(language, len(frame), float(frame["score"].mean()), len(known), *nothing)
    return Agreement(
        language=language,
        read=len(frame),
        inferred=float(frame["score"].mean()),
        surveys=len(known),
        surveyed=float(known["csat_score"].mean()),
        inferred_of_surveyed=float(known["score"].mean()),
        error_before=_calibration_error(known.assign(score=known["raw"])),
        calibration_error=_calibration_error(known),
        rank=float(known["score"].corr(known["csat_score"], method="spearman")),
        covered=float(known["csat_score"].between(known["ci_low"], known["ci_high"]).mean()),
    )


def _calibrated(frame: pd.DataFrame) -> pd.DataFrame:
    """Scores on the line that the surveys of their language lie on, with the interval of what is left over; `raw` as they were read.

    A line is drawn through the surveys of one half of the conversations, told by a hash, and used on the other: no survey calibrates itself.
    Languages with too few surveys stay as they were read.
    """
    found = frame.assign(raw=frame["score"])
    half = np.array([crc32(str(ticket_id).encode()) % 2 for ticket_id in found["ticket_id"]])
    for language in LANGUAGES:
        own = (found["language"] == language).to_numpy()
        surveyed = own & found["csat_score"].notna().to_numpy()
        if surveyed.sum() < LEAST_SURVEYS:
            continue
        for side in (0, 1):
            line, read = _line(found[surveyed & (half == side)], "raw"), own & (half != side)
            for name, values in _on_line(found.loc[read, "raw"], line).items():
                found.loc[read, name] = values
    return found


def _line(surveyed: pd.DataFrame, column: str) -> Line:
    read, said = surveyed[column], surveyed["csat_score"]
    slope, offset = np.polyfit(read, said, 1)
    left = said - slope * read - offset
    ends = np.quantile(left, 0.025, method="lower"), np.quantile(left, 0.975, method="higher")
    return Line(float(slope), float(offset), float(ends[0]), float(ends[1]), len(surveyed))


def _on_line(read: Any, line: Line) -> dict[str, Any]:
    """score, ci_low and ci_high on the line, within the scale."""
    ends = {"score": 0.0, "ci_low": line.low, "ci_high": line.high}
    return {name: np.clip(line.slope * read + line.offset + end, 1.0, 5.0) for name, end in ends.items()}


@cached
def lines(snapshot_id: str) -> dict[str, Line]:
    """By language, the line through the newest surveyed conversations of the last year; none for a language with too few of them."""
    from analytics.metrics import Scope
    from analytics.threads import tickets

    last = filter_options(snapshot_id).default_to
    with cursor(snapshot_id) as opened:
        rows = tickets(opened, Scope(last - timedelta(days=YEAR_DAYS - 1), last), limit=MOST_COUNTED)
    surveys = rows.loc[rows["csat_score"].notna(), ["ticket_id", "csat_score"]].head(MOST_THREADS)
    frame = scored(snapshot_id, list(surveys["ticket_id"])).merge(surveys, on="ticket_id").astype({"csat_score": float})
    own = ((language, frame[frame["language"] == language]) for language in LANGUAGES)
    return {language: _line(rows, "score") for language, rows in own if len(rows) >= LEAST_SURVEYS}


def judge() -> tuple[Callable[[Mapping[str, object]], dict[str, object]], dict[str, Line]]:
    """What answers the lines of `trustdesk satisfaction`, on the lines of the surveys that the warehouse holds; and those lines.

    It raises llm's InputError for a thread in which nobody asked.
    """
    from app.services.language import satisfaction_of
    from llm.types import thread_from_json

    surveyed = lines(snapshot_id()) if get_runtime().warehouse.exists() else {}

    def answer(value: Mapping[str, object]) -> dict[str, object]:
        found = satisfaction_of(thread_from_json(value))
        line = surveyed.get(found.language)
        return (replace(found, **_on_line(found.score, line)) if line is not None else found).to_json()

    return answer, surveyed


def _calibration_error(known: pd.DataFrame) -> float:
    """How far the means of fifths lie apart, in points, weighed by their size."""
    return sum(abs(one.inferred - one.surveyed) * one.n for one in _bins("", known)) / len(known)


def _bins(language: str, frame: pd.DataFrame) -> list[Bin]:
    """Fifths of the surveyed conversations, by inferred score; none where surveys are few."""
    known = frame[frame["csat_score"].notna()].sort_values("score")
    if len(known) < LEAST_SURVEYS:
        return []
    found = []
    for rows in np.array_split(known[["score", "csat_score"]].to_numpy(), BINS):
        mean, half = rows[:, 1].mean(), 1.96 * rows[:, 1].std(ddof=1) / np.sqrt(len(rows))
        read, middle, half = float(rows[:, 0].mean()), float(mean), float(half)
        found.append(Bin(language, read, middle, middle - half, middle + half, len(rows)))
    return found


def bin_table(found: Inferred) -> pd.DataFrame:
    """A row a bin: the fields of `Bin`."""
    return pd.DataFrame([vars(one) for one in found.bins], columns=list(Bin.__dataclass_fields__))


def agreement_table(found: Inferred) -> pd.DataFrame:
    """A row a language: the fields of `Agreement`."""
    return pd.DataFrame([vars(one) for one in found.agreements], columns=list(Agreement.__dataclass_fields__))
