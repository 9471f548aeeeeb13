"""The prepared lab: one marketplace on one day under one definition, and what any scenario makes of it.

Made once and shared: everything that scenarios have in common (counts as arrays, the fitted score, draws of a segment) is kept; a scenario costs what it changes.
Knows frames of counts and how to ask for others; knows no page and no file.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.trust.programme import Programme, Rate
from analytics.whatif import assumptions as said
from analytics.whatif import levers as lever_rules
from analytics.whatif.apply import Applied, apply, assumptions_of, counted_outcomes
from analytics.whatif.assumptions import Assumption
from analytics.whatif.carriers import Carriers, make_carriers
from analytics.whatif.clause_lab import ClauseLab, Standards
from analytics.whatif.clauses import clause_hits, clause_outcomes, clause_points, clause_sentences
from analytics.whatif.effect_outcomes import effect_outcomes, untold_effects
from analytics.whatif.effect_types import Effect, Untold
from analytics.whatif.levers import LeverRange
from analytics.whatif.outcomes import Outcome, group_outcomes, point_values
from analytics.whatif.scenario import BEHAVIOUR, CLAUSES, Lever, Scenario, Segment, check_levers
from analytics.whatif.spread import MOST_DRAWN, Drawn, among, group_draws
from analytics.whatif.tables import crossings_of, people_of, score_table
from analytics.whatif.world import Mask, World, make_world, with_programme

EVERYONE = Segment()
EXACT, ASSUMPTION = "exact", "assumption"
_COUNTED = ("half_life_days", "window_days", "min_n")  # rules that need other counts, or other peers
_KEPT = 8  # segments' draws, and worlds under other counts: 1,000 merchants by 400 draws are 2 MB, and 2 more a rate
T = TypeVar("T")
Recount = Callable[[Programme], pd.DataFrame]


@dataclass(frozen=True)
class WhatifResult:
    """`scores`: one row a merchant: merchant_id, name, is_in_segment, n, status, score_before, score_after, level_before, level_after.
    `crossings`: the rows of those whose score crosses the limit, with `direction` (up or down), largest change first. `clause_hits`: for each lever of a clause the rows of `clauses.clause_hits`. `warnings`: the assumptions that
    say what the data don't bear out."""

    outcomes: tuple[Outcome, ...]
    crossings: pd.DataFrame
    scores: pd.DataFrame
    assumptions: tuple[Assumption, ...]
    limit_before: float
    limit_after: float
    as_of: date
    seed: int
    draws: int
    snapshot_id: str
    clause_hits: tuple[pd.DataFrame, ...] = ()

    @property
    def warnings(self) -> tuple[Assumption, ...]:
        return tuple(each for each in self.assumptions if each.text in said.WARNINGS)


