"""The marketplace's distribution of a rate, of whatever shape, and each merchant's posterior from it. Knows counts alone.

Nonparametric maximum likelihood on a grid by expectation-maximisation (Kiefer and Wolfowitz 1956; Laird 1978), as empirical Bayes (Koenker and Mizera 2014). Merchants
are a few kinds and no Beta: a Beta prior called a quarter too many merchants bad where probabilities are middling (docs/decisions/016).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from analytics.trust.credibility.ratings import Floats

CELLS = 60
LOWEST, HIGHEST = 5e-4, 0.98
STEPS = 30
SETTLED = 1e-7
PRIOR_MERCHANTS = (
    2.0  # that a broad shape around the marketplace's rate weighs as: few merchants are not all that there could be
)
SPREAD = 1.0  # of that shape, in logarithms


@dataclass(frozen=True)
class Mixture:
    """grid (cells,): rates, rising. weight (cells,): the share of merchants at each. posterior (merchants, cells): of each merchant's rate."""

    grid: Floats
    weight: Floats
    posterior: Floats

    @property
    def mean(self) -> Floats:
        """Posterior mean of each merchant's rate."""
        return np.asarray(self.posterior @ self.grid)

    @property
    def peers(self) -> float:
        """The mean rate of a merchant of whom nothing is known."""
        return float(self.weight @ self.grid)

    def of(self, numerator: Floats, denominator: Floats) -> Mixture:
        """The same marketplace with other counts."""
        return Mixture(self.grid, self.weight, _posterior(_likelihood(numerator, denominator, self.grid), self.weight))

    @cached_property
    def _below(self) -> Floats:
        """P(rate in a cell before) of each merchant, from 0 to 1: (merchants, cells + 1)."""
        return np.concatenate([np.zeros((len(self.posterior), 1)), np.cumsum(self.posterior, axis=1)], axis=1)

    def quantiles(self, at: Floats) -> Floats:
        """Quantiles of each posterior: (merchants, len(at))."""
        below = self._below[:, 1:]
        return np.stack([self.grid[np.minimum((below < q).sum(axis=1), len(self.grid) - 1)] for q in at], axis=1)

    def over(self, cut: Floats) -> Floats:
        """P(rate > cut), one cut a merchant; each cell's weight is spread evenly between its neighbours' middles."""
        edges = np.concatenate([[0.0], np.sqrt(self.grid[1:] * self.grid[:-1]), [1.0]])
        below = self._below
        cell = np.clip(np.searchsorted(edges, cut), 1, len(self.grid))
        part = np.clip((cut - edges[cell - 1]) / (edges[cell] - edges[cell - 1]), 0.0, 1.0)
        rows = np.arange(len(cut))
        return np.asarray(1 - below[rows, cell - 1] * (1 - part) - below[rows, cell] * part)


def fit_mixture(numerator: Floats, denominator: Floats) -> Mixture:
    """Counts, one a merchant, fractions allowed; 0 of 0 tells nothing."""
    grid = np.exp(np.linspace(np.log(LOWEST), np.log(HIGHEST), CELLS))
    likelihood = _likelihood(numerator, denominator, grid)
    heard = likelihood[denominator > 0]
    usual = float(np.clip(numerator.sum() / max(float(denominator.sum()), 1.0), grid[1], grid[-2]))
    shape = stats.norm.pdf(np.log(grid / usual), scale=SPREAD)
    flat = shape / shape.sum()
    weight = flat
    for _ in range(STEPS):
        found = (_posterior(heard, weight).sum(axis=0) + PRIOR_MERCHANTS * flat) / (len(heard) + PRIOR_MERCHANTS)
        if np.abs(found - weight).max() < SETTLED:
            break
        weight = found
    return Mixture(grid, weight, _posterior(likelihood, weight))


def _likelihood(numerator: Floats, denominator: Floats, grid: Floats) -> Floats:
    log = numerator[:, None] * np.log(grid) + (denominator - numerator)[:, None] * np.log1p(-grid)
    return np.asarray(np.exp(log - log.max(axis=1, keepdims=True)))


def _posterior(likelihood: Floats, weight: Floats) -> Floats:
    joint = likelihood * weight + 1e-300
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))
