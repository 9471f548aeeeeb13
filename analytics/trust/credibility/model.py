"""How good each ratee is and how far each rater is to be believed, from the votes alone.

A vote x is the ratee's quality q seen by a rater who may be lenient (b), insensitive (a < 1) or noisy (1/w):

    x = market + offset of its voice + b + a·q + noise,   noise ~ N(0, noise/w)

with x the normal scores of the ratings (only their order counts, so one −10 among many 1s is not a hundred times a 2) and normal
priors on q, b and a, whose spreads are estimated from the table. Four things keep the false from the true:

- A rater is judged by others' votes on the same ratees, and a vote is weighed by its rater's other votes: no vote supports itself.
- Sensitivity and precision only discount: a is used between 0 and 1, w up to 1.5.
- Votes of one voice (see `voices.py`) may share an error. Its size is estimated by how far that voice strays from the
  other votes on the same ratees beyond chance; what the whole voice can weigh on one ratee is bounded by it. A voice that
  agrees with the others loses nothing.
- The prior of a ratee follows the independent support that it has, as far as the table shows that the two go together.

Sources: leniency and precision by ratee-blocked fitting, Zhao and Han (GTM), QDB 2012; sensitivity, Kumar et al. (fairness/goodness),
ICDM 2016; one-way random effects by moments, Searle et al., Variance Components, 1992; moments of a between-study variance,
DerSimonian and Laird 1986. Constants were chosen on simulated networks (docs/decisions/011), none on labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from analytics.trust.credibility.ratings import Floats, Ratings
from analytics.trust.credibility.voices import UNRECORDED, voices

STEPS = 30
SETTLED = 1e-4
PRECISION_PRIOR = 8.0  # votes that a rater's prior precision is worth
PRECISION_MOST = 1.5
SENSITIVITY_VARIANCE = 0.05  # among raters, around 1
SENSITIVITY_LEAST = 0.2  # below it a vote is read as at it, and weighs next to nothing
NOISE_PRIOR = 0.6  # variance of normal scores within a ratee where the table tells little; half of it between ratees
PRIOR_WEIGHT = 2.0  # votes that it is worth
SUPPORT_NEEDED = 0.3  # votes of either side without which two voices are not compared
RATEES_NEEDED = 3
REST_NEEDED = 0.1  # of all votes, without which those outside a voice are no measure of it: where all rate once, who rates twice is odd
DOUBTED = 20.0  # how much sooner a voice is not heeded for the level of the scores than for the ratees' order
ONE_VOTE = ("lockstep",)  # raters in step with each other weigh one vote together at most, whatever they say
BARELY = 1e-9


@dataclass
class Fit:
    """The state of the fitting, on the scale of normal scores.

    One element a rater: leniency, sensitivity. One a ratee: prior, quality, variance. One a vote: tilt, slope and care (leniency,
    sensitivity and precision of its rater by the rater's other votes), precision (what it weighs), weight (the same beside an independent vote of an ordinary rater), heeded (its part that no straying voice speaks), spoken (the offset of
    its voices), heard (it, without the market's level and that offset), others and others_variance (the ratee's quality by all votes
    but this). strays: voice → its offset and the variance of what its votes on a ratee share.
    """

    leniency: Floats
    sensitivity: Floats
    tilt: Floats
    slope: Floats
    care: Floats
    market: float
    noise: float
    between: float
    leniency_variance: float
    prior: Floats
    quality: Floats
    variance: Floats
    precision: Floats
    weight: Floats
    spoken: Floats
    heard: Floats
    heeded: Floats
    others: Floats
    others_variance: Floats
    strays: dict[str, tuple[float, float]] = field(default_factory=dict)


def fit_ratings(ratings: Ratings) -> Fit:
    """Fit the model to a table with at least one vote; the same for any order of its rows."""
    x = normal_scores(ratings.score)
    own, spoken = _shares(voices(ratings), len(x))
    fit = _start(ratings, x, own)
    for _ in range(STEPS):
        before = fit.quality
        _weigh_votes(fit, ratings, x, own, spoken)
        _rate_ratees(fit, ratings, x)
        _judge_raters(fit, ratings, x)
        _learn_market(fit, ratings, x)
        if np.abs(fit.quality - before).max() < SETTLED:
            break
    return fit


def normal_scores(values: Floats) -> Floats:
    """Normal quantiles of mid-ranks: depends on the order of the values only."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2) / len(values)
    return np.asarray(norm.ppf(middle))[place]


@dataclass(frozen=True)
class _Voice:
    """share: the part of each vote that this voice speaks. rest: the part of each vote that the voice is compared with."""

    name: str
    share: Floats
    rest: Floats


