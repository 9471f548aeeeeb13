"""What-if scenarios: one run for the command and the page, the levers' live ranges, and saved scenarios. Knows no page.

Words stay msgids; the sentences of assumptions are those of analytics.whatif, marked here for translation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from app.i18n import N_
from app.services import effects, programmes, trust
from app.services.reading import base_id
from app.services.runtime import cached, get_runtime, shared
from app.services.warehouse import cursor, earlier_day, local_day, merchants, snapshot

if TYPE_CHECKING:
    from analytics.trust import Programme
    from analytics.whatif import Effect, Lab, Lever, LeverRange, Outcome, Scenario, Segment, WhatifResult
    from analytics.whatif.effect_types import Untold
    from app.filters import Filters
    from app.identity import Actor
    from app.workspace import Document

# outcome of analytics.whatif → its name and unit, in the order in which a page shows them
OUTCOMES = {
    "median_score": (N_("Median score"), "points"),
    "mean_score": (N_("Mean score"), "points"),
    "merchants_below_limit": (N_("Below the limit"), "count"),
    "merchants_crossing_down": (N_("Falling below the limit"), "count"),
    "merchants_crossing_up": (N_("Rising above the limit"), "count"),
    "false_flags": (N_("Expected false flags"), "count"),
    "missed": (N_("Expected misses"), "count"),
    "late_orders": (N_("Late by the merchant"), "count"),
    "carrier_orders": (N_("Orders with the carrier"), "count"),
    "mix_orders": (N_("Orders"), "count"),
    "mix_gmv": (N_("GMV"), "money"),
    "segment_gmv": (N_("GMV of the segment"), "money"),
    "scored_merchants": (N_("Merchants with a score"), "count"),
    "late_any": (N_("Late, whoever's fault"), "count"),
    "clause_failing": (N_("Failing the clause"), "count"),
    "clause_hit": (N_("Newly failing the clause"), "count"),
    "clause_spared": (N_("No longer failing it"), "count"),
    "clause_levels": (N_("Levels that change"), "count"),
    "clause_wrong": (N_("Expected to fail wrongly"), "count"),
    "clause_missed": (N_("Expected to pass wrongly"), "count"),
    "clause_orders": (N_("Orders newly hit"), "count"),
    "clause_gmv": (N_("GMV newly hit"), "money"),
    "pooled_rate": (N_("Rate over all orders"), "rate"),
    "units_changed": (N_("Cases that the lever changes"), "count"),
    "orders_touched": (N_("Orders affected"), "count"),
    "gmv_touched": (N_("GMV affected"), "money"),
    "new_share_hit": (N_("New merchants among those falling"), "rate"),
    "small_share_hit": (N_("Small merchants among those falling"), "rate"),
    "stars": (N_("Mean stars"), "stars"),
    "dispute": (N_("Share of orders disputed"), "rate"),
    "repeat": (N_("Back within 60 days"), "rate"),
}
TOUCHED = ("orders_touched", "gmv_touched")
EXPECTED = ("false_flags", "missed", "clause_wrong", "clause_missed")  # means of what may be: fractions of a merchant
LABELS = {
    "exact": N_("Exact: the same figures under another rule"),
    "assumption": N_("Assumption: the change is put in, not predicted"),
    "observational": N_("Observational: estimated from the data, not tried"),
    "experiment": N_("Experiment: estimated from a trial"),
}


@dataclass(frozen=True)
class Levers:
    """What the page's levers can be set to. `late_rate` is None where the source records no promised day; `behaviour` and `policy` are the further ones, `mix`
    carriers, categories and regions by their shares of orders."""

    late_rate: LeverRange | None
    borders: tuple[LeverRange, ...]
    behaviour: tuple[LeverRange, ...]
    policy: tuple[LeverRange, ...]
    mix: tuple[LeverRange, ...]


@shared
def lab(snapshot_id: str, as_of: date | None = None, definition: Programme | None = None) -> Lab:
    """The prepared lab of a snapshot as of a day (None: the newest) under a definition (None: the committed one); every session shares it."""
    from analytics.trust import daily_counts
    from analytics.trust.programmes import Prepared, SellerProgramme, prepare
    from analytics.whatif import Standards, carrier_counts, make_lab, named_programme

    def recount(programme: Programme) -> pd.DataFrame:
        with cursor(snapshot_id, as_of) as opened:
            return daily_counts(opened, programme)

    def by_carrier(programme: Programme) -> pd.DataFrame:
        with cursor(snapshot_id, as_of) as opened:
            return carrier_counts(opened, programme)

    def evaluated(found: SellerProgramme) -> Prepared:
        with cursor(snapshot_id, as_of) as opened:
            return prepare(opened, found)

    standards = Standards(lambda name: named_programme(name, programmes.available()), evaluated)
    with cursor(snapshot_id, as_of) as opened:
        return make_lab(opened, programme=definition, recount=recount, by_carrier=by_carrier, standards=standards)


def run_scenario(snapshot_id: str, scenario: Scenario, as_of: date | None = None) -> WhatifResult:
    """The scenario on a snapshot as of a day (None: the newest); of the newest with what buyers do about it, once effects are fitted
    (`effects`). Raises InputError for a segment without merchants, a lever out of its bounds or a day after the data."""
    _check_day(snapshot_id, as_of)
    if as_of is not None:
        return _run(snapshot_id, scenario, as_of, (), ())
    return _run(snapshot_id, scenario, None, effects.of_score(snapshot_id), effects.untold_of_score(snapshot_id))


def _check_day(snapshot_id: str, as_of: date | None) -> None:
    from analytics.errors import InputError

    found = snapshot(base_id(snapshot_id))
    last = local_day(found.data_up_to, found.time_zone) if found.data_up_to else None
    if as_of is not None and last is not None and as_of > last:
        raise InputError(f"as_of: {as_of} is after the data, which end on {last}. Choose a day up to then.")


@shared
def _run(
    snapshot_id: str, scenario: Scenario, as_of: date | None, known: tuple[Effect, ...], untold: tuple[Untold, ...]
) -> WhatifResult:
    return lab(snapshot_id, as_of).run(scenario, known, untold)


def outcome_rows(result: WhatifResult) -> list[dict[str, object]]:
    """The outcomes under the keys of the command's contract."""
    return [{**asdict(outcome), "seed": result.seed, "snapshot_id": result.snapshot_id} for outcome in result.outcomes]


