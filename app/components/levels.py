"""Words, icons and colours of trust levels and of programmes' outcomes: none is told by its colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from app.i18n import N_, _
from app.services.programmes import OUTCOMES, STATUSES
from app.services.trust import level_labels

LevelColour = Literal["green", "orange", "red", "gray"]

# The levels' names stand in the programme; these are the reasons why there is none.
REASONS: Mapping[str, str] = {
    "new": N_("New merchant"),
    "too_few": N_("Not enough data"),
    "not_in_source": N_("Not in this source"),
}
_ICONS = {
    "excellent": ":material/verified:",
    "good": ":material/check_circle:",
    "watch": ":material/visibility:",
    "poor": ":material/dangerous:",
    "new": ":material/fiber_new:",
    "too_few": ":material/hourglass_empty:",
    "not_in_source": ":material/block:",
}
LEVEL_COLOURS: Mapping[str, LevelColour] = {
    "excellent": "green",
    "good": "green",
    "watch": "orange",
    "poor": "red",
    "new": "gray",
    "too_few": "gray",
    "not_in_source": "gray",
}


def level_name(level: str) -> str:
    """A level, or the reason that stands in for one, in the reader's language; an unknown one as it is."""
    return level_names().get(level, level)


def level_names() -> dict[str, str]:
    """Every level, best first, and every reason → its name."""
    return {name: _(text) for name, text in {**level_labels(), **REASONS}.items()}


def level_badge(level: str) -> str:
    """A level as Markdown: icon and word on its colour."""
    colour, icon = LEVEL_COLOURS.get(level, "gray"), _ICONS.get(level, ":material/label:")
    return f":{colour}-badge[{icon} {level_name(level)}]"


OUTCOME_COLOURS: Mapping[str, LevelColour] = {"fail": "red", "near": "orange", "pass": "green", "too_few": "gray"}
_OUTCOME_ICONS = {
    "fail": ":material/cancel:",
    "near": ":material/warning:",
    "pass": ":material/check_circle:",
    "too_few": ":material/hourglass_empty:",
}


def outcome_names() -> dict[str, str]:
    """Every outcome of a programme, worst first, → its name."""
    return {outcome: _(text) for outcome, text in OUTCOMES.items()}


def clause_outcome_names() -> dict[str, str]:
    """Every outcome of a clause: those of a programme, and why a clause could not be judged."""
    return {outcome: _(text) for outcome, text in {**OUTCOMES, **STATUSES}.items()}


def outcome_badge(outcome: str) -> str:
    """An outcome as Markdown: icon and word on its colour."""
    colour, icon = OUTCOME_COLOURS.get(outcome, "gray"), _OUTCOME_ICONS.get(outcome, ":material/label:")
    return f":{colour}-badge[{icon} {outcome_names().get(outcome, outcome)}]"
