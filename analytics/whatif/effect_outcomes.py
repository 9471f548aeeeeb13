"""What buyers do about a changed behaviour: stars, disputes and repeat purchases of a segment, by effects that were estimated elsewhere.

A mean over the segment's orders moves by (change of the lever) · (effect of an order). Knows sums and effects; estimates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import replace

import pandas as pd

from analytics.whatif import levers as lever_rules
from analytics.whatif.apply import Applied, Moved
from analytics.whatif.assumptions import EFFECT_UNTOLD, EFFECT_USED, NO_EFFECT, NOT_RECORDED, Assumption
from analytics.whatif.effect_types import Effect, Untold
from analytics.whatif.outcomes import NORMAL, Outcome, behaviour_outcome, with_parameter

MOST = {"stars": (1.0, 5.0), "dispute": (0.0, 1.0), "repeat": (0.0, 1.0)}  # outcome → the values that it can have
WORDS = {
    "stars": "Mean stars",
    "dispute": "Share of orders disputed",
    "repeat": "Back within 60 days",
}  # as pages call them


def effect_outcomes(
    applied: Applied, observed: pd.DataFrame, effects: Iterable[Effect]
) -> list[tuple[Outcome, Assumption]]:
    """One outcome an effect whose lever moved, and the sentence that it rests on; `observed` has the sums of `sql/whatif/observed.sql`, in the world's order.

    Parameter uncertainty: the effect's interval times the change. Sampling uncertainty: where the lever has a target, its present rate is known as well as the
    segment's orders tell it; a change that is given is given. An outcome that nobody recorded, or that doesn't move, is left out.
    """
    found = []
    for each in applied.behaviour:
        rate = lever_rules.rate_of(applied.after, each.lever)
        if each.lever.kind == "coverage" or each.target == each.span.baseline:
            continue
        for effect in effects:
            if effect.lever == rate.rate_id and effect.outcome in MOST:
                names = [f"{effect.outcome}.numerator", f"{effect.outcome}.denominator"]
                counted, total = observed.loc[applied.inside, names].sum()
                if total > 0:
                    outcome = _outcome(applied, each, effect, float(counted / total))
                    found.append((outcome, Assumption(EFFECT_USED, _told(effect, rate.label))))
    return found


def untold_effects(
    applied: Applied, observed: pd.DataFrame, effects: Collection[Effect], untold: Iterable[Untold]
) -> list[Assumption]:
    """A sentence for each outcome of a moved behaviour of which nothing is told, and why: so that silence isn't taken for no effect."""
    known = {(each.lever, each.outcome) for each in effects}
    why = {(each.lever, each.outcome): each.why for each in untold}
    found = []
    for each in applied.behaviour:
        rate = lever_rules.rate_of(applied.after, each.lever)
        if each.lever.kind == "coverage" or each.target == each.span.baseline:
            continue
        if not any(lever == rate.rate_id for lever, _ in (*known, *why)):
            found.append(Assumption(NO_EFFECT, {"lever": rate.label}))
            continue
        for outcome in MOST:
            is_recorded = observed.loc[applied.inside, f"{outcome}.denominator"].sum() > 0
            reason = why.get((rate.rate_id, outcome)) if is_recorded else NOT_RECORDED
            if reason is not None:
                values: dict[str, str | float] = {"lever": rate.label, "outcome": WORDS[outcome], "why": reason}
                found.append(Assumption(EFFECT_UNTOLD, values))
    return found


def _outcome(applied: Applied, moved: Moved, effect: Effect, baseline: float) -> Outcome:
    change = moved.target - moved.span.baseline
    low, high = MOST[effect.outcome]
    value = min(max(baseline + change * effect.per_unit, low), high)
    group = {"merchants": "segment", "lever": effect.lever}
    found = replace(behaviour_outcome(effect.outcome, group, baseline, value), label=effect.label)
    orders = float(applied.before.base[applied.inside, applied.before.column(effect.lever)].sum())
    rate = moved.span.baseline
    is_given = moved.lever.target is None
    off = 0.0 if is_given else abs(effect.per_unit) * NORMAL * math.sqrt(rate * (1 - rate) / max(orders, 1.0))
    found = replace(found, sampling_low=found.change - off, sampling_high=found.change + off)
    ends = sorted((change * effect.ci_low, change * effect.ci_high))
    return with_parameter(found, min(ends[0], found.change), max(ends[1], found.change))


def _told(effect: Effect, lever: str) -> dict[str, str | float]:
    low, high = round(effect.ci_low, 4), round(effect.ci_high, 4)
    return {
        "outcome": WORDS[effect.outcome],
        "lever": lever,
        "per_unit": round(effect.per_unit, 4),
        "low": low,
        "high": high,
    }
