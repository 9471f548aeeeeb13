"""The figure of a question's result: one column over another. Knows nothing of what they mean."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from app.charts import theme


def plotted(
    frame: pd.DataFrame, *, kind: Literal["bar", "line", "points"], x: str, y: str, height: int = 420
) -> go.Figure:
    """`y` (numbers) over `x` (anything), in the order of the rows; a missing value leaves a gap."""
    ys = pd.to_numeric(frame[y]).astype(float)
    is_number = pd.api.types.is_numeric_dtype(frame[x].dtype)
    texts = [theme.literal(cell) if isinstance(cell, str) else cell for cell in frame[x]]
    xs = frame[x].astype(float) if is_number else texts
    hover = "%{x}<br><b>%{y:,.6~g}</b><extra></extra>"
    if kind == "bar":
        trace = go.Bar(x=xs, y=ys, marker_color=theme.ACCENT, hovertemplate=hover)
    else:
        trace = go.Scatter(
            x=xs,
            y=ys,
            mode="lines" if kind == "line" else "markers",
            marker={"color": theme.ACCENT, "size": 6, "opacity": 0.7},
            line={"color": theme.ACCENT, "width": 2},
            hovertemplate=hover,
        )
    figure = theme.styled(go.Figure(trace), "", height=height, x_title=theme.literal(x), y_title=theme.literal(y))
    figure.update_xaxes(tickangle=0 if len(frame) <= 12 else None)
    return figure
