"""A lever that a question turns by itself: between which values, and the scenario with it at one of them.

Goal seek, search, tornado and map are pure functions over `Evaluate`; they know neither data nor how a score is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from analytics.errors import InputError
from analytics.trust.toml_table import did_you_mean
from analytics.whatif.definition import WHOLE
from analytics.whatif.levers import LeverRange
from analytics.whatif.scenario import Lever, Scenario

Evaluate = Callable[[Scenario], Mapping[str, float]]
"""A scenario's outcomes as plain figures, without intervals: outcome → value; NaN where there is none (a share of nobody)."""


@dataclass(frozen=True)
class Knob:
    """One lever to turn from `low` to `high`, in the lever's unit; `baseline` is where the scenario has it now."""

    lever: Lever
    low: float
    high: float
    baseline: float

    @property
    def name(self) -> str:
        """What the lever is called in questions: its kind, and what it is of (`score_limit good`)."""
        return self.lever.name

    def at(self, value: float) -> float:
        """The value, or the nearest one that the lever can stand at."""
        return float(round(value)) if self.lever.kind in WHOLE else value

    def turned(self, scenario: Scenario, value: float) -> Scenario:
        """The scenario with this lever at `value`, in the place that it has there, else as its last lever; a border as its first, where crossings are counted."""
        mine = replace(self.lever, target=value, change=None)
        kept = tuple(mine if lever.name == self.name else lever for lever in scenario.levers)
        if mine not in kept:
            kept = (mine, *kept) if mine.level else (*kept, mine)
        return replace(scenario, levers=kept)

    def narrowed(self, low: float | None, high: float | None) -> Knob:
        """The knob within bounds of one's own. InputError when they leave nothing or go beyond what is possible."""
        low, high = self.low if low is None else low, self.high if high is None else high
        if not self.low <= low <= high <= self.high:
            raise InputError(
                f"lever '{self.name}': bounds {low:g} to {high:g} don't lie, in this order, within {self.low:g} to {self.high:g}."
            )
        return replace(self, low=low, high=high)


def find_knob(name: str, scenario: Scenario, ranges: Iterable[LeverRange]) -> Knob:
    """The knob of a lever by its name. InputError with "did you mean" for an unknown one."""
    known = {found.name: found for found in ranges}
    if name not in known:
        raise InputError(f"lever '{name}': there is none of this name here.{did_you_mean(name, known)}")
    found = known[name]
    own = next((lever for lever in scenario.levers if lever.name == name), None)
    baseline = found.baseline if own is None else found.target(own)
    return Knob(
        Lever(found.kind, level=found.level, of=found.of, instead_of=found.instead_of), found.low, found.high, baseline
    )


def outcome_of(points: Mapping[str, float], outcome: str) -> float:
    """One figure of a run. InputError with "did you mean" for an unknown outcome."""
    if outcome not in points:
        raise InputError(f"outcome '{outcome}': there is none of this name here.{did_you_mean(outcome, points)}")
    return float(points[outcome])


def baseline_of(points: Mapping[str, float], outcome: str) -> float:
    """As `outcome_of`, of an outcome that has a value where the question starts; InputError when it has none."""
    value = outcome_of(points, outcome)
    if math.isnan(value):
        raise InputError(f"outcome '{outcome}': has no value under this scenario. Choose another outcome or segment.")
    return value
