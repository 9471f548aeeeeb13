"""A scenario applied: the worlds before and after its levers, and the sentences that this assumes.

Policy first, then the mix of orders, then behaviour: a behaviour lever's baseline is that of the window it is counted in. Knows worlds and levers; asks for other counts by a function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.trust.programme import Programme
from analytics.whatif import assumptions as said
from analytics.whatif import levers as lever_rules
from analytics.whatif.assumptions import Assumption
from analytics.whatif.definition import change_definition
from analytics.whatif.levers import LeverRange
from analytics.whatif.mix import change_mix, mix_outcomes, mix_sentences
from analytics.whatif.outcomes import Outcome, behaviour_outcome
from analytics.whatif.scenario import BEHAVIOUR, MIX, SCORE_RULES, Lever, Scenario
from analytics.whatif.spread import Drawn
from analytics.whatif.world import Floats, Mask, World

SpanOf = Callable[[World, Lever], LeverRange]
_ACTION = ("score_limit", None)  # the limit that a desk acts at: no rule of the definition


@dataclass(frozen=True)
class Moved:
    """A lever with its range and the value it was set to."""

    lever: Lever
    span: LeverRange
    target: float


@dataclass(frozen=True)
class Applied:
    """The worlds before, under the rules of the scenario (`ruled`), with its mix of orders too (`mixed`) and after its behaviour levers as well, whom it
    touches, and its levers of the three kinds."""

    before: World
    ruled: World
    mixed: World
    after: World
    inside: Mask
    behaviour: tuple[Moved, ...]
    mix: tuple[Moved, ...]
    rules: tuple[Moved, ...]

    @property
    def times(self) -> float:
        """How many times as wide intervals are, for levers beyond what the data have."""
        return 1.0 + max((each.span.beyond(each.target) for each in (*self.behaviour, *self.mix)), default=0.0)

    @property
    def is_behaviour_changed(self) -> bool:
        """Whether a behaviour lever is off its baseline."""
        return any(each.target != each.span.baseline for each in self.behaviour)

    @property
    def is_assumed(self) -> bool:
        """Whether behaviour or the mix of orders changes: the answer then rests on an assumption, else on a rule alone."""
        return self.is_behaviour_changed or self.mixed.is_mixed

    def scored(self, members: Mask) -> NDArray[np.intp]:
        """The places of those of the members that have a score before and after."""
        return np.flatnonzero(members & self.before.has_score & self.after.has_score)


def apply(
    scenario: Scenario, world: World, inside: Mask, under: Callable[[Programme], World], span_of: SpanOf
) -> Applied:
    """The scenario on a world. `under` gives the world of another definition, `span_of` a lever's range. InputError: see `LeverRange.target` and `change_definition`."""
    programme = world.model.programme
    before = replace(world, limit=lever_rules.default_limit(programme, scenario))
    rules = [_moved(span_of(before, lever), lever) for lever in scenario.levers if lever.kind in SCORE_RULES]
    limit = next((each.target for each in rules if each.lever.kind == "score_limit"), before.limit)
    definition = [(each.lever, each.target) for each in rules if (each.lever.kind, each.lever.level) != _ACTION]
    ruled = replace(under(change_definition(programme, definition)), limit=limit)
    mix = [_moved(span_of(ruled, lever), lever) for lever in scenario.levers if lever.kind in MIX]
    if len(mix) > 1:
        raise InputError(
            f"levers '{mix[0].lever.name}' and '{mix[1].lever.name}' both change the mix of orders. Keep one."
        )
    mixed = change_mix(ruled, inside, mix[0].lever, mix[0].target) if mix else ruled
    behaviour: list[Moved] = []
    for lever in scenario.levers:
        if lever.kind in BEHAVIOUR:
            _check_alone(mixed, lever, [each.lever for each in behaviour])
            behaviour.append(_moved(_behaviour_span(ruled, mixed, lever, span_of), lever))
    moves = ((each.lever, each.span.baseline, each.target) for each in behaviour)
    after = lever_rules.change_behaviour(mixed, inside, moves)
    return Applied(before, ruled, mixed, after, inside, tuple(behaviour), tuple(mix), tuple(rules))


