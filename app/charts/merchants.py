"""The map of merchants: trust against satisfaction, one point a merchant."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts import theme

MANY = 1500  # points: more than these are drawn on a canvas (WebGL), as a browser takes seconds for so many shapes


def trust_map(
    merchants: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    title: str,
    x_title: str,
    y_title: str,
    split: tuple[float, float],
    quadrants: tuple[str, str, str, str],
    orders_label: str,
    height: int = 420,
) -> go.Figure:
    """Trust against satisfaction; size is orders, colour and shape are the level.

    Args:
        merchants: merchant_id, name, trust (0–100), rating, orders and level, one row a point; at least one.
        labels: level → its name in the reader's language.
        split: (trust, rating) where the quadrants meet.
        quadrants: names of top right, top left, bottom left, bottom right.

    A point's ``customdata`` is the merchant id, for selections.
    """
    figure = go.Figure()
    largest = max(merchants["orders"].max(), 1)
    draw = go.Scattergl if len(merchants) > MANY else go.Scatter
    for level in labels:
        members = merchants[merchants["level"] == level]
        if members.empty:
            continue
        figure.add_trace(
            draw(
                x=members["trust"].to_numpy(np.float32),
                y=members["rating"].to_numpy(np.float32),
                mode="markers",
                name=labels[level],
                marker={
                    # a size of nothing would not be drawn, and this one is told as 0
                    "size": members["orders"].clip(lower=0.4).to_numpy(np.float32),
                    "sizemode": "area",
                    "sizeref": 2.0 * largest / 34**2,
                    "sizemin": 4,
                    "color": theme.LEVELS[level],
                    "symbol": theme.LEVEL_SYMBOLS[level],
                    "opacity": 0.75,
                    "line": {"width": 0.5, "color": "white"},
                },
                # fixed-width text: Plotly copies it whole, and other text word by word
                customdata=members["merchant_id"].to_numpy(dtype=str),
                text=members["name"].astype(str).map(theme.literal).to_numpy(dtype=str),
                hovertemplate="<b>%{text}</b><br>"
                + x_title
                + ": %{x:.1f}<br>"
                + y_title
                + ": %{y:.2f}<br>"
                + orders_label
                + ": %{marker.size:,.0f}<extra></extra>",
            )
        )
    figure.add_vline(x=split[0], line={"color": theme.MUTED, "width": 1, "dash": "dot"})
    figure.add_hline(y=split[1], line={"color": theme.MUTED, "width": 1, "dash": "dot"})
    corners = ((1, 1, "right", "top"), (0, 1, "left", "top"), (0, 0, "left", "bottom"), (1, 0, "right", "bottom"))
    for name, (x, y, x_anchor, y_anchor) in zip(quadrants, corners, strict=True):
        figure.add_annotation(
            text=name,
            xref="paper",
            yref="paper",
            x=x,
            y=y,
            xanchor=x_anchor,
            yanchor=y_anchor,
            showarrow=False,
            font={"size": 12, "color": theme.MUTED},
        )
    theme.styled(figure, title, height=height, x_title=x_title, y_title=y_title)
    # Not "lasso" from the start: Plotly then swallows the click on a single point. The lasso is in the tools above the map.
    figure.update_layout(legend={"itemsizing": "constant"}, dragmode="pan")
    figure.update_yaxes(tickformat=".1f")
    return figure
