"""A chart as a card: title, caption with window and zone, the figure, and the same values as a table one click away."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.charts.theme import CONFIG
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
    with page_errors(), st.container(border=True):
        view = card_head(title, caption, key=key)
        height = int(figure.layout.height or 300)
        if view == "table":
            table(frame, columns, key=f"{key}.table", title=title, height=height)
        else:
            st.plotly_chart(figure, key=f"{key}.figure", config=CONFIG, alt=title)


def card_head(title: str, caption: str, *, key: str) -> str:
    """The head of a chart card: title, caption and the choice between `chart` and `table`, which it returns."""
    with st.container(horizontal=True, vertical_alignment="top", wrap=False):
        with st.container(gap=None):
            st.markdown(f"**{title}**")
            st.caption(caption)
        view: str = st.segmented_control(
            _("View as"),
            ("chart", "table"),
            default="chart",
            required=True,
            format_func=lambda name: {"chart": ":material/show_chart:", "table": ":material/table_rows:"}[name],
            label_visibility="collapsed",
            width="content",
            key=f"{key}.view",
        )
    return view
