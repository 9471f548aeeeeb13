"""Shares by a property, with their intervals: of threads that met a target, of drafts that were kept. Every row that counts is one of the frame's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.metrics.intervals import ClusterMoments, clustered_share, wilson

MIN_N = 30
"""Rows below which a share is called tentative."""
COLUMNS = ("group", "n", "total", "rate", "ci_low", "ci_high", "is_tentative")


def shares(rows: pd.DataFrame, value: str, by: str | None = None) -> pd.DataFrame:
    """One row a value of column `by` (one of all without it), most rows first: COLUMNS; `total` is the sum of `value`, `rate` its mean.

    rows: merchant_id, `value` (a flag, or 0–1) and `by`. The interval is Wilson's, 95 %, over the effective number of rows where these are of
    several merchants, whose rows resemble each other (Korn and Graubard 1998); of values between 0 and 1 it is no narrower than theirs.
    """
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = pd.DataFrame(
        {
            "group": "" if by is None else rows[by].to_numpy(),
            "merchant": rows["merchant_id"].to_numpy(),
            "y": rows[value].to_numpy(dtype=np.float64),
        }
    )
    merchants = frame.groupby(["group", "merchant"], dropna=False)["y"]
    y, x = merchants.sum(), merchants.size().astype(np.float64)
    found = pd.DataFrame({"y": y, "x": x, "yy": y * y, "xy": x * y, "xx": x * x, "m": 1.0}).groupby("group").sum()
    moments = ClusterMoments(**{name: found[name].to_numpy() for name in ("y", "x", "yy", "xy", "xx", "m")})
    rate = moments.y / moments.x
    low, high = np.where(moments.m > 1, clustered_share(rate, moments.x, moments), wilson(moments.y, moments.x))
    columns = (found.index, moments.x.astype(int), moments.y, rate, low, high, moments.x < MIN_N)
    table = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    return table.sort_values(["n", "group"], ascending=[False, True], ignore_index=True)
