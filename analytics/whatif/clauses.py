"""What if the limit of a seller programme's clause moved: who would fail it, what that touches, and how many of them wrongly.

Knows programmes evaluated for all merchants; knows no score, no page and no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.trust.programmes.definition import Clause
from analytics.trust.programmes.evaluate import ClauseResult, Prepared, Tried
from analytics.trust.toml_table import did_you_mean
from analytics.whatif import assumptions as said
from analytics.whatif.assumptions import Assumption
from analytics.whatif.outcomes import NORMAL, Outcome, People, behaviour_outcome
from analytics.whatif.scenario import Lever

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_STEP = 1e-6
HIT_COLUMNS = ("merchant_id", "name", "is_in_segment", "direction", "value", "n", "level_before", "level_after")


@dataclass(frozen=True)
class Moved:
    """A clause under its own limit and under another, for all merchants of the lab at their `places` of the programme's (−1: not among them)."""

    lever: Lever
    clause: Clause
    target: float
    places: NDArray[np.intp]
    before: Tried
    after: Tried

    def fails(self, tried: Tried) -> Mask:
        """Who fails the clause: (merchants,)."""
        return self.told(tried.clause.is_judged & ~tried.clause.passed)

    @property
    def judged(self) -> Mask:
        return self.told(self.before.clause.is_judged)

    def told(self, values: Mask) -> Mask:
        """An array of the programme's merchants as one of the lab's."""
        found: Mask = values[self.places] & (self.places >= 0)
        return found

    def probability(self, tried: Tried) -> Floats:
        """How likely each merchant's true rate is on the failing side."""
        return np.nan_to_num(tried.clause.probability[self.places])


def programme_of(lever: Lever) -> str:
    """The id of the programme that a clause's lever names. InputError where its `of` is none."""
    programme, slash, clause = str(lever.of).partition("/")
    if not (programme and slash and clause):
        raise InputError(f"lever '{lever.name}': expected of = programme/clause, such as ebay/account_age.")
    return programme


def clause_of(prepared: Prepared, lever: Lever) -> Clause:
    """The clause that the lever moves. InputError for an unknown one, or one that this source can't judge."""
    name = str(lever.of).partition("/")[2]
    known = {clause.clause_id: clause for clause in prepared.result.programme.clauses}
    if name not in known:
        programme = prepared.result.programme.programme_id
        raise InputError(f"lever '{lever.name}': no clause '{name}' in {programme}.{did_you_mean(name, known)}")
    if not _result(prepared, known[name]).is_judged.any():
        raise InputError(
            f"lever '{lever.name}': no merchant can be judged by it: the source lacks what it counts, or there is too little of it."
        )
    return known[name]


def clause_bounds(prepared: Prepared, clause: Clause) -> tuple[float, float]:
    """Lowest and highest limit: of a rate from 0 to 1, short of what nothing could break or meet; else up to the highest value there is."""
    if clause.form == "rate":
        return (0.0 if clause.operator == "<=" else _STEP), (1.0 if clause.operator == ">=" else 1.0 - _STEP)
    values = _result(prepared, clause).value
    return 0.0, max(float(np.nanmax(values, initial=0.0)), clause.limit)


def moved(prepared: Prepared, merchant_ids: NDArray[np.object_], lever: Lever, target: float) -> Moved:
    """The clause at another limit; exactly as it is at its own."""
    clause = clause_of(prepared, lever)
    places = pd.Index(prepared.merchant_ids).get_indexer(pd.Index(merchant_ids))
    before = prepared.tried(clause)
    limit = float(f"{target:.12g}")  # compared as it is written, so 0.04 − 0.01 is 0.03
    after = before if target == clause.limit else prepared.tried(replace(clause, limit=limit))
    return Moved(lever, clause, target, places, before, after)


