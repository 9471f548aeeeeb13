"""What a programme's clauses come to for a merchant: outcome, level and the clause that decided. Pure over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analytics.trust.programmes.definition import SellerProgramme
    from analytics.trust.programmes.evaluate import ClauseResult
    from analytics.trust.programmes.judge import Bools, Ints
    from analytics.trust.programmes.evaluate import Texts

# Statuses that say nothing about the merchant: a level is judged by its other clauses.
_SILENT = ("not_in_source", "not_applicable")
_WORST_FIRST = ("fail", "near", "pass")


def standing(programme: SellerProgramme, results: Sequence[ClauseResult]) -> tuple[Texts, Texts, Ints]:
    """Outcome, level and the position of the deciding clause, each of shape (merchants,).

    The outcome looks at the clauses of no level and of required levels: fail where one fails, near where one passes near its limit, pass
    where those that can be judged pass, too_few where none can. The level is the best whose clauses, and those of all lower levels, pass; without one
    it is the band of the points, else the outcome's word (near counts as pass). A level with a clause of too few orders is not held.
    """
    required = {level.level_id for level in programme.levels if level.is_required} | {""}
    decisive = [place for place, result in enumerate(results) if result.clause.level in required]
    size = len(results[0].status)
    outcome, tightest = np.full(size, "too_few", dtype=object), np.full(size, -1)
    for place in decisive:
        marked = _mark(results[place])
        better = np.full(size, False)
        for rank, word in enumerate(_WORST_FIRST):
            is_worse = np.isin(outcome, (*_WORST_FIRST[rank + 1 :], "too_few"))
            better |= (marked == word) & is_worse
        tie = (marked == outcome) & (marked != "too_few") & _is_tighter(results, place, tightest)
        tightest[better | tie] = place
        outcome[better] = marked[better]
    return outcome, _level(programme, results, outcome), tightest


def _mark(result: ClauseResult) -> Texts:
    marked = np.full(len(result.status), "too_few", dtype=object)
    marked[result.is_judged] = "fail"
    marked[result.passed] = "pass"
    marked[result.is_near] = "near"
    return marked


def _is_tighter(results: Sequence[ClauseResult], place: int, current: Ints) -> Bools:
    """Whether a clause's distance is smaller than that of the clause that decides so far."""
    size = len(current)
    stacked = np.vstack([np.where(np.isnan(r.distance), np.inf, r.distance) for r in results])
    found: Bools = stacked[place] < stacked[current, np.arange(size)]
    return found


def _level(programme: SellerProgramme, results: Sequence[ClauseResult], outcome: Texts) -> Texts:
    level = np.where(outcome == "near", "pass", outcome).astype(object)
    held = outcome != "fail"
    for item in reversed(programme.levels):
        own = [result for result in results if result.clause.level == item.level_id]
        for result in own:
            held &= result.passed | np.isin(result.status, _SILENT)
        has_any = np.any([result.passed for result in own], axis=0) if own else np.zeros(len(level), dtype=bool)
        level[held & has_any] = item.level_id
    for result in results:
        for band in result.clause.bands:
            level[result.level == band.level_id] = band.level_id
    return level
