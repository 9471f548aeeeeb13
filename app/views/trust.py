"""Trust: where, and why? The distribution of scores, who moved, every merchant's score, and what it consists of."""

from __future__ import annotations

import streamlit as st

from app.charts.bars import score_levels
from app.components.attacks import attacks_board
from app.components.cases import cases_board
from app.components.chart import chart_card, empty_card
from app.components.empty import empty_state
from app.components.figure_menu import MENU_WIDTH, figure_menu
from app.components.header import page_header
from app.components.level_changes import level_changes
from app.components.levels import level_names
from app.components.movers import movers
from app.components.programmes import programmes_board
from app.components.rings import rings_board
from app.components.table import Column, table
from app.filter_bar import current_filters, open_merchant
from app.filters import Filters
from app.i18n import _, day, ngettext, number
from app.page_errors import page_errors
from app.services import trust
from app.services.figures import Number, time_zone
from app.services.runtime import snapshot_id


def draw_distribution(snapshot: str, filters: Filters) -> None:
    found = trust.scope_scores(snapshot, filters.scope())
    if not found:
        empty_card(
            _("Merchants by trust score and level"),
            "",
            _("No merchant here"),
            _("The filters leave no merchant. Reset them in the sidebar."),
            height=340,
        )
        return
    median = trust.median_trust(found)
    said = [day(filters.date_to), time_zone(snapshot)]
    if median.median is not None:
        said.append(_("median {score}", score=number(median.median, digits=1)))
    said.append(ngettext("{n} merchant with a score", "{n} merchants with a score", median.scored_count))
    chart_card(
        _("Merchants by trust score and level"),
        " · ".join(said),
        score_levels(
            trust.score_bins(found), level_names(), x_title=_("Trust score (0–100)"), y_title=_("Merchants"), height=340
        ),
        trust.level_table(snapshot, filters.scope()),
        [Column("level", _("Level"), "level"), Column("merchants", _("Merchants"), "count")],
        key="trust.distribution",
    )


@st.fragment
def draw_board() -> None:
    with page_errors(), st.container(border=True):
        filters, snapshot = current_filters(), snapshot_id()
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            with st.container(gap=None):
                st.markdown("**" + _("Every merchant's score") + "**")
                st.caption(
                    _(
                        "At the end of {day}, with its 95% interval, lowest first. Click opens.",
                        day=day(filters.date_to),
                    )
                )
            with st.container(width=MENU_WIDTH):
                figure_menu(Number(trust.METRIC_ID, filters.scope()), key="trust.board")
        frame, labels = trust.board(snapshot, filters.scope()), trust.component_labels()
        if frame.empty:
            empty_state(_("No merchant here"), _("The filters leave no merchant. Reset them in the sidebar."))
            return
        row = table(
            frame,
            [
                Column("name", _("Merchant"), pinned=True),
                Column("score", _("Score"), "score"),
                Column("ci_low", _("from"), "score", help=_("Lower end of the 95% interval")),
                Column("ci_high", _("to"), "score", help=_("Upper end of the 95% interval")),
                Column("level", _("Level"), "level"),
                Column("n", _("Orders"), "count", help=_("Orders that the score looks at")),
                *(Column(key, _(label), "points") for key, label in labels.items() if frame[key].notna().any()),
                Column("category", _("Category")),
                Column("region", _("Region")),
            ],
            key="trust.board",
            title=_("Every merchant's score"),
            is_clickable=True,
            file_name="trust",
        )
        if row is not None:
            open_merchant(str(frame["merchant_id"].iloc[row]))


def draw_weights(snapshot: str) -> None:
    with st.container(border=True):
        st.markdown("**" + _("What the score consists of") + "**")
        st.caption(
            _(
                "Points of 100, earned in proportion between the two marks. An order counts half after {n} days.",
                n=number(trust.half_life_days()),
            )
        )
        frame = trust.weight_table(snapshot)
        absent = _("Not in this source: its points go to the others")
        table(
            frame.assign(
                component=[_(name) for name in frame["component"]],
                label=[_(label) for label in frame["label"]],
                note=["" if is_recorded else absent for is_recorded in frame["is_recorded"]],
            ),
            [
                Column("component", _("Component"), pinned=True),
                Column("label", _("Rate")),
                Column("points", _("Points"), "points"),
                Column("good", _("All points at"), "rate"),
                Column("bad", _("None at"), "rate"),
                *([] if frame["is_recorded"].all() else [Column("note", _("Note"))]),
            ],
            key="trust.weights",
            title=_("What the score consists of"),
        )


page_header(_("Trust"))
SNAPSHOT, FILTERS = snapshot_id(), current_filters()
BOARDS = {
    _("Levels"): level_changes,
    _("Programmes"): programmes_board,
    _("Attacks"): attacks_board,
    _("Rings"): rings_board,
    _("Cases"): cases_board,
}
scores_tab, *board_tabs = st.tabs([_("Scores"), *BOARDS], on_change="rerun", key="trust.tabs")
for board_tab, draw in zip(board_tabs, BOARDS.values(), strict=True):
    if board_tab.open:
        with board_tab:
            draw()
if scores_tab.open:
    with scores_tab:
        grid = st.grid(2, min_column_width=420, gap="small")
        with grid.cell():
            draw_distribution(SNAPSHOT, FILTERS)
        with grid.cell():
            movers()
        draw_board()
        draw_weights(SNAPSHOT)
