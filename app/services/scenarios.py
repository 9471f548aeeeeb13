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
from app.services import effects, trust
from app.services.reading import base_id
from app.services.runtime import cached, get_runtime, shared
from app.services.warehouse import cursor, earlier_day, merchants

if TYPE_CHECKING:
    from analytics.trust import Programme
    from analytics.whatif import Effect, Lab, Lever, LeverRange, Outcome, Scenario, Segment, WhatifResult
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
    "units_changed": (N_("Cases that the lever changes"), "count"),
    "orders_touched": (N_("Orders affected"), "count"),
    "gmv_touched": (N_("GMV affected"), "money"),
    "new_share_hit": (N_("New merchants among those falling"), "rate"),
    "small_share_hit": (N_("Small merchants among those falling"), "rate"),
    "stars": (N_("Mean stars"), "stars"),
    "dispute": (N_("Share of orders disputed"), "rate"),
    "repeat": (N_("Share of buyers who came back"), "rate"),
}
TOUCHED = ("orders_touched", "gmv_touched")
EXPECTED = ("false_flags", "missed")  # means of what may be: fractions of a merchant
LABELS = {
    "exact": N_("Exact: the same figures under another rule"),
    "assumption": N_("Assumption: the change is put in, not predicted"),
    "observational": N_("Observational: estimated from the data, not tried"),
    "experiment": N_("Experiment: estimated from a trial"),
}


@dataclass(frozen=True)
class Levers:
    """What the page's levers can be set to. `late_rate` is None where the source records no promised day; `behaviour` and `policy` are the further ones."""

    late_rate: LeverRange | None
    borders: tuple[LeverRange, ...]
    behaviour: tuple[LeverRange, ...]
    policy: tuple[LeverRange, ...]


@shared
def lab(snapshot_id: str, as_of: date | None = None) -> Lab:
    """The prepared lab of a snapshot as of a day (None: the newest) under the committed definition; every session shares it."""
    from analytics.trust import daily_counts
    from analytics.whatif import make_lab

    def recount(programme: Programme) -> pd.DataFrame:
        with cursor(snapshot_id, as_of) as opened:
            return daily_counts(opened, programme)

    with cursor(snapshot_id, as_of) as opened:
        return make_lab(opened, recount=recount)


def run_scenario(snapshot_id: str, scenario: Scenario, as_of: date | None = None) -> WhatifResult:
    """The scenario on a snapshot as of a day (None: the newest); of the newest with what buyers do about it, once effects are fitted
    (`effects`). Raises InputError for a segment without merchants or a lever out of its bounds."""
    return _run(snapshot_id, scenario, as_of, effects.of_score(snapshot_id) if as_of is None else ())


@shared
def _run(snapshot_id: str, scenario: Scenario, as_of: date | None, known: tuple[Effect, ...]) -> WhatifResult:
    return lab(snapshot_id, as_of).run(scenario, known)


def outcome_rows(result: WhatifResult) -> list[dict[str, object]]:
    """The outcomes under the keys of the command's contract."""
    return [{**asdict(outcome), "seed": result.seed, "snapshot_id": result.snapshot_id} for outcome in result.outcomes]


@cached
def levers(snapshot_id: str, segment: Segment, as_of: date | None = None) -> Levers:
    """Live baselines and bounds for a segment. Raises InputError when no merchant matches it."""
    from analytics.whatif.scenario import BEHAVIOUR

    ranges = lab(snapshot_id, as_of).ranges(segment)
    late = next((found for found in ranges if found.kind == "late_rate"), None)
    borders = tuple(found for found in ranges if found.kind == "score_limit" and found.level)
    further = [found for found in ranges if found.kind not in ("late_rate", "score_limit")]
    does = tuple(found for found in further if found.kind in BEHAVIOUR)
    return Levers(late, borders, does, tuple(found for found in further if found.kind not in BEHAVIOUR))


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
