"""A merchant's rate of good orders that holds up against bought praise, slander and fresh starts: `stand` of a frame of orders.

Good is what was neither late, cancelled nor disputed by the seller's fault (facts of the platform, known of every order, spoken or silent) nor found
wanting by its buyer (1 or 2 stars of an order with no such fault). Knows no warehouse and no attack; how orders and ratings are weighed is in
`order_weights.py`, what it was chosen from and how it holds up in docs/decisions/016.

    score = (1 − f) · (1 − HEARD · link · e),   e = s·z + what y says beyond h + s·z, by BOUND at most

- f, z: posterior means of the failed and of the disputed share of orders, the marketplace's distribution being of any shape (`mixture.py`). y: the same of the wanting share
  of ratings, with a Beta prior by category. y ≈ h + s·z over merchants, by a line that a minority can't bend: h is the harshness of buyers, which is no merchant's.
- What ratings say beyond the disputes moves a score by BOUND at most where the platform judges disputes: who was wronged can have it judged, who lies
  can't. Where a source has no disputes, ratings are all that tells of the goods, and nothing is bounded.
- link, 0 to 1: ratings are heard as far as they go together with the facts over the marketplace. Where they turn against the facts, a large part lies.
- A merchant that joined less than NEW_DAYS ago gets no more than its peers' rate until it has PROBATION orders that count and is better with
  probability SURE: a fresh start earns nothing.

Sources: effective positives, Nosko and Tadelis 2015; facts beside feedback, TrustGuard, Srivatsa, Xiong and Liu 2005; newcomers pay their dues, Friedman and
Resnick 2001; bounded influence and the robust line, Huber 1964.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analytics.trust.credibility.mixture import Mixture, fit_mixture
from analytics.trust.credibility.order_weights import OrderWeights, weigh_orders
from analytics.trust.credibility.ratings import Floats
from analytics.trust.prior import fit_proportions
from analytics.trust.programme import PriorSettings

LOW_STARS = 2
HEARD = 2 / 3  # of the excess of low ratings: the unhappy speak more often than the content
BOUND = 0.0075  # share of ratings: how far they are heard beyond what disputes support
STEPS = 30
ATOMS = (np.arange(9) + 0.5) / 9  # quantiles that stand for the posterior of the disputed share
UNSEEN, UNSEEN_WEIGHT = (
    (-0.85, 0.0, 0.85),
    (1 / 6, 2 / 3, 1 / 6),
)  # a normal in three points, of half the spread: the rest of it is the chance of few ratings
LIMITS = np.exp(
    np.linspace(np.log(1e-3), np.log(0.99), 50)
)  # rates of bad orders between which an interval's ends are found
PROBATION = 50.0  # orders, by weight
SURE = 0.95  # probability of being better than its peers, below which a newcomer is not taken for it
NEW_DAYS = 365
MATURITY_DAYS = (
    10  # younger orders are not judged: what goes wrong takes that long to show, and would lift whoever has just begun
)
LINK_FEWEST = 10  # ratings from which on a merchant tells whether ratings go together with facts
LINK_NONE, LINK_FULL = (
    -0.5,
    1.5,
)  # standard errors of the rank correlation at which ratings are not heard, and heard fully
PRIOR = PriorSettings(default_strength=30.0, lowest_strength=5.0, highest_strength=400.0, pull_merchants=20.0)
CREDIBLE = 0.5  # as credible as somebody of whom nothing is known
IMBALANCE_CHANCE = 0.05  # false discoveries among merchants named for failing on dear orders


@dataclass(frozen=True)
class Standings:
    """by_merchant: a row a merchant, sorted by merchant_id: n (orders), effective_n (by weight), score, ci_low, ci_high (95 %), prior (peers' score), value_score (each
    order by its value), is_on_probation, failed_rate, wanting_rate (posterior means), rating_count, rating_mean (plain), credible_mean (by weight), value_mean (by value),
    credible_share (of ratings, by raters at least as credible as an unknown one), imbalance_p (that dear orders fail as cheap ones do), is_imbalanced. Scores and
    rates are 0–1, higher scores better. harshness (h), link: see above. weights: of each order.
    """

    by_merchant: pd.DataFrame
    harshness: float
    link: float
    weights: OrderWeights
    goodness: _Goodness

    def probability_over(self, limit: float) -> pd.Series[float]:
        """P(true rate of bad orders > limit) of each merchant, by merchant_id; no probation enters."""
        return pd.Series(self.goodness.bad_over(limit), index=self.by_merchant["merchant_id"])


def stand(orders: pd.DataFrame, merchants: pd.DataFrame, as_of: pd.Timestamp) -> Standings:
    """Standings of all merchants (merchant_id, joined_at, category) at an instant; orders: see `weigh_orders`, with value_minor (0 or more).

    What is dated after as_of must not be in the frame; orders younger than MATURITY_DAYS don't count yet. A merchant without orders stands at its peers.
    """
    ripe = pd.to_datetime(orders["ordered_at"], utc=True) <= as_of - pd.Timedelta(days=MATURITY_DAYS)
    weights = weigh_orders(orders[ripe.to_numpy(dtype=bool)])
    frame = merchants[["merchant_id", "joined_at", "category"]].sort_values("merchant_id", ignore_index=True)
    place = pd.Index(frame["merchant_id"]).get_indexer(weights.orders["merchant_id"])
    counts = _Counts(weights, np.asarray(place, dtype=np.int64), len(frame))
    failed, disputed = fit_mixture(*counts.failed()), fit_mixture(*counts.disputed())
    wanting = _wanting(counts, frame["category"])
    voice = _voice(failed, disputed, wanting, counts)
    goodness = _Goodness(failed, disputed, voice.beyond(disputed, wanting), voice)
    frame = frame.assign(n=counts.sum().astype(np.int64), effective_n=counts.sum(weights.order), prior=goodness.prior)
    joined = pd.to_datetime(frame["joined_at"], utc=True)
    young = ((as_of - joined) < pd.Timedelta(days=NEW_DAYS)).to_numpy(dtype=bool)
    is_sure = goodness.bad_over(1 - goodness.prior) <= 1 - SURE
    frame["is_on_probation"] = young & ((frame["effective_n"] < PROBATION) | ~is_sure)
    frame["score"] = np.where(frame["is_on_probation"], np.minimum(goodness.mean, goodness.prior), goodness.mean)
    low, high = goodness.interval()
    frame["ci_low"], frame["ci_high"] = np.minimum(low, frame["score"]), np.maximum(high, frame["score"])
    by_value = replace(goodness, failed=failed.of(*counts.failed(by_value=True)))
    frame["value_score"] = by_value.mean
    frame["failed_rate"], frame["wanting_rate"] = failed.mean, wanting
    frame = pd.concat([frame, counts.ratings(), _imbalance(counts)], axis=1)
    return Standings(frame, voice.harshness, voice.link, weights, goodness)


HIGH_STARS = 5.0


class _Counts:
    """Sums over each merchant's orders. place: of each order's merchant, −1 for one that is not asked for."""

    def __init__(self, weights: OrderWeights, place: NDArray[np.int64], merchants: int) -> None:
        self.known, self.place, self.merchants = place >= 0, place, merchants
        self.weights, self.is_failed = weights, weights.is_failed.astype(float)
        self.stars = weights.orders["rating"].to_numpy(dtype=float)
        self.is_low = np.nan_to_num(self.stars, nan=HIGH_STARS) <= LOW_STARS
        self.is_rated = ~np.isnan(self.stars)
        self.value = np.maximum(weights.orders["value_minor"].to_numpy(dtype=float), 0.0)

    def sum(self, of: Floats | None = None) -> Floats:
        part = self.known.astype(float) if of is None else np.where(self.known, of, 0.0)
        return np.bincount(np.where(self.known, self.place, 0), part, self.merchants).astype(float)

    def failed(self, *, by_value: bool = False) -> tuple[Floats, Floats]:
        """(failed, all) by weight, and by value as well."""
        weight = self.weights.order * (self.value if by_value else 1.0)
        whole, squares = self.sum(weight), self.sum(weight**2)
        effective = np.divide(whole**2, squares, out=np.zeros_like(whole), where=squares > 0)
        if by_value:  # as many orders as their values are worth, not cents
            scale = np.divide(effective, whole, out=np.zeros_like(whole), where=whole > 0)
            return scale * self.sum(weight * self.is_failed), effective
        return self.sum(weight * self.is_failed), whole

    def disputed(self) -> tuple[Floats, Floats]:
        """(disputed, all) by weight."""
        is_disputed = self.weights.orders["disputed"].fillna(False).to_numpy(dtype=float)
        return self.sum(self.weights.order * is_disputed), self.sum(self.weights.order)

    def wanting(self) -> tuple[Floats, Floats]:
        """(low, all): ratings by weight of orders that did not fail."""
        weight = np.where(self.is_failed > 0, 0.0, self.weights.rating)
        whole = self.sum(weight)
        return self.sum(weight * self.is_low), whole

    def ratings(self) -> pd.DataFrame:
        """The plain, the credible and the value-weighted mean of stars, and the share that credible raters gave."""
        stars, rated = np.nan_to_num(self.stars), self.is_rated.astype(float)
        credible = (np.nan_to_num(self.weights.credibility, nan=CREDIBLE) >= CREDIBLE) * rated
        columns = {"rating_count": self.sum(rated)}
        for name, weight, of in (
            ("rating_mean", rated, stars),
            ("credible_mean", self.weights.rating * rated, stars),
            ("value_mean", self.value * rated, stars),
            ("credible_share", rated, credible),
        ):
            whole = self.sum(weight)
            columns[name] = np.divide(self.sum(weight * of), whole, out=np.full_like(whole, np.nan), where=whole > 0)
        return pd.DataFrame(columns)


@dataclass(frozen=True)
class _Voice:
    """How ratings are heard beside the facts: harshness and slope of the line of low ratings on disputes, spread: of merchants around it (standard deviation), and
    the bound of what is heard beyond it."""

    harshness: float
    slope: float
    spread: float
    bound: float
    link: float

    def beyond(self, disputed: Mixture, wanting: Floats) -> Floats:
        """What each merchant's ratings say beyond harshness and disputes, bounded."""
        return np.clip(wanting - self.harshness - self.slope * disputed.mean, -self.bound, self.bound)