def _shares(members: Mapping[str, Floats], n: int) -> tuple[Floats, list[_Voice]]:
    """The independent part of each vote, and how the rest of it is split among its voices.

    Being unrecorded says least: it takes what the other voices leave, and where nobody has a record, those are compared all the same.
    """
    special = {name: member for name, member in members.items() if name != UNRECORDED}
    free, total = np.ones(n), np.zeros(n)
    for member in special.values():
        free, total = free * (1 - member), total + member
    spoken = [_Voice(name, (1 - free) * part / np.maximum(total, BARELY), free) for name, part in special.items()]
    own = free * (1 - members[UNRECORDED])
    return own, [*spoken, _Voice(UNRECORDED, free * members[UNRECORDED], own)]


def _start(ratings: Ratings, x: Floats, own: Floats) -> Fit:
    ratees, raters = len(ratings.ratees), len(ratings.raters)
    noise, between = variances(ratings, x, np.ones(len(x)))
    zeros = np.zeros(len(x))
    return Fit(
        leniency=np.zeros(raters),
        sensitivity=np.ones(raters),
        tilt=zeros,
        slope=np.ones(len(x)),
        care=np.ones(len(x)),
        market=float(x.mean()),
        noise=noise,
        between=between,
        leniency_variance=0.1 * noise,
        prior=np.zeros(ratees),
        quality=np.zeros(ratees),
        variance=np.full(ratees, between),
        precision=np.ones(len(x)),
        weight=np.ones(len(x)),
        spoken=zeros,
        heard=zeros,
        heeded=own,
        others=zeros,
        others_variance=zeros,
    )


def variances(ratings: Ratings, x: Floats, weight: Floats, flat: float = NOISE_PRIOR) -> tuple[float, float]:
    """Within and between ratees, by weighted moments, drawn to `flat` and half of it where there are few votes."""
    weight = np.maximum(weight, 1e-6)
    total = ratings.per_ratee(weight)
    has = total > 0
    mean = np.divide(ratings.per_ratee(weight * x), total, out=np.zeros_like(total), where=has)
    grand = float(np.average(mean[has], weights=total[has]))
    free = float(weight.sum() - np.sum(ratings.per_ratee(weight**2)[has] / total[has]))
    inside = float(np.sum(weight * (x - mean[ratings.ratee]) ** 2))
    noise = (inside + PRIOR_WEIGHT * flat) / (max(free, 0.0) + PRIOR_WEIGHT)
    spread = float(np.sum(total[has] * (mean[has] - grand) ** 2)) - (int(has.sum()) - 1) * noise
    size = float(total.sum() - np.sum(total**2) / total.sum())
    apart = size / max(float(total.sum()), 1e-9) * int(has.sum())
    between = max(spread / max(size, 1e-9), 0.0)
    between = (apart * between + PRIOR_WEIGHT * flat / 2) / (apart + PRIOR_WEIGHT)
    return noise, max(between, 0.05 * noise)


def _weigh_votes(fit: Fit, ratings: Ratings, x: Floats, own: Floats, spoken: Sequence[_Voice]) -> None:
    """What each vote weighs: its rater's precision and sensitivity, bounded for what its voices share."""
    base = fit.care * np.clip(fit.slope, 0.0, 1.0) ** 2 / fit.noise
    seen = x - fit.tilt
    fit.precision, fit.spoken, fit.heeded = base * own, np.zeros(len(x)), own
    for voice in spoken:
        offset, shared = _stray(fit, ratings, seen, voice.share, voice.rest, base * fit.noise + BARELY)
        shared = max(shared, fit.noise) if voice.name in ONE_VOTE else shared
        fit.strays[voice.name] = (offset, shared)
        whole = ratings.per_ratee(base * voice.share)
        fit.precision = fit.precision + base * voice.share / (1 + shared * whole)[ratings.ratee]
        fit.spoken = fit.spoken + voice.share * offset
        fit.heeded = fit.heeded + voice.share * fit.noise / (fit.noise + DOUBTED * (shared + offset**2))
    fit.weight = fit.precision * fit.noise


def _stray(fit: Fit, ratings: Ratings, seen: Floats, share: Floats, rest: Floats, base: Floats) -> tuple[float, float]:
    """How far a voice strays from the other votes on the same ratees: on average, and as a variance among ratees.

    Both are drawn to zero by their standard error, so that a voice is not distrusted for what chance does.
    """
    ours, theirs = ratings.per_ratee(share * base), ratings.per_ratee(rest * base)
    both = (ratings.per_ratee(share) > SUPPORT_NEEDED) & (ratings.per_ratee(rest) > SUPPORT_NEEDED)
    if both.sum() < RATEES_NEEDED or rest.mean() < REST_NEEDED:
        return 0.0, 0.0
    a, b = ours[both], theirs[both]
    apart = ratings.per_ratee(share * base * seen)[both] / a - ratings.per_ratee(rest * base * seen)[both] / b
    squares = (
        ratings.per_ratee(part * other * base)[both] for part, other in ((share, share), (rest, rest), (share, rest))
    )
    aa, bb, ab = squares
    by_chance = fit.noise * (aa / a**2 + bb / b**2 - 2 * ab / (a * b))
    trust = 1 / (by_chance + fit.between)
    offset, error = _mean_and_error(apart, trust)
    offset *= max(0.0, 1 - (error / offset) ** 2) if offset else 0.0
    excess, error = _mean_and_error((apart - offset) ** 2 - by_chance, trust)
    return offset, max(excess - error, 0.0)


