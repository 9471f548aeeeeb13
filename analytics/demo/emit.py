"""From simulated orders to events in the stream. Knows codes and times, no behaviour and no files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.demo import behaviour
from analytics.demo.delivery import BUYER
from analytics.demo.market import Market
from analytics.demo.orders import MAX_LINES, Orders
from analytics.demo.reviews import DIMENSION, text_number
from analytics.demo.stream import EventStream
from analytics.demo.world import DAY, HOUR, Floats, Ints

# Words of the column `reason`, by code.
REASONS = (
    "not_as_described",
    "damaged",
    "changed_mind",
    "out_of_stock",
    "buyer_request",
    "payment_check",
    "item_not_received",
    "late_delivery",
    "refund_not_received",
    "return",
    "dispute",
    "cancellation",
    "unrecognised_charge",
)
REASON = {word: code for code, word in enumerate(REASONS)}


@dataclass(frozen=True)
class Reviews:
    """One entry per order: when its review was posted (epoch seconds) and the number of its text; −1 for none."""

    posted: Ints
    text: Ints


def emit_orders(market: Market, stream: EventStream, orders: Orders, number: Ints, rng: np.random.Generator) -> Reviews:
    """Add every event of a batch of orders; number gives each order's id."""
    emit_facts(stream, orders, number, rng)
    party = {"merchant": orders.merchant, "buyer": orders.buyer, "order": number}
    return _emit_opinions(market, stream, orders, party, rng)


def emit_facts(stream: EventStream, orders: Orders, number: Ints, rng: np.random.Generator) -> None:
    """Add what happened to a batch of orders, from view to refund, without what buyers say of them."""
    party = {"merchant": orders.merchant, "buyer": orders.buyer, "order": number}
    _emit_purchase(stream, orders, number, rng)
    stream.add(
        "order_cancelled",
        orders.cancelled,
        orders.cancelled >= 0,
        **party,
        fault=orders.cancel_fault,
        reason=np.array([REASON["out_of_stock"], -1, REASON["buyer_request"], REASON["payment_check"]])[
            orders.cancel_fault
        ],
    )
    is_sent = orders.shipped >= 0
    stream.add("order_shipped", orders.shipped, is_sent, **party, carrier=orders.carrier, tracking=orders.tracking)
    scan = orders.shipped + (rng.uniform(0.2, 14.0, len(orders)) * HOUR).astype(np.int64)
    stream.add("tracking_scanned", scan, is_sent & (orders.tracking > 0), **party, carrier=orders.carrier)
    # The record names the buyer's and the platform's faults always, the seller's and the carrier's in seven of ten.
    told = (orders.late_fault >= BUYER) | (rng.random(len(orders)) < 0.7)
    stream.add(
        "order_delivered", orders.delivered, orders.delivered >= 0, **party, fault=np.where(told, orders.late_fault, -1)
    )
    _emit_questions(stream, orders, number)
    _emit_claims(stream, orders, party)


def _emit_purchase(stream: EventStream, orders: Orders, number: Ints, rng: np.random.Generator) -> None:
    for line in range(MAX_LINES):
        product = orders.product[:, line]
        party = {"merchant": orders.merchant, "buyer": orders.buyer, "product": product}
        seen = orders.placed - (rng.exponential(1.5, len(orders)) * HOUR).astype(np.int64) - 120
        stream.add("view", seen, product >= 0, **party)
        stream.add("cart", orders.placed - rng.integers(30, 90, len(orders)), product >= 0, **party)
        stream.add(
            "order_placed",
            orders.placed,
            product >= 0,
            **party,
            order=number,
            line=line + 1,
            quantity=orders.quantity[:, line],
            amount=orders.line_amount[:, line],
            ship_by=orders.ship_by,
            deliver_by=orders.deliver_by,
        )


def _emit_questions(stream: EventStream, orders: Orders, number: Ints) -> None:
    is_later = orders.asked > orders.placed  # a question before the purchase knows no order yet
    party = {
        "merchant": orders.merchant,
        "buyer": orders.buyer,
        "product": orders.product[:, 0],
        "order": np.where(is_later, number, -1),
    }
    stream.add("question_asked", orders.asked, orders.asked >= 0, **party)
    stream.add("question_answered", orders.answered, orders.answered >= 0, **party)


