"""How likely a merchant's true rate lies beyond a limit, given its orders and what its peers tell. Pure; no database.

Beta-binomial with an empirical-Bayes prior by category (sources in `analytics.trust.prior`): five defects of twenty orders say less than
fifty of two hundred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from analytics.trust.prior import fit_proportions
from analytics.trust.programme import default_programme

if TYPE_CHECKING:
    from analytics.trust.programme import PriorSettings

Floats = NDArray[np.float64]
_FEWEST = 10  # with fewer merchants above min_n, all merchants tell the prior


def probability_over(limit: float, bad: ArrayLike, n: ArrayLike, prior_mean: ArrayLike, strength: ArrayLike) -> Floats:
    """P(true share of bad units > limit) under Beta(prior_mean × strength + bad, (1 − prior_mean) × strength + n − bad).

    limit and prior_mean are shares from 0 to 1, strength is in units (orders), bad ≤ n; scalars or arrays that broadcast. A floor on good units is
    asked as its complement: at least 95 % in time is at most 5 % late.
    """
    bad, n = np.asarray(bad, dtype=float), np.asarray(n, dtype=float)
    mean, strength = np.asarray(prior_mean, dtype=float), np.asarray(strength, dtype=float)
    found: Floats = special.betaincc(mean * strength + bad, (1 - mean) * strength + n - bad, limit)
    return found


def peer_prior(
    bad: Floats, n: Floats, category: NDArray[np.intp], settings: PriorSettings | None = None
) -> tuple[Floats, Floats]:
    """Prior mean and strength of each merchant's rate, from the merchants of its category (a number from 0, −1 for none) and of all.

    Those with at least as many units as the score's least number of orders tell it; all do where that leaves fewer than ten.
    """
    programme = default_programme()
    groups = int(category.max(initial=-1)) + 1
    peers = n >= programme.min_n
    if peers.sum() < _FEWEST:
        peers = n > 0
    bad = np.clip(bad, 0, n)
    means, strengths = fit_proportions(
        bad[peers], n[peers], n[peers], category[peers], groups, settings or programme.prior
    )
    row = np.where(category < 0, groups, category)
    return np.asarray(means)[row], np.asarray(strengths)[row]