class Lab:
    """Counts of all merchants (as `daily_counts` gives them, plain counts too) and their order value (merchant_id, currency, gmv_minor), ready for scenarios.

    Nothing that a caller sees changes, so one lab serves all sessions. `recount` reads the counts for another window or half-life; without it those levers
    are refused. `observed` has the sums of `sql/whatif/observed.sql`, for outcomes that effects speak of; `by_carrier` reads those of `sql/whatif/carriers.sql`,
    without which no order changes its carrier; `standards` evaluates a seller programme by its id, without which no limit of a clause moves.
    """

    def __init__(
        self,
        counts: pd.DataFrame,
        amounts: pd.DataFrame,
        programme: Programme,
        snapshot_id: str,
        *,
        recount: Recount | None = None,
        observed: pd.DataFrame | None = None,
        by_carrier: Recount | None = None,
        standards: Standards | None = None,
    ) -> None:
        self.programme, self.snapshot_id = programme, snapshot_id
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.RLock()
        self.day: date = counts["as_of"].iloc[0]
        self._counts, self._recount, self._by_carrier = counts, recount, by_carrier
        self._observed = None if observed is None else observed.set_index("merchant_id").reindex(counts["merchant_id"])
        self._ids = counts["merchant_id"].to_numpy(dtype=object)
        self._clauses = ClauseLab(standards, self._ids)
        self.world = replace(
            made := make_world(counts, programme), carriers=self._carriers(made.model.rates, programme)
        )
        self._frame = counts[["merchant_id", "name"]].reset_index(drop=True)
        self._people = people_of(counts, amounts, programme)

    @property
    def merchants(self) -> NDArray[np.object_]:
        """Ids of the merchants, in the order of the world's arrays."""
        return self._ids

    def ranges(self, segment: Segment = EVERYONE, levers: Sequence[Lever] = ()) -> tuple[LeverRange, ...]:
        """Every lever with its live baseline and bounds in a segment, behaviour first; then those of `levers` that are not listed by themselves, such as limits
        of clauses. InputError where no merchant matches, or the data lack one of `levers`."""
        found = lever_rules.ranges(self.world, self._inside(segment))
        listed = {each.name for each in found}
        return (*found, *(self.range_of(lever, segment) for lever in levers if lever.name not in listed))

    def range_of(self, lever: Lever, segment: Segment = EVERYONE) -> LeverRange:
        """One lever's live baseline and bounds in a segment, also of one that `ranges` doesn't list. InputError where no merchant matches or the data lack it."""
        inside = self._inside(segment)
        return (
            self._clauses.range_of(lever) if lever.kind in CLAUSES else lever_rules.range_of(self.world, inside, lever)
        )

    def clause_ranges(self, programme_id: str, segment: Segment = EVERYONE) -> tuple[LeverRange, ...]:
        """The levers of a seller programme's clauses that any merchant can be judged by. InputError for an unknown programme or a segment without merchants."""
        self._inside(segment)
        return self._clauses.ranges(programme_id)

    def crossing_limit(self, scenario: Scenario) -> float:
        """The score at which a scenario counts who crosses, before it moves it."""
        return lever_rules.default_limit(self.programme, scenario)

    def points(self, scenario: Scenario) -> Mapping[str, float]:
        """The segment's outcomes under a scenario without intervals, for searches that ask often: outcome → value (`gmv_touched.EUR` by currency). Where merchants
        gain or lose their score, that is the value of all who have one now and the change of those who keep it: who drops out is no gain. Raises as `run`."""
        applied = self._applied(scenario)
        before, places = applied.before, applied.scored(applied.inside)
        values = point_values(before, applied.after, places, self._people)
        scored = np.flatnonzero(applied.inside & before.has_score)
        if len(scored) != len(places):
            now = point_values(before, before, scored, self._people)
            values = {
                name: (now[name][0], now[name][0] + new - old) for name, (old, new) in values.items() if name in now
            }
        for found in self._clauses.moved(scenario):
            values |= clause_points(found, applied.inside, self._people)
        return {name: value for name, (_, value) in values.items()}

    def run(self, scenario: Scenario, effects: Sequence[Effect] = (), untold: Sequence[Untold] = ()) -> WhatifResult:
        """With `effects`, also what buyers do about a changed behaviour; `untold` are those that the data can't tell. The scenario's outcomes with intervals, who crosses, and what is assumed. InputError: an unknown or empty segment, a segment without a score, a lever that the
        data lack, out of bounds or against another one, another snapshot."""
        applied = self._applied(scenario)
        before, after, inside = applied.before, applied.after, applied.inside
        groups = (("segment", inside), ("others", ~inside))
        outcomes: list[Outcome] = []
        drawn_of = []
        for name, members in groups:
            places = applied.scored(members)
            if not len(places):
                continue
            scored = np.flatnonzero(members & before.has_score)
            drawn_of.append(self._draws(scenario, name, scored, places))
            outcomes += group_outcomes(applied, drawn_of[-1], places, self._people, {"merchants": name})
        outcomes += counted_outcomes(applied, self._people.gmv)
        clauses = self._clauses.moved(scenario)
        by_clause = [
            outcome
            for found in clauses
            for name, members in groups
            if members.any()
            for outcome in clause_outcomes(found, members, self._people, {"merchants": name})
        ]
        sentences_of = [sentence for found in clauses for sentence in clause_sentences(found)]
        assumptions = (*assumptions_of(applied, scenario, drawn_of[0]), *sentences_of)
        by_effect: list[tuple[Outcome, Assumption]] = []
        if self._observed is not None:
            by_effect = effect_outcomes(applied, self._observed, effects)
            silent = untold_effects(applied, self._observed, effects, untold)
            assumptions = (*assumptions, *(sentence for _, sentence in by_effect), *silent)
        label = ASSUMPTION if applied.is_assumed else EXACT
        sentences = tuple(map(str, assumptions))
        outcomes = [replace(each, label=label) for each in outcomes] + [outcome for outcome, _ in by_effect]
        told = [replace(each, assumptions=sentences).widened(applied.times) for each in outcomes]
        told += [replace(each, assumptions=sentences, label=EXACT) for each in by_clause]
        scores = score_table(applied, self._frame)
        return WhatifResult(
            outcomes=tuple(told),
            crossings=crossings_of(scores, before.limit, after.limit),
            scores=scores,
            assumptions=assumptions,
            limit_before=before.limit,
            limit_after=after.limit,
            as_of=self.day,
            seed=scenario.seed,
            draws=scenario.draws,
            snapshot_id=self.snapshot_id,
            clause_hits=tuple(clause_hits(found, self._frame, inside) for found in clauses),
        )

    def _applied(self, scenario: Scenario) -> Applied:
        check_levers(scenario)
        if scenario.snapshot_id is not None and scenario.snapshot_id != self.snapshot_id:
            raise InputError(
                f"scenario '{scenario.name}' belongs to snapshot {scenario.snapshot_id}, this is {self.snapshot_id}. "
                "Open that snapshot, or remove snapshot_id to ask it of this one."
            )
        inside = self._inside(scenario.segment)
        applied = apply(scenario, self.world, inside, self._under, partial(self._span, scenario.segment))
        if not applied.scored(inside).size:
            raise InputError(
                f"segment: none of the {inside.sum()} merchants of {scenario.segment.describe()} has a score."
            )
        return applied

    def _under(self, programme: Programme) -> World:
        """The world under another definition: read and fitted anew where the counts or the peers differ."""
        if programme == self.programme:
            return self.world
        rules = {name: getattr(programme, name) for name in _COUNTED}
        differing = [name for name, value in rules.items() if value != getattr(self.programme, name)]
        if not differing:
            return with_programme(self.world, programme)
        base = replace(self.programme, **rules)
        return with_programme(self._keep(("world", base), lambda: self._recounted(base, differing)), programme)

    def _recounted(self, programme: Programme, differing: list[str]) -> World:
        counts = self._counts
        if differing != ["min_n"]:
            if self._recount is None:
                raise InputError(
                    f"lever '{differing[0]}': these counts can't be read anew for another window or half-life."
                )
            counts = self._recount(programme)
        world = make_world(counts, programme, left_out=self.world.model.left_out)
        # how the rates of a merchant go together stays, so that draws before and after are of one kind
        carriers = self._carriers(world.model.rates, programme)
        return replace(world, model=replace(world.model, common=self.world.model.common), carriers=carriers)

    def _carriers(self, rates: tuple[Rate, ...], programme: Programme) -> Callable[[], Carriers | None]:
        """Gives the counts by carrier of a definition's window and half-life; read when they are first asked for."""
        read = self._by_carrier
        if read is None:
            return lambda: None
        key = ("carriers", programme.window_days, programme.half_life_days)
        return lambda: self._keep(key, lambda: make_carriers(read(programme), self._ids, rates, programme))

    def _span(self, segment: Segment, world: World, lever: Lever) -> LeverRange:
        """A lever's range in a segment. That of behaviour is of the counts as they came alone, so it is kept: searches ask for it at every run."""
        inside, rules = self._inside(segment), world.model.programme
        if lever.kind not in BEHAVIOUR or world.is_mixed:
            return lever_rules.range_of(world, inside, lever)
        key = ("range", segment, lever.kind, lever.of, *(getattr(rules, name) for name in _COUNTED))
        return self._keep(key, lambda: lever_rules.range_of(world, inside, lever))

    def _inside(self, segment: Segment) -> Mask:
        return self._keep(("mask", segment), lambda: lever_rules.segment_mask(self._counts, segment))

    def _draws(self, scenario: Scenario, group: str, scored: NDArray[np.intp], places: NDArray[np.intp]) -> Drawn:
        """Draws of those at `places`, some of those that have a score as it is (`scored`)."""
        key = ("draws", scenario.segment, group, scenario.seed, scenario.draws)
        made = partial(
            group_draws,
            self.world,
            self._ids,
            self.day.isoformat(),
            most=MOST_DRAWN[group],
            seed=scenario.seed,
            draws=scenario.draws,
        )
        found = among(self._keep(key, lambda: made(members=scored)), places)
        return found or self._keep((*key, places.tobytes()), lambda: made(members=places))

    def _keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for a key; the last few of a kind are kept."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
                while len(self._kept) > 3 * _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return cast(T, self._kept[key])
