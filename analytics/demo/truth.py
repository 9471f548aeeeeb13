"""Truth tables: what the simulator knows and a real marketplace never would. Only tests and benchmarks read them, to judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import norm

from analytics.demo import behaviour
from analytics.demo import columns as cols
from analytics.demo import events as ev
from analytics.demo.delivery import SELLER
from analytics.demo.demand import CAMPAIGN_LIFT
from analytics.demo.emit import review_chance
from analytics.demo.market import KINDS, Market
from analytics.demo.orders import ACTUAL, Conditions, Orders, simulate
from analytics.demo.penalties import CLAUSES, Penalties
from analytics.demo.planning import Matter
from analytics.demo.stream import FAULTS, OUTCOMES
from analytics.demo.tickets import TicketSpec
from analytics.demo.world import (
    CARRIERS,
    CATEGORIES,
    DAY,
    OUTAGE_CARRIER,
    OUTAGE_REGION,
    REGIONS,
    Bools,
    Calendar,
    Floats,
    Ints,
)

_TRAITS = ("reliability", "service", "quality")


class OrderTruth:
    """Writes truth/orders.parquet batch by batch: the causes behind each order's fate."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def add(self, orders: Orders, number: Ints) -> None:
        """Append a batch in the order given."""
        hours = np.where(orders.answered >= 0, (orders.answered - orders.asked) / 3600.0, -1.0)
        table = pa.table(
            {
                "order_id": ev.ids(ev.ORDER, number),
                "merchant_id": ev.ids(ev.MERCHANT, orders.merchant),
                "latent_experience": pa.array(orders.latent.astype(np.float32)),
                "days_late": pa.array(orders.days_late.astype(np.float32)),
                "late_fault": cols.coded(orders.late_fault, FAULTS).dictionary_decode(),
                "is_outage": pa.array(orders.is_outage),
                "is_campaign": pa.array(orders.is_campaign),
                "is_lost": pa.array(orders.is_lost),
                "is_defective": pa.array(orders.is_defective),
                "is_asked": pa.array(orders.asked >= 0),
                "reply_hours": pa.array(hours.astype(np.float32), mask=hours < 0),
                "refund_days": pa.array(orders.refund_days.astype(np.float32), mask=orders.refund_days < 0),
            }
        )
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(
                self._path, table.schema, compression="zstd", compression_level=1, store_schema=False
            )
        self._writer.write_table(table, row_group_size=cols.ROW_GROUP)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def write_merchants(path: Path, market: Market, replicates: int, seed: int) -> None:
    """truth/merchants.parquet: latent traits, drift, and true rates of the last four weeks.

    `true_*` come from the equations exactly (products weighted by how they sell); `expected_*` are means over
    `replicate_count` fresh orders a merchant, placed in the last four weeks of history by known buyers.
    """
    merchants, calendar = market.merchants, market.calendar
    n = len(merchants)
    every = np.arange(n)
    now = merchants.traits_at(every, np.full(n, calendar.end))
    fresh = _fresh_orders(market, np.repeat(every, replicates), seed, ACTUAL)
    mean = {name: values.reshape(n, replicates).mean(axis=1) for name, values in _outcomes(market, fresh).items()}
    cols.write(
        path,
        {
            "merchant_id": ev.ids(ev.MERCHANT, every),
            "kind": cols.coded(merchants.kind, KINDS),
            **{f"{trait}_at_start": pa.array(merchants.traits[:, i]) for i, trait in enumerate(_TRAITS)},
            **{f"{trait}_at_end": pa.array(now[:, i]) for i, trait in enumerate(_TRAITS)},
            "drift": pa.array(merchants.drift),
            "drift_from": cols.instants(np.where(merchants.drift == 0, -1, merchants.drift_from)),
            "demand_share": pa.array(merchants.size),
            "mischief": pa.array(merchants.mischief),
            "true_seller_cancel_rate": pa.array(behaviour.seller_cancel_rate(now[:, 0], np.zeros(n, dtype=bool))),
            "true_late_dispatch_rate": pa.array(_late_dispatch(now[:, 0])),
            "true_invalid_tracking_rate": pa.array(behaviour.invalid_tracking_rate(merchants.traits[:, 0])),
            "true_silence_rate": pa.array(behaviour.silence_rate(now[:, 1])),
            "replicate_count": pa.array(np.full(n, replicates)),
            **{f"expected_{name}": pa.array(values) for name, values in mean.items()},
        },
    )


