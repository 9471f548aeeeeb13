"""What would lift a merchant's level, and what its score leaves out because it was not its fault. Words stay msgids. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from app.i18n import N_
from app.services.runtime import cached
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from analytics.trust import Accountable, Path

FAULTS = {
    "carrier": N_("Carrier"),
    "buyer": N_("Buyer"),
    "platform": N_("Marketplace"),
    "unknown": N_("Unknown"),
}
_SHOWN = 6  # levers that are enough alone, as a page lists them
COLUMNS = ("label", "now", "target", "best", "orders")


@cached
def path(snapshot_id: str, as_of: date | None, merchant_id: str) -> Path | None:
    """The smallest changes that lift the merchant's level; None where it has no score yet. InputError for an unknown merchant."""
    from analytics.trust import MARTS, daily_counts, default_programme, fit_model, path_to_next_level

    programme = default_programme()
    with cursor(snapshot_id, as_of, MARTS) as opened:
        counts = daily_counts(opened, programme, has_plain=False)
    return path_to_next_level(counts, fit_model(counts, programme), merchant_id)


@cached
def accountable(snapshot_id: str, as_of: date | None, merchant_id: str) -> Accountable:
    """The merchant's score with and without events that were not its fault, and the orders that it leaves out."""
    from analytics.trust import accountable as judged

    with cursor(snapshot_id, as_of) as opened:
        return judged(opened, merchant_id)


def levers(found: Path) -> pd.DataFrame:
    """A row a rate, columns COLUMNS (label is a msgid): each lever that lifts the level alone, else those that do so together."""
    alone = [step.levers[0] for step in found.alone if step.is_reachable]
    chosen = alone[:_SHOWN] or (
        found.together.levers if found.together else ()
    )  # of those that go together none may be left out
    rows = [(lever.label, lever.now, lever.target, lever.best, round(lever.orders)) for lever in chosen]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def records(found: Path | None, as_of: date, merchant_id: str) -> list[Mapping[str, object]]:
    """The path as rows of JSON: one a step, `step` is alone or together; a single row without a step and levers where nothing can
    be moved, at the highest level, and without a score."""
    if found is None:
        return [
            {"merchant_id": merchant_id, "as_of": as_of, "score": None, "level": None, "next_level": None, "levers": []}
        ]
    head: dict[str, object] = {
        "merchant_id": merchant_id,
        "as_of": as_of,
        "score": found.score,
        "level": found.level,
        "next_level": found.next_level,
        "minimum": found.minimum,
        "given_from": found.given_from,
        "days": found.days,
        "unchanged": found.unchanged,
        "evaluated_on": found.evaluated_on,
    }
    steps = [("alone", step) for step in found.alone] + ([("together", found.together)] if found.together else [])
    rows: list[Mapping[str, object]] = [
        {
            **head,
            "step": kind,
            "reachable": step.is_reachable,
            "probability": step.probability,
            "levers": [
                {key: value for key, value in asdict(lever).items() if key not in ("label", "direction")}
                for lever in step.levers
            ],
        }
        for kind, step in steps
    ]
    return rows or [{**head, "levers": []}]
