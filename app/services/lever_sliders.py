"""The sliders of the what-if page: where each can stand, which lever it then asks, and where a lever's value puts it. Knows no page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.services.lever_words import lever_unit

if TYPE_CHECKING:
    from analytics.whatif import Lever, LeverRange

MOST = 6  # further levers of a kind at once: more sliders than fit beside the outcomes
POINT_STEP = 0.1  # of a share, in percentage points
_STEPS = {"score_limit": 0.5, "weight": 0.5}  # of others 1, of stars .1
_HIGHEST = {"weight": 60.0, "min_n": 500.0}  # of a slider; a scenario's file may ask for more


@dataclass(frozen=True)
class Slider:
    """A lever's slider. Its positions go from `low` to `high` in steps and begin at `rest`, the baseline: of a share they are percentage points around it, else
    the lever's own values."""

    found: LeverRange
    low: float
    high: float
    rest: float
    step: float

    def value(self, position: float) -> float:
        """The lever's value at a position; exactly the baseline at rest."""
        if position == self.rest:
            return self.found.baseline
        value = self.found.baseline + round(position / 100, 11) if _is_share(self.found) else position
        return min(max(value, self.found.low), self.found.high)

    def lever(self, position: float) -> Lever:
        """What a position asks: a change of the late rate, a new value of the others; a change of exactly zero at rest."""
        from analytics.whatif import Lever

        found, value = self.found, self.value(position)
        if found.kind == "late_rate" and found.low < value < found.high:
            return Lever(found.kind, change=round(position / 100, 11))
        if value == found.baseline and found.kind != "score_limit":
            return Lever(found.kind, change=0.0, level=found.level, of=found.of, instead_of=found.instead_of)
        return Lever(found.kind, target=value, level=found.level, of=found.of, instead_of=found.instead_of)

    def position(self, value: float) -> float:
        """Where a value stands, between two steps too; the nearest end for one that the slider doesn't reach."""
        if value == self.found.baseline:
            return self.rest
        if not self.found.low < value < self.found.high:
            return self.low if value <= self.found.low else self.high
        wanted = (value - self.found.baseline) * 100 if _is_share(self.found) else value
        return min(max(round(wanted, 9), self.low), self.high)


def slider_of(found: LeverRange) -> Slider:
    """The slider of a lever between its bounds."""
    if _is_share(found):
        down, up = (
            math.floor((found.low - found.baseline) * 1000) / 10,
            math.ceil((found.high - found.baseline) * 1000) / 10,
        )
        return Slider(found, min(down, -POINT_STEP), max(up, POINT_STEP), 0.0, POINT_STEP)
    step = 0.1 if lever_unit(found.kind, found.of) == "stars" else _STEPS.get(found.kind, 1.0)
    low = min(math.ceil(found.low / step) * step, found.baseline)
    high = math.floor(min(found.high, _HIGHEST.get(found.kind, found.high)) / step) * step
    return Slider(found, low, max(high, found.baseline, low + step), found.baseline, step)


def _is_share(found: LeverRange) -> bool:
    return lever_unit(found.kind, found.of) == "rate"
