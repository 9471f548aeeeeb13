"""What happens to a batch of orders: the structural equations applied to drawn chance.

`simulate` is pure given its generator: it takes who bought what when and returns every later fact of each order.
It knows nothing of events, files or months, so that the truth tables can replay it under other conditions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from analytics.demo import behaviour
from analytics.demo.claims import claim
from analytics.demo.delivery import BUYER, NONE, PLATFORM, SELLER, deliver, on_time, when
from analytics.demo.market import Market
from analytics.demo.reviews import CAUSES
from analytics.demo.world import CATEGORIES, DAY, HOUR, Bools, Floats, Ints

MAX_LINES = 3


@dataclass(frozen=True)
class Orders:
    """One entry per order (of one merchant). Instants are epoch seconds and −1 when it does not happen; faults and
    outcomes are positions in stream.FAULTS and stream.OUTCOMES and −1 for none; (n, 3) for lines, product −1 for none.

    latent: the buyer's experience in stars, unbounded; days_late: positive only when delivered late;
    cause: position in reviews.CAUSES; refund_days: from the claim to the money, −1 without a refund.
    """

    merchant: Ints
    buyer: Ints
    placed: Ints
    product: Ints
    quantity: Ints
    line_amount: Ints
    ship_by: Ints
    deliver_by: Ints
    cancelled: Ints
    cancel_fault: Ints
    shipped: Ints
    carrier: Ints
    tracking: Ints
    delivered: Ints
    late_fault: Ints
    days_late: Floats
    is_outage: Bools
    is_campaign: Bools
    is_lost: Bools
    is_defective: Bools
    asked: Ints
    answered: Ints
    latent: Floats
    score: Ints
    cause: Ints
    returned: Ints
    return_fault: Ints
    refunded: Ints
    refund_days: Floats
    disputed: Ints
    dispute_closed: Ints
    dispute_fault: Ints
    outcome: Ints
    chargeback: Ints

    def __len__(self) -> int:
        return len(self.merchant)

    @property
    def amount(self) -> Ints:
        """Total of each order in minor units."""
        return np.asarray(self.line_amount.sum(axis=1))

    def take(self, rows: Ints) -> Orders:
        """The chosen rows."""
        return Orders(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class Conditions:
    """What to hold fixed against nature, for counterfactuals: the same chance, with one cause taken away."""

    is_on_time: bool = False  # nothing sent arrives late
    is_prompt: bool = False  # every question is answered in four hours
    is_refund_quick: bool = False  # every return is refunded in three days
    is_kept: bool = False  # no merchant cancels


ACTUAL = Conditions()


def _draw_lines(
    market: Market, merchant: Ints, is_campaign: Bools, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Products, quantities and amounts of each line; the first products of a merchant sell best."""
    n = len(merchant)
    lines = 1 + (rng.random(n) < 0.10) + (rng.random(n) < 0.03)
    is_line = np.arange(MAX_LINES) < lines[:, None]
    place = rng.random((n, MAX_LINES)) ** 2.2 * market.merchants.product_count[merchant, None]
    product = market.merchants.first_product[merchant, None] + place.astype(np.int64)
    quantity = 1 + (rng.random((n, MAX_LINES)) < 0.12) + (rng.random((n, MAX_LINES)) < 0.04)
    discount = np.where(is_campaign, 0.85, 1.0)[:, None]
    amount = np.round(market.products.price_minor[product] * quantity * discount).astype(np.int64)
    return np.where(is_line, product, NONE), np.where(is_line, quantity, 0), np.where(is_line, amount, 0)


