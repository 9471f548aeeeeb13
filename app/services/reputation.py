"""The standing of ratees and the credibility of raters in a file of ratings: rows for the command, and what to say about the file. Reads no warehouse."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analytics.trust.credibility import RateeStanding, RatingTable

LINES_NAMED = 20
Row = dict[str, object]


def reputation(path: Path, scale: tuple[float, float] | None) -> tuple[list[Row], list[Row], list[str]]:
    """(ratees, raters, remarks on rows of the file). Raises InputError when it can't be used."""
    from analytics.trust.credibility import read_ratings, standings

    table = read_ratings(path, scale)
    ratees, raters = standings(table.ratings)
    return (
        [_ratee(one) for one in ratees],
        [{"record": "rater", **asdict(one)} for one in raters],
        _remarks(table),
    )


def _ratee(one: RateeStanding) -> Row:
    """One without a counted rating has no score of its own."""
    return {"record": "ratee", **asdict(one if one.n else replace(one, score=None, ci_low=None, ci_high=None))}


def _remarks(table: RatingTable) -> list[str]:
    ratings = table.ratings
    found = "" if table.is_scale_given else " (found from the scores; --range names another)"
    return [
        *(f"Left out, {reason}: {_named(lines, table.row_word)}." for reason, lines in table.set_aside.items()),
        *(f"Kept, {reason}: {_named(lines, table.row_word)}." for reason, lines in table.remarks.items()),
        f"Ratings that count: {int(ratings.count.sum())}, on a scale of {ratings.low:g} to {ratings.high:g}{found}.",
    ]


def _named(lines: tuple[int, ...], row_word: str) -> str:
    """How many rows, and the lines of the first few."""
    named = ", ".join(str(line) for line in lines[:LINES_NAMED])
    more = ", …" if len(lines) > LINES_NAMED else ""
    plural = "s" if len(lines) > 1 else ""
    return f"{len(lines)} row{plural} ({row_word}{plural} {named}{more})"
