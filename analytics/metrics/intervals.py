"""95 % intervals of shares, means, ratios and medians, for one merchant and clustered by merchant.

Pure functions over arrays (one element a group); knows nothing of metrics, SQL or units.

Sources: Wilson 1927 and exact Poisson (Garwood 1936) through statsmodels; ratio of cluster totals: Cochran, Sampling
Techniques, 3rd ed., 6.4 and 9A.2 (linearised variance, t with clusters − 1 degrees of freedom); clustered shares:
Wilson with the effective sample size of Korn and Graubard 1998; differences: Newcombe 1998 (MOVER, Zou and Donner 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

ALPHA = 0.05
STARS_AT_RANDOM = 2.0  # variance of 1 to 5 with equal chances
NPS_AT_RANDOM = 2 / 3  # variance of −1, 0, 1 with equal chances
Floats = NDArray[np.float64]
Bounds = tuple[Floats, Floats]


@dataclass(frozen=True)
class ClusterMoments:
    """Sums over merchants of y (numerator) and x (denominator), each of shape (groups,). m: merchants with x > 0."""

    y: Floats
    x: Floats
    yy: Floats
    xy: Floats
    xx: Floats
    m: Floats


def _safe_divide(numerator: Floats, denominator: Floats) -> Floats:
    result = np.full(np.shape(denominator), np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result


def wilson(successes: Floats, trials: Floats) -> Bounds:
    """Wilson's score interval of a share; both shape (groups,), trials may be fractional; NaN where there is no trial."""
    low, high = np.full(trials.shape, np.nan), np.full(trials.shape, np.nan)
    has_trials = trials > 0
    if has_trials.any():
        found = proportion_confint(successes[has_trials], trials[has_trials], alpha=ALPHA, method="wilson")
        share = successes[has_trials] / trials[has_trials]
        # Rounding may leave a bound a hair inside the share at 0 and 1.
        low[has_trials] = np.clip(np.minimum(found[0], share), 0.0, 1.0)
        high[has_trials] = np.clip(np.maximum(found[1], share), 0.0, 1.0)
    return low, high


def poisson_rate(events: Floats, exposure: Floats) -> Bounds:
    """Exact interval of events per unit of exposure; NaN without exposure."""
    low, high = np.full(exposure.shape, np.nan), np.full(exposure.shape, np.nan)
    has_exposure = exposure > 0
    if has_exposure.any():
        # The lower bound of zero events is zero; statsmodels gives NaN there.
        found = confint_poisson(events[has_exposure], exposure[has_exposure], method="exact-c", alpha=ALPHA)
        low[has_exposure], high[has_exposure] = np.nan_to_num(found[0], nan=0.0), found[1]
    return low, high


def mean_of_sums(total: Floats, total_of_squares: Floats, n: Floats) -> Bounds:
    """Student's interval of a mean of 1 to 5 stars from its sums; NaN for fewer than two observations.

    A dozen equal answers are no proof that all are equal: the variance is at least that of stars drawn at random, over n.
    """
    mean = _safe_divide(total, n)
    variance = np.maximum(
        _safe_divide(total_of_squares - total * mean, n - 1), _safe_divide(np.full(n.shape, STARS_AT_RANDOM), n)
    )
    half = t.ppf(1 - ALPHA / 2, np.maximum(n - 1, 1)) * np.sqrt(_safe_divide(variance, n))
    return mean - half, mean + half


def net_promoter(net: Floats, decided: Floats, n: Floats) -> Bounds:
    """Normal interval of 100·(promoters − detractors)/n; decided = promoters + detractors. Equal answers as for `mean_of_sums`."""
    share = _safe_divide(net, n)
    variance = np.maximum(_safe_divide(decided, n) - share**2, _safe_divide(np.full(n.shape, NPS_AT_RANDOM), n))
    half = norm.ppf(1 - ALPHA / 2) * np.sqrt(_safe_divide(variance, n))
    return 100 * (share - half), 100 * (share + half)


def ratio_variance(moments: ClusterMoments) -> Floats:
    """Linearised variance of Σy/Σx over clusters (Cochran); NaN with fewer than two clusters."""
    ratio = _safe_divide(moments.y, moments.x)
    residual = np.maximum(moments.yy - 2 * ratio * moments.xy + ratio**2 * moments.xx, 0.0)
    correction = _safe_divide(moments.m, moments.m - 1)
    return correction * _safe_divide(residual, moments.x**2)


def clustered_ratio(value: Floats, moments: ClusterMoments, scale: float = 1.0) -> Bounds:
    """value ± t·se of a ratio of cluster totals; `scale` turns the ratio into the value's unit."""
    half = scale * t.ppf(1 - ALPHA / 2, np.maximum(moments.m - 1, 1)) * np.sqrt(ratio_variance(moments))
    return value - half, value + half


def effective_trials(share: Floats, trials: Floats, moments: ClusterMoments) -> Floats:
    """Independent trials that would be as informative as the clustered ones (Korn and Graubard), never more than `trials`.

    With fewer than two clusters, or where the clusters show no spread, nothing can be estimated and it is `trials`.
    """
    degrees = np.maximum(moments.m - 1, 1)
    shrink = (norm.ppf(1 - ALPHA / 2) / t.ppf(1 - ALPHA / 2, degrees)) ** 2
    effective = _safe_divide(share * (1 - share) * shrink, np.nan_to_num(ratio_variance(moments), nan=0.0))
    return np.where(np.isnan(effective), trials, np.minimum(effective, trials))


def clustered_share(share: Floats, trials: Floats, moments: ClusterMoments) -> Bounds:
    """Wilson's interval of a share over several merchants, with the effective sample size."""
    effective = effective_trials(share, trials, moments)
    return wilson(share * effective, effective)


def difference(
    first: float, first_bounds: tuple[float, float], second: float, second_bounds: tuple[float, float]
) -> tuple[float, float]:
    """Interval of first − second from the two figures' own intervals, taken as independent (MOVER)."""
    change = first - second
    low = change - float(np.hypot(first - first_bounds[0], second_bounds[1] - second))
    high = change + float(np.hypot(first_bounds[1] - first, second - second_bounds[0]))
    return low, high
