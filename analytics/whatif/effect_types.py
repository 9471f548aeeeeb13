"""An effect of behaviour on an outcome as the lab uses it: so much of the outcome for one unit of the lever, how sure, and on what ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EffectLabel = Literal["experiment", "observational", "assumption"]


@dataclass(frozen=True)
class Effect:
    """How much more of an outcome there is with one unit more of a lever, with 95 % interval.

    Of an order (`FittedEffect.effect`): what the orders that the lever concerns differ by, of its own kind; lever: late_seller_rate,
    slow_reply_rate, slow_refund_rate or seller_cancellation_rate. Of the lab (`score_effects`): lever is a rate of the score, and the outcome's
    mean over all orders moves by (change of the rate) · per_unit. outcome: stars (1–5), dispute or repeat (shares, 0–1).
    """

    lever: str
    outcome: str
    per_unit: float
    ci_low: float
    ci_high: float
    label: EffectLabel


@dataclass(frozen=True)
class Untold:
    """An effect that the data can't tell: of a rate of the score on an outcome, and why, in words that pages translate."""

    lever: str
    outcome: str
    why: str