def counted_outcomes(applied: Applied, gmv: Mapping[str, Floats]) -> list[Outcome]:
    """What levers of behaviour and of the mix set themselves: the segment's numerators of each changed rate, expected ones after a change. `gmv`: order value by
    currency, (merchants,)."""
    window, counted_in = (world.model.programme.window_days for world in (applied.ruled, applied.before))
    amounts = gmv if window == counted_in else {}  # order value of another window isn't counted
    moved = [each for each in applied.behaviour if each.target != each.span.baseline]
    told = {lever_rules.rate_of(applied.after, each.lever).rate_id for each in moved}  # by their own levers
    mix = mix_outcomes(applied.ruled, applied.mixed, applied.inside, amounts)
    found = [each for each in mix if each.group.get("rate") not in told]
    for each in applied.behaviour:
        if applied.mixed.is_mixed and each.target == each.span.baseline:
            continue  # the mix alone moves it, and tells it
        rate = lever_rules.rate_of(applied.after, each.lever)
        column = applied.before.column(rate.rate_id)
        old, new = (float(world.plain[applied.inside, column].sum()) for world in (applied.before, applied.after))
        is_late = each.lever.kind == "late_rate"
        group = {"merchants": "segment"} if is_late else {"merchants": "segment", "rate": rate.rate_id}
        found.append(behaviour_outcome("late_orders" if is_late else "units_changed", group, old, new))
    return found


def assumptions_of(applied: Applied, scenario: Scenario, drawn: Drawn) -> tuple[Assumption, ...]:
    """What the result is conditional on, in the order in which it is told."""
    found = [
        Assumption(said.SEGMENT, {"segment": scenario.segment.describe()}),
        Assumption(said.WINDOW, {"days": applied.after.model.programme.window_days}),
    ]
    for lever, span, target in ((each.lever, each.span, each.target) for each in applied.behaviour):
        rate = lever_rules.rate_of(applied.after, lever)
        if lever.kind == "late_rate":
            found.append(Assumption(said.ONLY_LATENESS, {}))
        else:
            text = said.MORE_ANSWERS if lever.kind == "coverage" else said.ONLY_A_RATE
            found.append(Assumption(text, {"rate": rate.label}))
        found += _beyond(applied, span, target, rate.label)
    for each in applied.mix:
        found += mix_sentences(applied.ruled, applied.mixed, applied.inside, each.lever)
        found += _beyond(applied, each.span, each.target, str(each.lever.of))
    if applied.behaviour or applied.mix:
        found.append(Assumption(said.PEERS_REFITTED, {}))
    counted_at = next((each.lever for each in applied.rules if each.lever.kind == "score_limit"), None)
    for lever, old, new in ((each.lever, each.span.baseline, each.target) for each in applied.rules):
        if lever == counted_at:
            found.append(Assumption(said.LIMIT_MOVES, {"before": old, "after": new}))
        else:
            found.append(Assumption(said.RULE_CHANGES, {"rule": lever.name, "before": old, "after": new}))
    found.append(Assumption(said.SAME_DRAWS, {"draws": scenario.draws, "seed": scenario.seed}))
    if len(drawn.places) < drawn.size:
        found.append(Assumption(said.SOME_MERCHANTS, {"drawn": len(drawn.places), "merchants": drawn.size}))
    return tuple(found)


def _beyond(applied: Applied, span: LeverRange, target: float, name: str) -> list[Assumption]:
    """That a lever goes beyond what the data have, if it does."""
    if not span.beyond(target) or not span.usual:
        return []
    low, high = (round(end, 4) for end in span.usual)
    values: dict[str, str | float] = {"lever": name, "low": low, "high": high, "times": round(applied.times, 1)}
    return [Assumption(said.BEYOND_DATA, values)]


def _behaviour_span(ruled: World, mixed: World, lever: Lever, span_of: SpanOf) -> LeverRange:
    """A behaviour lever's range on top of another mix. Orders that go to other merchants change no merchant's rates: what has been seen stays, and bounds with it."""
    span = span_of(mixed, lever)
    if mixed.sharing is None:
        return span
    seen, now = span_of(ruled, lever), span.baseline
    return replace(seen, baseline=now, low=min(seen.low, now), high=max(seen.high, now))


def _moved(span: LeverRange, lever: Lever) -> Moved:
    return Moved(lever, span, span.target(lever))


def _check_alone(world: World, lever: Lever, others: Sequence[Lever]) -> None:
    """InputError where another lever sets the same figure (the late rate has two names)."""
    rate = lever_rules.rate_of(world, lever)
    for other in others:
        if lever_rules.rate_of(world, other) == rate and (other.kind == "coverage") == (lever.kind == "coverage"):
            raise InputError(f"levers '{other.name}' and '{lever.name}' both change '{rate.rate_id}'. Keep one.")
