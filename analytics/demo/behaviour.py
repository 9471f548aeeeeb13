"""The structural equations: how latent traits, confounders and chance become conduct, experience and loyalty.

Pure functions over arrays of equal length. Curves are hinges, steps and saturations with heavy-tailed noise, on
purpose outside the families (linear, logistic, beta-binomial) that the product's models assume. The documentation
of these equations is in data/README.md; change both together.
"""

from __future__ import annotations

import numpy as np

from analytics.demo.world import Bools, Floats, Ints

HANDLING_LIMIT_HOURS = (72.0, 48.0)  # before and after the policy change
NEVER = -1


def shortfall(trait: Floats, threshold: float, speed: float) -> Floats:
    """0 while the trait is at or above the threshold, then 1 − exp(−speed·distance): a hinge that saturates."""
    return 1.0 - np.exp(-speed * np.maximum(0.0, threshold - trait))


def saturation(x: Floats, scale: float) -> Floats:
    """1 − exp(−x/scale) for positive x, else 0."""
    return 1.0 - np.exp(-np.maximum(0.0, x) / scale)


def seller_cancel_rate(reliability: Floats, is_campaign: Bools) -> Floats:
    """Share of orders that the merchant cancels; a campaign doubles it, only where reliability is short."""
    short = shortfall(reliability, 0.4, 0.55)
    return 0.003 + 0.075 * short**1.5 * np.where(is_campaign, 2.0, 1.0)


def forgetting_rate(reliability: Floats) -> Floats:
    """Share of orders that the merchant forgets for days."""
    return 0.014 + 0.25 * shortfall(reliability, 0.6, 0.5) ** 1.5


def handling_hours(
    reliability: Floats, is_campaign: Bools, is_tightened: Bools, z: Floats, u_forget: Floats, u_tail: Floats
) -> Floats:
    """Hours from order to hand-over to the carrier.

    Log-normal around a median that falls with reliability, times 2.5–6 for forgotten orders; a campaign slows
    unreliable merchants only; after the tightening all work faster, by up to 28 %, least where reliability is short.
    """
    median = 24.0 * np.exp(-0.16 * np.clip(reliability, -2.5, 2.5))
    median = median * np.where(is_campaign, 1.0 + 0.7 * shortfall(reliability, 0.6, 1.0), 1.0)
    median = median * np.where(is_tightened, 0.72 + 0.28 * shortfall(reliability, -0.2, 1.5), 1.0)
    hours = median * np.exp((0.40 + 0.06 * shortfall(reliability, 0.0, 1.0)) * z)
    is_forgotten = u_forget < forgetting_rate(reliability)
    return np.asarray(np.where(is_forgotten, hours * (2.5 + 3.5 * u_tail**2), hours) + 1.0, dtype=np.float64)


def transit_hours(promised_hours: Floats, carrier_factor: Floats, z: Floats, stray_days: Floats) -> Floats:
    """Hours from hand-over to delivery: log-normal below the promise for most, plus days astray for a few."""
    return promised_hours * 0.76 * carrier_factor * np.exp(0.19 * z) + 24.0 * stray_days


def defect_rate(quality: Floats) -> Floats:
    """Share of orders with goods not as described."""
    return 0.008 + 0.25 * shortfall(quality, 0.5, 0.45) ** 1.7


def reply_hours(service: Floats, z: Floats) -> Floats:
    """Hours to the answer of a buyer's question: log-normal, median 4.5 h at service 0."""
    return 4.5 * np.exp(-0.70 * np.clip(service, -2.5, 2.5)) * np.exp(1.05 * z)


def silence_rate(service: Floats) -> Floats:
    """Share of buyers' questions that are never answered."""
    return 0.015 + 0.36 * shortfall(service, 0.4, 0.5) ** 1.5


def invalid_tracking_rate(reliability: Floats) -> Floats:
    """Share of parcels whose number the carrier does not know."""
    return 0.008 + 0.16 * shortfall(reliability, 0.0, 0.5) ** 2


