"""A merchant's change of level between two evaluations, and what can be done about it: what statements of reasons are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import pandas as pd

from app.errors import InputFileError
from app.i18n import N_, _
from app.services import levels, trust
from app.services.warehouse import filter_options

if TYPE_CHECKING:
    pass

Measure = Literal["level", "restriction", "termination"]
MEASURES: dict[Measure, str] = {
    "level": N_("Change of level"),
    "restriction": N_("Restriction of the account"),
    "termination": N_("End of the account"),
}
LEVELS = ("level", "previous_level")


@dataclass(frozen=True)
class LevelChange:
    """One merchant's last change of level as it was evaluated then; scores 0–100, days of the reporting zone.

    A first level, or one regained, has no `previous_level` (and no `previous_on` at the calendar's first evaluation); a lost one no `level`. Scores are NaN
    where there was none. `earlier_level` is the last one held at the `looked_back` evaluations before; None looked back: at any.
    """

    merchant_id: str
    name: str
    evaluated_on: date
    previous_on: date | None
    level: str | None
    previous_level: str | None
    score: float
    previous_score: float
    ci_low: float
    ci_high: float
    n: int
    snapshot_id: str
    earlier_level: str | None = None
    looked_back: int | None = None

    @property
    def reference(self) -> str:
        """What the statement is cited by."""
        return f"SR-{self.merchant_id}-{self.evaluated_on}"

    @property
    def steps(self) -> tuple[int, int]:
        """The levels before and now, counted from the lowest, which is 1; 0 is none."""
        order = [None, *(band.level for band in trust.bands())]
        return order.index(self.previous_level), order.index(self.level)

    @property
    def is_between_levels(self) -> bool:
        """Whether there was a level before and is one now."""
        return self.level is not None and self.previous_level is not None

    @property
    def is_rise(self) -> bool:
        """Whether the level now is the better one; a first level is where it isn't the lowest."""
        before, now = self.steps
        return now > max(before, 1)


def last_change(snapshot_id: str, up_to: date | None, merchant_id: str) -> LevelChange | None:
    """The merchant's last change of level in the evaluations shown up to a day (None: of all that is known); None without one.

    Raises InputFileError for a merchant that is not in the warehouse.
    """
    names = filter_options(snapshot_id).merchants
    if merchant_id not in names:
        raise InputFileError(
            "There is no {name} '{value}' in the warehouse: check the spelling.", name="merchant", value=merchant_id
        )
    own = levels.of_merchant(snapshot_id, up_to, merchant_id)
    own = own.assign(**{name: own[name].astype(object).where(own[name].notna(), None) for name in LEVELS})
    for place, row in enumerate(own.to_dict("records")):
        if row["level"] == row["previous_level"]:
            continue
        earlier = own["level"].tolist()[place + 1 :]
        is_whole = pd.isna(own["previous_on"].iloc[-1])
        if not is_whole:
            earlier.append(own["previous_level"].iloc[-1])
        before = [level for level in earlier if level is not None]
        return LevelChange(
            merchant_id,
            names[merchant_id],
            row["evaluated_on"],
            None if pd.isna(row["previous_on"]) else row["previous_on"],
            row["level"],
            row["previous_level"],
            row["score"],
            row["previous_score"],
            row["ci_low"],
            row["ci_high"],
            row["n"],
            row["snapshot_id"],
            before[0] if before else None,
            None if is_whole else len(earlier),
        )
    return None


def level_words(found: LevelChange) -> tuple[str, str]:
    """The levels before and now in the reader's language, a lack of one too."""
    names = {level: _(label) for level, label in trust.level_labels().items()}
    if found.previous_level is not None:
        before = names[found.previous_level]
    elif found.earlier_level is not None:
        before = _("none at the evaluation before; {level} at an earlier one", level=names[found.earlier_level])
    elif found.looked_back is not None:
        before = _("none at the {n} evaluations before", n=found.looked_back)
    else:
        before = _("none yet")
    return before, _("none") if found.level is None else names[found.level]