def _emit_claims(stream: EventStream, orders: Orders, party: dict[str, Ints]) -> None:
    words = np.array([REASON["not_as_described"], REASON["damaged"], REASON["changed_mind"], -1])
    stream.add(
        "return_requested",
        orders.returned,
        orders.returned >= 0,
        **party,
        fault=orders.return_fault,
        reason=words[orders.return_fault],
    )
    why = np.where(orders.returned >= 0, REASON["return"], REASON["dispute"])
    stream.add("refund_paid", orders.refunded, orders.refunded >= 0, **party, amount=orders.amount, reason=why)
    # Payment is given back for every cancelled order, within two days.
    back = np.where(orders.cancelled >= 0, orders.cancelled + DAY + orders.placed % DAY, -1)
    stream.add("refund_paid", back, orders.cancelled >= 0, **party, amount=orders.amount, reason=REASON["cancellation"])
    about = np.select(
        [orders.is_lost, orders.is_defective, orders.days_late > 0, orders.returned >= 0],
        [
            REASON["item_not_received"],
            REASON["not_as_described"],
            REASON["late_delivery"],
            REASON["refund_not_received"],
        ],
        default=REASON["damaged"],
    )
    is_disputed = orders.disputed >= 0
    stream.add("dispute_opened", orders.disputed, is_disputed, **party, reason=about)
    stream.add(
        "dispute_closed",
        orders.dispute_closed,
        is_disputed,
        **party,
        fault=orders.dispute_fault,
        outcome=orders.outcome,
        reason=about,
    )
    charged = orders.chargeback >= 0
    stream.add(
        "chargeback", orders.chargeback, charged, **party, amount=orders.amount, reason=REASON["unrecognised_charge"]
    )


def review_chance(market: Market, orders: Orders) -> Floats:
    """Chance that each order is reviewed; of cancelled ones some whose seller cancelled."""
    talkative = 0.5 + market.buyers.taste(orders.buyer, 2)
    chance = behaviour.review_rate(orders.score, talkative)
    return np.where(orders.cancelled >= 0, np.where(orders.cancel_fault == 0, 0.15, 0.0), chance)


def _emit_opinions(
    market: Market, stream: EventStream, orders: Orders, party: dict[str, Ints], rng: np.random.Generator
) -> Reviews:
    n = len(orders)
    is_cancelled = orders.cancelled >= 0
    is_reviewed = rng.random(n) < review_chance(market, orders)
    end = np.where(
        is_cancelled, orders.cancelled, np.where(orders.is_lost, orders.deliver_by + 5 * DAY, orders.delivered)
    )
    posted = end + ((0.15 + rng.gamma(1.3, 2.2, n)) * DAY).astype(np.int64)
    is_chinese = (market.buyers.region_of(orders.buyer) >= 3).astype(np.int64)
    text = text_number(is_chinese, orders.score, orders.cause, rng.random(n))
    text = np.where(rng.random(n) < np.where(orders.score <= 3, 0.8, 0.5), text, -1)
    stream.add("review_posted", posted, is_reviewed, **party, score=orders.score, text=text)

    is_rated = is_reviewed & ~is_cancelled & (rng.random(n) < 0.38)
    traits = market.merchants.traits_at(orders.merchant, orders.placed)
    harsh = 0.35 * (orders.latent - 4.5)
    late = behaviour.lateness_cost(orders.days_late)
    hours = np.where(orders.asked >= 0, (orders.answered - orders.asked) / HOUR, 0.0)
    silent = behaviour.silence_cost(np.where(orders.answered >= 0, hours, -1.0), orders.asked >= 0)
    aspects = {
        "description": 4.9 + 0.30 * np.tanh(traits[:, 2]) - 2.2 * orders.is_defective,
        "service": 4.85 + 0.35 * np.tanh(traits[:, 1]) - 1.4 * silent,
        "logistics": 4.95 - 1.2 * late - 2.0 * orders.is_lost,
    }
    for word, latent in aspects.items():
        rated = behaviour.score_of(latent + harsh + rng.laplace(0.0, 0.4, n))
        stream.add("dsr_rated", posted + 60, is_rated, **party, score=rated, text=DIMENSION[word])

    survey = end + ((2.0 + rng.gamma(2.0, 2.0, n)) * DAY).astype(np.int64)
    asked = rng.random(n)
    stream.add("csat_answered", survey, (asked < 0.07) & ~is_cancelled, **party, score=orders.score)
    likely = np.clip(
        np.round(10.0 * (1.0 - np.exp(-np.maximum(orders.latent - 0.6, 0.0) / 2.1)) + rng.normal(0, 1.1, n)), 0, 10
    )
    stream.add("nps_answered", survey, (asked > 0.955) & ~is_cancelled, **party, score=likely.astype(np.int64))
    return Reviews(posted=np.where(is_reviewed, posted, -1), text=np.where(is_reviewed, text, -1))
