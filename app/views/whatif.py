"""What-if: what would it change? Levers on the left, outcomes with intervals on the right, scenarios to keep and compare."""

from __future__ import annotations

import streamlit as st

from app.components.empty import empty_state
from app.components.header import page_header
from app.components.levers import keep_panel, lever_panel
from app.components.outcomes import assumption_box, crossing_list, outcome_cards, score_change
from app.components.table import Column, table
from app.components.whatif_rules import rules_panel
from app.filter_bar import current_filters
from app.i18n import _, number
from app.page_errors import page_errors
from app.services import scenarios, trust
from app.services.runtime import snapshot_id

COMPARED = 4


@st.fragment
def draw_lab() -> None:
    """Levers and outcomes repaint by themselves while a slider moves."""
    with page_errors():
        filters = current_filters()
        left, right = st.columns([3, 7], gap="small")
        with left, st.container(border=True):
            scenario = lever_panel(filters)
        if scenario is None:
            with right:
                empty_state(
                    _("No merchant with a score here"),
                    _("Choose fewer filters or other sizes to simulate."),
                    height=320,
                )
            return
        result = scenarios.run_scenario(snapshot_id(), scenario, trust.as_of_day(snapshot_id(), filters.date_to))
        with left, st.container(border=True):
            keep_panel(scenario)
        with right:
            assumption_box(result, filters)
            outcome_cards(result)
            score_change(result)
            crossing_list(result)


@st.fragment
def draw_saved() -> None:
    """Saved scenarios side by side, asked of the data that is shown."""
    with page_errors(), st.container(border=True):
        st.markdown("**" + _("Saved scenarios") + "**")
        names = [document.name for document in scenarios.saved()]
        if not names:
            empty_state(_("None yet"), _("Name a scenario and save it to compare it here."), height=110)
            return
        chosen = st.pills(
            _("Compare up to {n}", n=number(COMPARED)),
            names,
            selection_mode="multi",
            default=names[:COMPARED],
            key=f"whatif.saved.{len(names)}",
        )
        if chosen:
            as_of = trust.as_of_day(snapshot_id(), current_filters().date_to)
            table(
                scenarios.compare_saved(snapshot_id(), tuple(chosen[:COMPARED]), as_of),
                [
                    Column("name", _("Scenario"), pinned=True),
                    Column("author", _("Author")),
                    Column("median", _("Median score"), "score"),
                    Column("median_change", _("Change"), "change:score"),
                    Column("ci_low", _("from"), "change:score"),
                    Column("ci_high", _("to"), "change:score"),
                    Column("crossing_down", _("Falling below the limit"), "count"),
                    Column("crossing_up", _("Rising above the limit"), "count"),
                ],
                key="whatif.compared",
                title=_("Saved scenarios"),
                file_name="scenarios",
            )


page_header(_("What-if"))
snapshot_id()
draw_lab()
draw_saved()
rules_panel()
