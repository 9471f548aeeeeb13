"""Medians of durations from log-spaced buckets, with Woodruff's interval.

Woodruff (JASA 1952): the interval of the share of durations at or below the median, carried back through the
distribution. A bucket is 4.4 % wide and is interpolated on the log scale, so a median is at most that far off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.metrics.intervals import ClusterMoments, Floats, effective_trials, wilson

Words = NDArray[np.object_]
PERIODS = ("day", "week", "month")
PER_DOUBLING = 16  # buckets per doubling, as in the mart merchant_day_duration


def quantile(buckets: Floats, counts: Floats, share: float) -> float:
    """Seconds below which `share` of the durations lie. buckets ascending, both shape (k,), counts above zero."""
    rank = share * counts.sum()
    up_to = np.cumsum(counts)
    i = min(int(np.searchsorted(up_to, rank, side="left")), len(counts) - 1)
    if buckets[i] == 0:
        return 0.0
    within = float(np.clip((rank - (up_to[i] - counts[i])) / counts[i], 0.0, 1.0))
    # A whole number s lies in the bucket of s + 0.5.
    return float(max(2 ** ((buckets[i] - 1 + within) / PER_DOUBLING) - 0.5, 0.0))


def group_columns(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Words]:
    """The dimensions' values as text, shape (rows,) each; periods as their first day in ISO form."""
    texts = {name: frame[name].dt.strftime("%Y-%m-%d") if name in PERIODS else frame[name] for name in names}
    return {name: column.astype(str).to_numpy(dtype=object) for name, column in texts.items()}


def duration_figures(frame: pd.DataFrame, names: Sequence[str]) -> dict[tuple[str, ...], tuple[float, float, float]]:
    """Group → (median, low, high) in seconds, from the rows of sql/metrics/duration.sql, buckets ascending in a group."""
    places: dict[tuple[str, ...], list[int]] = {}
    columns = group_columns(frame, names).values()
    for place, group in enumerate(zip(*columns, strict=True) if names else [()] * len(frame)):
        places.setdefault(group, []).append(place)
    if not places:
        return {}
    buckets, counts = frame["bucket"].to_numpy(np.float64), frame["c"].to_numpy(np.float64)
    firsts = [rows[0] for rows in places.values()]
    y, x, yy, xy, xx, m = (frame[name].to_numpy(np.float64)[firsts] for name in ("cy", "cx", "yy", "xy", "xx", "m"))
    trials = effective_trials(y / x, x, ClusterMoments(y=y, x=x, yy=yy, xy=xy, xx=xx, m=m))
    lows, highs = wilson(0.5 * trials, trials)
    return {
        group: (
            quantile(buckets[rows], counts[rows], 0.5),
            quantile(buckets[rows], counts[rows], float(low)),
            quantile(buckets[rows], counts[rows], float(high)),
        )
        for (group, rows), low, high in zip(places.items(), lows, highs, strict=True)
    }
