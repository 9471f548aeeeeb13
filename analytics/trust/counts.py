"""Reads the counts behind the score from the marts: one query over merchant_day, one over merchant_profile.

The only module of the score that knows the warehouse. What it returns is plain and may be changed by a what-if before scoring.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.engines.days import local_day
from analytics.errors import InputError
from analytics.trust.programme import Programme, Rate, default_programme

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

MARTS = ("merchant_day", "merchant_profile")  # all that the counts are read from
Floats = NDArray[np.float64]
_SQL = Path(__file__).resolve().parents[1] / "sql" / "trust"


def score_day(cursor: Cursor, as_of: date | None = None) -> date:
    """The day a score is of: the cursor's as-of day, else the last day of data, in the reporting time zone.

    Another day needs another cursor: counts of the latest marts know what happened later to the orders of that day.
    """
    if cursor.data_up_to is None and cursor.as_of is not None:
        raise InputError(f"trust score: no event up to the end of {cursor.as_of}. Choose a later day.")
    if cursor.data_up_to is None:
        raise InputError("trust score: the warehouse holds no events yet. Load some with `trustdesk ingest`.")
    day = cursor.as_of or local_day(cursor.data_up_to, cursor.time_zone)
    if as_of is not None and as_of != day:
        raise InputError(
            f"trust score: as_of {as_of} asked of a cursor of {day}. Open it with warehouse.cursor(as_of=…)."
        )
    return day


def daily_counts(cursor: Cursor, programme: Programme | None = None, *, has_plain: bool = True) -> pd.DataFrame:
    """Counts of every merchant, those without orders included, sorted by merchant_id.

    Columns: merchant_id, name, category, region, tier, size_band, joined_on (local date or NaT), tenure_days (NaN when unknown),
    as_of (date), n (orders in the window); for every rate, of matured orders: `RATE.recent_numerator`, `RATE.recent_denominator` (weighted by
    0.5 ^ (age / half-life)), `RATE.square_denominator` (by the square of that, taking the rate's orders to lie in time as all do) and
    `RATE.evidence` (weighted; above zero where the source records the rate); with `has_plain` also the plain counts `RATE.numerator` and
    `RATE.denominator`. A score needs no plain counts, and is faster without.
    """
    programme = programme or default_programme()
    day = score_day(cursor)
    counted = {m for rate in programme.rates for m in (rate.numerator, rate.denominator)}
    sums = cursor.df(
        sql_text("daily_counts"),
        {
            "day": day,
            "window_days": programme.window_days,
            "half_life_days": programme.half_life_days,
            "maturities": _maturities(programme),
            "plain": "|".join(sorted({"order_count"} | (counted if has_plain else set()))),
            "recent": "|".join(sorted({"order_count"} | counted | {rate.evidence for rate in programme.rates})),
        },
    )
    merchants = cursor.df(sql_text("merchants"), {"time_zone": cursor.time_zone})
    return assemble_counts(merchants, sums, programme, day)


def assemble_counts(merchants: pd.DataFrame, sums: pd.DataFrame, programme: Programme, day: date) -> pd.DataFrame:
    """Joins the sums per merchant and maturity step (`sql/trust/daily_counts.sql`) to the merchants, one row each, in their order."""
    maturities = _maturities(programme)
    names = sums.columns.drop(["merchant_id", "matured"])
    known = pd.Index(merchants["merchant_id"]).get_indexer(pd.Index(sums["merchant_id"]))
    ripe = np.zeros((len(maturities) + 1, len(merchants), len(names)))
    rows = known >= 0
    ripe[sums["matured"].to_numpy()[rows], known[rows]] = sums[names].to_numpy(dtype=float)[rows]
    ripe = np.cumsum(ripe[::-1], axis=0)[::-1]  # ripe[k]: what k thresholds are reached by
    by_step = [dict(zip(names, step.T, strict=True)) for step in ripe]
    counts = merchants.reset_index(drop=True)
    columns: dict[str, object] = {
        "tenure_days": (pd.Timestamp(day) - pd.to_datetime(counts["joined_on"])).dt.days.astype(float),
        "as_of": pd.Series([day] * len(counts), dtype="object"),
        "n": by_step[0]["raw_order_count"].round().astype("int64"),
    }
    for rate in programme.rates:
        columns |= _rate_columns(by_step[1 + maturities.index(rate.maturity_days)], rate)
    return pd.concat([counts, pd.DataFrame(columns, index=counts.index)], axis=1)


@cache
def sql_text(name: str) -> str:
    """A statement of `analytics/sql/trust`."""
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def _maturities(programme: Programme) -> list[int]:
    return sorted({rate.maturity_days for rate in programme.rates})


def _rate_columns(sums: Mapping[str, Floats], rate: Rate) -> dict[str, Floats]:
    weighted, orders = sums[f"recent_{rate.denominator}"], sums["recent_order_count"]
    found = {
        f"{rate.rate_id}.recent_numerator": sums[f"recent_{rate.numerator}"],
        f"{rate.rate_id}.recent_denominator": weighted,
        f"{rate.rate_id}.square_denominator": _square(weighted, orders, sums["square_order_count"]),
        f"{rate.rate_id}.evidence": sums[f"recent_{rate.evidence}"],
    }
    if f"raw_{rate.numerator}" in sums and f"raw_{rate.denominator}" in sums:
        found[f"{rate.rate_id}.numerator"] = sums[f"raw_{rate.numerator}"]
        found[f"{rate.rate_id}.denominator"] = sums[f"raw_{rate.denominator}"]
    return found


def _square(weighted: Floats, orders: Floats, squares: Floats) -> Floats:
    """The sum of squared weights behind a weighted count: that of the orders in proportion; the count itself (weights of 1) without orders."""
    found: Floats = np.where(orders > 0, weighted * squares / np.where(orders > 0, orders, 1.0), weighted)
    return found
