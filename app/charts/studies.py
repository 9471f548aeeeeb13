"""Figures of the satisfaction studies: raw beside adjusted, bounds, curves of returns, grids of shares and of distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from app.charts import theme
from app.charts.shapes import Estimate

GOOD, BAD = theme.LEVELS["good"], theme.LEVELS["poor"]
EXPERIENCES = {"good": GOOD, "bad": BAD}
DASHES = {"good": "solid", "bad": "dash"}


def raw_and_adjusted(
    names: Sequence[str],
    raw: Sequence[Estimate],
    adjusted: Sequence[Estimate],
    *,
    labels: tuple[str, str],
    unit: str,
    x_title: str,
    has_zero: bool,
    height: int = 300,
) -> go.Figure:
    """Two estimates a row with intervals, the first row on top: the plain one open and grey, the adjusted one full.

    Args:
        has_zero: draw the line of no difference. An estimate without a value is left out of its row, which keeps its name.
    """
    figure = go.Figure()
    places = list(range(len(names)))
    for members, label, colour, symbol, shift in (
        (raw, labels[0], theme.MUTED, "circle-open", -0.14),
        (adjusted, labels[1], theme.ACCENT, "circle", 0.14),
    ):
        figure.add_scatter(
            x=[e.value for e in members],
            y=[place + shift for place in places],
            mode="markers",
            name=label,
            marker={"size": 9, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_beyond(e.value, e.ci_high) for e in members],
                "arrayminus": [_beyond(e.ci_low, e.value) for e in members],
                "color": colour,
                "thickness": 1.4,
            },
            customdata=[[name, e.ci_low, e.ci_high, e.n] for name, e in zip(names, members, strict=True)],
            hovertemplate="%{customdata[0]}<br><b>%{x:"
            + _signed(theme.HOVERS[unit], has_zero)
            + "}</b><br>95 %: %{customdata[1]:"
            + theme.HOVERS[unit]
            + "} – %{customdata[2]:"
            + theme.HOVERS[unit]
            + "}<br>n = %{customdata[3]:,}<extra>"
            + label
            + "</extra>",
        )
    if has_zero:
        figure.add_vline(x=0, line={"color": theme.MUTED, "width": 1, "dash": "dot"})
    theme.styled(figure, "", height=height, x_title=x_title)
    figure.update_xaxes(tickformat=_signed(theme.TICKS[unit], has_zero))
    figure.update_yaxes(
        tickvals=places, ticktext=list(names), range=[len(names) - 0.5, -0.5], showgrid=False, zeroline=False
    )
    return figure


def bounds(
    names: Sequence[str],
    lower: Sequence[float],
    plain: Sequence[float],
    upper: Sequence[float],
    *,
    labels: tuple[str, str, str],
    x_title: str,
    height: int = 300,
) -> go.Figure:
    """Shares (0–1) between two bounds, the first row on top: a bar from the lower to the upper, and the plain share as a mark."""
    figure = go.Figure()
    figure.add_bar(
        y=list(names),
        base=list(lower),
        x=[high - low for low, high in zip(lower, upper, strict=True)],
        orientation="h",
        marker_color=theme.BAND,
        marker_line={"color": theme.ACCENT, "width": 1},
        width=0.5,
        name=f"{labels[0]} – {labels[2]}",
        customdata=[[low, high] for low, high in zip(lower, upper, strict=True)],
        hovertemplate="%{y}<br>%{customdata[0]:.1%} – %{customdata[1]:.1%}<extra></extra>",
    )
    figure.add_scatter(
        x=list(plain),
        y=list(names),
        mode="markers",
        marker={"size": 10, "color": theme.ACCENT, "symbol": "diamond"},
        name=labels[1],
        hovertemplate="%{y}<br><b>%{x:.1%}</b><extra>" + labels[1] + "</extra>",
    )
    theme.styled(figure, "", height=height, x_title=x_title)
    figure.update_xaxes(tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def returns(
    frame: pd.DataFrame, labels: Mapping[str, str], *, x_title: str, y_title: str, height: int = 360
) -> go.Figure:
    """Shares of buyers back by day with their bands.

    Args:
        frame: experience, day, back, ci_low, ci_high, at_risk (see ``curve_table``); labels: experience → its translated name.
    """
    figure = go.Figure()
    for experience, label in labels.items():
        rows = frame[frame["experience"] == experience]
        colour = EXPERIENCES[experience]
        days = rows["day"].tolist()
        figure.add_scatter(
            x=[*days, *reversed(days)],
            y=[*rows["ci_high"], *reversed(rows["ci_low"].tolist())],
            fill="toself",
            line={"width": 0},
            fillcolor=colour,
            opacity=0.18,
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=days,
            y=rows["back"].tolist(),
            mode="lines",
            line={"color": colour, "width": 2, "shape": "hv", "dash": DASHES[experience]},
            name=label,
            customdata=rows[["ci_low", "ci_high", "at_risk"]].to_numpy().tolist(),
            hovertemplate="%{x}: <b>%{y:.1%}</b><br>95 %: %{customdata[0]:.1%} – %{customdata[1]:.1%}<br>n = %{customdata[2]:,}<extra>"
            + label
            + "</extra>",
        )
    theme.styled(figure, "", height=height, x_title=x_title, y_title=y_title)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(dtick=30)
    return figure


def grid(
    columns: Sequence[str],
    rows: Sequence[str],
    values: Sequence[Sequence[float | None]],
    texts: Sequence[Sequence[str]],
    hovers: Sequence[Sequence[str]],
    *,
    x_title: str,
    y_title: str,
    is_signed: bool = False,
    height: int = 300,
) -> go.Figure:
    """A table of colours with the figures in it, the first row on top; all nested sequences are rows × columns.

    Args:
        is_signed: colours go both ways from zero, cut at 2.5; else from zero up.
    """
    scale = (
        [[0.0, theme.CATEGORIES[3]], [0.5, "rgba(138, 148, 166, 0.08)"], [1.0, theme.CATEGORIES[0]]]
        if is_signed
        else [[0.0, "rgba(37, 99, 235, 0.04)"], [1.0, "rgba(37, 99, 235, 0.65)"]]
    )
    bounded = {"zmin": -2.5, "zmax": 2.5} if is_signed else {"zmin": 0.0}
    figure = go.Figure(
        go.Heatmap(
            x=list(columns),
            y=list(rows),
            z=[list(row) for row in values],
            text=[list(row) for row in texts],
            customdata=[list(row) for row in hovers],
            texttemplate="%{text}",
            hovertemplate="%{customdata}<extra></extra>",
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
            **bounded,
        )
    )
    theme.styled(figure, "", height=height, x_title=x_title, y_title=y_title)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, side="bottom")
    return figure


def two_lines(
    days: Sequence[str],
    first: Sequence[float],
    second: Sequence[float],
    *,
    labels: tuple[str, str],
    y_title: str,
    height: int = 280,
) -> go.Figure:
    """Two series of stars over the same months: the first quiet, the second full."""
    figure = go.Figure()
    for values, label, colour, dash in (
        (first, labels[0], theme.MUTED, "dot"),
        (second, labels[1], theme.ACCENT, "solid"),
    ):
        figure.add_scatter(
            x=list(days),
            y=list(values),
            mode="lines+markers",
            name=label,
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate="%{x|%Y-%m}: <b>%{y:.2f}</b><extra>" + label + "</extra>",
        )
    theme.styled(figure, "", height=height, y_title=y_title)
    figure.update_yaxes(tickformat=".2f")
    figure.update_xaxes(tickformat="%Y-%m")
    return figure


def _beyond(low: float | None, high: float | None) -> float:
    return 0.0 if low is None or high is None else high - low


def _signed(spec: str, is_signed: bool) -> str:
    return f"+{spec}" if is_signed and not spec.startswith("+") else spec


def against_surveys(
    bins: Mapping[str, Sequence[Estimate]],
    inferred: Mapping[str, Sequence[float]],
    *,
    x_title: str,
    y_title: str,
    height: int = 380,
) -> go.Figure:
    """Means of inferred scores (across) and of surveys (up, with intervals), a colour and a mark a language; on the line they are equal.

    Args:
        bins, inferred: by the language's name, in the same order.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[1, 5],
        y=[1, 5],
        mode="lines",
        line={"color": theme.MUTED, "dash": "dot", "width": 1.4},
        hoverinfo="skip",
        showlegend=False,
    )
    for place, (name, surveyed) in enumerate(bins.items()):
        colour = theme.CATEGORIES[place % len(theme.CATEGORIES)]
        figure.add_scatter(
            x=list(inferred[name]),
            y=[e.value for e in surveyed],
            mode="markers+lines",
            name=name,
            line={"color": colour, "width": 1},
            marker={"size": 9, "color": colour, "symbol": ("circle", "diamond")[place % 2]},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [_beyond(e.value, e.ci_high) for e in surveyed],
                "arrayminus": [_beyond(e.ci_low, e.value) for e in surveyed],
                "color": colour,
                "thickness": 1.4,
            },
            customdata=[[e.ci_low, e.ci_high, e.n] for e in surveyed],
            hovertemplate=f"{name}<br>{x_title}: %{{x:.2f}}<br>{y_title}: <b>%{{y:.2f}}</b>"
            "<br>95 %: %{customdata[0]:.2f} – %{customdata[1]:.2f} · n = %{customdata[2]:,.0f}<extra></extra>",
        )
    theme.styled(figure, "", height=height, x_title=x_title, y_title=y_title)
    figure.update_xaxes(range=[1, 5], dtick=1)
    figure.update_yaxes(range=[1, 5], dtick=1)
    return figure
