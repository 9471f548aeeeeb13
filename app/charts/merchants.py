"""The map of merchants: trust against satisfaction, one point a merchant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from app.charts import theme
from app.charts.shapes import MerchantPoint


def trust_map(
    points: Sequence[MerchantPoint],
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
        labels: level → its name in the reader's language.
        split: (trust, rating) where the quadrants meet.
        quadrants: names of top right, top left, bottom left, bottom right.

    Each trace's ``customdata[0]`` is the merchant id, for selections.
    """
    figure = go.Figure()
    largest = max((p.order_count for p in points), default=1) or 1
    for level in labels:
        members = [p for p in points if p.level == level]
        if not members:
            continue
        figure.add_scatter(
            x=[p.trust for p in members],
            y=[p.rating for p in members],
            mode="markers",
            name=labels[level],
            marker={
                "size": [max(p.order_count, 1) for p in members],
                "sizemode": "area",
                "sizeref": 2.0 * largest / 34**2,
                "sizemin": 4,
                "color": theme.LEVELS[level],
                "symbol": theme.LEVEL_SYMBOLS[level],
                "opacity": 0.75,
                "line": {"width": 0.5, "color": "white"},
            },
            customdata=[[p.merchant_id, p.name, p.order_count] for p in members],
            hovertemplate="<b>%{customdata[1]}</b><br>"
            + x_title
            + ": %{x:.1f}<br>"
            + y_title
            + ": %{y:.2f}<br>"
            + orders_label
            + ": %{customdata[2]:,}<extra></extra>",
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
