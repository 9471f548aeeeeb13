"""How well the share of a merchant's bad orders in the next 60 days was foretold: the methods compared, the measures, their intervals.

Arrays in, arrays out; no warehouse, no page.

Sources: Wilson 1927, as used for ranking by Miller 2009; beta reputation with forgetting, Jøsang and Ismail 2002; beta-binomial empirical Bayes,
Gelman et al. (Bayesian Data Analysis, 5.3); bootstrap over merchants, Efron and Tibshirani 1993; calibration error, Naeini et al., AAAI 2015.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from analytics.trust.outlook import OrderHistory, exposure

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

Z = 1.96
WINDOW_DAYS = 365
FORGETTING_HALF_LIFE_DAYS = 60.0
FEWEST_LATER = 10  # ranks and limits are judged over merchants with this many later orders
BORDER = 0.8  # bad merchant: later share above this quantile of those merchants
BINS = 10
FEWEST_PEERS = 15  # a category of fewer merchants takes the marketplace's prior


@dataclass(frozen=True)
class Forecast:
    """What a method expects of each merchant: the mean share of bad orders; the precision (alpha + beta) of its beta distribution, infinite
    for a method that gives one figure."""

    mean: Floats
    precision: Floats


@dataclass(frozen=True)
class Counts:
    """Bad orders and orders known per merchant, plain over the window and with forgetting; `seen` counts a young order by the part of its bad outcomes
    that would have shown. `category` as in OrderHistory.

    The methods below take what serves them best (seed 11 of the demo): empirical Bayes `seen`, the others every order, as published.
    """

    bad: Floats
    orders: Floats
    recent_bad: Floats
    recent_orders: Floats
    seen: Floats
    category: Ints

    @property
    def usual(self) -> float:
        """The marketplace's share."""
        return float((self.bad.sum() + 0.5) / (self.seen.sum() + 5.0))


def read_counts(history: OrderHistory) -> Counts:
    """Counts at `history.known_at`."""
    at = history.known_at
    age = at - history.ordered
    known = (age <= WINDOW_DAYS).astype(float)
    bad = history.is_bad(at) * known
    recency = 0.5 ** (age / FORGETTING_HALF_LIFE_DAYS)
    values = (bad, known, recency * bad, recency * known, exposure(history, at) * known)
    bad_sum, orders, recent_bad, recent_orders, seen = (history.per_merchant(slice(None), value) for value in values)
    return Counts(bad_sum, orders, recent_bad, recent_orders, np.maximum(bad_sum, seen), history.category)


def _certain(mean: Floats) -> Forecast:
    return Forecast(mean, np.full(len(mean), np.inf))


def plain_mean(counts: Counts) -> Forecast:
    """Bad orders over orders, half an order away from 0 and 1, so that no later order is impossible; the marketplace's where there is none."""
    half = 0.5 / (counts.orders + 1)
    share = np.clip(counts.bad / np.maximum(counts.orders, 1e-9), half, 1 - half)
    return _certain(np.where(counts.orders > 0, share, counts.usual))


def wilson_bound(counts: Counts) -> Forecast:
    """Upper end of Wilson's 95 % interval of the share of bad orders (the lower end of the good ones); 1 without orders."""
    return _certain(wilson_interval(counts.bad, counts.orders)[1])


