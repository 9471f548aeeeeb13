"""Goal seek: the smallest move of one lever that takes one outcome to its target, or how close it can come.

Knows no data: asks an `Evaluate`. The outcome may rise and fall again along the lever, and may go in steps (counts do).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from analytics.whatif.knob import Evaluate, Knob, baseline_of, outcome_of
from analytics.whatif.scenario import Scenario

CELLS = 10  # of the lever's range that are looked at one by one before the target counts as out of reach
PRECISION = 1e-4  # of the lever's range
_HALVINGS = 2  # of the cells beside the best value, to see whether the top is flat, before the minimiser's steps
_PEAK_STEPS = 12


@dataclass(frozen=True)
class Sought:
    """What a goal seek found.

    value: of the lever, in its unit: where the outcome first meets the target, going away from `lever_baseline`; where it comes closest
        when `is_reached` is false.
    reached: the outcome there. It is beyond the target where the outcome goes in steps and takes no value in between.
    is_flat: the outcome is the same wherever the lever was tried.
    """

    lever: str
    outcome: str
    target: float
    is_reached: bool
    value: float
    reached: float
    lever_baseline: float
    baseline: float
    is_flat: bool
    evaluations: int


class _Tries:
    """What was evaluated so far, lever value → outcome; called, how far a value is beyond the target (negative: short of it)."""

    def __init__(self, measure: Callable[[float], float], target: float, *, is_rise: bool) -> None:
        self._measure, self._target, self._sign = measure, target, 1.0 if is_rise else -1.0
        self.seen: dict[float, float] = {}

    def __call__(self, value: float) -> float:
        if value not in self.seen:
            self.seen[value] = self._measure(value)
        beyond = self._sign * (self.seen[value] - self._target)
        return -1e300 if math.isnan(beyond) else beyond  # no outcome is farther off than any

    def is_met(self, value: float) -> bool:
        return self(value) >= 0


def goal_seek(evaluate: Evaluate, scenario: Scenario, knob: Knob, outcome: str, target: float) -> Sought:
    """Turns `knob` until `outcome` is at `target` or just beyond it; from below it must rise to it, from above fall to it.

    The range is looked at in cells, the nearest to the baseline first; the cell in which the target is passed is narrowed by
    Brent's root finder, to 1/10,000 of the range. A target that no cell passes is looked for once more around the best of them, by a bounded
    minimiser, unless it is flat there or best at an end of the range: a peak narrower than a cell and lower than another can be missed. InputError for an unknown outcome, or one without a value.
    """
    baseline = baseline_of(evaluate(knob.turned(scenario, knob.baseline)), outcome)
    tries = _Tries(
        lambda value: outcome_of(evaluate(knob.turned(scenario, knob.at(value))), outcome),
        target,
        is_rise=baseline < target,
    )
    start = min(max(knob.baseline, knob.low), knob.high)
    if start == knob.baseline:
        tries.seen[start] = baseline
    found = _first_met(tries, _cells(knob, start), start, (knob.high - knob.low) * PRECISION)
    value = max(tries.seen, key=tries) if found is None else found
    return Sought(
        lever=knob.name,
        outcome=outcome,
        target=target,
        is_reached=found is not None,
        value=knob.at(value),
        reached=tries.seen[value],
        lever_baseline=knob.baseline,
        baseline=baseline,
        is_flat=len({tries(value) for value in tries.seen}) == 1,
        evaluations=len(tries.seen) + (start != knob.baseline),
    )


def _cells(knob: Knob, start: float) -> list[tuple[float, float]]:
    """Neighbouring values of the lever, (nearer to the start, farther), nearest first."""
    grid = np.unique([*np.linspace(knob.low, knob.high, CELLS + 1), start]).tolist()
    cells = [(a, b) if a >= start else (b, a) for a, b in itertools.pairwise(grid)]
    return sorted(cells, key=lambda cell: abs(cell[0] - start))


def _first_met(tries: _Tries, cells: list[tuple[float, float]], start: float, tolerance: float) -> float | None:
    """The nearest value found at which the target is met."""
    if tries.is_met(start):
        return start
    for near, far in cells:
        if tries.is_met(far):
            return _narrowed(tries, near, far, tolerance)
    return _around_best(tries, sorted([start, *(far for _, far in cells)]), tolerance)


def _narrowed(tries: _Tries, short: float, met: float, tolerance: float) -> float:
    """Within the tolerance, the value nearest to `short` at which the target is met."""

    def signed(value: float) -> float:
        beyond = tries(value)
        return beyond if beyond < 0 else max(beyond, 1e-12)  # on the target itself: a nearer value may be too

    root = float(brentq(signed, short, met, xtol=tolerance / 2))
    step = math.copysign(tolerance, met - short)
    while not tries.is_met(root):
        root, step = (root + step, step * 2) if abs(met - root) > abs(step) else (met, step)
    return root


def _around_best(tries: _Tries, grid: list[float], tolerance: float) -> float | None:
    """Looks between the neighbours of the best value so far; the value that meets the target, if there is one. Where the top is flat, or an end of the
    range towards which the outcome got better up to the last step, there is nothing to look for."""
    low, best, high = _neighbours(tries, grid)
    short = low
    if best in (low, high):
        last = best + (tolerance if best == low else -tolerance)
        if tries(last) < tries(best):
            return None
    for _ in range(_HALVINGS):
        if any(_is_flat(tries, best, (end + best) / 2) for end in (low, high) if end != best):
            return None
        low, best, high = _neighbours(tries, sorted(value for value in tries.seen if low <= value <= high))
    top = best if tries.is_met(best) else _peak(tries, low, best, high, tolerance)
    return _narrowed(tries, short, top, tolerance) if tries.is_met(top) else None


def _is_flat(tries: _Tries, best: float, other: float) -> bool:
    """Whether the outcome is the same at both values, and between them."""
    return all(math.isclose(tries(value), tries(best), rel_tol=1e-9) for value in (other, (best + other) / 2))


def _neighbours(tries: _Tries, grid: list[float]) -> tuple[float, float, float]:
    """The best of the values, between the one before and the one after it."""
    place = max(range(len(grid)), key=lambda at: tries(grid[at]))
    return grid[max(place - 1, 0)], grid[place], grid[min(place + 1, len(grid) - 1)]


def _peak(tries: _Tries, low: float, middle: float, high: float, tolerance: float) -> float:
    """Where between `low` and `high` the outcome comes closest, by a bounded minimiser; by parabolas through what is known where `middle` beats both ends."""
    if tries(middle) <= max(tries(low), tries(high)):
        options: dict[str, float] = {"xatol": tolerance, "maxiter": _PEAK_STEPS}
        return float(minimize_scalar(lambda at: -tries(at), bounds=(low, high), method="bounded", options=options).x)
    width = high - low

    def at(part: float) -> float:  # parts from 1 to 2, since the minimiser's precision is relative
        return middle if part == own else low + (part - 1) * width

    own = 1 + (middle - low) / width
    options = {"xtol": tolerance / width / 2, "maxiter": _PEAK_STEPS}
    found = minimize_scalar(lambda part: -tries(at(part)), (1.0, own, 2.0), method="brent", options=options)
    return at(float(found.x))
