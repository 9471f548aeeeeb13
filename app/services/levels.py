"""Merchants' levels at the evaluations of the score's calendar: who changed, and one merchant's history. Words stay msgids. Knows no page.

Evaluations are made when first asked for, and kept beside the snapshots (`analytics.trust.evaluations`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from app.services import trust
from app.services.reading import base_id, known_on
from app.services.runtime import cached, get_runtime
from app.services.warehouse import filter_options, last_complete_day, snapshot

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.trust.evaluations import Known
    from analytics.trust.programme import Evaluated
    from app.filters import Compare

EVALUATIONS_SHOWN = 6
ALL_DAYS = date(9999, 1, 1)


def rules() -> Evaluated:
    """When the score is evaluated, and how firmly a level is held."""
    from analytics.trust import default_programme

    return default_programme().evaluated


@cached
def history(snapshot_id: str, day: date | None, count: int = 1, known: Known = "then") -> pd.DataFrame:
    """The last evaluations up to a day (None: of all that the data cover), by day and merchant: see `Evaluations.history`."""
    from analytics.trust.evaluations import Evaluations

    last = _covered(snapshot_id, ALL_DAYS if day is None else day)
    found = Evaluations.of(get_runtime().warehouse, base_id(snapshot_id)).history(last, count, known=known)
    return found.assign(change=_changes(found))


def of_merchant(snapshot_id: str, day: date | None, merchant_id: str, known: Known = "then") -> pd.DataFrame:
    """One merchant's last evaluations, newest first: the columns of `history`."""
    found = history(snapshot_id, day, EVALUATIONS_SHOWN, known)
    own = found[found["merchant_id"] == merchant_id]
    return own.sort_values("evaluated_on", ascending=False, kind="stable", ignore_index=True)


def in_force(snapshot_id: str, merchant_id: str) -> str | None:
    """The level that a merchant was told at the newest evaluation of all that the data cover, whatever day is read; None without one."""
    newest = history(base_id(snapshot_id), None)
    own = newest[newest["merchant_id"] == merchant_id]["level"].tolist()
    return own[-1] if own else None


def changed(snapshot_id: str, scope: Scope) -> pd.DataFrame:
    """The scope's merchants whose level changed at the last evaluation of its window's end, falls first, the lowest score on top: the
    columns of `history` and name."""
    found = history(snapshot_id, scope.date_to)
    ids = {score.merchant_id for score in trust.scope_scores(snapshot_id, scope)}
    names = filter_options(snapshot_id).merchants
    found = found[found["change"].isin(["up", "down"]) & found["merchant_id"].isin(ids)]
    found = found.assign(name=[names.get(merchant, merchant) for merchant in found["merchant_id"]])
    return found.sort_values(["change", "score", "merchant_id"], kind="stable", ignore_index=True)


def last_day(snapshot_id: str, day: date) -> date | None:
    """The last evaluation day up to a day; None where the data cover none."""
    from analytics.trust.evaluations import Evaluations

    found = Evaluations.of(get_runtime().warehouse, base_id(snapshot_id)).days(_covered(snapshot_id, day), 1)
    return found[0] if found else None


def _covered(snapshot_id: str, day: date) -> date:
    """The last day up to a day that the data known as of the reading's day cover, so that later data add no evaluation."""
    known = known_on(snapshot_id)
    if known is None:
        return day
    found = snapshot(snapshot_id)
    return min(day, known if found.data_up_to is None else last_complete_day(found.data_up_to, found.time_zone))


def comparison_end(scope: Scope, base: Compare) -> date:
    """The last day of the window that a scope is compared with."""
    from analytics.metrics import base_scope

    return base_scope(scope, base).date_to


def held_since(frame: pd.DataFrame) -> date:
    """Of one merchant's evaluations, newest first: the first from which the newest level (or its lack) was held, as far as they go back."""
    levels = frame["level"].tolist()
    kept = next((place for place, level in enumerate(levels) if level != levels[0]), len(levels))
    since: date = frame["evaluated_on"].iloc[kept - 1]
    return since


def next_day(day: date) -> date:
    """The evaluation after a day."""
    return rules().schedule.after(day)


@dataclass(frozen=True)
class Awaited:
    """The level held at a merchant's last evaluation where its score on the day is another's: `level` and `given_on`, the earliest evaluation at which
    the score's level would be held if it stays (None where the level held is the better one)."""

    level: str
    given_on: date | None


def awaited(snapshot_id: str, day: date | None, merchant_id: str, level: str, score: float) -> Awaited | None:
    """What the level held has to do with the score's `level` on a day; None where they are the same, or nothing was evaluated."""
    from analytics.trust import default_programme
    from analytics.trust.levels import evaluations_until

    own = of_merchant(snapshot_id, day, merchant_id)
    held = None if own.empty else own["level"].iloc[0]
    if held is None or held == level:
        return None
    rank = {name: place for place, name in enumerate(trust.level_labels())}
    if rank[held] < rank[level]:
        return Awaited(held, None)
    given: date = own["evaluated_on"].iloc[0]
    seen = own["score"].astype(float).tolist()[::-1]
    for _evaluation in range(evaluations_until(seen, score, level, default_programme())):
        given = next_day(given)
    return Awaited(held, given)


def _changes(found: pd.DataFrame) -> list[str]:
    """up, down, same; first for a level after none, none without a level."""
    rank = {level: place for place, level in enumerate(trust.level_labels())}
    said = []
    for level, before in zip(found["level"], found["previous_level"], strict=True):
        if level is None:
            said.append("none")
        elif before is None:
            said.append("first")
        else:
            said.append("same" if level == before else "up" if rank[level] < rank[before] else "down")
    return said
