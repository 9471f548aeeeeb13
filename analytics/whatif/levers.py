"""What can be changed: the segment a lever works on, its live baseline and bounds, and the changed counts or limits.

Knows frames of counts and score definitions; draws no random number and reads no database.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.trust.prior import TrustModel
from analytics.trust.programme import Programme, Rate
from analytics.trust.toml_table import did_you_mean
from analytics.whatif.scenario import Lever, LeverKind, Scenario, Segment

Mask = NDArray[np.bool_]
_COLUMNS = {
    "categories": "category",
    "regions": "region",
    "tiers": "tier",
    "size_bands": "size_band",
    "merchants": "merchant_id",
}


@dataclass(frozen=True)
class LeverRange:
    """A lever's present value in a segment and the bounds of its target, in the lever's unit (a rate 0–1, or score points)."""

    kind: LeverKind
    level: str | None
    baseline: float
    low: float
    high: float

    def target(self, lever: Lever) -> float:
        """The value that the lever asks for; InputError when out of bounds. Exactly the baseline when the change is zero."""
        asked = lever.target if lever.target is not None else self.baseline + (lever.change or 0.0)
        if not self.low <= asked <= self.high:
            unit = " Rates are from 0 to 1: two percentage points are 0.02." if self.kind == "late_rate" else ""
            raise InputError(
                f"lever '{self.kind}': {asked:g} is out of bounds, from {self.low:g} to {self.high:g} (now {self.baseline:g}).{unit}"
            )
        return asked


def segment_mask(counts: pd.DataFrame, segment: Segment) -> Mask:
    """Which rows of the counts belong to the segment; InputError for an unknown value or when no merchant matches."""
    inside = np.ones(len(counts), dtype=bool)
    for field in fields(segment):
        wanted, column = getattr(segment, field.name), counts[_COLUMNS[field.name]]
        if not wanted:
            continue
        known = {str(value) for value in column.dropna().unique()}
        for value in wanted:
            if value not in known:
                hint = did_you_mean(value, known if len(known) <= 50 or field.name != "merchants" else ())
                raise InputError(f"segment: {field.name}: no merchant with '{value}'.{hint}")
        inside &= column.isin(list(wanted)).to_numpy(dtype=bool)
    if not inside.any():
        raise InputError(f"segment: no merchant matches {segment.describe()}. Widen it.")
    return inside


def late_rate_range(counts: pd.DataFrame, model: TrustModel, inside: Mask) -> LeverRange:
    """Baseline: the segment's late deliveries over its deliveries. Bounds: from none late to the highest rate of any merchant with
    at least min_n deliveries, so that the lever stays within what has been seen."""
    rate = _late_rate(model)
    numerator, denominator = _plain(counts, rate)
    if not denominator[inside].sum() > 0:
        raise InputError("lever 'late_rate': the segment has no deliveries in the window. Widen it.")
    baseline = float(numerator[inside].sum() / denominator[inside].sum())
    enough = denominator >= model.programme.min_n
    worst = float((numerator[enough] / denominator[enough]).max()) if enough.any() else baseline
    return LeverRange("late_rate", None, baseline, 0.0, max(worst, baseline))


def score_limit_range(programme: Programme, level: str | None, limit: float) -> LeverRange:
    """Baseline and bounds of a border: a level's stays between its neighbours', the action limit between 0 and 100."""
    if level is None:
        return LeverRange("score_limit", None, limit, 0.0, 100.0)
    movable = [item.level_id for item in programme.levels[:-1]]
    if level not in movable:
        raise InputError(
            f"lever 'score_limit': level '{level}' has no border that moves.{did_you_mean(level, movable)}"
        )
    position = movable.index(level)
    above = programme.levels[position - 1].minimum if position else 100.0
    return LeverRange(
        "score_limit", level, programme.levels[position].minimum, programme.levels[position + 1].minimum, above
    )


def change_late_rate(counts: pd.DataFrame, model: TrustModel, inside: Mask, target: float) -> pd.DataFrame:
    """Counts with the segment's late rate at `target`: expected counts, so no longer whole numbers.

    Going down, every merchant's late deliveries shrink by one factor; going up, its timely ones do. Either way the segment's rate is
    the target, the order of merchants is kept, no count leaves 0 … denominator, and recency-weighted counts change by the
    same factor as plain ones. At the baseline the counts come back as they are.
    """
    rate = _late_rate(model)
    baseline = late_rate_range(counts, model, inside).baseline
    if target == baseline:
        return counts
    changed = counts.copy()
    for kind in ("", "recent_"):
        late = counts[f"{rate.rate_id}.{kind}numerator"].to_numpy(dtype=float)
        all_ = counts[f"{rate.rate_id}.{kind}denominator"].to_numpy(dtype=float)
        if target < baseline:
            new = late * (target / baseline)
        else:
            new = all_ - (all_ - late) * ((1 - target) / (1 - baseline))
        changed[f"{rate.rate_id}.{kind}numerator"] = np.where(inside, new, late)
    return changed


def move_limit(programme: Programme, level: str, minimum: float) -> Programme:
    """The definition with the border of a level moved."""
    levels = tuple(replace(item, minimum=minimum) if item.level_id == level else item for item in programme.levels)
    return replace(programme, levels=levels)


def default_limit(programme: Programme, scenario: Scenario) -> float:
    """Where crossings are counted before any lever moves it: a moved level's border, else the scenario's limit, else the border of
    the second lowest level."""
    for lever in scenario.levers:
        if lever.level is not None:
            return score_limit_range(programme, lever.level, 0.0).baseline
    return programme.levels[-2].minimum if scenario.limit is None else scenario.limit


def late_orders(counts: pd.DataFrame, model: TrustModel, inside: Mask) -> float:
    """Deliveries late by the merchant's fault in the segment and window (expected ones, after a change)."""
    numerator, _ = _plain(counts, _late_rate(model))
    return float(numerator[inside].sum())


def _plain(counts: pd.DataFrame, rate: Rate) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return (
        counts[f"{rate.rate_id}.numerator"].to_numpy(dtype=float),
        counts[f"{rate.rate_id}.denominator"].to_numpy(dtype=float),
    )


def _late_rate(model: TrustModel) -> Rate:
    """The rate that the lever changes; a definition that counts lateness in another way too can't be changed by it alone."""
    if any(rate.numerator == "delivered_late_count" for rate in model.rates):
        raise InputError(
            "lever 'late_rate': the programme also scores delivered_late_count, which this lever doesn't change."
        )
    found = [rate for rate in model.rates if rate.numerator == "late_seller_count"]
    if len(found) != 1:
        raise InputError(
            f"lever 'late_rate': expected one rate of late_seller_count in the score, found {len(found)}. "
            "The source has no deliveries with a promised day, or the programme doesn't score them."
        )
    return found[0]
