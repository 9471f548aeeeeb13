"""Who takes part: merchants with latent traits, their products, and buyers' persistent tastes.

Draws the population once from the seed. Knows nothing of orders; behaviour.py turns traits into conduct.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.demo.names import merchant_names, product_titles
from analytics.demo.world import CATEGORIES, CNY_PER_USD, DAY, REGIONS, Calendar, Floats, Ints, Size

# A mixture of kinds of merchants: share, and mean (reliability, service, quality) of each kind.
KINDS = ("steady", "excellent", "careless", "shoddy", "overwhelmed")
_KIND_SHARE = (0.42, 0.17, 0.16, 0.13, 0.12)
_KIND_MEAN = np.array([(0.15, 0.05, 0.15), (1.2, 1.1, 1.0), (-1.7, -1.5, -0.9), (-0.3, -0.8, -1.9), (-2.0, -1.8, 0.0)])
_CORRELATION = np.array([(1.0, 0.45, 0.30), (0.45, 1.0, 0.35), (0.30, 0.35, 1.0)])
_DRIFT_DAYS = 120


@dataclass(frozen=True)
class Merchants:
    """One entry per merchant; traits are (n, 3): reliability, service, quality before any drift, about N(0.3, 1).

    drift: what the traits gain or lose over 120 days from drift_from (epoch seconds). size: relative demand.
    integrity: propensity to break integrity rules, 0–1. Epoch seconds for joined_at.
    """

    name: list[str]
    kind: Ints
    traits: Floats
    drift: Floats
    drift_from: Ints
    category: Ints
    region: Ints
    tier: Ints
    carrier: Ints
    size: Floats
    mischief: Floats
    joined_at: Ints
    first_product: Ints
    product_count: Ints

    def __len__(self) -> int:
        return len(self.kind)

    def traits_at(self, merchant: Ints, t: Ints) -> Floats:
        """Traits (len(merchant), 3) of each merchant at each instant."""
        share = np.clip((t - self.drift_from[merchant]) / (_DRIFT_DAYS * DAY), 0.0, 1.0)
        return np.asarray(self.traits[merchant] + self.drift[merchant, None] * share[:, None])


@dataclass(frozen=True)
class Products:
    """One entry per product; price in minor units of the merchant's currency; quality is added to the merchant's."""

    merchant: Ints
    title: list[str]
    price_minor: Ints
    price_ratio: Floats
    quality: Floats


def _spread(rank: Floats, weights: list[float], rng: np.random.Generator) -> Ints:
    """Draw one of the weights' positions for each entry so that neighbours in rank get shares near the weights.

    Large merchants thus spread over all regions and carriers in every seed, not only in the long run.
    """
    n = len(rank)
    point = (np.arange(n) * 0.618033988749895 + rng.random()) % 1.0  # golden-ratio sequence: even in every stretch
    drawn = np.empty(n, dtype=np.int64)
    drawn[np.argsort(-rank, kind="stable")] = np.searchsorted(np.cumsum(weights)[:-1], point, side="right")
    return drawn


def make_merchants(size: Size, calendar: Calendar, rng: np.random.Generator) -> Merchants:
    """Draw the merchants; region and category shift both traits and demand, so that they confound."""
    n = size.merchants
    kind = rng.choice(len(KINDS), size=n, p=_KIND_SHARE)
    pull = rng.standard_normal(n)
    region = _spread(pull, [r.weight for r in REGIONS], rng)
    category = rng.choice(len(CATEGORIES), size=n, p=[c.weight for c in CATEGORIES])
    spread = rng.standard_normal((n, 3)) @ np.linalg.cholesky(_CORRELATION).T
    heavy = np.sqrt(6.0 / rng.chisquare(6.0, size=(n, 1)))  # multivariate t, 6 degrees of freedom
    traits = _KIND_MEAN[kind] + 0.45 * spread * heavy
    traits[:, 0] += np.array([0.1, 0.0, 0.05, -0.1, -0.2])[region]
    traits[:, 2] += np.array([0.0, -0.25, -0.05, 0.05, 0.1, 0.0, 0.2, 0.1])[category]
    demand = np.exp(1.15 * pull + 0.22 * traits[:, 0]) * np.array([1.0, 1.5, 1.0, 1.1, 0.9])[region]
    demand = np.minimum(demand / demand.sum(), 0.04)
    share = rng.random(n)
    history = calendar.end - calendar.start
    joined = np.where(
        share < 0.74,
        calendar.start - rng.exponential(500 * DAY, n) - DAY,
        calendar.start + rng.random(n) * (history - 12 * DAY),
    ).astype(np.int64)
    drifting = rng.random(n)
    drift = np.where(drifting < 0.05, 1.6, np.where(drifting < 0.11, -1.8, 0.0))
    rank = demand * np.exp(0.35 * traits.mean(axis=1) + 0.3 * rng.standard_normal(n))
    tier = (rank > np.quantile(rank, 0.60)).astype(np.int64) + (rank > np.quantile(rank, 0.88))
    product_count = np.clip(4 + 40 * np.sqrt(demand / demand.max()) * rng.random(n), 3, 60).astype(np.int64)
    choice = _spread(pull + 1e3 * region, [0.68, 0.20, 0.12], rng)
    carriers = np.array([(r.carriers + r.carriers)[:3] for r in REGIONS])
    return Merchants(
        name=merchant_names(category, region >= 3, rng),
        kind=kind,
        traits=traits,
        drift=drift,
        drift_from=calendar.start + (rng.uniform(0.25, 0.75, n) * history).astype(np.int64),
        category=category,
        region=region,
        tier=np.where(joined > calendar.end - 90 * DAY, 0, tier),
        carrier=carriers[region, choice],
        size=demand / demand.sum(),
        mischief=rng.random(n) ** 6,
        joined_at=joined,
        first_product=np.cumsum(product_count) - product_count,
        product_count=product_count,
    )


def make_products(merchants: Merchants, rng: np.random.Generator) -> Products:
    """Draw each merchant's products; merchants sit in price bands, and dearer goods are somewhat better."""
    owner = np.repeat(np.arange(len(merchants)), merchants.product_count)
    band = 0.35 * rng.standard_normal(len(merchants))
    category = merchants.category[owner]
    spread = np.array([c.spread for c in CATEGORIES])[category]
    ratio = np.exp(band[owner] + 0.8 * spread * rng.standard_normal(len(owner)))
    is_cny = merchants.region[owner] >= 3
    price = np.array([c.price for c in CATEGORIES])[category] * ratio * np.where(is_cny, CNY_PER_USD, 1.0)
    quality = 0.30 * rng.standard_normal(len(owner)) + 0.12 * np.log(ratio)
    return Products(
        merchant=owner,
        title=product_titles(category, is_cny, rng),
        price_minor=np.maximum(np.round(price), 2).astype(np.int64) * 100 - np.where(is_cny, 10, 1),
        price_ratio=ratio,
        quality=quality,
    )


