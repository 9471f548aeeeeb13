"""Figures of what-if questions: how far each lever swings an outcome, and an outcome over two levers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from app.charts import studies, theme

DOWN, UP = theme.CATEGORIES[3], theme.CATEGORIES[0]


def tornado(
    names: Sequence[str],
    down: Sequence[float],
    up: Sequence[float],
    hovers: Sequence[tuple[str, str]],
    *,
    unit: str,
    labels: tuple[str, str],
    x_title: str,
    height: int = 300,
) -> go.Figure:
    """Bars from no change to what an outcome changes by with each lever down and up, the first lever on top.

    Args:
        down, up: the outcome's change with the lever at its lower and at its upper value; all sequences have one entry a lever.
        hovers: what a pointer reads on the two bars of a lever, translated.
        labels: of the bars of a lower and of a higher lever.
    """
    figure = go.Figure()
    for place, (changes, colour, label) in enumerate(((down, DOWN, labels[0]), (up, UP, labels[1]))):
        figure.add_bar(
            y=list(names),
            x=list(changes),
            orientation="h",
            marker_color=colour,
            name=label,
            customdata=[hover[place] for hover in hovers],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": theme.MUTED, "width": 1, "dash": "dot"})
    theme.styled(figure, "", height=height, x_title=x_title)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(tickformat="+" + theme.TICKS[unit].removeprefix("+"))
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    return figure


def pair_map(
    columns: Sequence[str],
    rows: Sequence[str],
    cells: Sequence[Sequence[float]],
    texts: Sequence[Sequence[str]],
    hovers: Sequence[Sequence[str]],
    *,
    baseline: float,
    x_title: str,
    y_title: str,
    height: int = 360,
) -> go.Figure:
    """An outcome over two levers, coloured by how far it is from the present value, blue above and orange below; NaN has no colour.

    All nested sequences are rows × columns, the first row on top.
    """
    changes = [[cell - baseline for cell in row] for row in cells]
    most = max((abs(change) for row in changes for change in row if not math.isnan(change)), default=0.0)
    scale = 2.5 / most if most else 0.0
    values = [[None if math.isnan(change) else change * scale for change in row] for row in changes]
    figure = studies.grid(
        columns, rows, values, texts, hovers, x_title=x_title, y_title=y_title, is_signed=True, height=height
    )
    figure.update_xaxes(type="category")  # a share in per cent would be taken for a number
    figure.update_yaxes(type="category")
    return figure
