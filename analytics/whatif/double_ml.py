"""Double machine learning for the effect among the orders concerned, within merchants. Pure functions over a Study.

EconML's LinearDML learns, in folds that share no merchant, what outcome and treatment are to be expected of an order (Chernozhukov et al. 2018,
Econometrics Journal 21:C1). Its residuals go into the doubly robust score of the effect on the treated (Sant'Anna and Zhao 2020, J. of
Econometrics 219:101), normalised within each merchant, so that whatever a merchant always is cancels out, recorded or not. The scores are
added up by merchant, and the interval is that of clustered means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from analytics.whatif.effect_frame import Floats, Ints, Study

FOLDS = 3
SURE = 0.95  # an order as likely as this to be concerned has hardly any like it to be compared with
MIN_CONCERNED = 30
MIN_MERCHANTS = 10
MIN_EXPECTED = 5.0
FEWEST_LIKE = 0.2  # like orders of the same merchant (as many as their weights are worth) that a concerned one needs, else it is outside
_FLOOR = 0.002


@dataclass(frozen=True)
class Fitted:
    """Of each order (n,): t and merchant as in the study; surprise: its outcome less what was expected of it had it not been concerned;
    propensity: how likely it was to be concerned."""

    t: Floats
    merchant: Ints
    surprise: Floats
    propensity: Floats


@dataclass(frozen=True)
class Estimate:
    """The mean effect among the concerned orders inside the support, in the outcome's unit, with 95 % interval. outside: share (0–1) of
    concerned orders that nothing, or far too little, compares with; n: concerned orders inside; merchants: that have some."""

    value: float
    ci_low: float
    ci_high: float
    outside: float
    n: int
    merchants: int


def problem_of(study: Study) -> str | None:
    """Why no effect can be told: `no_concerned`, `all_concerned`, `no_variation` or `too_few`; else None. A rare 0/1 outcome needs five of
    either value expected among the concerned (Cochran's rule)."""
    concerned = int(study.t.sum())
    if concerned in (0, len(study)):
        return "no_concerned" if concerned == 0 else "all_concerned"
    if np.ptp(study.y) == 0:
        return "no_variation"
    both = np.intersect1d(study.merchant[study.t == 1], study.merchant[study.t == 0])
    share = float(study.y.mean()) if study.outcome != "stars" else 0.5
    is_rare = concerned * min(share, 1.0 - share) < MIN_EXPECTED
    return "too_few" if is_rare or concerned < MIN_CONCERNED or len(both) < MIN_MERCHANTS else None


def cross_fit(study: Study, seed: int = 1) -> Fitted:
    """What is to be expected of each order, learnt from other merchants' orders. Call only where `problem_of` is None."""
    from econml.dml import LinearDML
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    shape = {
        "max_iter": 40,
        "max_leaf_nodes": 10,
        "min_samples_leaf": 25,
        "learning_rate": 0.15,
        "l2_regularization": 1.0,
        "categorical_features": list(range(study.coded)),
        "early_stopping": False,
        "random_state": seed,
    }
    learner = LinearDML(
        model_y=HistGradientBoostingRegressor(**shape),
        model_t=HistGradientBoostingClassifier(**shape),
        discrete_treatment=True,
        cv=FOLDS,
        random_state=seed,
    )
    learner.fit(study.y, study.t, W=study.x, groups=study.merchant, cache_values=True, inference=None)
    y_rest, t_rest, _, seen = learner.residuals_
    if not np.array_equal(seen, study.x):
        raise AssertionError("EconML gave its residuals in another order")
    propensity = np.clip(study.t - t_rest.ravel(), _FLOOR, 1 - _FLOOR)
    expected = study.y - y_rest.ravel() - propensity * float(learner.intercept_)
    return Fitted(study.t, study.merchant, study.y - expected, propensity)


def effect_of(fitted: Fitted, chosen: NDArray[np.bool_] | None = None) -> Estimate | None:
    """The effect among the concerned orders (of those `chosen`); None where fewer than two merchants have both kinds."""
    rows = np.ones(len(fitted.t), dtype=bool) if chosen is None else chosen
    is_concerned = rows & (fitted.t == 1)
    asked = is_concerned & (fitted.propensity <= SURE)
    like = rows & (fitted.t == 0)
    size = int(fitted.merchant.max()) + 1
    odds = fitted.propensity / (1 - fitted.propensity)
    weight, squares, concerned = (
        _sums(fitted.merchant, values, where, size)
        for values, where in ((odds, like), (odds**2, like), (np.ones(len(rows)), asked))
    )
    worth = weight**2 / np.where(squares > 0, squares, 1.0)
    is_used = (concerned > 0) & (worth >= FEWEST_LIKE * concerned)
    clusters = int(is_used.sum())
    if clusters < 2:
        return None
    n, worth = concerned[is_used], worth[is_used]
    usual = (_sums(fitted.merchant, odds * fitted.surprise, like, size)[is_used]) / weight[is_used]
    score = _sums(fitted.merchant, fitted.surprise, asked, size)[is_used] - n * usual
    total = float(n.sum())
    value = float(score.sum() / total)
    # Each merchant's pull as if it had been left out (the jackknife CV3: MacKinnon, Nielsen and Webb 2023): large ones are few.
    pull = (score - value * n) / np.maximum(1.0 - n / total, 0.1)
    spread = float((pull**2).sum()) * (clusters - 1) / clusters
    outside = 1.0 - total / max(int(is_concerned.sum()), 1)
    half = float(student.ppf(0.975, _degrees(n, worth))) * spread**0.5 / total
    return Estimate(value, value - half, value + half, outside, int(total), clusters)


def _degrees(n: Floats, worth: Floats) -> float:
    """Degrees of freedom of a variance of merchants with n concerned orders, held against others worth `worth` (merchants,): by Satterthwaite with the
    variances that they have where orders err alike (as Bell and McCaffrey 2002, Imbens and Kolesár 2016). n² / worth is what the others bring: a merchant
    with few of them errs most."""
    variance = n + n**2 / worth
    return max(float(variance.sum() ** 2 / (variance**2).sum()) - 1.0, 1.0)


def raw_difference(study: Study) -> tuple[float, float, float]:
    """Mean outcome of concerned orders less that of the others, nothing adjusted, with its 95 % interval clustered by merchant."""
    share = float(study.t.mean())
    means = [float(study.y[study.t == t].mean()) for t in (0, 1)]
    pull = np.where(study.t == 1, (study.y - means[1]) / share, -(study.y - means[0]) / (1 - share)) / len(study)
    clusters = np.bincount(study.merchant, weights=pull)
    value = means[1] - means[0]
    half = float(student.ppf(0.975, max(len(clusters) - 1, 1)) * np.sqrt((clusters**2).sum()))
    return value, value - half, value + half


def _sums(group: Ints, values: Floats, where: NDArray[np.bool_], size: int) -> Floats:
    return np.asarray(np.bincount(group[where], weights=values[where], minlength=size), dtype=np.float64)
