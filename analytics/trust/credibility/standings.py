"""The standing of each ratee and the credibility of each rater, from one table of ratings. Knows no file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.trust.credibility.model import fit_ratings
from analytics.trust.credibility.ratings import Ratings
from analytics.trust.credibility.scale import on_scale

UNKNOWN = 0.5  # the credibility of who never rated; counts as one vote


@dataclass(frozen=True)
class RateeStanding:
    """score: what a fair rater is expected to give, in the input's scale, with its 95 % interval. n: ratings of this ratee that count."""

    ratee: str
    score: float
    ci_low: float
    ci_high: float
    n: int


@dataclass(frozen=True)
class RaterStanding:
    """credibility: what a vote of this rater weighs beside an independent one of an ordinary rater, 0–1; 0.5 before any vote.

    n: ratings of this rater that count.
    """

    rater: str
    credibility: float
    n: int


def standings(ratings: Ratings) -> tuple[tuple[RateeStanding, ...], tuple[RaterStanding, ...]]:
    """Ratees and raters, each by id. The same for any order of the rows; a monotone change of scores moves only the scores' scale."""
    fit = fit_ratings(ratings)
    score, low, high = (ratings.low + part * (ratings.high - ratings.low) for part in on_scale(fit, ratings))
    received, given = ratings.per_ratee(ratings.count), ratings.per_rater(ratings.count)
    heard = ratings.per_rater(np.minimum(fit.weight, 1.0))
    credibility = (heard + UNKNOWN) / (ratings.per_rater() + 1)
    ratees = zip(ratings.ratees, score.tolist(), low.tolist(), high.tolist(), received.tolist(), strict=True)
    raters = zip(ratings.raters, credibility.tolist(), given.tolist(), strict=True)
    return (
        tuple(RateeStanding(ratee, s, lo, hi, int(n)) for ratee, s, lo, hi, n in ratees),
        tuple(RaterStanding(rater, share, int(n)) for rater, share, n in raters),
    )