def _mean_and_error(values: Floats, weights: Floats) -> tuple[float, float]:
    mean = float(np.average(values, weights=weights))
    return mean, float(np.sqrt(np.sum(weights**2 * (values - mean) ** 2)) / weights.sum())


def _rate_ratees(fit: Fit, ratings: Ratings, x: Floats) -> None:
    """Each ratee's quality, and the same as each vote's rater finds it: by the others' votes."""
    seen = (x - fit.tilt - fit.market - fit.spoken) / np.clip(fit.slope, SENSITIVITY_LEAST, 1.0)
    said, weight = ratings.per_ratee(fit.precision * seen), ratings.per_ratee(fit.precision)
    prior = fit.prior / fit.between
    fit.variance = 1 / (weight + 1 / fit.between)
    fit.quality = (said + prior) * fit.variance
    fit.others_variance = 1 / (np.maximum(weight[ratings.ratee] - fit.precision, 0.0) + 1 / fit.between)
    fit.others = (said[ratings.ratee] - fit.precision * seen + prior[ratings.ratee]) * fit.others_variance


def _judge_raters(fit: Fit, ratings: Ratings, x: Floats) -> None:
    """Leniency and sensitivity by a ridge regression on what the others found, then precision by what is left.

    Each vote is weighed by its rater's other votes: a single vote says nothing of its rater, however far off it is.
    """
    heard = fit.heard = x - fit.market - fit.spoken
    sure = fit.care / (fit.noise + fit.care * np.minimum(fit.slope**2, 2.0) * fit.others_variance)
    parts = [sure * part for part in (np.ones(len(x)), fit.others, fit.others**2, heard, fit.others * heard)]
    wholes = [ratings.per_rater(part) for part in parts]
    fit.leniency, fit.sensitivity, unsure = _line_of_rater(wholes, fit.leniency_variance)
    spread = float(np.mean(fit.leniency**2 + unsure))
    fit.leniency_variance = float(np.clip(spread, 1e-3 * fit.noise, 4 * fit.noise))
    besides = [whole[ratings.rater] - part for whole, part in zip(wholes, parts, strict=True)]
    fit.tilt, fit.slope, _ = _line_of_rater(besides, fit.leniency_variance)
    surprise = (heard - fit.tilt - fit.slope * fit.others) ** 2 / (fit.noise + fit.slope**2 * fit.others_variance)
    surprises = ratings.per_rater(surprise)[ratings.rater] - surprise
    votes = PRECISION_PRIOR + ratings.per_rater()[ratings.rater] - 1
    fit.care = np.clip(votes / (PRECISION_PRIOR + surprises), 0.02, PRECISION_MOST)


def _line_of_rater(sums: Sequence[Floats], leniency_variance: float) -> tuple[Floats, Floats, Floats]:
    """(leniency, sensitivity, variance of the leniency) from sums of weight, x, x², y and xy; drawn to 0 and 1."""
    n, sx, sxx, sy, sxy = sums
    n, sxx, sxy = n + 1 / leniency_variance, sxx + 1 / SENSITIVITY_VARIANCE, sxy + 1 / SENSITIVITY_VARIANCE
    whole = n * sxx - sx**2
    return (sxx * sy - sx * sxy) / whole, (n * sxy - sx * sy) / whole, sxx / whole


def _learn_market(fit: Fit, ratings: Ratings, x: Floats) -> None:
    """Level, spreads, and how a ratee's prior follows its support; the support's slope is drawn to zero by its error."""
    seen = x - fit.tilt - fit.spoken
    weight = ratings.per_ratee(fit.precision)
    found = ratings.per_ratee(fit.precision * (seen - fit.market)) / np.maximum(weight, 1e-12)
    trust = weight / (1 + weight * fit.between)
    support = np.log1p(weight * fit.noise)
    middle, level = (float(np.average(part, weights=trust)) for part in (support, found))
    spread = float(np.sum(trust * (support - middle) ** 2))
    slope = float(np.sum(trust * (support - middle) * found)) / max(spread, 1e-12)
    slope *= max(0.0, 1 - 4 / max(slope**2 * spread, 1e-12))
    fit.prior = slope * (support - middle)
    fit.market += level
    fit.noise, fit.between = variances(ratings, seen - fit.prior[ratings.ratee], fit.weight)