def wilson_interval(hits: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """Wilson's 95 % interval of a share; 0 to 1 where n is 0."""
    hits, n = np.asarray(hits, dtype=float), np.asarray(n, dtype=float)
    share = hits / np.maximum(n, 1e-9)
    centre, half = share * n + Z**2 / 2, Z * np.sqrt(share * (1 - share) * n + Z**2 / 4)
    low, high = (centre - half) / (n + Z**2), (centre + half) / (n + Z**2)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def beta_reputation(counts: Counts) -> Forecast:
    return Forecast((counts.bad + 1) / (counts.orders + 2), counts.orders + 2)


def beta_reputation_forgetting(counts: Counts) -> Forecast:
    return Forecast((counts.recent_bad + 1) / (counts.recent_orders + 2), counts.recent_orders + 2)


def empirical_bayes(counts: Counts) -> Forecast:
    """Beta-binomial: each category's prior by maximum likelihood, the marketplace's for small categories."""
    mean, strength = (np.full(len(counts.bad), value) for value in _beta_binomial(counts, counts.seen > 0))
    for category in np.unique(counts.category[counts.category >= 0]):
        mine = counts.category == category
        told = mine & (counts.seen > 0)
        if told.sum() >= FEWEST_PEERS:
            mean[mine], strength[mine] = _beta_binomial(counts, told)
    precision = strength + counts.seen
    return Forecast((strength * mean + counts.bad) / precision, precision)


def _beta_binomial(counts: Counts, chosen: Bools) -> tuple[float, float]:
    bad, good = counts.bad[chosen], (counts.seen - counts.bad)[chosen]

    def loss(values: Floats) -> float:
        mean, strength = special.expit(values[0]), np.exp(values[1])
        alpha, beta = mean * strength, (1 - mean) * strength
        return -float((special.betaln(alpha + bad, beta + good) - special.betaln(alpha, beta)).sum())

    start = np.array([special.logit(counts.usual), 3.0])
    found = optimize.minimize(loss, start, method="L-BFGS-B", bounds=[(-7, 7), (-1, 7)])
    return float(special.expit(found.x[0])), float(np.exp(found.x[1]))


PEERS: Mapping[str, Callable[[Counts], Forecast]] = {
    "mean": plain_mean,
    "wilson": wilson_bound,
    "beta": beta_reputation,
    "beta_forgetting": beta_reputation_forgetting,
    "empirical_bayes": empirical_bayes,
}


def chance_over(forecast: Forecast, later_orders: Floats, limit: float) -> Floats:
    """P(share of bad ones among so many later orders > limit): beta-binomial, or binomial where every precision is infinite."""
    n = later_orders.astype(int)
    most = np.floor(limit * n + 1e-9)
    if np.isinf(forecast.precision).all():
        return np.asarray(stats.binom.sf(most, n, forecast.mean))
    row = np.repeat(np.arange(len(n)), n + 1)
    hits = np.arange(len(row)) - np.repeat(np.cumsum(n + 1) - (n + 1), n + 1)
    alpha, beta = (forecast.mean * forecast.precision)[row], ((1 - forecast.mean) * forecast.precision)[row]
    ways = -np.log(n[row] + 1.0) - special.betaln(hits + 1, n[row] - hits + 1)
    log_chance = ways + special.betaln(alpha + hits, beta + n[row] - hits) - special.betaln(alpha, beta)
    is_under = hits <= most[row]
    under = np.bincount(row[is_under], np.exp(log_chance[is_under]), len(n))
    return np.clip(1 - under, 0, 1)


@dataclass(frozen=True)
class Judged:
    """One as-of day of all methods over the merchants with later orders: their places among all, what came, what each method said, and P(later share >
    the day's limit) for those with FEWEST_LATER later orders (NaN for others)."""

    merchant: Ints
    bad: Floats
    orders: Floats
    mean: Mapping[str, Floats]
    over: Mapping[str, Floats]
    limit: float

    @property
    def is_ranked(self) -> Bools:
        return np.asarray(self.orders >= FEWEST_LATER)

    @property
    def share(self) -> Floats:
        return self.bad / self.orders


def judge(bad: Floats, orders: Floats, forecasts: Mapping[str, Forecast], limit: float) -> Judged:
    """`bad` and `orders` of the horizon and the forecasts are of all merchants."""
    merchant = np.flatnonzero(orders > 0)
    many = orders[merchant] >= FEWEST_LATER
    over = {}
    for name, forecast in forecasts.items():
        mine = merchant[many]
        over[name] = np.full(len(merchant), np.nan)
        over[name][many] = chance_over(Forecast(forecast.mean[mine], forecast.precision[mine]), orders[mine], limit)
    means = {name: forecast.mean[merchant] for name, forecast in forecasts.items()}
    return Judged(merchant, bad[merchant], orders[merchant], means, over, limit)


Measure = Callable[[Sequence[Judged], str, Floats], Floats]


def log_loss(days: Sequence[Judged], method: str, weights: Floats) -> Floats:
    """Mean log loss per later order, one a row of `weights` (resamples, all merchants): how often each merchant is drawn."""
    loss, orders = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    for day in days:
        mean = np.clip(day.mean[method], 1e-6, 1 - 1e-6)
        loss[day.merchant] -= day.bad * np.log(mean) + (day.orders - day.bad) * np.log1p(-mean)
        orders[day.merchant] += day.orders
    return np.asarray((weights @ loss) / (weights @ orders))


def rank_auc(days: Sequence[Judged], method: str, weights: Floats) -> Floats:
    """Area under the curve of bad merchants (see BORDER) against the others, mean of the days that have both."""
    found = []
    for day in days:
        score, share = day.mean[method][day.is_ranked], day.share[day.is_ranked]
        drawn = weights[:, day.merchant[day.is_ranked]]
        is_bad = is_bad_merchant(share)
        if 0 < is_bad.sum() < len(is_bad):
            found.append(_weighted_auc(score, is_bad, drawn))
    return np.mean(found, axis=0) if found else np.full(len(weights), np.nan)


def is_bad_merchant(share: Floats) -> Bools:
    """Later share above the BORDER quantile of the merchants judged."""
    return np.asarray(share > np.quantile(share, BORDER)) if len(share) else np.zeros(0, dtype=bool)


def _weighted_auc(score: Floats, is_bad: Bools, drawn: Floats) -> Floats:
    above = (np.sign(score[is_bad][:, None] - score[~is_bad][None, :]) + 1) / 2
    bad, good = drawn[:, is_bad], drawn[:, ~is_bad]
    pairs = bad.sum(axis=1) * good.sum(axis=1)
    return np.asarray(((bad @ above) * good).sum(axis=1) / np.where(pairs > 0, pairs, np.nan))


def spearman(days: Sequence[Judged], method: str, weights: Floats) -> Floats:
    """Rank correlation of foretold and later share, mean of the days. A resample weighs merchants and keeps their ranks."""
    found = []
    for day in days:
        if day.is_ranked.sum() < 3:
            continue
        drawn = weights[:, day.merchant[day.is_ranked]]
        ranks = [stats.rankdata(values[day.is_ranked]) for values in (day.mean[method], day.share)]
        found.append(_weighted_correlation(ranks[0], ranks[1], drawn))
    return np.mean(found, axis=0) if found else np.full(len(weights), np.nan)


def _weighted_correlation(one: Floats, other: Floats, weights: Floats) -> Floats:
    total = np.maximum(weights.sum(axis=1), 1e-9)
    mean_one, mean_other = weights @ one / total, weights @ other / total
    covariance = weights @ (one * other) / total - mean_one * mean_other
    spread = (weights @ one**2 / total - mean_one**2) * (weights @ other**2 / total - mean_other**2)
    return np.asarray(covariance / np.sqrt(np.maximum(spread, 1e-12)))


def rate_calibration_error(days: Sequence[Judged], method: str, weights: Floats) -> Floats:
    """Expected calibration error of the foretold shares, by orders, over BINS groups of merchant-days of equal number."""
    said = np.concatenate([day.mean[method] for day in days])
    came = np.concatenate([day.share for day in days])
    merchant, orders = (np.concatenate([getattr(day, name) for day in days]) for name in ("merchant", "orders"))
    place = np.searchsorted(np.quantile(said, np.arange(1, BINS) / BINS), said, side="left")
    return calibration_error(said, came, place, merchant, orders, weights)


def limit_calibration_error(days: Sequence[Judged], method: str, weights: Floats) -> Floats:
    """Expected calibration error of P(later share > limit) over merchant-days with FEWEST_LATER later orders, BINS equal parts of 0–1."""
    said = np.concatenate([day.over[method][day.is_ranked] for day in days])
    came = np.concatenate([(day.share > day.limit + 1e-9)[day.is_ranked].astype(float) for day in days])
    merchant = np.concatenate([day.merchant[day.is_ranked] for day in days])
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    return calibration_error(said, came, place, merchant, np.ones(len(said)), weights)


def calibration_error(said: Floats, came: Floats, place: Ints, merchant: Ints, size: Floats, weights: Floats) -> Floats:
    """Mean over the bins, by size, of |mean said − mean came|; one a row of `weights` (resamples, all merchants)."""
    apart = np.zeros((weights.shape[1], BINS))
    of = np.zeros((weights.shape[1], BINS))
    np.add.at(apart, (merchant, place), size * (said - came))
    np.add.at(of, (merchant, place), size)
    return np.asarray(np.abs(weights @ apart).sum(axis=1) / (weights @ of).sum(axis=1))


RANKS = ("auc", "spearman")  # measures that need no share, only an order of merchants
MEASURES: Mapping[str, tuple[Measure, bool]] = {  # and whether higher is better
    "log_loss": (log_loss, False),
    "auc": (rank_auc, True),
    "spearman": (spearman, True),
    "rate_ece": (rate_calibration_error, False),
    "limit_ece": (limit_calibration_error, False),
}


def resamples(merchants: int, number: int, seed: int) -> Floats:
    """How often each merchant is drawn, (number + 1, merchants); the first row is the sample itself."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(merchants, np.full(merchants, 1 / merchants), number).astype(float)
    return np.vstack([np.ones(merchants), drawn])
