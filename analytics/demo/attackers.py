"""Who games the marketplace: shops that come back under a new id, that oscillate, that buy reviews. Knows no order.

Drawn after everybody else and from a stream of chance of its own, so that the rest of the marketplace is what it would
be without them: shops of their own are appended to the merchants; rings and buyers of accounts are merchants that trade
as they always did and have false orders on top.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from analytics.demo.market import KINDS, Market, Merchants, Products, make_products
from analytics.demo.names import merchant_names
from analytics.demo.world import CATEGORIES, DAY, REGIONS, Bools, Floats, Ints, ScaleName

GOOD_DAYS, BAD_DAYS = 30, 10
_GOOD, _BAD = (1.4, 1.2, 1.2), (-3.0, -2.6, -2.4)
_KEPT_PRODUCTS = 0.7  # share of a vanished shop's products that its successor offers again
_NAMES_TRIED = 12


@dataclass(frozen=True)
class AttackSize:
    """How many attack: members of each ring, shops that come back, that oscillate, that buy accounts; accounts each."""

    rings: tuple[int, ...]
    whitewashers: int
    oscillators: int
    sybil_shops: int
    sybils: int
    orders_a_day: float


ATTACK_SIZES: dict[ScaleName, AttackSize] = {
    "small": AttackSize((5,), 1, 1, 1, 20, 1.0),
    "medium": AttackSize((5, 10, 20), 2, 2, 2, 50, 1.5),
    "large": AttackSize((5, 5, 10, 10, 20, 20), 5, 5, 5, 200, 2.0),
}


@dataclass(frozen=True)
class ActingMerchants(Merchants):
    """Merchants of whom some serve well for GOOD_DAYS and badly for BAD_DAYS, over and over since they joined."""

    swings: Bools

    def traits_at(self, merchant: Ints, t: Ints) -> Floats:
        """Traits (len(merchant), 3) of each merchant at each instant."""
        age = (t - self.joined_at[merchant]) % ((GOOD_DAYS + BAD_DAYS) * DAY)
        is_bad = self.swings[merchant] & (age >= GOOD_DAYS * DAY)
        return np.where(is_bad[:, None], np.array(_BAD), super().traits_at(merchant, t))


@dataclass(frozen=True)
class Shop:
    """A merchant that exists to attack: its position, from when to when it sells (epoch seconds), whom it succeeds."""

    attack: str
    group: str
    merchant: int
    opens: int
    closes: int
    predecessor: int = -1


@dataclass(frozen=True)
class Gang:
    """Merchants that buy reviews together (a ring) or alone (sybils), from when to when."""

    attack: str
    group: str
    members: Ints
    opens: int
    closes: int


@dataclass(frozen=True)
class Attackers:
    """The market with the attackers' shops appended, those shops, and the gangs among the other merchants."""

    market: Market
    shops: list[Shop]
    gangs: list[Gang]


def make_attackers(market: Market, size: AttackSize, rng: np.random.Generator) -> Attackers:
    """Draw the attackers; `market` is left as it is, but for the crowd of buyers, which both share."""
    shops = _shops(market, size, rng)
    merchants, products = _open(market, shops, rng)
    gangs = _gangs(market, size, rng)
    return Attackers(replace(market, merchants=merchants, products=products), shops, gangs)


def _shops(market: Market, size: AttackSize, rng: np.random.Generator) -> list[Shop]:
    start, end = market.calendar.start, market.calendar.end
    first = len(market.merchants)

    def instant(low: float, high: float) -> int:
        return start + int(rng.uniform(low, high) * (end - start))

    shops: list[Shop] = []
    for i in range(size.whitewashers):
        group = f"whitewashing-{i + 1}"
        opens, closes = instant(0.06, 0.14), instant(0.48, 0.58)
        again = closes + int(rng.uniform(3.0, 8.0) * DAY)
        old = first + len(shops)
        shops.append(Shop("whitewashing", group, old, opens, closes))
        shops.append(Shop("whitewashing", group, old + 1, again, end, old))
    for i in range(size.oscillators):
        shops.append(Shop("oscillation", f"oscillation-{i + 1}", first + len(shops), instant(0.02, 0.10), end))
    return shops


