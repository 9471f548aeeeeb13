"""Linear regression with fixed effects and errors clustered: what the drivers, the drift and the chain share. Pure functions over arrays.

Fixed effects are taken out by repeated demeaning (Guimarães and Portugal 2010, Stata Journal 10:628); errors are clustered (Liang and
Zeger 1986) with t of clusters − 1 degrees of freedom, and only heteroscedasticity-robust where there are too few clusters to tell. A linear model of a
0/1 outcome gives differences of shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, t

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_CLUSTERS = 10
MIN_EXPECTED = 5.0
ROUNDS = 200
TOLERANCE = 1e-9
SPREAD = 1e-6  # a column that varies less than this share of itself within the fixed effects tells nothing


@dataclass(frozen=True)
class Slope:
    """A value with its 95 % interval. n: rows behind it."""

    value: float
    ci_low: float
    ci_high: float
    n: int


@dataclass(frozen=True)
class Fit:
    """Coefficients in the order of the columns, their covariance, and the critical value of the 95 % interval."""

    coefficients: Floats
    covariance: Floats
    critical: float
    n: int

    def combine(self, weights: Sequence[float] | Floats) -> Slope:
        """The sum of coefficients times weights, with its interval."""
        wanted = np.asarray(weights, dtype=float)
        used = np.flatnonzero(wanted)  # a coefficient that could not be told is no part of a sum without it
        chosen = wanted[used]
        value = float(chosen @ self.coefficients[used])
        variance = float(chosen @ self.covariance[np.ix_(used, used)] @ chosen)
        half = self.critical * float(np.sqrt(variance if np.isnan(variance) else max(variance, 0.0)))
        return Slope(value, value - half, value + half, self.n)

    def slope(self, place: int) -> Slope:
        """One coefficient with its interval."""
        return self.combine(np.eye(len(self.coefficients))[place])


def can_compare(outcome: Floats, is_member: NDArray[np.bool_]) -> bool:
    """Whether a share of the members can be told from that of the others: for a 0/1 outcome, five of either value are expected among the members if
    they are like all (Cochran 1954's rule); stars always can. outcome: no NaN."""
    if not np.isin(outcome, (0.0, 1.0)).all():
        return True
    share = float(outcome.mean()) if len(outcome) else 0.0
    return bool(is_member.sum() * min(share, 1.0 - share) >= MIN_EXPECTED)


def codes(values: pd.Series[str] | pd.Series[int]) -> Ints:
    """0, 1, 2 … for each distinct value."""
    return np.asarray(pd.factorize(values)[0], dtype=np.int64)


def absorb(columns: Floats, groups: Sequence[Ints]) -> Floats:
    """The columns (rows × k) less their means within every grouping at once; with several groupings by repeated demeaning."""
    found = np.array(columns, dtype=float)
    if not groups or not len(found):
        return found
    counts = [np.bincount(group).astype(float) for group in groups]
    scale = np.maximum(found.std(axis=0), 1e-12)
    for _ in range(1 if len(groups) == 1 else ROUNDS):
        before = found.copy()
        for group, count in zip(groups, counts, strict=True):
            for place in range(found.shape[1]):
                means = np.bincount(group, found[:, place], len(count)) / np.maximum(count, 1.0)
                found[:, place] -= means[group]
        if np.all(np.abs(found - before).max(axis=0) <= TOLERANCE * scale):
            break
    return found


def least_squares(y: Floats, x: Floats, clusters: Ints, groups: Sequence[Ints] = ()) -> Fit:
    """y (rows) on x (rows × k) with the groups' fixed effects; without groups, x must hold its own constant.

    Columns that do not vary within the fixed effects get coefficient and covariance NaN. Fixed effects that are not nested in
    the clusters cost degrees of freedom (Cameron and Miller 2015, Journal of Human Resources 50:317, section II.C).
    """
    inside = absorb(np.column_stack([y, x]), groups)
    y_in, x_in = inside[:, 0], inside[:, 1:]
    size = np.maximum(np.abs(x).max(axis=0), 1e-300)
    varies = np.abs(x_in).max(axis=0) > SPREAD * size
    coefficients = np.full(x.shape[1], np.nan)
    covariance = np.full((x.shape[1], x.shape[1]), np.nan)
    count = int(np.count_nonzero(np.bincount(clusters)))
    critical = float(t.ppf(0.975, count - 1)) if count >= MIN_CLUSTERS else float(norm.ppf(0.975))
    spent = sum(int(group.max()) + 1 for group in groups if len(y) and not _is_nested(group, clusters))
    left = len(y) - int(varies.sum()) - 1
    if varies.any() and left > spent:
        values, spread = _ordinary(y_in, x_in[:, varies], clusters if count >= MIN_CLUSTERS else None)
        coefficients[varies] = values
        covariance[np.ix_(varies, varies)] = spread * left / (left - spent)
    return Fit(coefficients, covariance, critical, len(y))


def _ordinary(y: Floats, x: Floats, clusters: Ints | None) -> tuple[Floats, Floats]:
    """Coefficients and their covariance, clustered or (without clusters) robust to heteroscedasticity (HC1), from the normal equations.

    Corrections for few clusters and many columns as statsmodels and Stata make them. Tests compare it with statsmodels, which takes ten times as long.
    """
    inverse = np.linalg.pinv(x.T @ x, hermitian=True)
    values = inverse @ (x.T @ y)
    scores = x * (y - x @ values)[:, None]
    n, k = x.shape
    if clusters is None:
        return values, inverse @ (scores.T @ scores) @ inverse * n / (n - k)
    sums = np.column_stack([np.bincount(clusters, scores[:, place]) for place in range(k)])
    count = int(np.count_nonzero(np.bincount(clusters)))
    correction = count / (count - 1) * (n - 1) / (n - k)
    return values, inverse @ (sums.T @ sums) @ inverse * correction


def _is_nested(group: Ints, clusters: Ints) -> bool:
    """Whether every member of a group lies in one cluster."""
    one = np.zeros(int(group.max()) + 1, dtype=np.int64)
    one[group] = clusters
    return bool(np.all(one[group] == clusters))