def lateness_cost(days_late: Floats) -> Floats:
    """Stars lost to lateness: a step of 0.7 on the first late hour, then up to 2.0 more, saturating over 2.5 days."""
    return np.where(days_late > 0, 0.7 + 2.0 * saturation(days_late, 2.5), 0.0)


def silence_cost(hours_to_reply: Floats, is_asked: Bools) -> Floats:
    """Stars lost to slow answers: nothing within 24 h, then up to 1.1, saturating over a day; silence costs 1.3."""
    slow = 1.1 * saturation(hours_to_reply - 24.0, 24.0)
    return np.where(is_asked, np.where(hours_to_reply < 0, 1.3, slow), 0.0)


def experience(
    quality: Floats,
    service: Floats,
    days_late: Floats,
    hours_to_reply: Floats,
    is_asked: Bools,
    is_defective: Bools,
    is_damaged: Bools,
    price_ratio: Floats,
    exacting: Floats,
    strictness: Floats,
    noise: Floats,
) -> Floats:
    """Latent experience of one order, on the scale of stars, unbounded.

    hours_to_reply is NEVER (−1) for no answer. Lateness and silence together cost half a star more than their sum.
    """
    late_and_silent = is_asked & (hours_to_reply < 0) & (days_late > 0)
    latent = (
        4.97
        + 0.55 * saturation(quality + 1.5, 1.6)
        + 0.12 * np.clip(service, -2.0, 2.0)
        - lateness_cost(days_late)
        - silence_cost(hours_to_reply, is_asked)
        - 0.5 * late_and_silent
        - 2.3 * is_defective
        - 1.6 * is_damaged
        - 0.15 * np.maximum(0.0, np.log(price_ratio))
        - exacting
        - strictness
        + noise
    )
    return np.asarray(latent, dtype=np.float64)


def score_of(latent: Floats) -> Ints:
    """Stars 1–5 from the latent experience, by uneven thresholds that make the distribution J-shaped."""
    return np.asarray(1 + np.searchsorted(np.array([2.40, 3.05, 3.85, 4.85]), latent), dtype=np.int64)


def review_rate(score: Ints, talkative: Floats) -> Floats:
    """Share of buyers who review: the delighted and the angry more than the lukewarm; talkative is 0.4–1.6."""
    return np.clip(np.array([0.0, 0.66, 0.58, 0.34, 0.33, 0.47])[score] * talkative, 0.0, 0.95)


def dispute_rate(
    days_late: Floats, is_lost: Bools, is_defective: Bools, is_damaged: Bools, is_silent: Bools, refund_days: Floats
) -> Floats:
    """Share of orders with a dispute: hardly any until two days late, then saturating; silence doubles lateness."""
    late = 0.20 * saturation(days_late - 2.0, 4.0) * np.where(is_silent, 2.0, 1.0)
    slow = 0.10 * saturation(refund_days - 9.0, 5.0)
    base = 0.0025 + 0.50 * is_lost + 0.14 * is_defective + 0.05 * is_damaged
    return np.asarray(np.clip(base + late + slow, 0.0, 0.9), dtype=np.float64)


def repeat_rate(latent: Floats, refund_days: Floats, again: Floats, active: Floats) -> Floats:
    """Chance of a further purchase: flat below two stars, rising to four and a half, then flat.

    A refund that takes longer than five days takes away up to 45 %, saturating over six days; a refund within five
    days gives back a quarter of what the bad experience cost. refund_days is −1 without a refund.
    """
    shape = 0.22 + 0.78 * np.clip((latent - 2.0) / 2.5, 0.0, 1.0) ** 1.5
    is_quick = (refund_days >= 0) & (refund_days <= 5.0)
    shape = np.where(is_quick, shape + 0.25 * (1.0 - shape), shape)
    shape = shape * (1.0 - 0.45 * saturation(refund_days - 5.0, 6.0))
    return np.clip(0.235 * shape * again * active, 0.0, 0.85)


def loyalty_rate(latent: Floats) -> Floats:
    """Chance that a further purchase goes to the same merchant: a step at three stars and another at four and a half."""
    return 0.12 + 0.20 * (latent > 3.0) + 0.25 * (latent > 4.5)
