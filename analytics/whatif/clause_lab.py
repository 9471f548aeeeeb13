"""Levers of clauses for a lab: programmes are evaluated when a lever first names them, and kept. Knows no score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.trust.programmes import Prepared, SellerProgramme
from analytics.whatif.clauses import Moved, clause_bounds, clause_of, moved, programme_of
from analytics.whatif.levers import LeverRange
from analytics.whatif.scenario import CLAUSES, Lever, Scenario

_KEPT = 12  # programmes


@dataclass(frozen=True)
class Standards:
    """`find`: a programme by its id, InputError for an unknown one; `evaluate`: for every merchant."""

    find: Callable[[str], SellerProgramme]
    evaluate: Callable[[SellerProgramme], Prepared]


class ClauseLab:
    """Of a lab's merchants, by id. Without `standards` no limit of a clause moves."""

    def __init__(self, standards: Standards | None, merchant_ids: NDArray[np.object_]) -> None:
        self._ids = merchant_ids
        self._find = None if standards is None else standards.find
        self._evaluated = None if standards is None else lru_cache(_KEPT)(standards.evaluate)

    def range_of(self, lever: Lever) -> LeverRange:
        """The clause's limit and what it may be moved to. InputError: see `clause_of`."""
        prepared = self._prepared(lever)
        clause = clause_of(prepared, lever)
        return LeverRange(lever.kind, None, clause.limit, *clause_bounds(prepared, clause), lever.of)

    def ranges(self, programme_id: str) -> tuple[LeverRange, ...]:
        """Of every clause of a programme that any merchant can be judged by."""
        prepared = self._evaluate(programme_id, programme_id)
        judged = [each.clause for each in prepared.result.clauses if each.is_judged.any()]
        return tuple(self.range_of(Lever("clause_limit", of=f"{programme_id}/{clause.clause_id}")) for clause in judged)

    def moved(self, scenario: Scenario) -> list[Moved]:
        """The scenario's lever of a clause with its verdicts before and after, none without. InputError for more than one."""
        levers = [lever for lever in scenario.levers if lever.kind in CLAUSES]
        if len(levers) > 1:
            raise InputError(f"levers '{levers[0].name}' and '{levers[1].name}': one clause at a time. Keep one.")
        return [moved(self._prepared(lever), self._ids, lever, self.range_of(lever).target(lever)) for lever in levers]

    def _prepared(self, lever: Lever) -> Prepared:
        return self._evaluate(programme_of(lever), lever.name)

    def _evaluate(self, programme_id: str, asked: str) -> Prepared:
        if self._find is None or self._evaluated is None:
            raise InputError(f"lever '{asked}': no seller programmes are at hand here.")
        return self._evaluated(self._find(programme_id))