@dataclass(frozen=True)
class _Goodness:
    """Posterior of each merchant's share of good orders: (1 − failed) · (1 − what is heard of the rest)."""

    failed: Mixture
    disputed: Mixture
    beyond: Floats
    voice: _Voice

    @property
    def mean(self) -> Floats:
        """Expected share of good orders, 0–1."""
        return (1 - self.failed.mean) * (1 - self._heard(self.disputed.mean, self.beyond))

    @property
    def prior(self) -> float:
        """The same of a merchant of whom nothing is known."""
        peers = self._heard(np.array([self.disputed.peers]), np.zeros(1))[0]
        return float((1 - self.failed.peers) * (1 - peers))

    def bad_over(self, limit: float) -> Floats:
        """P(share of bad orders > limit) of each merchant."""
        disputed, total = self.disputed.quantiles(ATOMS), np.zeros(len(self.beyond))
        for step, weight in zip(UNSEEN, UNSEEN_WEIGHT, strict=True):
            rest = self._heard(disputed, (self.beyond + step * self.voice.spread)[:, None])
            parts = [self.failed.over(1 - (1 - limit) / (1 - rest[:, atom])) for atom in range(len(ATOMS))]
            total += weight * np.mean(parts, axis=0)
        return total

    def interval(self) -> tuple[Floats, Floats]:
        """Ends of the central 95 % interval."""
        over = np.stack([self.bad_over(limit) for limit in LIMITS], axis=1)
        ends = [LIMITS[np.minimum((over > tail).sum(axis=1), len(LIMITS) - 1)] for tail in (0.025, 0.975)]
        return 1 - ends[0], 1 - ends[1]

    def _heard(self, disputed: Floats, beyond: Floats) -> Floats:
        return np.clip(HEARD * self.voice.link * (self.voice.slope * disputed + beyond), 0.0, 0.95)