def _late_dispatch(reliability: Floats) -> Floats:
    """P(handed over after 48 hours) on a grid of 256 × 16 quantiles of the two sources of chance."""
    z = norm.ppf((np.arange(256) + 0.5) / 256)
    tail = (np.arange(16) + 0.5) / 16
    rate = np.empty(len(reliability))
    for first in range(0, len(reliability), 500):
        part = reliability[first : first + 500]
        shape = (len(part), len(z), len(tail))
        trait = np.broadcast_to(part[:, None, None], shape)
        is_tight, calm = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
        chance = np.broadcast_to(z[None, :, None], shape), np.broadcast_to(tail[None, None, :], shape)
        usual = behaviour.handling_hours(trait, calm, is_tight, chance[0], np.ones(shape), chance[1]) > 48.0
        forgotten = behaviour.handling_hours(trait, calm, is_tight, chance[0], np.zeros(shape), chance[1]) > 48.0
        share = behaviour.forgetting_rate(part)
        rate[first : first + 500] = (1 - share) * usual.mean(axis=(1, 2)) + share * forgotten.mean(axis=(1, 2))
    return rate


def _fresh_orders(market: Market, merchant: Ints, seed: int, do: Conditions) -> Orders:
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(9,)))
    end = market.calendar.end
    placed = end - 1 - rng.integers(0, 28 * DAY, len(merchant))
    buyer = rng.integers(0, market.buyers.count, len(merchant))
    return simulate(market, merchant, buyer, placed, rng, do)


def _outcomes(market: Market, orders: Orders) -> dict[str, Floats]:
    """One number per order and outcome. Rates are of all orders; a score exists for each, reviewed or not."""
    again = np.array([c.again for c in CATEGORIES])[market.merchants.category[orders.merchant]]
    active = 0.55 + 0.9 * market.buyers.taste(orders.buyer, 3)
    return {
        "late_delivery_rate": (orders.days_late > 0).astype(float),
        "late_seller_rate": (orders.late_fault == SELLER).astype(float),
        "dispute_rate": (orders.disputed >= 0).astype(float),
        "defective_rate": orders.is_defective.astype(float),
        "score": orders.score.astype(float),
        "low_score_rate": (orders.score <= 2).astype(float),
        "bad_order_rate": _bad_order(market, orders),
        "repeat_rate": behaviour.repeat_rate(orders.latent, orders.refund_days, again, active),
    }


def _bad_order(market: Market, orders: Orders) -> Floats:
    """Chance that each order is late or cancelled by the seller's fault, disputed for good, or reviewed with 1 or 2 stars."""
    cleared = np.isin(orders.outcome, [OUTCOMES.index("denied"), OUTCOMES.index("withdrawn")])
    cancelled = (orders.cancelled >= 0) & (orders.cancel_fault == SELLER)
    certain = (orders.late_fault == SELLER) | cancelled | ((orders.disputed >= 0) & ~cleared)
    return np.where(certain, 1.0, review_chance(market, orders) * (orders.score <= 2))


WITHOUT = {
    Conditions(is_on_time=True): ("late_delivery", "late_seller"),
    Conditions(is_prompt=True): ("slow_reply",),
    Conditions(is_refund_quick=True): ("slow_refund",),
    Conditions(is_kept=True): ("seller_cancel",),
}
"""The causes whose effects are known: what is changed, so that none of the orders a cause concerned meets it."""


def concerned_orders(orders: Orders) -> dict[str, Bools]:
    """Which orders each cause of WITHOUT concerned."""
    return {
        "late_delivery": orders.days_late > 0,
        "late_seller": orders.late_fault == SELLER,
        "slow_reply": (orders.asked >= 0) & ((orders.answered < 0) | (orders.answered - orders.asked > DAY)),
        "slow_refund": (orders.returned >= 0) & (orders.refund_days > 5.0),
        "seller_cancel": (orders.cancelled >= 0) & (orders.cancel_fault == SELLER),
    }