class Buyers:
    """Buyers come one by one; their tastes are a hash of seed and number, so that nothing but region is stored."""

    def __init__(self, seed: int, capacity: int) -> None:
        self._seed = seed
        self._region = np.zeros(capacity, dtype=np.int8)
        self._joined = np.zeros(capacity, dtype=np.int64)
        self.count = 0

    @property
    def region(self) -> Ints:
        return self._region[: self.count].astype(np.int64)

    @property
    def joined_at(self) -> Ints:
        return self._joined[: self.count]

    def region_of(self, buyer: Ints) -> Ints:
        return self._region[buyer].astype(np.int64)

    def add(self, region: Ints, joined_at: Ints) -> Ints:
        """Numbers of the new buyers, one per entry."""
        first, self.count = self.count, self.count + len(region)
        if self.count > len(self._region):
            room = self.count + len(self._region) // 2
            self._region = np.resize(self._region, room)
            self._joined = np.resize(self._joined, room)
        self._region[first : self.count] = region
        self._joined[first : self.count] = joined_at
        return np.arange(first, self.count)

    def taste(self, buyer: Ints, salt: int) -> Floats:
        """A persistent uniform number in (0, 1) per buyer and salt (SplitMix64)."""
        start = (salt * 0xD1342543DE82EF95 + self._seed * 0xA24BAED4963EE407) & 0xFFFF_FFFF_FFFF_FFFF
        x = buyer.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(start)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
        return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54


@dataclass(frozen=True)
class Market:
    """Everything drawn once: calendar, merchants, products; and the growing crowd of buyers."""

    calendar: Calendar
    merchants: Merchants
    products: Products
    buyers: Buyers


def make_market(size: Size, calendar: Calendar, seed: int) -> Market:
    """The market of a seed, before its first order."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    merchants = make_merchants(size, calendar, rng)
    return Market(calendar, merchants, make_products(merchants, rng), Buyers(seed, size.orders))
