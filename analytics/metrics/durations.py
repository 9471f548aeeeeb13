"""Medians of durations from log-spaced buckets, with Woodruff's interval.

Woodruff (JASA 1952): the interval of the share of durations at or below the median, carried back through the
distribution. A bucket is 4.4 % wide and is interpolated on the log scale, so a median is at most that far off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analytics.metrics.intervals import ClusterMoments, Floats, effective_trials, wilson

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


def _median(frame: pd.DataFrame) -> tuple[float, float, float]:
    buckets, counts = frame["bucket"].to_numpy(np.float64), frame["c"].to_numpy(np.float64)
    total = np.array([counts.sum()])
    first = frame.iloc[0]
    moments = ClusterMoments(
        *(np.array([float(first[name])]) for name in ("cy", "cx", "yy", "xy", "xx", "m")),
    )
    trials = effective_trials(moments.y / moments.x, total, moments)
    low, high = wilson(0.5 * trials, trials)
    return (
        quantile(buckets, counts, 0.5),
        quantile(buckets, counts, float(low[0])),
        quantile(buckets, counts, float(high[0])),
    )


def duration_figures(frame: pd.DataFrame, names: Sequence[str]) -> dict[tuple[str, ...], tuple[float, float, float]]:
    """Group → (median, low, high) in seconds, from the rows of sql/metrics/duration.sql in bucket order."""
    if frame.empty:
        return {}
    if not names:
        return {(): _median(frame)}
    texts = frame.assign(
        **{
            name: frame[name].dt.strftime("%Y-%m-%d") if name in ("day", "week", "month") else frame[name].astype(str)
            for name in names
        }
    )
    return {tuple(str(part) for part in key): _median(part) for key, part in texts.groupby(list(names), sort=False)}
