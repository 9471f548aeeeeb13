"""Published and plain ways to a ratee's score, beside ours: each from the votes to one score a ratee, 0–1 of the scale.

Sources: Wilson 1927 as used for ranking by Miller 2009; beta reputation, Jøsang and Ismail 2002; fairness and goodness, Kumar et al., ICDM 2016;
REV2, Kumar et al., WSDM 2018 (its network part, with smoothing); EigenTrust, Kamvar et al., WWW 2003, over raters who agree, since buyers
don't rate buyers; BIRDNEST, Hooi et al., SDM 2016 (its prior of the shape of a rater's scores, as a weight). Each with the constants of its paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import gammaln

from analytics.trust.credibility.ratings import Floats, Ratings

STEPS = 60
Z = 1.96
SHAPES = 5
Method = Callable[[Ratings], Floats]


def _mean_by(ratings: Ratings, weight: Floats, prior: float = 0.0, prior_weight: float = 1e-9) -> Floats:
    total, n = ratings.per_ratee(weight * ratings.score), ratings.per_ratee(weight)
    return np.asarray((total + prior_weight * prior) / (n + prior_weight))


def plain_mean(ratings: Ratings) -> Floats:
    return _mean_by(ratings, np.ones(len(ratings.score)))


def wilson_bound(ratings: Ratings) -> Floats:
    """Lower end of Wilson's 95 % interval, a score counting as that share of a success."""
    n, p = ratings.per_ratee(), plain_mean(ratings)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return np.asarray((p + Z**2 / (2 * n) - half) / (1 + Z**2 / n))


def wilson_bound_of_signs(ratings: Ratings) -> Floats:
    """The same over the share of scores above the middle of the scale."""
    middle = 0.5 + 1e-12
    signs = Ratings(**{**vars(ratings), "score": (ratings.score > middle).astype(float)})
    return wilson_bound(signs)


def beta_reputation(ratings: Ratings) -> Floats:
    return _mean_by(ratings, np.ones(len(ratings.score)), 0.5, 2.0)


def shrunken_mean(ratings: Ratings) -> Floats:
    """Empirical Bayes with one-way random effects, no rater weighed."""
    from analytics.trust.credibility.model import variances

    noise, between = variances(ratings, ratings.score, np.ones(len(ratings.score)))
    return _mean_by(ratings, np.ones(len(ratings.score)), float(ratings.score.mean()), noise / between)


def fairness_goodness(ratings: Ratings) -> Floats:
    fairness = np.ones(len(ratings.raters))
    signed, given, goodness = 2 * ratings.score - 1, ratings.per_rater(), np.zeros(len(ratings.ratees))
    for _ in range(STEPS):
        goodness = ratings.per_ratee(fairness[ratings.rater] * signed) / ratings.per_ratee()
        fairness = 1 - ratings.per_rater(np.abs(signed - goodness[ratings.ratee])) / given / 2
    return (goodness + 1) / 2


def rev2(ratings: Ratings) -> Floats:
    fairness, reliability = np.ones(len(ratings.raters)), np.ones(len(ratings.score))
    signed, usual, goodness = (
        2 * ratings.score - 1,
        float((2 * ratings.score - 1).mean()),
        np.zeros(len(ratings.ratees)),
    )
    for _ in range(STEPS):
        goodness = (ratings.per_ratee(reliability * signed) + usual) / (ratings.per_ratee() + 1)
        agreement = 1 - np.abs(signed - goodness[ratings.ratee]) / 2
        reliability = (fairness[ratings.rater] + agreement) / 2
        fairness = (ratings.per_rater(reliability) + reliability.mean()) / (ratings.per_rater() + 1)
    return (goodness + 1) / 2


def eigentrust(ratings: Ratings) -> Floats:
    """Trust flows from raters to the ratees in proportion to their scores and back to all who rated those alike, 15 % to everyone."""
    trust = np.full(len(ratings.raters), 1 / len(ratings.raters))
    given = np.maximum(ratings.per_rater(ratings.score), 1e-9)
    for _ in range(STEPS):
        praise = ratings.per_ratee((trust / given)[ratings.rater] * ratings.score)
        back = praise / np.maximum(ratings.per_ratee(ratings.score), 1e-9)
        trust = 0.85 * ratings.per_rater(back[ratings.ratee] * ratings.score) + 0.15 / len(ratings.raters)
        trust /= trust.sum()
    return _mean_by(ratings, trust[ratings.rater])


def shape_prior(ratings: Ratings) -> Floats:
    """Raters whose scores have a shape unlike everybody's weigh less: the Dirichlet-multinomial probability of their counts a vote."""
    level = np.minimum((ratings.score * SHAPES).astype(int), SHAPES - 1)
    usual = np.bincount(level, minlength=SHAPES) / len(level) * SHAPES + 0.1
    counts = np.stack([ratings.per_rater((level == shape).astype(float)) for shape in range(SHAPES)])
    n = counts.sum(axis=0)
    likely = gammaln(usual.sum()) - gammaln(usual.sum() + n)
    likely = likely + (gammaln(counts + usual[:, None]) - gammaln(usual)[:, None]).sum(axis=0)
    return _mean_by(ratings, np.exp(likely / n)[ratings.rater])


PEERS: Mapping[str, Method] = {
    "mean": plain_mean,
    "wilson bound": wilson_bound,
    "wilson bound of signs": wilson_bound_of_signs,
    "beta reputation": beta_reputation,
    "shrunken mean": shrunken_mean,
    "fairness/goodness": fairness_goodness,
    "REV2": rev2,
    "EigenTrust": eigentrust,
    "shape prior": shape_prior,
}
