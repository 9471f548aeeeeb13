"""What a programme's clauses come to for a merchant: outcome, level and the clause that decided. Pure over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from analytics.trust.programmes.definition import SellerProgramme
    from analytics.trust.programmes.evaluate import ClauseResult, Texts
    from analytics.trust.programmes.judge import Ints

OUTCOMES = ("fail", "near", "pass", "too_few")  # worst first; nothing known last
_NOTHING = OUTCOMES.index("too_few")
_NAMES = np.array(OUTCOMES, dtype=object)


def standing(programme: SellerProgramme, results: Sequence[ClauseResult]) -> tuple[Texts, Texts, Ints]:
    """Outcome, level and the position of the deciding clause, each of shape (merchants,).

    The outcome looks at the clauses of no level and of required levels: fail where one fails, near where one passes near its limit, pass
    where those that can be judged pass, too_few where none can. The level is the best whose clauses, and those of all lower levels, pass; without one
    it is the band of the points or rating, else the outcome's word (near counts as pass). A level with a clause of too few orders, or that the source
    can't tell, is not held; a rate of nothing at all denies none.
    """
    required = {level.level_id for level in programme.levels if level.is_required} | {""}
    size = len(results[0].state)
    outcome, tightest = np.full(size, _NOTHING, dtype=np.int8), np.full(size, -1)
    nearest = np.full(size, np.inf)
    for place, result in enumerate(results):
        if result.clause.level not in required:
            continue
        marked, distance = _mark(result), np.nan_to_num(result.distance, nan=np.inf)
        decides = (marked < outcome) | ((marked == outcome) & (marked < _NOTHING) & (distance < nearest))
        outcome[decides], tightest[decides], nearest[decides] = marked[decides], place, distance[decides]
    names = _NAMES[outcome]
    return names, _level(programme, results, names), tightest


def _mark(result: ClauseResult) -> NDArray[np.int8]:
    """The outcome of one clause, as its position in OUTCOMES."""
    marked = np.full(len(result.state), _NOTHING, dtype=np.int8)
    marked[result.is_judged] = OUTCOMES.index("fail")
    marked[result.passed] = OUTCOMES.index("pass")
    marked[result.is_near] = OUTCOMES.index("near")
    return marked


def _level(programme: SellerProgramme, results: Sequence[ClauseResult], outcome: Texts) -> Texts:
    level = np.where(outcome == "near", "pass", outcome).astype(object)
    held = outcome != "fail"
    for item in reversed(programme.levels):
        own = [result for result in results if result.clause.level == item.level_id]
        for result in own:
            held &= result.passed | result.is_silent
        has_any = np.any([result.passed for result in own], axis=0) if own else np.zeros(len(level), dtype=bool)
        level[held & has_any] = item.level_id
    for result in results:
        level = result.banded(level)
    return level