def _open(market: Market, shops: list[Shop], rng: np.random.Generator) -> tuple[ActingMerchants, Products]:
    """Merchants and products with those of the shops appended; successors take over conduct, place and most products."""
    old, n = market.merchants, len(shops)
    heir = np.array([shop.predecessor - len(old) if shop.predecessor >= 0 else i for i, shop in enumerate(shops)])
    swings = np.array([shop.attack == "oscillation" for shop in shops])
    bad = np.array([-2.1, -1.7, -1.5]) + 0.2 * rng.standard_normal((n, 3))
    category = rng.choice(len(CATEGORIES), size=n, p=[c.weight for c in CATEGORIES])[heir]
    region = rng.choice(len(REGIONS), size=n, p=[r.weight for r in REGIONS])[heir]
    count = rng.integers(8, 15, n)[heir]
    fresh = Merchants(
        name=_new_names(old.name, category, region, rng),
        kind=np.where(swings, KINDS.index("steady"), KINDS.index("careless")),
        traits=np.where(swings[:, None], np.array(_GOOD), bad[heir]),
        drift=np.zeros(n),
        drift_from=np.full(n, market.calendar.start),
        category=category,
        region=region,
        tier=np.zeros(n, dtype=np.int64),
        carrier=np.array([r.carriers[0] for r in REGIONS])[region],
        size=np.zeros(n),  # their orders are their own; nobody's demand is taken
        mischief=np.zeros(n),
        joined_at=np.array([shop.opens for shop in shops]),
        first_product=np.cumsum(count) - count,
        product_count=count,
    )
    goods = _taken_over(make_products(fresh, rng), fresh, heir)
    moved = replace(fresh, first_product=fresh.first_product + len(market.products.merchant))
    both = {field.name: _joint(getattr(old, field.name), getattr(moved, field.name)) for field in fields(Merchants)}
    offered = replace(goods, merchant=goods.merchant + len(old))
    products = {f.name: _joint(getattr(market.products, f.name), getattr(offered, f.name)) for f in fields(Products)}
    merchants = ActingMerchants(**both, swings=np.concatenate([np.zeros(len(old), dtype=bool), swings]))
    return merchants, Products(**products)


def _joint(first: Any, second: Any) -> Any:
    """Two lists, or two arrays, one after the other."""
    return first + second if isinstance(first, list) else np.concatenate([first, second])


def _new_names(taken: list[str], category: Ints, region: Ints, rng: np.random.Generator) -> list[str]:
    """One name per shop that nobody has yet."""
    tried = merchant_names(np.repeat(category, _NAMES_TRIED), np.repeat(region >= 3, _NAMES_TRIED), rng)
    used = set(taken)
    free = [name if name not in used else "" for name in tried]
    return [next(filter(None, free[i : i + _NAMES_TRIED])) for i in range(0, len(free), _NAMES_TRIED)]


def _taken_over(products: Products, shops: Merchants, heir: Ints) -> Products:
    """The same products, but a successor's first ones are its predecessor's under new numbers."""
    source = np.arange(len(products.merchant))
    for shop in np.flatnonzero(heir != np.arange(len(heir))).tolist():
        kept = np.arange(int(np.ceil(_KEPT_PRODUCTS * shops.product_count[shop])))
        source[shops.first_product[shop] + kept] = shops.first_product[heir[shop]] + kept
    return Products(
        merchant=products.merchant,
        title=[products.title[i] for i in source.tolist()],
        price_minor=products.price_minor[source],
        price_ratio=products.price_ratio[source],
        quality=products.quality[source],
    )


def _gangs(market: Market, size: AttackSize, rng: np.random.Generator) -> list[Gang]:
    """Rings and shops that buy accounts: ordinary merchants of middling trade who joined early, each in one gang."""
    merchants, calendar = market.merchants, market.calendar
    low, high = np.quantile(merchants.size, (0.3, 0.85))
    history = calendar.end - calendar.start
    is_able = (merchants.kind != KINDS.index("excellent")) & (merchants.joined_at < calendar.start + 0.2 * history)
    is_able &= (merchants.size > low) & (merchants.size < high) & (merchants.drift == 0)
    gangs = []
    wanted = [("ring", i, members) for i, members in enumerate(size.rings)]
    wanted += [("sybil", i, 1) for i in range(size.sybil_shops)]
    for attack, i, members in wanted:
        free = [np.flatnonzero(is_able & ((merchants.region >= 3) == chinese)) for chinese in (False, True)]
        # Of the two countries one whose shops suffice; the second is the smaller.
        place = free[1] if rng.random() < 0.35 and len(free[1]) >= 2 * members else free[0]
        chosen = np.sort(rng.choice(place, size=min(members, len(place)), replace=False))
        is_able[chosen] = False
        opens = calendar.start + int(rng.uniform(0.35, 0.6) * history)
        closes = min(opens + int(rng.uniform(90, 120) * DAY), calendar.end - 25 * DAY)
        gangs.append(Gang(attack, f"{attack}-{i + 1}", chosen, opens, closes))
    return gangs
