"""Questions beside a scenario's outcomes, for the command and the page: goal, search, tornado, map of two levers. Knows no page.

What is found is run once more as a scenario of its own, so that its outcomes come with intervals and assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from app.services import scenarios
from app.services.runtime import cached, shared

if TYPE_CHECKING:
    from analytics.whatif import Lab, Outcome, Scenario, WhatifResult
    from analytics.whatif.pairs import PairMap
    from analytics.whatif.questions import Goal, Pair, Search, Tornado
    from analytics.whatif.search import Mix
    from analytics.whatif.seek import Sought
    from analytics.whatif.tornado import Swing

Row = dict[str, object]


@dataclass(frozen=True)
class FoundGoal:
    """A goal's answer, and the scenario with the lever there."""

    sought: Sought
    result: WhatifResult


@dataclass(frozen=True)
class FoundMix:
    """A search's answer, and the scenario with the levers there. `baselines`: lever → where it is now."""

    mix: Mix
    result: WhatifResult
    baselines: Mapping[str, float]


@shared
def goal(snapshot_id: str, scenario: Scenario, asked: Goal, as_of: date | None = None) -> FoundGoal:
    """Which value of a lever takes an outcome to a target. Raises InputError for an unknown lever or outcome, or bounds outside the lever's."""
    from analytics.whatif.answers import answer_goal

    lab = scenarios.lab(snapshot_id, as_of)
    sought = answer_goal(lab.points, scenario, lab.ranges(scenario.segment, scenario.levers), asked)
    there = _turned(lab, scenario, {sought.lever: sought.value})
    return FoundGoal(sought, scenarios.run_scenario(snapshot_id, there, as_of))


@shared
def search(snapshot_id: str, scenario: Scenario, asked: Search, as_of: date | None = None) -> FoundMix:
    """The best mix of levers within a budget and limits. Raises InputError, in one line that names them, for constraints that contradict each other."""
    from analytics.whatif.answers import answer_search
    from analytics.whatif.knob import find_knob

    lab = scenarios.lab(snapshot_id, as_of)
    ranges = lab.ranges(scenario.segment, scenario.levers)
    mix = answer_search(lab.points, scenario, ranges, asked)
    baselines = {name: find_knob(name, scenario, ranges).baseline for name in mix.values}
    there = _turned(lab, scenario, mix.values)
    return FoundMix(mix, scenarios.run_scenario(snapshot_id, there, as_of), baselines)


@cached
def tornado(snapshot_id: str, scenario: Scenario, asked: Tornado, as_of: date | None = None) -> tuple[Swing, ...]:
    """What each lever does to an outcome by itself, the largest effect first. Raises InputError for an unknown lever or outcome."""
    from analytics.whatif.answers import answer_tornado

    lab = scenarios.lab(snapshot_id, as_of)
    return answer_tornado(lab.points, scenario, lab.ranges(scenario.segment, scenario.levers), asked)


@cached
def pair_map(snapshot_id: str, scenario: Scenario, asked: Pair, as_of: date | None = None) -> PairMap:
    """An outcome over two levers. Raises InputError for an unknown lever or outcome, or a pair that can't be set together."""
    from analytics.whatif.answers import answer_map

    lab = scenarios.lab(snapshot_id, as_of)
    return answer_map(lab.points, scenario, lab.ranges(scenario.segment, scenario.levers), asked)


def outcome_keys(snapshot_id: str, scenario: Scenario, as_of: date | None = None) -> tuple[str, ...]:
    """The outcomes that a question may name here, in the page's order: a money outcome is followed by its currency (`gmv_touched.EUR`)."""
    order = list(scenarios.OUTCOMES)
    points = scenarios.lab(snapshot_id, as_of).points(scenario)
    return tuple(
        sorted(
            points, key=lambda key: (order.index(base) if (base := key.partition(".")[0]) in order else len(order), key)
        )
    )


def unit_of(key: str) -> str:
    """The unit of an outcome that a question names; a count for one without a name on the page."""
    return scenarios.OUTCOMES.get(key.partition(".")[0], ("", "count"))[1]


def point(snapshot_id: str, scenario: Scenario, key: str, as_of: date | None = None) -> float:
    """One outcome of the scenario as a plain figure; NaN where it has none."""
    return scenarios.lab(snapshot_id, as_of).points(scenario)[key]


def outcome_named(result: WhatifResult, key: str) -> Outcome | None:
    """The segment's outcome that a question names, None for one that has none of this name."""
    name, _dot, currency = key.partition(".")
    return next(
        (
            outcome
            for outcome in result.outcomes
            if outcome.outcome == name
            and outcome.group.get("merchants") == "segment"
            and outcome.group.get("currency", "") == currency
        ),
        None,
    )


