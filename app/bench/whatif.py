"""`trustdesk bench whatif`: one slider move in CPU time beside the limit and beside reading the orders, and how exact the lab is.

Times are of the process (user and system), so that a busy machine changes them little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from analytics.bench import whatif as checks
from analytics.trust.programme import default_programme
from analytics.whatif import Lab, Lever, Scenario, WhatifResult, make_lab
from analytics.whatif.answers import answer_goal, answer_search
from analytics.whatif.definition import change_definition
from analytics.whatif.knob import find_knob
from analytics.whatif.questions import Goal

if TYPE_CHECKING:
    from analytics.warehouse import Warehouse

T = TypeVar("T")
SIZES = {20_000: 100.0, 100_000: 300.0}  # merchants → the limit of a move's 95th percentile, in ms
GOAL = 1000.0  # ms: the limit of a goal seek's 95th percentile
MIXES = 100
FIRSTS = {
    "behaviour": "with the segment's draws",
    "carrier": "with carriers compared, and draws of their rates",
    "category": "with draws of every rate",
}
_CLOSE = 1e-9  # score points


@dataclass(frozen=True)
class Figure:
    """A figure beside its limit. `peer` says what `peer_value` is of; `is_met` is None where there is no limit."""

    what: str
    merchants: int
    value: float
    unit: str
    limit: float | None = None
    is_met: bool | None = None
    peer: str = ""
    peer_value: float | None = None

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(warehouse: Warehouse, sizes: tuple[int, ...], number: int, seed: int) -> Iterator[Figure]:
    """Exactness on the warehouse's newest day, then speed on synthetic counts of so many merchants, `number` moves a slider."""
    yield from exactness(warehouse)
    yield from _beside_events(warehouse, number, seed)
    for size in sizes:
        yield from speed(size, number, seed)


def exactness(warehouse: Warehouse) -> Iterator[Figure]:
    """The largest difference from served scores, as they are and under other rules; and the list of a moved border against a recount by SQL."""
    programme = default_programme()
    with warehouse.cursor(time_limit=None) as cursor:
        lab = make_lab(cursor)
        yield _close("score as it is", *checks.served_difference(cursor, lab.run(Scenario("as it is"))))
        for lever in checks.RULES:
            changed = change_definition(programme, [(lever, lever.target or 0.0)])
            found = lab.run(Scenario("rule", levers=(lever,)))
            yield _close(
                f"score under {lever.name} {lever.target:g}", *checks.served_difference(cursor, found, changed)
            )
        border = programme.levels[-3].minimum
        for target in (border - 5, border + 5):
            moved = Lever("score_limit", target=target, level=programme.levels[-3].level_id)
            result = lab.run(Scenario("border", levers=(moved,)))
            counted = checks.recount(cursor, border, target)
            pairs = [
                set(zip(frame["merchant_id"], frame["direction"], strict=True)) for frame in (result.crossings, counted)
            ]
            wrong = len(pairs[0] ^ pairs[1])
            yield Figure(
                f"border {border:g} → {target:g}: list beside a recount by SQL",
                len(pairs[0]),
                float(wrong),
                "merchants listed wrongly",
                0.0,
                wrong == 0,
                "recount",
                float(len(pairs[1])),
            )


def speed(merchants: int, number: int, seed: int) -> Iterator[Figure]:
    """Moves of each slider on synthetic counts; the first of a segment, which makes its draws, is told apart."""
    counts = checks.synthetic_counts(merchants, seed)
    by_carrier = checks.synthetic_carriers(counts, seed)
    amounts, programme = checks.synthetic_amounts(counts), default_programme()
    lab, made = _timed(lambda: Lab(counts, amounts, programme, "synthetic", by_carrier=lambda _: by_carrier))
    yield Figure("lab made", merchants, made, "CPU ms")
    for kind in checks.SLIDERS:
        scenarios = checks.moves(lab, kind, number + 1, seed)
        first = _spent(lab.run, scenarios[:1])[0]
        if kind in FIRSTS:
            yield Figure(f"first move of the {kind}, {FIRSTS[kind]}", merchants, first, "CPU ms")
        spent = _spent(lab.run, scenarios[1:])
        p95, limit = float(np.quantile(spent, 0.95)), SIZES.get(merchants)
        yield Figure(
            f"move of the {kind} slider, p95 of {number}",
            merchants,
            p95,
            "CPU ms",
            limit,
            None if limit is None else p95 < limit,
        )
        asked = _spent(lab.points, scenarios[1:])
        yield Figure(f"{kind} without intervals, p95", merchants, float(np.quantile(asked, 0.95)), "CPU ms")
    yield from _questions(lab, number, seed)


def _questions(lab: Lab, number: int, seed: int) -> Iterator[Figure]:
    """Goals, a quarter as many as moves, each as the page answers it: the lever's value, then the outcomes there with intervals. And what a mix of a search costs."""
    merchants, wanted = len(lab.world.n), checks.goals(lab, max(2, number // 4), seed)
    spent = [_timed(partial(_goal, lab, goal))[1] for goal in wanted]
    p95 = float(np.quantile(spent, 0.95))
    what = f"goal seek: median score by the late rate, p95 of {len(wanted)}"
    yield Figure(what, merchants, p95, "CPU ms", GOAL, p95 < GOAL)
    for bounded, search in checks.searches(lab, MIXES).items():
        mix, all_ = _timed(partial(answer_search, lab.points, Scenario("search"), lab.ranges(), search))
        what = f"search of three levers within {bounded}, a mix of {mix.evaluations}"
        yield Figure(what, merchants, all_ / mix.evaluations, "CPU ms")


def _goal(lab: Lab, goal: Goal) -> WhatifResult:
    scenario, ranges = Scenario("goal"), lab.ranges()
    found = answer_goal(lab.points, scenario, ranges, goal)
    return lab.run(find_knob(found.lever, scenario, ranges).turned(scenario, found.value))


def _beside_events(warehouse: Warehouse, number: int, seed: int) -> Iterator[Figure]:
    """Moves on the warehouse's own merchants, beside reading the orders for one."""
    with warehouse.cursor(time_limit=None) as cursor:
        lab = make_lab(cursor)
        events = [_timed(lambda: checks.read_events(cursor))[1] for _ in range(3)]
        for kind in FIRSTS:
            scenarios = checks.moves(lab, kind, number + 1, seed)
            if not scenarios:
                continue
            spent = _spent(lab.run, scenarios)[1:]
            yield Figure(
                f"move of the {kind} slider on this warehouse, p95 of {number}",
                len(lab.world.n),
                float(np.quantile(spent, 0.95)),
                "CPU ms",
                peer="only reading the orders anew, median of 3",
                peer_value=float(np.median(events)),
            )


def _close(what: str, merchants: int, difference: float) -> Figure:
    return Figure(
        f"{what}: largest difference from the served one", merchants, difference, "points", _CLOSE, difference <= _CLOSE
    )


def _spent(ask: Callable[[Scenario], object], scenarios: Sequence[Scenario]) -> list[float]:
    """The CPU time of each scenario in ms."""
    return [_timed(partial(ask, scenario))[1] for scenario in scenarios]


def _timed(action: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and the CPU time in ms."""
    began = time.process_time()
    found = action()
    return found, 1000 * (time.process_time() - began)
