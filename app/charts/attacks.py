"""Where merchants rank before and after an attack, one line a method. Pure: numbers in, a figure out."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app.charts import theme


def rank_shifts(
    names: Sequence[str],
    before: Sequence[float | None],
    after: Sequence[float | None],
    *,
    x_title: str,
    before_label: str,
    after_label: str,
    height: int = 320,
) -> go.Figure:
    """Percentiles (0–100, 100 the best) before and after, one row a method from the top; no mark where there is no score."""
    figure = go.Figure()
    for name, was, now in zip(names, before, after, strict=True):
        if was is not None and now is not None:
            figure.add_scatter(
                x=[was, now],
                y=[name, name],
                mode="lines",
                line={"color": theme.QUIET, "width": 4},
                hoverinfo="skip",
                showlegend=False,
            )
    for values, label, colour, symbol in (
        (before, before_label, theme.MUTED, "circle-open"),
        (after, after_label, theme.ACCENT, "circle"),
    ):
        figure.add_scatter(
            x=list(values),
            y=list(names),
            mode="markers",
            marker={"size": 11, "color": colour, "symbol": symbol, "line": {"width": 2}},
            name=label,
            hovertemplate="%{y}<br><b>%{x:.1f}</b><extra>" + label + "</extra>",
        )
    theme.styled(figure, "", height=height, x_title=x_title)
    figure.update_xaxes(range=[-2, 102])
    figure.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=list(names))
    return figure