def _wanting(counts: _Counts, category: pd.Series[str]) -> Floats:
    """Posterior mean of the wanting share of each merchant's ratings."""
    names = tuple(sorted(category.dropna().unique()))
    group = pd.Index(names, dtype=object).get_indexer(pd.Index(category, dtype=object))
    low, whole = counts.wanting()
    if not whole.any():
        return np.zeros(len(category))
    means, strengths = fit_proportions(low, whole, whole, group, len(names), PRIOR)
    mean, strength = (np.array(part)[np.where(group < 0, len(names), group)] for part in (means, strengths))
    return np.asarray((mean * strength + low) / (strength + whole))


def _voice(failed: Mixture, disputed: Mixture, wanting: Floats, counts: _Counts) -> _Voice:
    _, ratings = counts.wanting()
    told = ratings >= LINK_FEWEST
    has_disputes = bool(counts.disputed()[0].any())
    bound = BOUND if has_disputes else 1.0
    if told.sum() < 3:
        usual = float(np.average(wanting, weights=ratings)) if ratings.any() else 0.0
        return _Voice(usual, 0.0, 0.0, bound, 1.0 if ratings.any() else 0.0)
    found = float(stats.spearmanr(failed.mean[told], wanting[told]).statistic)
    errors = np.nan_to_num(found) * np.sqrt(told.sum() - 1)
    link = float(np.clip((errors - LINK_NONE) / (LINK_FULL - LINK_NONE), 0.0, 1.0))
    known = disputed.mean[told] if has_disputes else np.zeros(int(told.sum()))
    return _Voice(*_line(known, wanting[told], ratings[told]), bound, link)


