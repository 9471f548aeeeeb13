"""The score's definition under policy levers, and which of its values differ between two definitions.

Knows definitions and levers; knows no data and no file.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analytics.errors import InputError
from analytics.trust.programme import Programme, Rate
from analytics.whatif.scenario import Lever, LeverKind

LEAST = 1e-6  # points of a rate, and what lies between the ends of its scale
WHOLE: tuple[LeverKind, ...] = ("window_days", "min_n")
Key = tuple[LeverKind, str | None, str | None]


@dataclass(frozen=True)
class Setting:
    """One value of a definition that changes, named as the lever that moves it, in the lever's unit."""

    kind: LeverKind
    of: str | None
    level: str | None
    before: float
    after: float

    @property
    def name(self) -> str:
        return Lever(self.kind, level=self.level, of=self.of).name

    def __str__(self) -> str:
        return f"{self.name} {self.before:.10g} → {self.after:.10g}"


def values_of(programme: Programme) -> dict[Key, float]:
    """Every value that a policy lever can move: (kind, of, level) → value. The lowest level's border, 0, is among them."""
    found: dict[Key, float] = {("score_limit", None, each.level_id): each.minimum for each in programme.levels}
    found["half_life_days", None, None] = programme.half_life_days
    found |= {(kind, None, None): float(getattr(programme, kind)) for kind in WHOLE}
    for rate in programme.rates:
        found["weight", rate.rate_id, None] = rate.points
        found["good", rate.rate_id, None] = rate.good
        found["bad", rate.rate_id, None] = rate.bad
    found |= {("bound", each.rate, None): each.bound for each in programme.bounds}
    return found


def differences(before: Programme, after: Programme) -> tuple[Setting, ...]:
    """What differs, points of rates that give way included; both definitions have the same levels and rates."""
    old, new = values_of(before), values_of(after)
    return tuple(Setting(*key, value, new[key]) for key, value in old.items() if new[key] != value)


def change_definition(programme: Programme, targets: Sequence[tuple[Lever, float]]) -> Programme:
    """The definition with its rules at the targets of policy levers, itself where all are at their baselines. InputError where they contradict each other."""
    weights = {str(lever.of): target for lever, target in targets if lever.kind == "weight"}
    for lever, target in targets:
        if lever.kind != "weight":
            programme = _with_rule(programme, lever, target)
    for above, below in itertools.pairwise(programme.levels):
        if above.minimum <= below.minimum:
            raise InputError(
                f"levers 'score_limit {above.level_id}' and 'score_limit {below.level_id}' contradict each other: {above.level_id} would begin at "
                f"{above.minimum:g} and {below.level_id} at {below.minimum:g}. Move one of them."
            )
    for rate in programme.rates:
        if (rate.good < rate.bad) != (rate.direction == "lower") or rate.good == rate.bad:
            raise InputError(
                f"levers 'good {rate.rate_id}' and 'bad {rate.rate_id}' contradict each other: the ends of the scale would be {rate.good:g} and {rate.bad:g}. "
                "Move one of them."
            )
        if rate.maturity_days >= programme.window_days:
            raise InputError(
                f"lever 'window_days': {programme.window_days} days leave nothing of '{rate.rate_id}', which is judged after {rate.maturity_days}."
            )
    return _weighed(programme, weights)


def _with_rule(programme: Programme, lever: Lever, target: float) -> Programme:
    match lever.kind:
        case "score_limit":
            levels = [
                replace(each, minimum=target) if each.level_id == lever.level else each for each in programme.levels
            ]
            return replace(programme, levels=tuple(levels))
        case "half_life_days":
            return replace(programme, half_life_days=target)
        case "window_days" | "min_n":
            if target != int(target):
                raise InputError(f"lever '{lever.name}': expected a whole number, found {target:g}.")
            return replace(programme, **{lever.kind: int(target)})  # type: ignore[arg-type]
        case "bound":
            bounds = [replace(each, bound=target) if each.rate == lever.of else each for each in programme.bounds]
            return replace(programme, bounds=tuple(bounds))
        case _:
            ends: dict[str, Any] = {lever.kind: target}
            return _with_rates(programme, lambda rate: replace(rate, **ends) if rate.rate_id == lever.of else rate)


def _weighed(programme: Programme, weights: Mapping[str, float]) -> Programme:
    """Rates at so many points of 100; what is left is shared by the others as before."""
    if all(rate.points == weights.get(rate.rate_id, rate.points) for rate in programme.rates):
        return programme
    others = sum(rate.points for rate in programme.rates if rate.rate_id not in weights)
    left = 100.0 - sum(weights.values())
    if not (left > 0 and others > 0) and abs(left) > 1e-9:
        raise InputError(
            f"levers 'weight': {', '.join(weights)} would have {100.0 - left:g} of 100 points together. Lower one, or leave one to the others."
        )
    factor = left / others if others else 0.0
    return _with_rates(
        programme, lambda rate: replace(rate, points=weights.get(rate.rate_id, max(rate.points * factor, LEAST)))
    )


def _with_rates(programme: Programme, change: Callable[[Rate], Rate]) -> Programme:
    components = []
    for component in programme.components:
        rates = tuple(change(rate) for rate in component.rates)
        points = component.points if rates == component.rates else sum(rate.points for rate in rates)
        components.append(replace(component, rates=rates, points=points))
    return replace(programme, components=tuple(components))
