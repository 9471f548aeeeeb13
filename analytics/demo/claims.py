"""What goes wrong after delivery: returns, refunds, disputes with their outcomes, chargebacks. Knows no score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.demo import behaviour
from analytics.demo.delivery import BUYER, CARRIER, NONE, SELLER, Delivery, when
from analytics.demo.world import DAY, HOUR, Bools, Floats, Ints

UPHELD, DENIED, WITHDRAWN, REFUNDED = 0, 1, 2, 3  # positions in stream.OUTCOMES


@dataclass(frozen=True)
class Claims:
    returned: Ints
    return_fault: Ints
    refunded: Ints
    refund_days: Floats
    disputed: Ints
    dispute_closed: Ints
    dispute_fault: Ints
    outcome: Ints
    chargeback: Ints


def claim(
    way: Delivery,
    placed: Ints,
    deliver_by: Ints,
    service: Floats,
    is_defective: Bools,
    is_damaged: Bools,
    remorse: Floats,
    is_silent: Bools,
    is_quick: bool,
    rng: np.random.Generator,
) -> Claims:
    """Returns, refunds, disputes and chargebacks."""
    n = len(placed)
    is_here = way.delivered >= 0
    u = rng.random(n)
    p_fault = np.where(is_defective, 0.40, np.where(is_damaged, 0.45, 0.0))
    is_return = is_here & (u < p_fault + remorse)
    return_fault = np.where(is_defective, SELLER, np.where(is_damaged, CARRIER, BUYER))
    returned = way.delivered + (np.minimum(rng.exponential(3.5, n), 13.5) * DAY).astype(np.int64) + HOUR
    refund_days = 2.0 + 2.2 * np.exp(-0.55 * np.clip(service, -2.5, 2.5)) * np.exp(0.7 * rng.standard_normal(n))
    if is_quick:
        refund_days = np.full(n, 3.0)
    slow = np.where(is_return, refund_days, -1.0)
    p = behaviour.dispute_rate(way.days_late, way.is_lost, is_defective, is_damaged, is_silent, slow)
    is_disputed = (is_here | way.is_lost) & (rng.random(n) < p)
    fault = np.where(
        is_defective,
        SELLER,
        np.where(is_damaged | way.is_lost, CARRIER, np.where(way.days_late > 0, way.late_fault, BUYER)),
    )
    fault = np.where((fault == BUYER) & (slow > 9.0), SELLER, fault)
    since = np.where(way.is_lost, deliver_by, np.where(is_return & (slow > 9.0), returned, way.delivered))
    disputed = since + ((0.3 + rng.gamma(1.6, 2.6, n)) * DAY).astype(np.int64)
    closed = disputed + ((1.0 + rng.gamma(2.2, 2.2, n)) * DAY).astype(np.int64)
    # Shares of upheld, denied, withdrawn and refunded by fault: seller, carrier, buyer, platform.
    steps = np.array([(0.66, 0.78, 0.84), (0.12, 0.34, 0.50), (0.05, 0.70, 0.95), (0.05, 0.30, 0.45)])
    draw = rng.random(n)
    outcome = (draw[:, None] > steps[np.maximum(fault, 0)]).sum(axis=1)
    is_paid = is_disputed & ~is_return & ((outcome == UPHELD) | (outcome == REFUNDED))
    paid = closed + (rng.uniform(0.2, 2.0, n) * DAY).astype(np.int64)
    refunded = np.where(is_return, returned + (refund_days * DAY).astype(np.int64), np.where(is_paid, paid, NONE))
    claim_days = np.where(is_return, refund_days, np.where(is_paid, (paid - disputed) / DAY, -1.0))
    is_charged = (is_here | way.is_lost) & (rng.random(n) < 0.0006 + 0.06 * (is_disputed & (outcome == DENIED)))
    return Claims(
        returned=when(is_return, returned),
        return_fault=np.where(is_return, return_fault, NONE),
        refunded=refunded.astype(np.int64),
        refund_days=claim_days,
        disputed=when(is_disputed, disputed),
        dispute_closed=when(is_disputed, closed),
        dispute_fault=np.where(is_disputed, fault, NONE),
        outcome=np.where(is_disputed, outcome, NONE),
        chargeback=when(is_charged, np.where(is_disputed, closed, deliver_by) + (rng.uniform(5, 30, n) * DAY)),
    )
