"""The parcel's way from merchant to buyer: carrier, strays, the outage, whose fault a delay is. Knows no buyer's mind."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analytics.demo import behaviour
from analytics.demo.market import Market
from analytics.demo.world import CARRIERS, DAY, HOUR, OUTAGE_CARRIER, OUTAGE_REGION, REGIONS, Bools, Floats, Ints

NONE = -1
SELLER, CARRIER, BUYER, PLATFORM = 0, 1, 2, 3  # positions in stream.FAULTS


@dataclass(frozen=True)
class Delivery:
    shipped: Ints
    carrier: Ints
    tracking: Ints
    delivered: Ints
    late_fault: Ints
    days_late: Floats
    is_outage: Bools
    is_lost: Bools


def when(condition: Bools, instant: Ints | Floats) -> Ints:
    return np.where(condition, instant, NONE).astype(np.int64)


def deliver(
    market: Market,
    merchant: Ints,
    abroad: Bools,
    ship_by: Ints,
    deliver_by: Ints,
    shipped: Ints,
    rng: np.random.Generator,
) -> Delivery:
    """The parcel's way; shipped is −1 where nothing was sent."""
    n = len(merchant)
    is_sent = shipped >= 0
    main = market.merchants.carrier[merchant]
    region = market.merchants.region[merchant]
    others = np.array([(r.carriers + r.carriers)[:3] for r in REGIONS])[region, rng.integers(0, 3, n)]
    carrier = np.where(rng.random(n) < 0.8, main, others)
    factor = np.array([c.transit for c in CARRIERS])[carrier]
    stray = rng.random(n) < np.array([c.stray for c in CARRIERS])[carrier]
    stray_days = np.where(stray, 1.0 + rng.exponential(3.5, n), 0.0)
    promised = np.where(abroad, 14.0 * 24, 5.0 * 24)
    hours = behaviour.transit_hours(promised, factor, rng.standard_normal(n), stray_days)
    # Nobody at home, or a wrong address.
    is_missed = rng.random(n) < 0.010
    hours = hours + np.where(is_missed, 24.0 * rng.uniform(2.0, 9.0, n), 0.0)
    arrival = shipped + (hours * HOUR).astype(np.int64)
    start, end = market.calendar.outage
    is_outage = (region == OUTAGE_REGION) & (carrier == OUTAGE_CARRIER) & is_sent & (shipped < end) & (arrival > start)
    is_outage &= rng.random(n) < 0.85
    arrival = np.where(
        is_outage, np.maximum(arrival, start) + (rng.uniform(4.0, 11.0, n) * DAY).astype(np.int64), arrival
    )
    is_lost = is_sent & (rng.random(n) < np.where(is_outage, 0.03, 0.0025))
    delivered = when(is_sent & ~is_lost, arrival)
    is_late = (delivered > deliver_by) & (delivered >= 0)
    is_platform = is_late & (rng.random(n) < 0.02)
    fault = np.where(is_platform, PLATFORM, np.where(shipped > ship_by, SELLER, np.where(is_missed, BUYER, CARRIER)))
    is_valid = rng.random(n) >= behaviour.invalid_tracking_rate(market.merchants.traits[merchant, 0])
    return Delivery(
        shipped=shipped,
        carrier=np.where(is_sent, carrier, NONE),
        tracking=np.where(is_sent, is_valid, NONE),
        delivered=delivered,
        late_fault=np.where(is_late, fault, NONE),
        days_late=np.where(is_late, (delivered - deliver_by) / DAY, 0.0),
        is_outage=is_outage,
        is_lost=is_lost,
    )


def on_time(way: Delivery, deliver_by: Ints) -> Delivery:
    return replace(
        way,
        delivered=np.where(way.delivered >= 0, np.minimum(way.delivered, deliver_by), NONE),
        late_fault=np.full(len(deliver_by), NONE),
        days_late=np.zeros(len(deliver_by)),
    )
