"""Words for levers and outcomes in the what-if page's questions, and what a question starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.i18n import _, figure
from app.services import finding, scenarios
from app.services.kept_scenarios import PARAM
from app.services.lever_words import lever_figure, lever_label, lever_unit
from app.services.scenario_export import assumption_words

if TYPE_CHECKING:
    from analytics.whatif import LeverRange, Scenario, Segment, WhatifResult

_CHOICES = "whatif.kept.choices"  # how often it was set anew which saved scenarios stand side by side


class Levers:
    """The levers of a segment by their names, with their words."""

    def __init__(self, ranges: tuple[LeverRange, ...]) -> None:
        self._ranges = {found.name: found for found in ranges}

    @property
    def names(self) -> list[str]:
        """In the lab's order, what merchants do first."""
        return list(self._ranges)

    def label(self, name: str) -> str:
        """What a lever is called on the page."""
        found = self._ranges[name]
        return lever_label(found.kind, found.of, found.level, found.instead_of)

    def figure(self, name: str, value: float) -> str:
        """A lever's value in its unit."""
        found = self._ranges[name]
        return lever_figure(found.kind, value, found.of)

    def factor(self, name: str) -> float:
        """What a value is multiplied with to be typed in: a share is typed in per cent."""
        found = self._ranges[name]
        return 100.0 if lever_unit(found.kind, found.of) == "rate" else 1.0

    def bounds(self, name: str) -> tuple[float, float]:
        """The lowest and the highest value."""
        return self._ranges[name].low, self._ranges[name].high


@dataclass(frozen=True)
class Asked:
    """The scenario that questions start from, where they are asked, and the levers and outcomes that they may name."""

    scenario: Scenario
    snapshot_id: str
    as_of: date | None
    levers: Levers
    outcomes: tuple[str, ...]


def open_scenario(document_id: str) -> None:
    """Puts a saved scenario into the address, so that the address is a link to it, and opens it among those side by side."""
    st.query_params[PARAM] = document_id
    choose_anew()
    st.rerun()


def choose_anew() -> None:
    """Sets it anew which saved scenarios stand side by side: the one in the address, else the newest."""
    st.session_state[_CHOICES] = st.session_state.get(_CHOICES, 0) + 1


def choice_key() -> str:
    """The key of the widget that holds those that stand side by side; a browser keeps what it shows under an old one."""
    return f"whatif.kept.chosen.{st.session_state.get(_CHOICES, 0)}"


def outcome_name(key: str) -> str:
    """An outcome as a question names it: its name, with the currency behind it."""
    name, _dot, currency = key.partition(".")
    label = _(scenarios.OUTCOMES[name][0]) if name in scenarios.OUTCOMES else name
    return f"{label} ({currency})" if currency else label


def outcome_figure(key: str, value: float) -> str:
    """An outcome's value in its unit; an en dash for none."""
    return figure(None if math.isnan(value) else value, finding.unit_of(key), currency=key.partition(".")[2] or None)


def target_input(label: str, outcome: str, now: float, *, key: str) -> float:
    """A field for a value of an outcome that starts a little above the present one; shares are typed in per cent and come back as 0–1."""
    is_rate = finding.unit_of(outcome) == "rate"
    factor = 100.0 if is_rate else 1.0
    typed = st.number_input(
        _("{label}, in per cent", label=label) if is_rate else label,
        value=1.0 if math.isnan(now) else math.floor(now * factor) + 1.0,
        step=0.5 if finding.unit_of(outcome) == "points" else 1.0,
        format="%.1f",
        key=key,
    )
    return float(typed) / factor


def assumption_list(result: WhatifResult, segment: Segment) -> None:
    """“Simulated under these assumptions”; a click shows them."""
    with st.popover(_("Simulated under these assumptions"), type="tertiary", icon=":material/fact_check:"):
        for sentence in assumption_words(result, segment):
            st.markdown("- " + sentence)
