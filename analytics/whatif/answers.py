"""Answers the questions that a scenario's file asks, on any `Evaluate`: names become knobs, and the right function is called."""

from __future__ import annotations

from collections.abc import Iterable

from analytics.whatif.knob import Evaluate, find_knob
from analytics.whatif.levers import LeverRange
from analytics.whatif.pairs import PairMap, pair_map
from analytics.whatif.questions import Goal, Pair, Search, Tornado
from analytics.whatif.scenario import BEHAVIOUR, Scenario
from analytics.whatif.search import Mix, Priced, Wanted, search
from analytics.whatif.seek import Sought, goal_seek
from analytics.whatif.tornado import Swing, tornado


def answer_goal(evaluate: Evaluate, scenario: Scenario, ranges: Iterable[LeverRange], asked: Goal) -> Sought:
    """As `goal_seek`. InputError for an unknown lever or outcome, or bounds outside the lever's."""
    knob = find_knob(asked.lever, scenario, ranges).narrowed(asked.low, asked.high)
    return goal_seek(evaluate, scenario, knob, asked.outcome, asked.target)


def answer_search(evaluate: Evaluate, scenario: Scenario, ranges: Iterable[LeverRange], asked: Search) -> Mix:
    """As `search`, with the scenario's seed. InputError as there, and for an unknown lever or bounds outside a lever's."""
    known = tuple(ranges)
    priced = [
        Priced(find_knob(item.lever, scenario, known).narrowed(item.low, item.high), item.cost) for item in asked.levers
    ]
    sign = 1 if asked.maximise else -1
    wanted = Wanted(asked.outcome, sign, asked.budget, asked.limits, scenario.seed, asked.evaluations)
    return search(evaluate, scenario, priced, wanted)


def answer_tornado(
    evaluate: Evaluate, scenario: Scenario, ranges: Iterable[LeverRange], asked: Tornado
) -> tuple[Swing, ...]:
    """As `tornado`, of the levers named, else of all that merchants do. InputError for an unknown lever or outcome."""
    known = tuple(ranges)
    named = asked.levers or tuple(found.name for found in known if found.kind in BEHAVIOUR)
    knobs = [find_knob(name, scenario, known) for name in named]
    return tornado(evaluate, scenario, knobs, asked.outcome, asked.reach)


def answer_map(evaluate: Evaluate, scenario: Scenario, ranges: Iterable[LeverRange], asked: Pair) -> PairMap:
    """As `pair_map`. InputError for an unknown lever or outcome."""
    known = tuple(ranges)
    first, second = (find_knob(name, scenario, known) for name in (asked.first, asked.second))
    return pair_map(evaluate, scenario, first, second, asked.outcome, asked.steps)
