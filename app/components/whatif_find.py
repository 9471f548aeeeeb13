"""The what-if page's questions: a goal, a mix within a budget, which lever matters most, and two levers at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.components.whatif_maps import draw_pair, draw_tornado
from app.components.whatif_search import draw_search
from app.components.whatif_words import Asked, Levers, assumption_list, outcome_figure, outcome_name, target_input
from app.i18n import N_, _, difference
from app.page_errors import page_errors
from app.services import finding, scenarios
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.whatif import Scenario
    from app.services.finding import FoundGoal

QUESTIONS = {
    "goal": N_("Reach a target"),
    "search": N_("Best mix within a budget"),
    "tornado": N_("What matters most"),
    "map": N_("Two levers at once"),
}


@st.fragment
def find_panel(scenario: Scenario, as_of: date | None) -> None:
    """Draw the choice of question and its answer; each starts from the levers as the scenario has them."""
    with page_errors():
        snapshot = snapshot_id()
        asked = Asked(
            scenario,
            snapshot,
            as_of,
            Levers(scenarios.lab(snapshot, as_of).ranges(scenario.segment, scenario.levers)),
            finding.outcome_keys(snapshot, scenario, as_of),
        )
        question = st.segmented_control(
            _("Question"),
            list(QUESTIONS),
            default="goal",
            required=True,
            format_func=lambda key: _(QUESTIONS[key]),
            label_visibility="collapsed",
            key="whatif.question",
        )
        with st.container(border=True):
            _DRAWN[str(question)](asked)


def draw_goal(asked: Asked) -> None:
    """Which value of one lever takes one outcome to a target."""
    from analytics.whatif.questions import Goal

    first, second, third = st.columns(3)
    lever = first.selectbox(_("Lever"), asked.levers.names, format_func=asked.levers.label, key="whatif.goal.lever")
    outcome = second.selectbox(_("Outcome"), asked.outcomes, format_func=outcome_name, key="whatif.goal.outcome")
    now = finding.point(asked.snapshot_id, asked.scenario, outcome, asked.as_of)
    with third:
        target = target_input(_("Value to reach"), outcome, now, key=f"whatif.goal.target.{outcome}")
    with st.spinner(_("Looking for it …")):
        found = finding.goal(asked.snapshot_id, asked.scenario, Goal(lever, outcome, target), asked.as_of)
    _say(asked, found)
    assumption_list(found.result, asked.scenario.segment)


def _say(asked: Asked, found: FoundGoal) -> None:
    sought, outcome = found.sought, found.sought.outcome
    low, high = asked.levers.bounds(sought.lever)
    words = {
        "lever": asked.levers.label(sought.lever),
        "value": asked.levers.figure(sought.lever, sought.value),
        "now": asked.levers.figure(sought.lever, sought.lever_baseline),
        "outcome": outcome_name(outcome),
        "reached": outcome_figure(outcome, sought.reached),
        "before": outcome_figure(outcome, sought.baseline),
        "target": outcome_figure(outcome, sought.target),
        "low": asked.levers.figure(sought.lever, low),
        "high": asked.levers.figure(sought.lever, high),
    }
    if sought.is_flat:
        st.info(
            _("“{outcome}” stays at {before} wherever “{lever}” is between {low} and {high}.", **words),
            icon=":material/trending_flat:",
        )
    elif sought.is_reached:
        st.success(
            _(
                "“{lever}” at **{value}** (now {now}) takes “{outcome}” from {before} to **{reached}**; asked for: {target}.",
                **words,
            ),
            icon=":material/flag:",
        )
    else:
        st.warning(
            _(
                "Not reachable: the best is **{reached}**, with “{lever}” at {value} (bounds {low} to {high}); asked for: {target}.",
                **words,
            ),
            icon=":material/block:",
        )
    told = finding.outcome_named(found.result, outcome)
    if told is not None:
        unit, currency = finding.unit_of(outcome), told.group.get("currency")
        ends = [difference(end, unit, currency=currency) for end in (told.change, told.ci_low, told.ci_high)]
        st.caption(
            _(
                "Simulated change against today: {change} (95% interval {low} to {high}).",
                change=ends[0],
                low=ends[1],
                high=ends[2],
            )
        )


_DRAWN: dict[str, Callable[[Asked], None]] = {
    "goal": draw_goal,
    "search": draw_search,
    "tornado": draw_tornado,
    "map": draw_pair,
}