def clause_points(found: Moved, members: Mask, people: People) -> dict[str, tuple[float, float]]:
    """Outcome → (before, after) of some merchants; amounts by currency, `clause_gmv.EUR`. Wrong ones are told of rates alone."""
    old, new = found.fails(found.before) & members, found.fails(found.after) & members
    hit = new & ~old
    told = {
        "clause_failing": (float(old.sum()), float(new.sum())),
        "clause_hit": (0.0, float(hit.sum())),
        "clause_spared": (0.0, float((old & ~new).sum())),
        "clause_levels": (0.0, float(_levels_differ(found, members).sum())),
        "clause_orders": (0.0, float(people.orders[hit].sum())),
    }
    for currency, amounts in people.gmv.items():
        if amounts[members].any():
            told[f"clause_gmv.{currency}"] = (0.0, float(amounts[hit].sum()))
    for name, is_missed in (("clause_wrong", False), ("clause_missed", True)):
        if found.clause.form == "rate":
            sides = [_wrong(found, tried, members, is_missed)[0] for tried in (found.before, found.after)]
            told[name] = (float(sides[0].sum()), float(sides[1].sum()))
    return told


def clause_outcomes(found: Moved, members: Mask, people: People, group: Mapping[str, str]) -> Iterator[Outcome]:
    """The same as outcomes. Who fails is counted, not estimated; how many wrongly has an interval."""
    for key, (old, new) in clause_points(found, members, people).items():
        name, _dot, currency = key.partition(".")
        named = {**group, "clause": str(found.lever.of), **({"currency": currency} if currency else {})}
        told = behaviour_outcome(name, named, old, new)
        if name in ("clause_wrong", "clause_missed"):
            off = NORMAL * _error(found, members, is_missed=name == "clause_missed")
            low, high = max(told.change - off, -old), told.change + off
            told = replace(told, ci_low=low, ci_high=high, sampling_low=low, sampling_high=high)
        yield told


def clause_hits(found: Moved, names: pd.DataFrame, inside: Mask) -> pd.DataFrame:
    """Whose verdict changes, worst value first: the columns of HIT_COLUMNS; `direction` is hit or spared."""
    old, new = found.fails(found.before), found.fails(found.after)
    rows = np.flatnonzero(old != new)
    places = found.places[rows]
    clause = found.before.clause
    frame = names.iloc[rows].assign(
        is_in_segment=inside[rows],
        direction=np.where(new[rows], "hit", "spared"),
        value=clause.value[places],
        n=clause.n[places],
        level_before=found.before.level[places],
        level_after=found.after.level[places],
    )
    order = ["value", "merchant_id"]
    frame = frame.sort_values(order, ascending=[found.clause.is_floor, True], kind="stable")
    return frame.reset_index(drop=True)[list(HIT_COLUMNS)]


def clause_sentences(found: Moved) -> list[Assumption]:
    """What the answer rests on."""
    values: dict[str, str | float] = {"rule": found.lever.name, "before": found.clause.limit, "after": found.target}
    told = said.CLAUSE_WRONG if found.clause.form == "rate" else said.CLAUSE_NO_RATE
    return [Assumption(said.RULE_CHANGES, values), Assumption(said.CLAUSE_COUNTS, {}), Assumption(told, {})]


def _result(prepared: Prepared, clause: Clause) -> ClauseResult:
    return next(result for result in prepared.result.clauses if result.clause.clause_id == clause.clause_id)


def _levels_differ(found: Moved, members: Mask) -> Mask:
    differs: Mask = found.told(found.before.level != found.after.level) & members
    return differs


def _wrong(found: Moved, tried: Tried, members: Mask, is_missed: bool) -> tuple[Floats, Mask]:
    """How likely each merchant fails wrongly, or passes wrongly; and who could."""
    fails, likely = found.fails(tried), found.probability(tried)
    could = members & found.judged & (~fails if is_missed else fails)
    return np.where(could, likely if is_missed else 1 - likely, 0.0), could


def _error(found: Moved, members: Mask, *, is_missed: bool) -> float:
    """The standard error of the change of wrong ones: a merchant's true rate is one and the same before and after, merchants' are apart."""
    (old, could_old), (new, could_new) = (
        _wrong(found, tried, members, is_missed) for tried in (found.before, found.after)
    )
    both = np.where(could_old & could_new, np.minimum(old, new), 0.0)
    return float(np.sqrt(np.maximum(old + new - 2 * both - (new - old) ** 2, 0.0).sum()))
