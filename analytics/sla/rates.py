"""The share of threads that met a target, by any property of theirs; every thread that counts is a row of what it is computed from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.metrics.intervals import ClusterMoments, clustered_share, wilson

MIN_N = 30
"""Threads below which a share is called tentative."""


def met_rates(judged: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """One row a value of column `by` (one row of all without it), most threads first: group, n, met, rate, ci_low, ci_high, is_tentative.

    judged: merchant_id, is_met (bool) and `by`; a row a thread. The interval is Wilson's, 95 %, over the effective number of threads where they
    are several merchants', whose threads resemble each other (Korn and Graubard 1998).
    """
    frame = judged.assign(group="" if by is None else judged[by].to_numpy(), y=judged["is_met"].astype(float))
    if frame.empty:
        return pd.DataFrame(columns=["group", "n", "met", "rate", "ci_low", "ci_high", "is_tentative"])
    merchants = frame.groupby(["group", "merchant_id"], dropna=False)["y"].agg(y="sum", x="size").astype(float)
    sums = merchants.assign(yy=merchants["y"] ** 2, xy=merchants["y"] * merchants["x"], xx=merchants["x"] ** 2, m=1.0)
    total = sums.groupby("group").sum()
    moments = ClusterMoments(
        **{name: total[name].to_numpy(dtype=np.float64) for name in ("y", "x", "yy", "xy", "xx", "m")}
    )
    share = moments.y / moments.x
    low, high = np.where(moments.m > 1, clustered_share(share, moments.x, moments), wilson(moments.y, moments.x))
    found = pd.DataFrame(
        {
            "group": total.index,
            "n": moments.x.astype(int),
            "met": moments.y.astype(int),
            "rate": share,
            "ci_low": low,
            "ci_high": high,
            "is_tentative": moments.x < MIN_N,
        }
    )
    return found.sort_values(["n", "group"], ascending=[False, True], ignore_index=True)