def rows(snapshot_id: str, scenario: Scenario, result: WhatifResult, as_of: date | None = None) -> list[Row]:
    """The answers to the questions that a scenario asks, under the keys of the command's contract; `result` is the scenario's own.

    `outcome` is the question (goal, search, tornado, map) or a part of its answer (goal.lever, search.cost, search.lever, search.limit); `group` says of which
    lever and outcome. Intervals are those of an outcome in the scenario found; levers, costs, tornado and map have none.
    """
    asked, found = scenario.questions, list[Row]()
    if asked.goal:
        found += _goal_rows(asked.goal, goal(snapshot_id, scenario, asked.goal, as_of))
    if asked.search:
        found += _search_rows(asked.search, search(snapshot_id, scenario, asked.search, as_of))
    notes = {"assumptions": result.outcomes[0].assumptions}
    if asked.tornado:
        swings = tornado(snapshot_id, scenario, asked.tornado, as_of)
        found += [{**row, **notes} for row in _tornado_rows(scenario, swings)]
    if asked.map:
        found += [{**notes, **row} for row in _map_rows(scenario, pair_map(snapshot_id, scenario, asked.map, as_of))]
    return [{**row, "seed": scenario.seed, "snapshot_id": result.snapshot_id} for row in found]


def _turned(lab: Lab, scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """The scenario with levers at values of their own."""
    from analytics.whatif.knob import find_knob

    ranges = lab.ranges(scenario.segment, scenario.levers)
    for name, value in values.items():
        scenario = find_knob(name, scenario, ranges).turned(scenario, value)
    return scenario


def _goal_rows(asked: Goal, found: FoundGoal) -> Iterator[Row]:
    sought = found.sought
    group = {"of": asked.outcome, "target": asked.target, "is_reached": sought.is_reached}
    for row in (
        _of_outcome("goal", group, found.result, asked.outcome),
        _figure("goal.lever", {"lever": sought.lever}, sought.lever_baseline, sought.value),
    ):
        yield row | _told(found.result)


def _search_rows(asked: Search, found: FoundMix) -> Iterator[Row]:
    mix, result = found.mix, found.result
    parts = [_figure("search.cost", {} if asked.budget is None else {"budget": asked.budget}, 0.0, mix.cost)]
    if outcome_named(result, asked.outcome):
        parts.insert(0, _of_outcome("search", {"of": asked.outcome}, result, asked.outcome))
    parts += [
        _figure("search.lever", {"lever": lever, "cost": mix.costs[lever]}, found.baselines[lever], value)
        for lever, value in mix.values.items()
    ]
    parts += [_of_outcome("search.limit", {"limit": str(limit)}, result, limit.outcome) for limit in asked.limits]
    for row in parts:
        yield row | _told(result)


def _tornado_rows(scenario: Scenario, swings: tuple[Swing, ...]) -> Iterator[Row]:
    for swing in swings:
        for value, reached in ((swing.low, swing.at_low), (swing.high, swing.at_high)):
            group = {"lever": swing.lever, "at": value, "of": swing.outcome}
            yield _figure("tornado", group, swing.baseline, reached) | _label(scenario, swing.lever)


def _map_rows(scenario: Scenario, found: PairMap) -> Iterator[Row]:
    for first, cells in zip(found.first_values, found.cells.tolist(), strict=True):
        for second, cell in zip(found.second_values, cells, strict=True):
            group = {found.first: first, found.second: second, "of": found.outcome}
            row = _figure("map", group, found.baseline, cell) | _label(scenario, found.first, found.second)
            yield row | {"assumptions": (f"No figure: {found.fault}",)} if found.fault and math.isnan(cell) else row


def _of_outcome(name: str, group: Mapping[str, object], result: WhatifResult, key: str) -> Row:
    """The row of an outcome of the scenario found, with its interval."""
    outcome = outcome_named(result, key)
    if outcome is None:
        return _figure(name, group, None, None)
    ends = {"ci_low": outcome.ci_low, "ci_high": outcome.ci_high, "change": outcome.change}
    return _figure(name, group, outcome.baseline, outcome.value) | ends


def _figure(name: str, group: Mapping[str, object], baseline: float | None, value: float | None) -> Row:
    change = None if baseline is None or value is None else value - baseline
    figures = {"baseline": baseline, "value": value, "change": change, "ci_low": None, "ci_high": None}
    return {"outcome": name, "group": group, **figures}


def _told(result: WhatifResult) -> Row:
    return {"label": result.outcomes[0].label, "assumptions": result.outcomes[0].assumptions}


def _label(scenario: Scenario, *names: str) -> Row:
    """What kind of answer it is with these levers beside the scenario's own: exact where all are rules."""
    from analytics.whatif.scenario import ASSUMED

    kinds = {*(name.partition(" ")[0] for name in names), *(lever.kind for lever in scenario.levers)}
    return {"label": "assumption" if kinds & set(ASSUMED) else "exact"}