def simulate(
    market: Market,
    merchant: Ints,
    buyer: Ints,
    placed: Ints,
    rng: np.random.Generator,
    do: Conditions = ACTUAL,
) -> Orders:
    """Every fact of each order, from purchase to refund; merchant and buyer are positions, placed epoch seconds.

    The draws do not depend on what they lead to, so two calls with equal generators and different `do` differ only by
    what `do` changes.
    """
    n = len(merchant)
    merchants, products, calendar = market.merchants, market.products, market.calendar
    traits = merchants.traits_at(merchant, placed)
    reliability, service, quality = traits[:, 0], traits[:, 1], traits[:, 2]
    category = merchants.category[merchant]
    is_campaign = (placed >= calendar.campaign[0]) & (placed < calendar.campaign[1])
    is_tight = placed >= calendar.policy_at
    product, quantity, line_amount = _draw_lines(market, merchant, is_campaign, rng)
    abroad = (merchants.region[merchant] >= 3) != (market.buyers.region_of(buyer) >= 3)
    limit = np.where(is_tight, behaviour.HANDLING_LIMIT_HOURS[1], behaviour.HANDLING_LIMIT_HOURS[0])
    ship_by = placed + (limit * HOUR).astype(np.int64)
    deliver_by = ship_by + np.where(abroad, 14, 5) * DAY

    u = rng.random(n)
    p_seller = behaviour.seller_cancel_rate(reliability, is_campaign)
    cancel_fault = np.where(u < p_seller, SELLER, np.where(u < p_seller + 0.018, BUYER, PLATFORM))
    is_cancelled = (u < p_seller + 0.020) & ~(do.is_kept & (cancel_fault == SELLER))
    cancelled = when(is_cancelled, placed + (rng.exponential(14.0, n) * HOUR).astype(np.int64) + 300)
    hours = behaviour.handling_hours(
        reliability, is_campaign, is_tight, rng.standard_normal(n), rng.random(n), rng.random(n)
    )
    shipped = when(~is_cancelled, placed + (hours * HOUR).astype(np.int64))
    way = deliver(market, merchant, abroad, ship_by, deliver_by, shipped, rng)

    if do.is_on_time:
        way = on_time(way, deliver_by)
    is_late = way.days_late > 0
    is_asked = rng.random(n) < 0.10 + 0.22 * (is_late | way.is_lost)
    early = placed - (rng.exponential(9.0, n) * HOUR).astype(np.int64) - 600
    asked = np.where(is_late | way.is_lost, deliver_by + (rng.uniform(0.1, 0.9, n) * DAY).astype(np.int64), early)
    reply = behaviour.reply_hours(service, rng.standard_normal(n))
    reply = np.where(rng.random(n) < behaviour.silence_rate(service), float(behaviour.NEVER), reply)
    if do.is_prompt:
        reply = np.full(n, 4.0)
    answered = when(is_asked & (reply >= 0), asked + (reply * HOUR).astype(np.int64) + 60)

    first = product[:, 0]
    is_defective = ~is_cancelled & (rng.random(n) < behaviour.defect_rate(quality + products.quality[first]))
    breakage = np.array([c.breakage for c in CATEGORIES])[category] * np.where(way.is_outage, 3.0, 1.0)
    is_damaged = (way.delivered >= 0) & (rng.random(n) < breakage)
    taste = market.buyers.taste(buyer, 1)
    strictness = 0.75 * np.where(taste > 0.5, (2.0 * taste - 1.0) ** 3 * 1.6, -0.10)
    latent = behaviour.experience(
        quality=quality + products.quality[first],
        service=service,
        days_late=way.days_late,
        hours_to_reply=reply,
        is_asked=is_asked,
        is_defective=is_defective,
        is_damaged=is_damaged,
        price_ratio=products.price_ratio[first],
        exacting=np.array([c.exacting for c in CATEGORIES])[category],
        strictness=strictness,
        noise=rng.laplace(0.0, 0.42, n),
    )
    is_hopeless = way.is_lost | (is_cancelled & (cancel_fault == SELLER))
    latent = np.where(is_hopeless, 1.2 + rng.laplace(0.0, 0.6, n), latent)
    names = {cause: i for i, cause in enumerate(CAUSES)}
    is_slow = is_asked & ((reply < 0) | (reply > 30.0))
    cause = np.select(
        [is_cancelled, way.is_lost, is_defective, is_damaged, is_late, is_slow],
        [names[c] for c in ("cancelled", "lost", "defect", "damage", "late", "silence")],
        default=names["none"],
    )
    remorse = np.array([c.remorse for c in CATEGORIES])[category]
    claims = claim(
        way,
        placed,
        deliver_by,
        service,
        is_defective,
        is_damaged,
        remorse,
        is_asked & (reply < 0),
        do.is_refund_quick,
        rng,
    )
    return Orders(
        merchant=merchant,
        buyer=buyer,
        placed=placed,
        product=product,
        quantity=quantity,
        line_amount=line_amount,
        ship_by=ship_by,
        deliver_by=deliver_by,
        cancelled=cancelled,
        cancel_fault=np.where(is_cancelled, cancel_fault, NONE),
        is_campaign=is_campaign,
        is_defective=is_defective,
        asked=when(is_asked, asked),
        answered=answered,
        latent=latent,
        score=behaviour.score_of(latent),
        cause=cause,
        **vars(way),
        **vars(claims),
    )
