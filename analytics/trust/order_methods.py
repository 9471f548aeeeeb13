"""Ways from orders to a merchant's score that people know, beside ours: what the attack suite and the Attacks page compare.

Each gives a score (0–1, higher better) and a probability of being bad a merchant. Peers get the ratings in their usual way: the mean of rating/5, and for Wilson's bound, beta reputation and empirical Bayes the share of ratings of 4 or 5. `orders_eb` is
empirical Bayes on the share of good orders, with every order weighed alike: ours without its defences. Ours is
`stand`. Knows no attack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analytics.trust.credibility.order_standing import PRIOR, stand
from analytics.trust.credibility.ratings import Floats
from analytics.trust.prior import fit_proportions

OURS = "ours"
Z = 1.96
POSITIVE, LOW = 4, 2


@dataclass(frozen=True)
class Scored:
    """By merchant_id: score; prior: of a merchant of whom nothing is known; chance: P(rate of bad orders > limit), or a verdict of 0 or 1."""

    score: pd.Series[float]
    prior: float
    chance: pd.Series[float]


# orders, merchants (merchant_id, joined_at, category), the instant that they are of, the limit of the rate of bad orders
Method = Callable[[pd.DataFrame, pd.DataFrame, pd.Timestamp, float], Scored]


@dataclass(frozen=True)
class _Ratings:
    ids: pd.Index[str]
    n: Floats
    stars: Floats
    positive: Floats
    low: Floats

    @property
    def share(self) -> Floats:
        return np.divide(self.positive, self.n, out=np.full_like(self.n, self.usual), where=self.n > 0)

    @property
    def usual(self) -> float:
        return float(self.positive.sum() / max(self.n.sum(), 1.0))

    def told(self, score: Floats, prior: float, chance: Floats) -> Scored:
        return Scored(pd.Series(score, self.ids), prior, pd.Series(chance, self.ids))


def _ratings(orders: pd.DataFrame, merchants: pd.DataFrame) -> _Ratings:
    rated = orders[orders["rating"].notna()]
    ids = pd.Index(np.sort(merchants["merchant_id"].to_numpy()))
    place, stars = ids.get_indexer(pd.Index(rated["merchant_id"])), rated["rating"].to_numpy(dtype=float)
    counts = [
        np.bincount(place, w, len(ids)).astype(float)
        for w in (np.ones_like(stars), stars, stars >= POSITIVE, stars <= LOW)
    ]
    return _Ratings(ids, *counts)


def plain_mean(orders: pd.DataFrame, merchants: pd.DataFrame, at: pd.Timestamp, limit: float) -> Scored:
    """Mean of rating/5 (without a rating: that of all); bad where more than `limit` of the ratings are 1 or 2."""
    told = _ratings(orders, merchants)
    usual = float(told.stars.sum() / max(told.n.sum(), 1.0)) / 5
    score = np.divide(told.stars, 5 * told.n, out=np.full_like(told.n, usual), where=told.n > 0)
    return told.told(score, usual, (told.low > limit * told.n).astype(float))


def wilson_bound(orders: pd.DataFrame, merchants: pd.DataFrame, at: pd.Timestamp, limit: float) -> Scored:
    """Lower end of Wilson's 95 % interval of the positive share (0 without a rating); bad where that of the low share lies above the limit."""
    told = _ratings(orders, merchants)
    return told.told(_lower(told.positive, told.n), 0.0, (_lower(told.low, told.n) > limit).astype(float))


def beta_reputation(orders: pd.DataFrame, merchants: pd.DataFrame, at: pd.Timestamp, limit: float) -> Scored:
    """(positive + 1) / (n + 2), Jøsang and Ismail 2002; the same Beta for the low share."""
    told = _ratings(orders, merchants)
    chance = stats.beta.sf(limit, told.low + 1, told.n - told.low + 1)
    return told.told((told.positive + 1) / (told.n + 2), 0.5, chance)


def empirical_bayes(orders: pd.DataFrame, merchants: pd.DataFrame, at: pd.Timestamp, limit: float) -> Scored:
    """Beta prior by moments over all merchants (Kleinman 1973) on the positive share; the same for the low share."""
    told = _ratings(orders, merchants)
    mean, strength = _prior(told.positive, told.n)
    low, size = _prior(told.low, told.n)
    chance = stats.beta.sf(limit, low * size + told.low, (1 - low) * size + told.n - told.low)
    return told.told((told.positive + mean * strength) / (told.n + strength), mean, chance)


def orders_eb(orders: pd.DataFrame, merchants: pd.DataFrame, at: pd.Timestamp, limit: float) -> Scored:
    """Empirical Bayes on the share of orders that are not late, cancelled, disputed nor rated 1 or 2."""
    told = _ratings(orders, merchants)
    bad = is_bad(orders)
    place = told.ids.get_indexer(pd.Index(orders["merchant_id"]))
    n, failed = (np.bincount(place, part, len(told.ids)).astype(float) for part in (np.ones_like(bad), bad))
    mean, strength = _prior(failed, n)
    alpha, beta = mean * strength + failed, (1 - mean) * strength + n - failed
    return told.told(beta / (alpha + beta), 1 - mean, stats.beta.sf(limit, alpha, beta))


def ours(orders: pd.DataFrame, merchants: pd.DataFrame, at: pd.Timestamp, limit: float) -> Scored:
    """The product's standing of orders."""
    found = stand(orders, merchants, at)
    frame = found.by_merchant.set_index("merchant_id")
    return Scored(frame["score"], float(frame["prior"].iloc[0]), found.probability_over(limit))


METHODS: Mapping[str, Method] = {
    "mean": plain_mean,
    "wilson": wilson_bound,
    "beta": beta_reputation,
    "eb": empirical_bayes,
    "orders_eb": orders_eb,
    OURS: ours,
}


def is_bad(orders: pd.DataFrame) -> Floats:
    """1 for an order that was late, cancelled, disputed or rated 1 or 2."""
    low = orders["rating"].fillna(5).astype(float) <= LOW
    return np.asarray(orders["late"] | orders["cancelled"] | orders["disputed"] | low, dtype=float)


def _lower(successes: Floats, n: Floats) -> Floats:
    n = np.maximum(n, 1e-9)
    p = successes / n
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return np.asarray((p + Z**2 / (2 * n) - half) / (1 + Z**2 / n))


def _prior(successes: Floats, n: Floats) -> tuple[float, float]:
    means, strengths = fit_proportions(successes, n, n, np.full(len(n), -1), 0, PRIOR)
    return means[-1], strengths[-1]
