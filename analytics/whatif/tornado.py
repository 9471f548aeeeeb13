"""Tornado: each lever moved by itself, down and up, and what one outcome does: which assumption matters most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analytics.errors import InputError
from analytics.whatif.knob import Evaluate, Knob, baseline_of, outcome_of
from analytics.whatif.questions import REACH
from analytics.whatif.scenario import Scenario


@dataclass(frozen=True)
class Swing:
    """One lever's bar: its values down and up, the outcome at each and where the lever is now (`baseline`: the same for all levers, but that a moved border is
    also where crossings are counted); `effect` is the larger change of the outcome, with its sign."""

    lever: str
    outcome: str
    low: float
    high: float
    at_low: float
    at_high: float
    baseline: float
    effect: float


def tornado(
    evaluate: Evaluate, scenario: Scenario, knobs: Iterable[Knob], outcome: str, reach: float = REACH
) -> tuple[Swing, ...]:
    """One bar a lever, the largest |effect| first. Each goes `reach` (0–1) of the way from where it is to its lower and upper bound, the
    others stay. InputError for an unknown outcome, or one without a value under the scenario or at an end."""
    if not 0 < reach <= 1:
        raise InputError(f"tornado: reach: expected a share above 0 and up to 1, found {reach:g}.")
    swings = []
    for knob in knobs:
        baseline = baseline_of(evaluate(knob.turned(scenario, knob.baseline)), outcome)
        low, high = (knob.at(knob.baseline + reach * (end - knob.baseline)) for end in (knob.low, knob.high))
        at_low, at_high = (outcome_of(evaluate(knob.turned(scenario, value)), outcome) for value in (low, high))
        effect = max(at_low - baseline, at_high - baseline, key=abs)
        swings.append(Swing(knob.name, outcome, low, high, at_low, at_high, baseline, effect))
    return tuple(sorted(swings, key=lambda swing: (-abs(swing.effect), swing.lever)))
