"""The rows behind one rate of one merchant's score: orders, survey answers, questions or penalties that add up to its counts.

One query a rate; knows no page.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analytics.errors import InputError
from analytics.trust.counts import score_day, sql_text
from analytics.trust.programme import Programme, Rate, default_programme
from analytics.trust.toml_table import did_you_mean

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

# Where a measure's rows lie, by how its name begins; every other measure is one of orders.
_SOURCES = {"csat_": "surveys", "nps_": "surveys", "question_": "questions", "penalty_": "penalties"}


@dataclass(frozen=True)
class RateRows:
    """Rows of a rate, newest first. `numerator` and `denominator` are their sums; the denominator is None where it counts
    other rows than the numerator (penalties per order). `date_from` and `date_to` are the days that the rate looks at."""

    rate_id: str
    rows: pd.DataFrame
    numerator: int
    denominator: int | None
    date_from: date
    date_to: date


def rate_rows(cursor: Cursor, merchant_id: str, rate_id: str, *, programme: Programme | None = None) -> RateRows:
    """The rows that `explain` counts for this rate, as of the cursor's day. Raises InputError for an unknown rate."""
    programme = programme or default_programme()
    rate = _rate(programme, rate_id)
    day = score_day(cursor)
    first, last = day - timedelta(days=programme.window_days - 1), day - timedelta(days=rate.maturity_days)
    source = source_of(rate.numerator)
    is_one_source = source == source_of(rate.denominator)
    measures = {rate.numerator, rate.denominator} if is_one_source else {rate.numerator}
    rows = source_rows(cursor, merchant_id, source, measures, first, last)
    counted = rows[rows[rate.denominator if is_one_source else rate.numerator] > 0].reset_index(drop=True)
    return RateRows(
        rate_id,
        counted,
        int(counted[rate.numerator].sum()),
        int(counted[rate.denominator].sum()) if is_one_source else None,
        first,
        last,
    )


def source_rows(
    cursor: Cursor, merchant_id: str, source: str, measures: Collection[str], first: date, last: date
) -> pd.DataFrame:
    """One merchant's rows of a source (see `source_of`) from one local day to another, with the 0/1 measures that they are counted by."""
    return cursor.df(
        sql_text(f"rows_{source}"),
        {"measures": "|".join(sorted(measures)), "merchant_id": merchant_id, "date_from": first, "date_to": last},
    )


def source_of(measure: str) -> str:
    """orders, surveys, questions or penalties: the rows that a measure of merchant_day counts."""
    return next((source for prefix, source in _SOURCES.items() if measure.startswith(prefix)), "orders")


def _rate(programme: Programme, rate_id: str) -> Rate:
    found = {rate.rate_id: rate for rate in programme.rates}
    if rate_id not in found:
        raise InputError(f"The score has no rate '{rate_id}'.{did_you_mean(rate_id, found)}")
    return found[rate_id]
