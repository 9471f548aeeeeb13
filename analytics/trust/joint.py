"""All rates of a merchant together: what its other rates tell of one, and how the errors of its rates go together.

A merchant that ships late often answers late, too: the true rates of one merchant share a factor, its conduct. On the logit scale rate j is
μ_j + σ_j (λ_j u + √(1 − λ_j²) e_j) with u, e standard normal, and binomial orders; u is integrated out. The posterior of each rate given its
own orders and all others stays a Beta, whose prior is what the merchant's other rates leave of the peers' prior. Knows counts and a fitted
model, no database. Decision 013 has the figures.

Sources: Bartholomew and Knott (1999), Latent Variable Models and Factor Analysis, for binomial factor models; Opper and Archambeau (2009,
Neural Computation 21) for the Gaussian approximation by expected gradients; MacKay (1992, Neural Computation 4) for the mean of a logistic
of a normal; Minka (2001) for taking one site out of a Gaussian posterior; Morris (1983, JASA 78) for wider intervals where priors are estimated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analytics.trust.prior import Floats, TrustModel, heard

if TYPE_CHECKING:
    import pandas as pd

_STEPS = 6  # of the Gaussian approximation; the fourth changes the second digit no more
_LONGEST = 1.5  # standard deviations of the peers that one step may move
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_HIGHEST = 0.97  # of the variance of a rate that the common factor may explain
# How much wider than the model says: merchants come in kinds and not in a bell, and k of them tell the prior only so well. Measured on seeds
# of the demo that no test uses (decision 013).
_KINDS = 1.1
_FEW = 50.0
_BELIEVED = (
    60.0  # orders: an interval trusts no prior more, since few merchants hardly tell a strength of 60 from one of 400
)


@dataclass(frozen=True)
class Joint:
    """Each rate given all of a merchant's orders, shape (merchants, rates): Beta(alpha, beta); `loading` is the correlation of its error with
    the error of the merchant's conduct, `borrowed` the part that the prior gave (0–1). `widening` multiplies all errors."""

    alpha: Floats
    beta: Floats
    loading: Floats
    borrowed: Floats
    widening: float


def joint(counts: pd.DataFrame, model: TrustModel) -> Joint:
    """The rates of the merchants of `daily_counts`, each given all of the merchant's orders, opinions as far as they are believed."""
    return joint_of(*heard(counts, model), model.rows(counts["category"]), model)


def joint_of(counted: Floats, total: Floats, rows: NDArray[np.intp], model: TrustModel) -> Joint:
    """`joint` of believed counts (merchants, rates); `rows` are the merchants' rows of the model's priors."""
    centre, spread = _latent(model.mean, np.minimum(model.strength, _BELIEVED))
    mean, strength, loading = _condition(counted, total, centre[rows], spread[rows], factor_loading(model.common))
    alpha, beta = mean * strength + counted, (1 - mean) * strength + total - counted
    widening = _KINDS * math.sqrt(1 + (_FEW / model.peer_count if model.peer_count else 0.0))
    return Joint(alpha, beta, loading, np.minimum(strength / (alpha + beta), 1), widening)


def probability_beyond(joints: Joint, model: TrustModel) -> Floats:
    """P(true rate is beyond its limit) given all of a merchant's orders, shape (merchants, rates): above it where lower is better, else below."""
    limit = np.array([rate.limit for rate in model.rates])
    above = special.betaincc(joints.alpha, joints.beta, limit)
    found: Floats = np.where([rate.direction == "lower" for rate in model.rates], above, 1 - above)
    return found


def factor_loading(common: Floats) -> Floats:
    """The loadings λ (rates,) of one common factor behind the correlation common·commonᵀ, by principal factors (Harman, 1976).

    Communalities start at each rate's largest correlation, so that unrelated rates load on nothing.
    """
    if not len(common):
        return np.zeros(0)
    related = common @ common.T
    np.fill_diagonal(related, 0.0)
    shared = np.abs(related).max(axis=1)
    loading = np.zeros(len(common))
    for _ in range(30):
        np.fill_diagonal(related, shared)
        values, vectors = np.linalg.eigh(related)
        loading = vectors[:, -1] * math.sqrt(max(values[-1], 0.0))
        shared = np.clip(loading**2, 0, _HIGHEST)
    return np.clip(loading, -math.sqrt(_HIGHEST), math.sqrt(_HIGHEST))


def _latent(mean: Floats, strength: Floats) -> tuple[Floats, Floats]:
    """Centre and spread of the logit-normals that have the means and variances of Beta(mean × strength, (1 − mean) × strength)."""
    variance = mean * (1 - mean) / (strength + 1)
    centre, spread = special.logit(mean), np.clip(np.sqrt(np.log1p(variance / mean**2)), 0.02, 3.0)
    for _ in range(60):
        first, second = _moments(centre, spread)
        centre = np.clip(centre - (first - mean) / np.maximum(first - second, 1e-9), -14, 14)
        first, second = _moments(centre, spread)
        found = np.maximum(second - first**2, 1e-12)
        spread = np.clip(spread * np.clip(np.sqrt(variance / found), 0.7, 1.4), 0.01, 4.0)
    return centre, spread


def _moments(centre: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Mean and mean square of the logistic of a normal, by Gauss and Hermite's nodes."""
    first, second = np.zeros(centre.shape), np.zeros(centre.shape)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        value = special.expit(centre + node * spread)
        first += weight * value
        second += weight * value**2
    return first, second


def _condition(
    counted: Floats, n: Floats, centre: Floats, spread: Floats, loading: Floats
) -> tuple[Floats, Floats, Floats]:
    """Prior mean and strength of each rate given the other rates, and the errors' correlation with that of the common factor.

    Each step replaces the binomials by normals that have their expected slope under the present posterior of each rate: its precision is τ,
    its precision times mean ν. The rates are independent given the factor, so that no matrix is inverted.
    """
    own = 1 - loading**2
    mean, variance = np.zeros(counted.shape), np.ones(counted.shape)
    tau, nu, slope, factor_variance = mean, mean, mean, np.ones(len(counted))
    for _ in range(_STEPS):
        shrink = 1 / np.sqrt(1 + math.pi / 8 * spread**2 * variance)
        expected = special.expit(shrink * (centre + spread * mean))
        tau = np.maximum(n * spread**2 * shrink * expected * (1 - expected), 1e-9)
        nu = tau * mean + spread * (counted - n * expected)
        slope = loading / (1 + own * tau)
        factor_variance = 1 / (1 + (tau * slope * loading).sum(axis=1))
        factor = factor_variance * (nu * slope).sum(axis=1)
        own_variance = own / (1 + own * tau)
        mean = mean + np.clip(own_variance * nu + factor[:, None] * slope - mean, -_LONGEST, _LONGEST)
        variance = own_variance + factor_variance[:, None] * slope**2
    without = np.minimum(1 / np.maximum(1 / variance - tau, 1e-6), 1.0)
    first, second = _moments(centre + spread * without * (mean / variance - nu), spread * np.sqrt(without))
    strength = np.clip(first * (1 - first) / np.maximum(second - first**2, 1e-12) - 1, 0.5, 1e5)
    return first, strength, slope * np.sqrt(factor_variance[:, None] / variance)
