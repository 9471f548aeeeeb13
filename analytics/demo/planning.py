"""Which matters become tickets: candidates from penalties, troubled orders and daily business, sampled to a target.

Vectorised over orders; a Python loop runs over tickets only. Knows ids of intents, no wording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.demo.casebook import Cases
from analytics.demo.delivery import BUYER, CARRIER, SELLER
from analytics.demo.market import Market
from analytics.demo.penalties import Penalties
from analytics.demo.world import DAY, HOUR, Bools, Calendar, Floats, Ints

_DAILY_SHARE = 0.42  # of all tickets: matters that no single order or penalty caused


@dataclass(frozen=True)
class Matter:
    """A reason to write to the desk. case and penalty are positions in the casebook and the penalties, −1 for none.

    is_justified: the opener is in the right, which makes a favourable decision likely.
    """

    intent: str
    merchant: int
    at: int
    case: int
    penalty: int
    is_buyer: bool
    is_justified: bool


# Daily matters: relative frequency and when they happen (see `_daily_instant`).
DAILY: dict[str, tuple[float, str]] = {
    "payout_delay": (20, "recent"),
    "fee_question": (9, "any"),
    "listing_rejected": (8, "any"),
    "listing_suppressed": (7, "any"),
    "account_suspended": (3, "any"),
    "account_access": (5, "any"),
    "identity_verification": (5, "joined"),
    "tax_invoice": (5, "any"),
    "shipping_label": (6, "any"),
    "campaign_enrolment": (8, "campaign"),
    "policy_question": (8, "policy"),
    "counterfeit_complaint": (3, "any"),
    "data_privacy_request": (3, "any"),
    "technical_bug": (6, "any"),
    "score_question": (9, "any"),
    "review_manipulation_report": (3, "any"),
    "stock_sync": (4, "any"),
    "other": (5, "any"),
}


def plan_matters(
    market: Market, cases: Cases, penalties: Penalties, target: int, rng: np.random.Generator
) -> list[Matter]:
    """About `target` matters in order of time, all before the end of history."""
    pressing = [*_from_penalties(penalties, rng), *_from_outage(market, cases, rng)]
    pressing = _thin(pressing, 0.3 * target, rng)
    troubled = _more_lately(_from_orders(cases, rng), market.calendar, rng)
    ordinary = _thin(troubled, (1.0 - _DAILY_SHARE) * target - len(pressing), rng)
    daily = _daily(market, target - len(pressing) - len(ordinary), rng)
    matters = [m for m in (*pressing, *ordinary, *daily) if market.calendar.start <= m.at < market.calendar.end - HOUR]
    return sorted(matters, key=lambda m: (m.at, m.merchant, m.intent))


def _thin(matters: Sequence[Matter], wanted: float, rng: np.random.Generator) -> list[Matter]:
    """A random subset of about the wanted number; all when there are fewer."""
    share = max(0.0, wanted) / max(len(matters), 1)
    keep = rng.random(len(matters)) < share
    return [matter for matter, kept in zip(matters, keep.tolist(), strict=True) if kept]


def _more_lately(matters: Sequence[Matter], calendar: Calendar, rng: np.random.Generator) -> list[Matter]:
    """A subset in which the newest are kept and the oldest thinned to a third: more and more merchants use the desk."""
    age = [(calendar.end - matter.at) / (calendar.end - calendar.start) for matter in matters]
    keep = rng.random(len(matters)) < 0.33 + 0.67 * np.clip(1.0 - np.array(age), 0.0, 1.0) ** 3
    return [matter for matter, kept in zip(matters, keep.tolist(), strict=True) if kept]


def _from_penalties(penalties: Penalties, rng: np.random.Generator) -> list[Matter]:
    n = len(penalties.number)
    asks = rng.random(n) < 0.22
    later = penalties.issued + (rng.uniform(0.1, 6.0, n) * DAY).astype(np.int64)
    matters = []
    for i in range(n):
        merchant, unfair = int(penalties.merchant[i]), bool(penalties.is_unfair[i])
        if penalties.appealed[i] >= 0:
            lifted = bool(penalties.is_lifted[i])
            matters.append(Matter("penalty_appeal", merchant, int(penalties.appealed[i]), -1, i, False, lifted))
        elif asks[i]:
            matters.append(Matter("penalty_explanation", merchant, int(later[i]), -1, i, False, unfair))
    return matters


def _from_outage(market: Market, cases: Cases, rng: np.random.Generator) -> list[Matter]:
    """Merchants of the region write while parcels stand still, and again when they are counted as late."""
    orders = cases.orders
    hit = np.flatnonzero(orders.is_outage & (orders.days_late > 0))
    hit = hit[np.argsort(orders.shipped[hit], kind="stable")]
    merchants, first = np.unique(orders.merchant[hit], return_index=True)
    start, end = market.calendar.outage
    matters = []
    for merchant, position in zip(merchants.tolist(), first.tolist(), strict=True):
        case = int(hit[position])
        stuck = int(orders.shipped[case]) + int(1.5 * DAY)
        during, after = max(stuck, start + int(rng.uniform(2.5, 12) * DAY)), end + int(rng.uniform(4, 16) * DAY)
        if rng.random() < 0.7:
            matters.append(Matter("carrier_outage", merchant, during, case, -1, False, True))
        if rng.random() < 0.7:
            matters.append(Matter("late_delivery_dispute", merchant, after, case, -1, False, True))
    return matters


def _from_orders(cases: Cases, rng: np.random.Generator) -> list[Matter]:
    """Candidates from single orders; the number in each row is the share of such orders that become a ticket."""
    o = cases.orders
    is_late = o.days_late > 0
    is_reviewed = (cases.text >= 0) & (o.score <= 2)
    late_end = np.where(o.delivered >= 0, o.delivered, o.deliver_by)
    not_seller = (o.late_fault >= CARRIER) | (o.return_fault >= CARRIER)
    never = np.zeros(len(cases), dtype=bool)
    rows: tuple[tuple[str, bool, Bools, float, Ints, Bools], ...] = (
        ("late_delivery_dispute", False, is_late & ~o.is_outage & (o.late_fault != SELLER), 0.22, late_end + 2 * DAY, ~never),
        ("late_delivery_dispute", False, is_late & (o.late_fault == SELLER), 0.08, late_end + 3 * DAY, never),
        ("tracking_invalid", False, o.tracking == 0, 0.30, o.shipped + DAY, o.late_fault != SELLER),
        ("case_dispute", False, o.disputed >= 0, 0.55, np.maximum(o.disputed, o.dispute_closed - DAY) + DAY, o.dispute_fault != SELLER),
        ("return_dispute", False, o.returned >= 0, 0.10, o.returned + DAY, o.return_fault == BUYER),
        ("refund_recovery", False, (o.refunded >= 0) & not_seller, 0.08, o.refunded + 2 * DAY, not_seller),
        ("chargeback_dispute", False, o.chargeback >= 0, 0.80, o.chargeback + DAY, o.dispute_fault != SELLER),
        ("review_removal", False, is_reviewed, 0.14, cases.posted + DAY, not_seller | o.is_outage),
        ("buyer_abuse", False, is_reviewed & (o.returned >= 0), 0.10, cases.posted + 2 * DAY, o.return_fault == BUYER),
        ("order_cancellation", False, o.cancelled >= 0, 0.07, o.cancelled + 6 * HOUR, o.cancel_fault == BUYER),
        ("stock_sync", False, (o.cancelled >= 0) & (o.cancel_fault == SELLER), 0.12, o.cancelled + DAY, ~never),
        ("address_change", False, is_late & (o.late_fault == BUYER), 0.30, o.placed + 5 * HOUR, ~never),
        ("order_status", True, is_late, 0.09, o.deliver_by + DAY, ~never),
        ("item_not_received", True, o.is_lost, 0.60, o.deliver_by + 4 * DAY, ~never),
        ("item_not_as_described", True, o.is_defective & (o.delivered >= 0), 0.14, o.delivered + 2 * DAY, ~never),
        ("refund_status", True, o.refund_days > 6.5, 0.20, o.refunded - DAY, ~never),
    )  # fmt: skip
    matters = []
    for intent, is_buyer, where, share, at, justified in rows:
        for case in np.flatnonzero(where & (rng.random(len(cases)) < share)).tolist():
            when = int(at[case]) + int(rng.exponential(0.7) * DAY)
            matters.append(Matter(intent, int(o.merchant[case]), when, case, -1, is_buyer, bool(justified[case])))
    return matters


def _daily(market: Market, n: int, rng: np.random.Generator) -> list[Matter]:
    """Matters of daily business: any merchant, larger ones oftener, at times that fit the matter."""
    calendar, merchants = market.calendar, market.merchants
    names = list(DAILY)
    share: Floats = np.array([DAILY[name][0] for name in names])
    weights = np.sqrt(merchants.size) / np.sqrt(merchants.size).sum()
    intents = rng.choice(len(names), size=max(n, 0), p=share / share.sum())
    writers = rng.choice(len(merchants), size=max(n, 0), p=weights)
    matters = []
    for intent, merchant in zip(intents.tolist(), writers.tolist(), strict=True):
        joined = max(int(merchants.joined_at[merchant]), calendar.start)
        at = max(_daily_instant(calendar, DAILY[names[intent]][1], joined, rng), joined + 2 * HOUR)
        matters.append(Matter(names[intent], merchant, at, -1, -1, False, bool(rng.random() < 0.55)))
    return matters


def _daily_instant(calendar: Calendar, when: str, joined: int, rng: np.random.Generator) -> int:
    """An instant: any time (busier lately), after joining, before the campaign, around the policy change, or lately."""
    if when == "joined":
        return joined + int(rng.exponential(6.0) * DAY)
    if when == "campaign" and rng.random() < 0.7:
        return calendar.campaign[0] - int(rng.exponential(9.0) * DAY)
    if when == "policy" and rng.random() < 0.6:
        return calendar.policy_at + int(rng.normal(2.0, 9.0) * DAY)
    if when == "recent" and rng.random() < 0.45:  # payouts stall in the last three weeks
        return calendar.end - int(rng.uniform(0.0, 21.0) * DAY)
    return calendar.start + int(rng.random() ** 0.4 * (calendar.end - calendar.start))
