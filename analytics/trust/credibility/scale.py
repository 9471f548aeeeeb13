"""From the model's scale back to the input's: what a fair rater's rating of each ratee is expected to be, with its interval.

An ordered probit whose cuts are the table's own shares of each score, then a straight line through what was in fact rated. Knows no file.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, t

from analytics.trust.credibility.model import Fit, variances
from analytics.trust.credibility.ratings import Floats, Ratings

MOST_LEVELS = 24
SPREAD_PRIOR = 5.0  # votes that the table's common spread is worth against a ratee's own
FLAT = 1 / 12  # variance of scores drawn evenly from the scale, which stands against tables that say one thing
LITTLE = 0.01
SLOPE_PRIOR = 25.0  # votes that a slope of 1 is worth
FAIR = 0.5  # of a vote's spread: raters more lenient or harsh than that don't set the level


class Link:
    """Quality on the model's scale → expected rating, 0–1 of the scale."""

    def __init__(self, scores: Floats) -> None:
        values, place = np.unique(np.concatenate([[0.0], scores, [1.0]]), return_inverse=True)
        # Half a vote at either end of the scale: neither is impossible.
        mass = np.bincount(place, np.r_[0.5, np.ones(len(scores)), 0.5])
        if len(values) > MOST_LEVELS:
            middle = (np.cumsum(mass) - mass / 2) / mass.sum()
            _, cell = np.unique((middle * MOST_LEVELS).astype(int), return_inverse=True)
            values, mass = np.bincount(cell, mass * values) / np.bincount(cell, mass), np.bincount(cell, mass)
        self._levels = values
        self._cuts = norm.ppf(np.cumsum(mass)[:-1] / mass.sum())

    def __call__(self, quality: Floats, spread: Floats) -> Floats:
        """`spread`: the standard deviation of one vote around it."""
        below = norm.cdf((self._cuts[:, None] - quality[None, :]) / spread[None, :])
        steps = np.diff(self._levels)
        return np.asarray(self._levels[-1] - steps @ below)


def on_scale(fit: Fit, ratings: Ratings) -> tuple[Floats, Floats, Floats]:
    """(score, ci_low, ci_high) of each ratee, 0–1 of the scale; the interval is for the mean rating of fair raters: 95 %,
    as far as the votes that count are theirs (docs/benchmarks.md tells how often it holds under attack)."""
    link = Link(ratings.score)
    vote = fit.noise + fit.leniency_variance
    told = link(fit.market + fit.others, np.sqrt(vote + fit.others_variance))
    fair = np.abs(fit.leniency) < FAIR * np.sqrt(fit.noise)
    heeded = fit.weight * np.maximum(fit.heeded, LITTLE) * np.where(fair, 1.0, LITTLE)[ratings.rater]
    line = _line(told, ratings.score, heeded)

    score = np.clip(line[0] + line[1] * link(fit.market + fit.quality, np.sqrt(vote + fit.variance)), 0.0, 1.0)
    surest = t.ppf(0.975, SPREAD_PRIOR + ratings.per_ratee(fit.weight))
    half = surest * np.sqrt(_variance(fit, ratings, told))
    return score, np.clip(score - half, 0.0, 1.0), np.clip(score + half, 0.0, 1.0)


def _variance(fit: Fit, ratings: Ratings, told: Floats) -> Floats:
    """Posterior variance of each ratee's mean, from how far its votes lie from what the others' votes foretell.

    A ratee's own spread counts as its votes do, the table's as SPREAD_PRIOR votes.
    """
    left = fit.weight * (ratings.score - told) ** 2
    common = float(left.sum() + FLAT) / float(fit.weight.sum() + 1)
    votes = ratings.per_ratee(fit.weight)
    spread = (SPREAD_PRIOR * common + ratings.per_ratee(left)) / (SPREAD_PRIOR + votes)
    support = ratings.per_ratee(fit.precision) * fit.noise
    _, between = variances(ratings, ratings.score, fit.weight, FLAT)
    return np.asarray(1 / (support / spread + 1 / between))


def _line(told: Floats, score: Floats, weight: Floats) -> tuple[float, float]:
    """Level and slope of the ratings on what the others' votes foretell, the slope drawn to one."""
    mean, rated = (float(np.average(part, weights=weight)) for part in (told, score))
    spread = float(np.sum(weight * (told - mean) ** 2))
    left = float(np.average((score - told - rated + mean) ** 2, weights=weight)) + 1e-6
    slope = (float(np.sum(weight * (told - mean) * (score - rated))) + SLOPE_PRIOR * left) / (
        spread + SLOPE_PRIOR * left
    )
    slope = float(np.clip(slope, 0.5, 2.0))
    return rated - slope * mean, slope
