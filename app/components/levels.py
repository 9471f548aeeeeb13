"""Words, icons and colours of trust levels: a level is never told by its colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from app.i18n import N_, _

LevelColour = Literal["green", "orange", "red", "gray"]

LEVEL_NAMES: Mapping[str, str] = {
    "excellent": N_("Excellent"),
    "good": N_("Good"),
    "watch": N_("Watch closely"),
    "poor": N_("Poor"),
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
    """A level, or the status that stands in for one, in the reader's language; an unknown one as it is."""
    return _(LEVEL_NAMES[level]) if level in LEVEL_NAMES else level


def level_names() -> dict[str, str]:
    """Every level and status → its name, best first."""
    return {level: _(name) for level, name in LEVEL_NAMES.items()}


def level_badge(level: str) -> str:
    """A level as Markdown: icon and word on its colour."""
    colour, icon = LEVEL_COLOURS.get(level, "gray"), _ICONS.get(level, ":material/label:")
    return f":{colour}-badge[{icon} {level_name(level)}]"
