"""What a behaviour does to an outcome, as the lab takes it: a slope with its interval and where it comes from. Knows no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EffectLabel = Literal["experiment", "observational", "assumption"]


@dataclass(frozen=True)
class Effect:
    """One point (a rate of 1) more of `lever` changes `outcome` by `per_unit`, with a 95 % interval of that slope.

    `lever` is a rate of the score (its rate_id); `outcome` is another rate of it, or one of `analytics.whatif.observed.OBSERVED`. Both 0–1: with
    per_unit = −0.3, two percentage points fewer late orders raise the outcome by 0.6 points.
    """

    lever: str
    outcome: str
    per_unit: float
    ci_low: float
    ci_high: float
    label: EffectLabel
