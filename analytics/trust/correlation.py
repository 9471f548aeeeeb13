"""How the rates of one merchant go together: a merchant that ships late often also answers late.

Each rate's posterior is drawn towards the peers' mean by its own prior. Where a merchant's rates are all better (or all worse) than its
peers', those pulls err in the same direction and don't average out: an interval that took them as independent held the true score
of a two-kinds marketplace in half of the cases instead of 95 %. Knows counts and priors, no database.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_FEWEST = 10  # pairs of rates seen together at fewer merchants are taken as unrelated
_HIGHEST = 0.95


def correlation(share: Floats, weight: Floats, mean: Floats, spread: Floats, pull: float) -> Floats:
    """Correlation of the merchants' true rates, shape (rates, rates), by moments.

    `share`, `weight` and `mean` have shape (merchants, rates): observed rates, their weights (0 where there is no observation) and the
    prior means; `spread` (rates,) are the true rates' standard deviations. Sampling errors of two rates hardly correlate, so the
    weighted mean product of deviations estimates the covariance of the true rates. With k merchants it is drawn towards zero
    by k / (k + pull), and the matrix to the nearest one that is positive semi-definite (negative eigenvalues cut).
    """
    root = np.sqrt(weight)
    deviation = np.where(weight > 0, share - mean, 0.0) * root
    together = (weight > 0).astype(float).T @ (weight > 0).astype(float)
    total = root.T @ root
    covariance = deviation.T @ deviation / np.where(total > 0, total, 1.0)
    found = covariance / np.maximum(np.outer(spread, spread), 1e-12) * together / (together + pull)
    found = np.where(together >= _FEWEST, np.clip(found, -_HIGHEST, _HIGHEST), 0.0)
    np.fill_diagonal(found, 1.0)
    return found


def square_root(matrix: Floats) -> Floats:
    """L with unit rows and L Lᵀ near the matrix: negative eigenvalues cut, diagonal restored to one.

    The symmetric root, because it moves smoothly with the matrix; eigenvectors may flip their sign, and draws with them.
    """
    values, vectors = np.linalg.eigh(matrix)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    unit: Floats = root / np.linalg.norm(root, axis=1, keepdims=True)
    return unit
