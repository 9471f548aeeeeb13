"""Merchants' true rates for a what-if: drawn from what the marketplace's merchants turn out to be like, not from a bell.

A changed rate earns nothing more once it is beyond an end of the scale, so that the change of a mean depends on how many merchants lie beyond the ends. A
Beta prior blurs that, for all merchants alike, and an interval of many merchants is too narrow to hold what it blurs. So the distribution of true rates is
estimated without a shape: the peers' Beta priors, tilted by one function of the rate that is learnt from all counts. How well it is known is drawn with it.
Arrays in, arrays out: knows no world, no lever and no database.

Sources: Laird (1978, JASA 73) for the mixing distribution by expectation and maximisation, Efron (2016, Biometrika 103) for estimating priors from many
counts, Rubin (1981, Annals of Statistics 9) for the Bayesian bootstrap over merchants; Kish (1965) for the effective number of weighted orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analytics.trust.posterior import Draws

Floats = NDArray[np.float64]
_CELLS = 64
_WORLDS = 20  # distributions of true rates that the draws are spread over
_STEPS = 40
_STRIDE = 1.8  # steps so many times as long as plain ones, which creep; below 2 each still climbs
_WIDEST = 60.0  # orders: priors are taken no narrower, or the tilt could not reach what they exclude
_TINY = 1e-12


@dataclass(frozen=True)
class Counts:
    """What merchants (n,) show of a rate: `counted` of `effective` orders, and their peers' Beta prior by `mean` and `strength`."""

    counted: Floats
    effective: Floats
    mean: Floats
    strength: Floats

    def prior(self) -> tuple[Floats, Floats]:
        """Alpha and beta of the priors."""
        strength = np.minimum(self.strength, _WIDEST)
        return np.maximum(self.mean * strength, 1e-3), np.maximum((1 - self.mean) * strength, 1e-3)

    def of(self, rows: NDArray[np.intp]) -> Counts:
        """Only some merchants."""
        return Counts(self.counted[rows], self.effective[rows], self.mean[rows], self.strength[rows])


def counts_of(counted: Floats, total: Floats, squares: Floats, mean: Floats, strength: Floats) -> Counts:
    """Of recency-weighted counts (n,): as many orders as they are worth."""
    effective = np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1.0), 0.0)
    share = counted / np.where(total > 0, total, 1.0)
    return Counts(share * effective, effective, mean, strength)


def draw_true_rates(
    members: Counts, learners: Counts, weight: Floats, uniforms: Draws, generator: np.random.Generator
) -> Draws:
    """True rates (members, draws) at the probabilities `uniforms` of each member's posterior; `learners` tell the distribution, each by its weight (n,)."""
    edges = _edges(learners)
    likely, prior = _likelihood(learners, edges), _prior(learners, edges)
    own = _likelihood(members, edges) * _prior(members, edges)
    found = np.empty(uniforms.shape, dtype=np.float32)
    heard = weight * generator.exponential(size=(min(_WORLDS, uniforms.shape[1]), len(weight)))
    for number, tilt in enumerate(_tilts(likely, prior, heard).T):
        found[:, number::_WORLDS] = _quantiles(own * tilt, edges, uniforms[:, number::_WORLDS])
    return found


def _tilts(likely: Floats, prior: Floats, weights: Floats) -> Floats:
    """What the priors are multiplied by in each cell, so that they say on average what the posteriors do: (cells, worlds), of `weights` (worlds, n)."""
    weight, both = weights.T, prior * likely
    tilt = np.ones((prior.shape[1], len(weights)))
    for _ in range(_STEPS):
        expected = tilt * (prior.T @ (weight / (prior @ tilt)))
        told = tilt * (both.T @ (weight / (both @ tilt)))
        tilt = np.maximum(tilt * (np.maximum(told, _TINY) / np.maximum(expected, _TINY)) ** _STRIDE, _TINY)
        tilt /= tilt.max(axis=0)
    return tilt


def _edges(counts: Counts) -> Floats:
    """Edges of the cells, even in the arcsine of the root, in which counts scatter alike; from the lowest to the highest rate that a merchant may have."""
    alpha, beta = counts.prior()
    alpha, beta = alpha + counts.counted, beta + counts.effective - counts.counted
    low, high = special.betaincinv(alpha, beta, 0.001).min(), special.betaincinv(alpha, beta, 0.999).max()
    first, last = np.arcsin(np.sqrt(np.clip([low, high], 0.0, 1.0))).tolist()
    found: Floats = np.sin(np.linspace(first, last, _CELLS + 1)) ** 2
    return found


def _prior(counts: Counts, edges: Floats) -> Floats:
    """The priors' mass in each cell, (n, cells); merchants of one category share a prior."""
    pairs, row = np.unique(np.column_stack(counts.prior()), axis=0, return_inverse=True)
    mass = np.diff(special.betainc(pairs[:, :1], pairs[:, 1:], edges[None, :]), axis=1)
    return np.asarray(np.maximum(mass, _TINY)[row])


def _likelihood(counts: Counts, edges: Floats) -> Floats:
    """Of each merchant's counts in each cell, (n, cells), 1 at the likeliest."""
    rate = np.clip((edges[1:] + edges[:-1]) / 2, _TINY, 1 - 1e-9)
    found = np.outer(counts.counted, np.log(rate)) + np.outer(counts.effective - counts.counted, np.log1p(-rate))
    return np.asarray(np.maximum(np.exp(found - found.max(axis=1, keepdims=True)), 1e-30))


def _quantiles(mass: Floats, edges: Floats, uniforms: Draws) -> Draws:
    """Rates at the probabilities (n, draws) of the distributions of `mass` (n, cells), even within a cell."""
    whole = np.cumsum(mass, axis=1)
    whole /= whole[:, -1:]
    row = np.arange(len(mass))[:, None]
    asked = np.clip(uniforms.astype(float), 0.0, 1.0 - 1e-9)
    cell = np.searchsorted((whole + row).ravel(), (asked + row).ravel(), side="right").reshape(asked.shape)
    cell = np.clip(cell - row * mass.shape[1], 0, mass.shape[1] - 1)
    start = np.where(cell > 0, np.take_along_axis(whole, np.maximum(cell - 1, 0), axis=1), 0.0)
    width = np.maximum(np.take_along_axis(whole, cell, axis=1) - start, _TINY)
    part = np.clip((asked - start) / width, 0.0, 1.0)
    return np.asarray(edges[cell] + part * (edges[cell + 1] - edges[cell]), dtype=np.float32)
