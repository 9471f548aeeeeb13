"""Two levers at once: one outcome over a grid of their values, each cell the figure of the single run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.whatif.knob import Evaluate, Knob, outcome_of
from analytics.whatif.questions import MOST_STEPS, STEPS
from analytics.whatif.scenario import Scenario


@dataclass(frozen=True)
class PairMap:
    """`baseline`: the outcome with both levers where they are now. `cells[i, j]`: it with the first lever at `first_values[i]` and the second at `second_values[j]`; NaN where it
    has no value. `fault`: why the first cell that can't be asked has none, such as two borders that contradict each other there."""

    first: str
    second: str
    outcome: str
    first_values: tuple[float, ...]
    second_values: tuple[float, ...]
    cells: NDArray[np.float64]
    baseline: float
    fault: InputError | None = None


def pair_map(
    evaluate: Evaluate, scenario: Scenario, first: Knob, second: Knob, outcome: str, steps: int = STEPS
) -> PairMap:
    """Runs `steps` x `steps` scenarios, from bound to bound; where each lever stands now is one of its values, in the place of the nearest.

    InputError for the same lever twice, an unknown outcome, steps outside 2 to 15, and where no pair of values can be asked.
    """
    if first.name == second.name:
        raise InputError(f"map: lever '{first.name}' is on both sides. Choose two levers.")
    if not 2 <= steps <= MOST_STEPS:
        raise InputError(f"map: steps: expected 2 to {MOST_STEPS}, found {steps}.")
    rows, columns = (_grid(knob, steps) for knob in (first, second))
    now = outcome_of(evaluate(second.turned(first.turned(scenario, first.baseline), second.baseline)), outcome)
    cells, faults = np.full((steps, steps), np.nan), list[InputError]()
    for i, j in np.ndindex(cells.shape):
        try:
            cells[i, j] = outcome_of(evaluate(second.turned(first.turned(scenario, rows[i]), columns[j])), outcome)
        except InputError as fault:
            faults.append(fault)
    if len(faults) == cells.size:
        raise faults[0]
    return PairMap(first.name, second.name, outcome, rows, columns, cells, now, next(iter(faults), None))


def _grid(knob: Knob, steps: int) -> tuple[float, ...]:
    """Even steps from bound to bound, an inner one of which gives way to where the lever is now."""
    grid: list[float] = np.linspace(knob.low, knob.high, steps).tolist()
    if knob.low < knob.baseline < knob.high and steps > 2:
        nearest = min(range(1, steps - 1), key=lambda place: abs(grid[place] - knob.baseline))
        grid[nearest] = knob.baseline
    return tuple(map(knob.at, grid))
