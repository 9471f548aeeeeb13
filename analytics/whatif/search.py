"""Constraint search: the mix of levers that does best within a budget, bounds and limits, and no more of it than is needed.

Knows no data: asks an `Evaluate`. The optimiser is scipy's differential evolution (Storn & Price 1997, with the rules of Lampinen 2002 for
constraints), which takes outcomes that go in steps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import NonlinearConstraint, differential_evolution

from analytics.errors import InputError
from analytics.whatif.knob import Evaluate, Knob, baseline_of, outcome_of
from analytics.whatif.questions import COST, EVALUATIONS, Limit
from analytics.whatif.scenario import Scenario

Place = tuple[float, ...]
MOST_LEVERS = 6
_SLACK = 1e-9
_FAR = 1e12  # farther off than any figure
_BACK = 10  # halvings of a lever's way back to where it is now


@dataclass(frozen=True)
class Priced:
    """A lever to mix, and what one unit of its move costs, either way (a rate's unit is 1: a percentage point costs a hundredth)."""

    knob: Knob
    cost: float


@dataclass(frozen=True)
class Wanted:
    """What is looked for. `sign` +1: the most of `outcome`; -1: the least. `seed` of the optimiser; `evaluations` at most, or a few more."""

    outcome: str
    sign: int
    budget: float | None = None
    limits: tuple[Limit, ...] = ()
    seed: int = 1
    evaluations: int = EVALUATIONS


@dataclass(frozen=True)
class Mix:
    """The best mix found: lever → value and lever → cost of its move, the total, the outcome there and before, and every figure of the run."""

    values: Mapping[str, float]
    costs: Mapping[str, float]
    cost: float
    outcome: str
    value: float
    baseline: float
    points: Mapping[str, float]
    evaluations: int


@dataclass(frozen=True)
class _Tried:
    """One mix: what it costs, what it gives (more is better), and how far it is inside each constraint (negative: outside). It is run when a figure of it is
    asked for: the cost alone tells one beyond the budget, where there is no other limit."""

    cost: float
    wanted: Wanted
    run: Callable[[], Mapping[str, float]]

    @cached_property
    def points(self) -> Mapping[str, float]:
        return self.run()

    @cached_property
    def worth(self) -> float:
        wanted = self.wanted
        worth = -self.cost if wanted.outcome == COST else wanted.sign * outcome_of(self.points, wanted.outcome)
        return -math.inf if math.isnan(worth) else worth

    @cached_property
    def slack(self) -> tuple[float, ...]:
        budget = () if self.wanted.budget is None else (self.wanted.budget - self.cost,)
        return (*budget, *(limit.slack(outcome_of(self.points, limit.outcome)) for limit in self.wanted.limits))

    @property
    def is_kept(self) -> bool:
        return min(self.slack, default=0.0) >= -_SLACK

    @property
    def rank(self) -> tuple[bool, float, float]:
        """Among mixes the greatest is the best: constraints kept, then worth, then cheapness."""
        return self.is_kept, self.worth if self.is_kept else min(self.slack), -self.cost


class _Mixer:
    """Mixes as points of the unit cube, each evaluated once at most."""

    def __init__(self, evaluate: Evaluate, scenario: Scenario, priced: Sequence[Priced], wanted: Wanted) -> None:
        self._evaluate, self._scenario, self._priced, self._wanted = evaluate, scenario, priced, wanted
        self.tried: dict[Place, _Tried] = {}
        self.start = self.place([item.knob.baseline for item in priced])

    def place(self, values: Sequence[float]) -> Place:
        """Where values lie between their bounds, 0–1; outside them, the nearer bound."""
        return tuple(
            min(max((value - knob.low) / (knob.high - knob.low), 0.0), 1.0) if knob.high > knob.low else 0.0
            for value, knob in zip(values, self._knobs, strict=True)
        )

    def values(self, place: Place) -> list[float]:
        """The levers' values; one that isn't moved is exactly where it is now."""
        return [
            knob.baseline
            if at == start and knob.low <= knob.baseline <= knob.high
            else knob.at(min(knob.low + at * (knob.high - knob.low), knob.high))
            for knob, at, start in zip(self._knobs, place, self.start, strict=True)
        ]

    def costs(self, place: Place) -> list[float]:
        """What each lever's move costs."""
        moved = zip(self._priced, self.values(place), strict=True)
        return [item.cost * abs(value - item.knob.baseline) for item, value in moved]

    def at(self, place: Place) -> _Tried:
        """The mix at a place; an optimiser's step out of the cube counts as its border."""
        place = tuple(min(max(float(at), 0.0), 1.0) for at in place)
        if place not in self.tried:
            self.tried[place] = self._try(place)
        return self.tried[place]

    def loss(self, place: Place) -> float:
        """What the optimisers make small."""
        return -max(self.at(place).worth, -_FAR)

    @property
    def best(self) -> Place:
        """The best place tried so far."""
        return max(self.tried, key=lambda place: self.tried[place].rank)

    @property
    def _knobs(self) -> list[Knob]:
        return [item.knob for item in self._priced]

    def _try(self, place: Place) -> _Tried:
        scenario = _mixed(self._scenario, self._priced, self.values(place))
        return _Tried(sum(self.costs(place)), self._wanted, lambda: self._evaluate(scenario))


def search(evaluate: Evaluate, scenario: Scenario, priced: Sequence[Priced], wanted: Wanted) -> Mix:
    """The best mix of levers that keeps budget, bounds and limits; of equally good ones the cheapest found.

    The same seed gives the same mix. InputError, in one line that names them, for constraints that contradict each other: those that no mix
    can keep by arithmetic, and else the fewest that no mix tried keeps together.
    """
    _check(priced, wanted)
    points = evaluate(_mixed(scenario, priced, [item.knob.baseline for item in priced]))
    baseline = 0.0 if wanted.outcome == COST else baseline_of(points, wanted.outcome)
    mixer = _Mixer(evaluate, scenario, priced, wanted)
    mixer.at(mixer.start)
    _evolve(mixer, wanted)
    if not mixer.at(mixer.best).is_kept:
        raise InputError(_contradiction(list(mixer.tried.values()), wanted))
    best = _saved(mixer)
    found, names = mixer.at(best), [item.knob.name for item in priced]
    return Mix(
        values=dict(zip(names, mixer.values(best), strict=True)),
        costs=dict(zip(names, mixer.costs(best), strict=True)),
        cost=found.cost,
        outcome=wanted.outcome,
        value=found.cost if wanted.outcome == COST else outcome_of(found.points, wanted.outcome),
        baseline=baseline,
        points=found.points,
        evaluations=len(mixer.tried) + 1,
    )


def _mixed(scenario: Scenario, priced: Sequence[Priced], values: Sequence[float]) -> Scenario:
    """The scenario with every lever at its value."""
    for item, value in zip(priced, values, strict=True):
        scenario = item.knob.turned(scenario, value)
    return scenario


def _check(priced: Sequence[Priced], wanted: Wanted) -> None:
    names = [item.knob.name for item in priced]
    if not 0 < len(names) <= MOST_LEVERS or len(set(names)) < len(names):
        raise InputError(f"search: expected 1 to {MOST_LEVERS} levers, each once, found {', '.join(names) or 'none'}.")
    for first, second in itertools.product(wanted.limits, repeat=2):
        if first.at_least is None or second.at_most is None or first.outcome != second.outcome:
            continue
        if first.at_least > second.at_most:
            both = (
                f"'{first}' and '{second}' contradict each other"
                if first != second
                else f"'{first}' contradicts itself"
            )
            raise InputError(f"search: {both}: nothing keeps both. Loosen one.")
    forced = sum(
        item.cost * max(item.knob.low - item.knob.baseline, item.knob.baseline - item.knob.high, 0.0) for item in priced
    )
    if wanted.budget is not None and forced > wanted.budget + _SLACK:
        raise InputError(
            f"search: the bounds of {', '.join(names)} and '{_budget(wanted)}' contradict each other: coming within the bounds "
            f"costs {forced:g}. Widen the bounds or raise the budget."
        )


def _evolve(mixer: _Mixer, wanted: Wanted) -> None:
    """A population of mixes evolves, the levers where they are now among them."""
    count = len(mixer.start)
    size = max(6, math.ceil(20 / count))  # members per lever
    kept = NonlinearConstraint(lambda place: np.clip(mixer.at(tuple(place)).slack, -_FAR, _FAR), -_SLACK, np.inf)
    differential_evolution(
        lambda place: mixer.loss(tuple(place)),
        [(0.0, 1.0)] * count,
        constraints=(kept,) if _named(wanted) else (),
        popsize=size,
        maxiter=max(1, wanted.evaluations // (size * count) - 1),
        rng=wanted.seed,
        x0=np.array(mixer.start),
        polish=False,
        tol=0.0,
    )


def _saved(mixer: _Mixer) -> Place:
    """The best mix without what buys nothing: each lever, the dearest first, goes back towards where it is now as far as the mix stays as good."""
    place = mixer.best
    worth = mixer.at(place).worth
    for lever in sorted(range(len(place)), key=lambda lever: -mixer.costs(mixer.best)[lever]):
        near, far, middle = mixer.start[lever], place[lever], mixer.start[lever]
        for _ in range(_BACK):
            tried = mixer.at((*place[:lever], middle, *place[lever + 1 :]))
            near, far = (near, middle) if tried.is_kept and tried.worth >= worth else (middle, far)
            middle = (near + far) / 2
        place = (*place[:lever], far, *place[lever + 1 :])
    return place


def _budget(wanted: Wanted) -> str:
    return f"{COST} at most {wanted.budget:g}"


def _named(wanted: Wanted) -> list[str]:
    """The constraints in words, in the order of `_Tried.slack`."""
    return [*([] if wanted.budget is None else [_budget(wanted)]), *map(str, wanted.limits)]


def _contradiction(tried: list[_Tried], wanted: Wanted) -> str:
    """The fewest constraints that no mix keeps together, and how near the mixes come to one that none keeps by itself."""
    kept = np.array([mix.slack for mix in tried]) >= -_SLACK
    names = _named(wanted)
    for size in range(1, len(names) + 1):
        for chosen in itertools.combinations(range(len(names)), size):
            if not kept[:, chosen].all(axis=1).any():
                words = " and ".join(f"'{names[place]}'" for place in chosen)
                if size == 1:
                    nearest = _nearest(tried, chosen[0] - len(names), wanted)
                    return f"search: {words} is kept by no mix of the levers within their bounds ({len(tried)} tried{nearest}). Loosen it."
                return (
                    f"search: {words} contradict each other: no mix of the levers within their bounds keeps them together "
                    f"({len(tried)} tried). Loosen one."
                )
    raise AssertionError("a mix keeps every constraint")


def _nearest(tried: list[_Tried], place: int, wanted: Wanted) -> str:
    """How near a mix comes to the limit at this place, counted from the end; nothing of a budget."""
    limit = wanted.limits[place]
    closest = max(tried, key=lambda mix: mix.slack[place])
    return f", the nearest has {limit.outcome} {closest.points[limit.outcome]:g}"
