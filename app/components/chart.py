"""A chart as a card: title, caption with window and zone, the figure, and the same values as a table one click away."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.charts.theme import CONFIG
from app.components.empty import empty_state
from app.components.table import Column, table
from app.i18n import _
from app.page_errors import page_errors


@st.fragment
def chart_card(
    title: str,
    caption: str,
    figure: go.Figure,
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
) -> None:
    """Draw a chart card; chart and table take the same height, so that nothing jumps.

    Args:
        title: says what is seen, translated.
        caption: units, window and time zone, translated.
        frame, columns: the values of the figure.
    """
    with page_errors(), st.container(border=True, height="stretch"):
        view = card_head(title, caption, key=key)
        height = int(figure.layout.height or 300)
        if view == "table":
            table(frame, columns, key=f"{key}.table", title=title, height=height)
        else:
            st.plotly_chart(figure, key=f"{key}.figure", config=CONFIG, alt=title)


def empty_card(title: str, caption: str, reason: str, advice: str, *, height: int = 300) -> None:
    """A chart's card without a chart: why there is nothing to draw, and what to do; as high as the chart would be."""
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{title}**")
        if caption:
            st.caption(caption)
        empty_state(reason, advice, height=height)


def card_head(title: str, caption: str, *, key: str, default: str = "chart") -> str:
    """The head of a chart card: title, caption and the choice between `chart` and `table`, which it returns."""
    with st.container(horizontal=True, vertical_alignment="top", wrap=False):
        with st.container(gap=None):
            st.markdown(f"**{title}**")
            st.caption(caption)
        view: str = st.segmented_control(
            _("View as"),
            ("chart", "table"),
            default=default,
            required=True,
            format_func=lambda name: {"chart": ":material/show_chart:", "table": ":material/table_rows:"}[name],
            label_visibility="collapsed",
            width="content",
            key=f"{key}.view",
        )
    return view


def pick_points(figure: go.Figure, *, key: str, title: str) -> tuple[str, ...]:
    """Draw a figure whose points can be clicked or circled; returns the ids just picked, once a pick.

    A point's id is its ``customdata``.
    """
    widget_key = f"{key}.{st.session_state.get(f'{key}.picks', 0)}"
    st.plotly_chart(
        figure,
        key=widget_key,
        config=CONFIG,
        alt=title,
        on_select=lambda: _pick(key, widget_key),
        selection_mode=("points", "lasso", "box"),
    )
    picked: tuple[str, ...] = st.session_state.pop(f"{key}.picked", ())
    return picked


def _pick(key: str, widget_key: str) -> None:
    """Keep what was picked for this run, and draw the figure under a new key so that the same point can be picked again."""
    points = st.session_state[widget_key].selection.points
    if points:
        st.session_state[f"{key}.picks"] = st.session_state.get(f"{key}.picks", 0) + 1
        st.session_state[f"{key}.picked"] = tuple(str(point["customdata"]) for point in points)