def write_effects(path: Path, market: Market, n: int, seed: int) -> None:
    """truth/effects.parquet: total effects among those concerned, by replaying n orders without one cause.

    effect = actual_mean − counterfactual_mean over orders that the cause concerned: late ones, those late by the merchant, those
    whose question waited over 24 hours or for ever, those with a return refunded after more than five days, those that the merchant
    cancelled. Merchants are drawn by their demand; the orders are of the last four weeks.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(8,)))
    merchant = rng.choice(len(market.merchants), size=n, p=market.merchants.size)
    actual = _fresh_orders(market, merchant, seed, ACTUAL)
    concerned = concerned_orders(actual)
    seen = _outcomes(market, actual)
    rows: list[tuple[str, str, float, float, int]] = []
    for do, causes in WITHOUT.items():
        without = _outcomes(market, _fresh_orders(market, merchant, seed, do))
        for cause in causes:
            where = concerned[cause]
            for outcome in ("score", "low_score_rate", "dispute_rate", "repeat_rate"):
                with_cause, otherwise = (
                    float(values[outcome][where].mean()) if where.any() else np.nan for values in (seen, without)
                )
                rows.append((cause, outcome, with_cause, otherwise, int(where.sum())))
    cols.write(
        path,
        {
            "cause": pa.array([row[0] for row in rows]),
            "outcome": pa.array([row[1] for row in rows]),
            "actual_mean": pa.array([row[2] for row in rows]),
            "counterfactual_mean": pa.array([row[3] for row in rows]),
            "effect": pa.array([row[2] - row[3] for row in rows]),
            "order_count": pa.array([row[4] for row in rows]),
        },
    )


def write_interventions(path: Path, calendar: Calendar) -> None:
    """truth/interventions.parquet: what was done to the marketplace, where and when (UTC, end exclusive)."""
    outage, campaign = calendar.outage, calendar.campaign
    rows = (
        ("carrier_outage", outage[0], outage[1], REGIONS[OUTAGE_REGION].name, CARRIERS[OUTAGE_CARRIER].name, None),
        ("campaign", campaign[0], campaign[1], None, None, CAMPAIGN_LIFT),
        ("handling_limit_tightened", calendar.policy_at, calendar.end, None, None, behaviour.HANDLING_LIMIT_HOURS[1]),
        ("payouts_stall", calendar.end - 21 * DAY, calendar.end, None, None, None),
    )
    cols.write(
        path,
        {
            "intervention": pa.array([row[0] for row in rows]),
            "from_at": cols.instants(np.array([row[1] for row in rows])),
            "to_at": cols.instants(np.array([row[2] for row in rows])),
            "region": pa.array([row[3] for row in rows], pa.string()),
            "carrier": pa.array([row[4] for row in rows], pa.string()),
            "value": pa.array([row[5] for row in rows], pa.float64()),
        },
    )


def write_penalties(path: Path, penalties: Penalties) -> None:
    """truth/penalties.parquet: which penalties the merchant had not earned."""
    cols.write(
        path,
        {
            "event_id": ev.ids(ev.PENALTY, penalties.number),
            "merchant_id": ev.ids(ev.MERCHANT, penalties.merchant),
            "clause": cols.coded(penalties.clause, tuple(clause for clause, _, _ in CLAUSES)),
            "is_unfair": pa.array(penalties.is_unfair),
        },
    )


def write_tickets(path: Path, specs: Sequence[TicketSpec], matters: Sequence[Matter]) -> None:
    """truth/tickets.parquet: what each ticket is about, in the order of ids."""
    cols.write(
        path,
        {
            "ticket_id": pa.array([s.ticket_id for s in specs]),
            "merchant_id": pa.array([s.merchant_id for s in specs]),
            "intent": pa.array([s.intent for s in specs]),
            "secondary_intent": pa.array([s.secondary_intent for s in specs], pa.string()),
            "language": pa.array([s.language for s in specs]),
            "mood": pa.array([s.mood for s in specs]),
            "resolution": pa.array([s.resolution for s in specs], pa.string()),
            "penalty_id": pa.array([s.penalty_id for s in specs], pa.string()),
            "is_justified": pa.array([m.is_justified for m in matters]),
            "order_ids": pa.array([list(s.order_ids) for s in specs], pa.list_(pa.string())),
        },
    )