def _line(x: Floats, y: Floats, n: Floats) -> tuple[float, float, float]:
    """(level, slope of 0 or more, robust standard deviation around) of y on x: Huber weights at one deviation, so that a minority can't bend it."""
    weight = prior = n / (n + LINK_FEWEST)
    columns = np.stack([np.ones_like(x), x], axis=1)
    slope = level = spread = 0.0
    for _ in range(STEPS):
        root = np.sqrt(weight)
        level, slope = np.linalg.lstsq(columns * root[:, None], y * root, rcond=None)[0].tolist()
        if slope < 0:
            level, slope = float(np.average(y, weights=weight)), 0.0
        left = np.abs(y - level - slope * x)
        spread = max(1.4826 * float(np.median(left)), 1e-6)
        weight = prior * np.minimum(1.0, spread / np.maximum(left, 1e-9))
    return max(level, 0.0), slope, spread


def _imbalance(counts: _Counts) -> pd.DataFrame:
    """One-sided rank test (Mann and Whitney 1947, normal, ties by mid-ranks) that bad orders are dear; false discoveries bounded (Benjamini, Hochberg 1995)."""
    bad = ((counts.is_failed > 0) | counts.is_low).astype(float)
    rank = pd.Series(counts.value).groupby(counts.place).rank().to_numpy(dtype=float)
    n, failed = counts.sum(), counts.sum(bad)
    good = n - failed
    mean = failed * (n + 1) / 2
    spread = np.sqrt(np.divide(failed * good * (n + 1), 12, where=n > 0, out=np.ones_like(n)))
    z = np.divide(counts.sum(rank * bad) - mean - 0.5, spread, out=np.zeros_like(mean), where=(failed > 0) & (good > 0))
    p = np.where((failed > 0) & (good > 0), stats.norm.sf(z), 1.0)
    return pd.DataFrame(
        {"imbalance_p": p, "is_imbalanced": stats.false_discovery_control(p) <= IMBALANCE_CHANCE if len(p) else p > 1}
    )
