"""Reads the counts behind the score from the marts: one query over merchant_day, one over merchant_profile.

The only module of the score that knows the warehouse. What it returns is plain and may be changed by a what-if before scoring.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from analytics.errors import InputError
from analytics.trust.programme import Programme, Rate, default_programme

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

MARTS = ("merchant_day", "merchant_profile")  # all that the counts are read from
_SQL = Path(__file__).resolve().parents[1] / "sql" / "trust"


def score_day(cursor: Cursor, as_of: date | None = None) -> date:
    """The day a score is of: the cursor's as-of day, else the last day of data, in the reporting time zone.

    Another day needs another cursor: counts of the latest marts know what happened later to the orders of that day.
    """
    if cursor.data_up_to is None and cursor.as_of is not None:
        raise InputError(f"trust score: no event up to the end of {cursor.as_of}. Choose a later day.")
    if cursor.data_up_to is None:
        raise InputError("trust score: the warehouse holds no events yet. Load some with `trustdesk ingest`.")
    day = cursor.as_of or cursor.data_up_to.astimezone(ZoneInfo(cursor.time_zone)).date()
    if as_of is not None and as_of != day:
        raise InputError(
            f"trust score: as_of {as_of} asked of a cursor of {day}. Open it with warehouse.cursor(as_of=…)."
        )
    return day


def daily_counts(cursor: Cursor, programme: Programme | None = None) -> pd.DataFrame:
    """Counts of every merchant, those without orders included, sorted by merchant_id.

    Columns: merchant_id, name, category, region, tier, size_band, joined_on (local date or NaT), tenure_days (NaN when unknown),
    as_of (date), n (orders in the window); for every rate: `RATE.numerator` and `RATE.denominator` (plain counts of matured orders),
    `RATE.recent_numerator`, `RATE.recent_denominator` (weighted by 0.5 ^ (age / half-life)), `RATE.square_denominator` (by the square
    of that) and `RATE.evidence` (plain count that shows whether the source records the rate).
    """
    programme = programme or default_programme()
    day = score_day(cursor)
    maturities = sorted({rate.maturity_days for rate in programme.rates})
    measures = sorted({"order_count", *(m for r in programme.rates for m in (r.numerator, r.denominator, r.evidence))})
    sums = cursor.df(
        sql_text("daily_counts"),
        {
            "day": day,
            "window_days": programme.window_days,
            "half_life_days": programme.half_life_days,
            "maturities": maturities,
            "measures": "|".join(measures),
        },
    )
    merchants = cursor.df(sql_text("merchants"), {"time_zone": cursor.time_zone})
    return assemble_counts(merchants, sums, programme, day)


def assemble_counts(merchants: pd.DataFrame, sums: pd.DataFrame, programme: Programme, day: date) -> pd.DataFrame:
    """Joins the sums per merchant and maturity step (`sql/trust/daily_counts.sql`) to the merchants, one row each."""
    maturities = sorted({rate.maturity_days for rate in programme.rates})
    ids = pd.Index(merchants["merchant_id"])
    columns: dict[str, pd.Series[float]] = {}
    by_step = {days: _matured(sums, step, ids) for step, days in enumerate(maturities, 1)}
    for rate in programme.rates:
        columns |= _rate_columns(by_step[rate.maturity_days], rate)
    everything = _matured(sums, 0, ids)
    counts = merchants.set_index("merchant_id", drop=False)
    counts["tenure_days"] = (pd.Timestamp(day) - pd.to_datetime(counts["joined_on"])).dt.days.astype(float)
    counts["as_of"] = pd.Series([day] * len(counts), index=counts.index, dtype="object")
    counts["n"] = everything["raw_order_count"].round().astype("int64")
    return pd.concat([counts, pd.DataFrame(columns, index=counts.index)], axis=1).sort_index().reset_index(drop=True)


@cache
def sql_text(name: str) -> str:
    """A statement of `analytics/sql/trust`."""
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def _matured(sums: pd.DataFrame, step: int, ids: pd.Index[str]) -> pd.DataFrame:
    ripe = sums[sums["matured"] >= step].drop(columns="matured")
    return ripe.groupby("merchant_id").sum().reindex(ids).fillna(0.0)


def _rate_columns(sums: pd.DataFrame, rate: Rate) -> dict[str, pd.Series[float]]:
    return {
        f"{rate.rate_id}.numerator": sums[f"raw_{rate.numerator}"],
        f"{rate.rate_id}.denominator": sums[f"raw_{rate.denominator}"],
        f"{rate.rate_id}.recent_numerator": sums[f"recent_{rate.numerator}"],
        f"{rate.rate_id}.recent_denominator": sums[f"recent_{rate.denominator}"],
        f"{rate.rate_id}.square_denominator": sums[f"square_{rate.denominator}"],
        f"{rate.rate_id}.evidence": sums[f"raw_{rate.evidence}"],
    }