@cached
def levers(snapshot_id: str, segment: Segment, as_of: date | None = None) -> Levers:
    """Live baselines and bounds for a segment. Raises InputError when no merchant matches it."""
    from analytics.whatif.scenario import BEHAVIOUR, MIX

    ranges = lab(snapshot_id, as_of).ranges(segment)
    late = next((found for found in ranges if found.kind == "late_rate"), None)
    borders = tuple(found for found in ranges if found.kind == "score_limit" and found.level)
    further = [found for found in ranges if found.kind not in ("late_rate", "score_limit")]
    does = tuple(found for found in further if found.kind in BEHAVIOUR)
    mix = tuple(found for found in further if found.kind in MIX)
    return Levers(late, borders, does, tuple(found for found in further if found not in (*does, *mix)), mix)


@cached
def lever_range(snapshot_id: str, segment: Segment, lever: Lever, as_of: date | None = None) -> LeverRange:
    """Live baseline and bounds of one lever for a segment. Raises InputError when no merchant matches it, or the source lacks it."""
    return lab(snapshot_id, as_of).range_of(lever, segment)


@cached
def judged_clauses(
    snapshot_id: str, segment: Segment, programme_id: str, as_of: date | None = None
) -> tuple[LeverRange, ...]:
    """The levers of a programme's clauses that any merchant can be judged by. Raises InputError for a programme that there is not."""
    return lab(snapshot_id, as_of).clause_ranges(programme_id, segment)


def has_scores(snapshot_id: str, filters: Filters, size_bands: tuple[str, ...]) -> bool:
    """Whether any merchant of the segment has a score at the end of the window; without one there is nothing to simulate."""
    known = merchants(snapshot_id)
    inside = set(known.loc[known["size_band"].isin(size_bands), "merchant_id"]) if size_bands else None
    found = trust.scope_scores(snapshot_id, filters.scope())
    return any(one.score is not None and (inside is None or one.merchant_id in inside) for one in found)


def segment_of(filters: Filters, size_bands: tuple[str, ...]) -> Segment:
    """The merchants that the page's filters leave, of these size bands (none: all)."""
    from analytics.whatif import Segment

    return Segment(filters.categories, filters.regions, filters.tiers, size_bands, filters.merchants)


def make_scenario(name: str, actor: Actor, segment: Segment, levers: Sequence[Lever], seed: int) -> Scenario:
    """A scenario of the page's levers."""
    from analytics.whatif import Scenario

    return Scenario(name=name, author=actor.name, segment=segment, levers=tuple(levers), seed=seed)


def named(scenario: Scenario, name: str, assumptions: str = "", parent: str = "") -> Scenario:
    """The scenario under a name of its own (as it is when the name is blank), with its author's own assumptions, one a line, and the one that it comes from."""
    own = tuple(line.strip() for line in assumptions.splitlines() if line.strip())
    return replace(scenario, name=name.strip() or scenario.name, assumptions=own, parent=parent)


def shown_outcomes(result: WhatifResult) -> list[Outcome]:
    """The segment's outcomes in the page's order."""
    mine = [outcome for outcome in result.outcomes if outcome.group.get("merchants") == "segment"]
    return sorted(mine, key=lambda outcome: list(OUTCOMES).index(outcome.outcome))


def segment_scores(result: WhatifResult) -> pd.DataFrame:
    """Scores of the segment's merchants that have one: score_before, score_after (0–100)."""
    scores = result.scores
    return scores[scores["is_in_segment"] & (scores["status"] == "ok")]


def crossing_table(result: WhatifResult) -> pd.DataFrame:
    """Those who cross: merchant_id, name, score_before, score_after, change, direction, level_after, n."""
    found = result.crossings
    return found.assign(change=found["score_after"] - found["score_before"])


def save(scenario: Scenario, snapshot_id: str, actor: Actor, as_of: date | None = None) -> Document:
    """Keeps the scenario with the snapshot and the day it was asked of. Raises StaleDocument for a taken name, NotAllowed for a bad one."""
    return get_runtime().workspace.scenarios.save(scenario.name, to_toml(scenario, snapshot_id, as_of), actor)


def saved() -> list[Document]:
    """Saved scenarios, last changed first."""
    return get_runtime().workspace.scenarios.all()


def to_toml(scenario: Scenario, snapshot_id: str, as_of: date | None = None) -> str:
    """The scenario as a file for `trustdesk whatif`, with the snapshot and the day that give the same numbers again."""
    from analytics.whatif import dump_scenario

    pinned = replace(scenario, snapshot_id=base_id(snapshot_id), as_of=earlier_day(snapshot_id, as_of))
    return dump_scenario(pinned)
