"""An effect of behaviour on an outcome as the lab uses it: so much of the outcome for one unit of the lever, how sure, and on what ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EffectLabel = Literal["experiment", "observational", "assumption"]


@dataclass(frozen=True)
class Effect:
    """What one order more that went wrong changes in an outcome, among the orders that do go wrong.

    lever: late_seller_rate, slow_reply_rate, slow_refund_rate or seller_cancellation_rate (shares, 0–1). outcome: stars (1–5), dispute or repeat (shares, 0–1).
    per_unit: change of the outcome of a concerned order; with 95 % interval. A lever that falls by 0.02 in a segment changes the
    outcome's mean over the lever's orders there by −0.02 · per_unit.
    """

    lever: str
    outcome: str
    per_unit: float
    ci_low: float
    ci_high: float
    label: EffectLabel
