"""Leaderboards by category, region, tier and merchant: value, change, share and trend; a click filters or opens. A pivot beside them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.empty import empty_state
from app.components.figure_menu import open_figure
from app.components.missing import why_missing
from app.components.pivot import draw_pivot
from app.components.table import Column, table
from app.components.words import base_words, dimension_name, window_words
from app.filter_bar import change_filters, current_filters, open_merchant
from app.i18n import _
from app.page_errors import page_errors
from app.services import figures, overview
from app.services.figures import Number, time_zone
from app.services.runtime import snapshot_id


@st.fragment
def leaderboards() -> None:
    """Draw the leaderboards of the page's filters; only the open tab is computed."""
    with page_errors(), st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(gap=None, width="content"):
                st.markdown("**" + _("Leaderboards") + "**")
                said = [window_words(current_filters(), time_zone(snapshot_id()))]
                if st.session_state.get("board.tabs") != _("Pivot"):
                    said.append(_("Click a row to filter the page or to open the merchant."))
                st.caption(" · ".join(said))
            metric_id = st.segmented_control(
                _("Metric"),
                overview.BOARD_METRICS,
                default=overview.BOARD_METRICS[0],
                required=True,
                format_func=lambda name: _(_named(name)),
                label_visibility="collapsed",
                key="board.metric",
            )
        dimensions = figures.groupings(snapshot_id())
        names = [dimension_name(name) for name in dimensions]
        *tabs, pivot_tab = st.tabs([*names, _("Pivot")], on_change="rerun", key="board.tabs")
        for tab, dimension in zip(tabs, dimensions, strict=True):
            if tab.open:
                with tab:
                    _board(dimension, metric_id)
        if pivot_tab.open:
            with pivot_tab:
                draw_pivot(metric_id)


def _named(metric_id: str) -> str:
    return figures.definition(Number(metric_id, current_filters().scope())).name


def _board(dimension: str, metric_id: str) -> None:
    filters = current_filters()
    frame = overview.leaderboard(snapshot_id(), filters.scope(), filters.compare, dimension, metric_id)
    spec = figures.definition(Number(metric_id, filters.scope()))
    if frame.empty:
        status = overview.board_status(snapshot_id(), filters.scope(), metric_id)
        empty_state(why_missing(status, 0, spec.min_n), _("Choose another metric, or a longer window."), height=220)
        return
    frame["about"] = ":material/info:"
    change_unit = "relative" if spec.unit in ("count", "money") else spec.unit
    key = f"board.{dimension}.{metric_id}"
    row = table(
        frame,
        [
            Column("name", dimension_name(dimension), pinned=True),
            Column("value", _(spec.name), spec.unit),
            Column("change", _("Change"), f"change:{change_unit}", help=base_words(filters.compare)),
            Column("n", _("n"), "count", help=_("Rows behind the figure: {grain}", grain=_(spec.grain))),
            Column("share", _("Share of orders"), "share"),
            Column("trend", _("Trend"), "line"),
            Column("about", _("About"), "button", help=_("Definition, SQL, rows and trend of the row's figure")),
        ],
        key=key,
        title=_("Leaderboard"),
        is_clickable=True,
        file_name=f"{metric_id}-{dimension}",
        on_button=lambda row: open_figure(
            figures.narrowed(
                Number(metric_id, filters.scope(), frame["currency"].iloc[row]),
                dimension,
                str(frame["key"].iloc[row]),
            ),
            key=f"{key}.{row}",
            of=str(frame["name"].iloc[row]),
        ),
    )
    if row is not None:
        _follow(dimension, str(frame["key"].iloc[row]))


def _follow(dimension: str, key: str) -> None:
    if dimension == "merchant":
        open_merchant(key)
    changes: dict[str, Any] = {figures.FILTERS[dimension]: (key,)}
    change_filters(**changes)
    st.rerun()
