"""The standing of each ratee and the credibility of each rater, from one table of ratings. Knows no file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.trust.credibility.model import PRECISION_PRIOR, Fit, fit_ratings
from analytics.trust.credibility.ratings import Floats, Ratings
from analytics.trust.credibility.scale import on_scale

UNKNOWN = 0.5  # the credibility of who never rated; counts as one vote


@dataclass(frozen=True)
class RateeStanding:
    """score: what a fair rater is expected to give, in the input's scale, with its 95 % interval. n: ratings of this ratee that count."""

    ratee: str
    score: float | None
    ci_low: float | None
    ci_high: float | None
    n: int


@dataclass(frozen=True)
class RaterStanding:
    """credibility, 0–1: how far this rater's votes can be taken as they stand (see `credibility_of`); 0.5 before any vote.

    n: ratings of this rater that count.
    """

    rater: str
    credibility: float
    n: int


def standings(ratings: Ratings) -> tuple[tuple[RateeStanding, ...], tuple[RaterStanding, ...]]:
    """Ratees and raters, each by id. The same for any order of the rows."""
    fit = fit_ratings(ratings)
    score, low, high = (ratings.low + part * (ratings.high - ratings.low) for part in on_scale(fit, ratings))
    received, given = ratings.per_ratee(ratings.count), ratings.per_rater(ratings.count)
    credibility = credibility_of(fit, ratings)
    ratees = zip(ratings.ratees, score.tolist(), low.tolist(), high.tolist(), received.tolist(), strict=True)
    raters = zip(ratings.raters, credibility.tolist(), given.tolist(), strict=True)
    return (
        tuple(RateeStanding(ratee, s, lo, hi, int(n)) for ratee, s, lo, hi, n in ratees),
        tuple(RaterStanding(rater, share, int(n)) for rater, share, n in raters),
    )


def credibility_of(fit: Fit, ratings: Ratings) -> Floats:
    """Of each rater: agreement with the others' votes on the same ratees, times what the rater's votes keep of their weight.

    Agreement counts leniency, and what the vote's voices say more than others, as disagreement: the ratees' scores correct for both,
    but who praises everyone is not to be taken at his word. A vote keeps less where it shares a source with others. Before any vote
    0.5, which counts as one vote.
    """
    sensitivity = np.clip(fit.sensitivity, 0.0, 1.0)
    apart = ratings.per_rater((fit.heard + fit.spoken - fit.others) ** 2 / (fit.noise + fit.others_variance))
    votes = ratings.per_rater()
    agreement = np.minimum((PRECISION_PRIOR + votes) / (PRECISION_PRIOR + apart), 1.0) * sensitivity
    whole = fit.care * np.clip(fit.slope, 0.0, 1.0) ** 2
    kept = np.divide(fit.weight, whole, out=np.zeros_like(whole), where=whole > 0)
    return np.asarray((agreement * ratings.per_rater(kept) + UNKNOWN) / (votes + 1))
