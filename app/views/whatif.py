"""What-if: what would it change? Levers on the left, outcomes with intervals on the right, scenarios to keep and compare."""

from __future__ import annotations

import streamlit as st

from app.components import lever_start
from app.components.clause_lever import hit_table
from app.components.empty import empty_state
from app.components.header import page_header
from app.components.levers import keep_panel, lever_panel
from app.components.outcomes import assumption_box, crossing_list, mix_table, outcome_cards, score_change
from app.components.whatif_effects import effects_tab
from app.components.whatif_find import find_panel
from app.components.whatif_rules import rules_panel
from app.components.whatif_scenarios import scenarios_panel
from app.filter_bar import current_filters
from app.i18n import _, language
from app.page_errors import page_errors
from app.services import scenarios, trust
from app.services.kept_scenarios import PARAM
from app.services.runtime import snapshot_id

SCENARIO = "whatif.scenario"  # as the levers stand; None where the segment has no score


@st.fragment
def draw_lab() -> None:
    """Levers and outcomes repaint by themselves while a slider moves."""
    with page_errors():
        filters = current_filters()
        lever_start.current().draw()
        left, right = st.columns([3, 7], gap="small")
        with left, st.container(border=True):
            scenario = lever_panel(filters)
        st.session_state[SCENARIO] = scenario
        if scenario is None:
            with right:
                empty_state(
                    _("No merchant with a score here"),
                    _("Choose fewer filters or other sizes to simulate."),
                    height=320,
                )
            return
        as_of = trust.as_of_day(snapshot_id(), filters.date_to)
        result = scenarios.run_scenario(snapshot_id(), scenario, as_of)
        with left, st.container(border=True):
            keep_panel(scenario, as_of)
        with right:
            assumption_box(result, scenario.segment)
            outcome_cards(result)
            mix_table(result)
            hit_table(scenario, result)
            score_change(result)
            crossing_list(result)


def draw_tabs() -> None:
    """Levers stay drawn while another tab is looked at: the questions start from where they stand."""
    names = [_("Levers"), _("Find"), _("Effects"), _("Scenarios"), _("Rules")]
    linked = st.query_params.get(PARAM)
    key = lever_start.current().key(f"whatif.tabs.{language()}.{linked}")
    levers_tab, find_tab, behaviour_tab, kept_tab, rules_tab = st.tabs(
        names, default=names[3 if linked else 0], on_change="rerun", key=key
    )
    with levers_tab:
        draw_lab()
    day = trust.as_of_day(snapshot_id(), current_filters().date_to)
    scenario = st.session_state.get(SCENARIO)
    if find_tab.open and scenario is not None:
        with find_tab:
            find_panel(scenario, day)
    if behaviour_tab.open:
        with behaviour_tab:
            effects_tab()
    if kept_tab.open:
        with kept_tab:
            scenarios_panel(day)
    if rules_tab.open:
        with rules_tab:
            rules_panel()


page_header(_("What-if"))
snapshot_id()
draw_tabs()
