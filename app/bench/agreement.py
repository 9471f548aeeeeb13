"""How far what is told agrees with what people said: shares, macro-F1, rank correlation, calibration; with bootstrap intervals over cases.

Every statistic takes arrays of one entry a case, so that it can be asked again for cases that are drawn with replacement.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
Statistic = Callable[..., float]
RESAMPLES = 1_000
SEED = 6
BINS = 10


def with_interval(statistic: Statistic, *arrays: Values) -> tuple[float, float, float]:
    """The statistic of all cases and its 95 % percentile interval over resampled cases; NaN where it can't be said."""
    count = len(arrays[0])
    if not count:
        return float("nan"), float("nan"), float("nan")
    deal = np.random.default_rng(SEED)
    drawn = [statistic(*(array[rows] for array in arrays)) for rows in deal.integers(0, count, (RESAMPLES, count))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all NaN: then so is the interval
        low, high = np.nanquantile(drawn, (0.025, 0.975))
    return statistic(*arrays), float(low), float(high)


def share(hits: Values) -> float:
    """The mean of what is 0 or 1, or of an error."""
    return float(np.mean(hits))


def ratio(hits: Values, of: Values) -> float:
    """Hits over what they are of, both summed; NaN where there is nothing."""
    total = float(np.sum(of))
    return float(np.sum(hits)) / total if total else float("nan")


def macro_f1(labels: Values, told: Values) -> float:
    """The mean F1 of the classes that the labels have; classes are small whole numbers."""
    size = int(max(labels.max(), told.max())) + 1
    held, said = np.bincount(labels, minlength=size), np.bincount(told, minlength=size)
    right = np.bincount(labels[labels == told], minlength=size)
    found = held > 0
    return float(np.mean(2 * right[found] / (held[found] + said[found])))


def rank_correlation(labels: Values, told: Values) -> float:
    """Spearman's, ties at their mean rank; NaN where either is constant."""
    from scipy.stats import rankdata

    left, right = rankdata(labels), rankdata(told)
    if left.std() == 0 or right.std() == 0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def calibration_error(confidences: Values, hits: Values) -> float:
    """Expected calibration error over ten bins of equal width (Naeini et al. 2015). Few cases make it too large."""
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, hits - confidences, BINS)
    return float(np.abs(gaps).sum() / len(hits))
