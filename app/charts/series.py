"""Figures over time: a metric with its interval, and events that explain it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import plotly.graph_objects as go

from app.charts import theme
from app.charts.shapes import Annotation, Point

DAYS_NAMED = 7
LABELS_SIDE_BY_SIDE = 4


def trend(
    points: Sequence[Point],
    *,
    title: str,
    unit: str,
    y_title: str,
    x_title: str,
    peer: float | None = None,
    peer_label: str = "",
    incomplete_label: str = "",
    annotations: Sequence[Annotation] = (),
    coming: Sequence[Point] = (),
    coming_label: str = "",
    height: int = 300,
) -> go.Figure:
    """A line with its band; the incomplete last period is an open, dotted end; a peer median is a thin line; a forecast is dotted
    in its own band.

    Args:
        points: in time order, one a period.
        coming: forecast periods, with the bounds of their interval.
        unit: a metric unit of ``theme.TICKS``; ``rate`` values are 0–1.
    """
    figure = go.Figure()
    days = [p.day for p in points]
    if any(p.ci_low is not None for p in points):
        _band(figure, points)
    hover = theme.HOVERS[unit]
    figure.add_scatter(
        x=days,
        y=[p.value if p.is_complete else None for p in points],
        mode="lines+markers",
        line={"color": theme.ACCENT, "width": 2},
        marker={"size": 5},
        name=y_title,
        showlegend=False,
        customdata=[[p.ci_low, p.ci_high, p.n] for p in points],
        hovertemplate="%{x|%Y-%m-%d}<br><b>%{y:" + hover + "}</b>"
        "<br>95 %: %{customdata[0]:"
        + hover
        + "} – %{customdata[1]:"
        + hover
        + "}<br>n = %{customdata[2]:,}<extra></extra>",
    )
    _incomplete(figure, points, incomplete_label, hover)
    if coming:
        _coming(figure, coming, coming_label, hover)
    if peer is not None:
        figure.add_hline(
            y=peer,
            line={"color": theme.MUTED, "width": 1, "dash": "dot"},
            annotation_text=peer_label,
            annotation_position="top left",
            annotation_font_size=11,
        )
    for event in annotations:
        _annotate(figure, event, is_crowded=len(annotations) > LABELS_SIDE_BY_SIDE)
    theme.styled(figure, title, height=height, x_title=x_title, y_title=y_title)
    figure.update_yaxes(tickformat=theme.TICKS[unit])
    _days(figure, [*days, *(p.day for p in coming)])
    return figure


def trend_with_coverage(
    points: Sequence[Point],
    coverage: Sequence[Point],
    *,
    unit: str,
    y_title: str,
    coverage_title: str,
    incomplete_label: str = "",
    height: int = 380,
) -> go.Figure:
    """A trend with its band, and below it, on the same time axis, the answers that stand behind it per order."""
    figure = trend(points, title="", unit=unit, y_title=y_title, x_title="", incomplete_label=incomplete_label)
    figure.add_bar(
        x=[p.day for p in coverage],
        y=[p.value for p in coverage],
        yaxis="y2",
        marker_color=[theme.QUIET if p.is_complete else theme.GRID for p in coverage],
        marker_pattern_shape=["" if p.is_complete else "/" for p in coverage],
        customdata=[p.n for p in coverage],
        hovertemplate="%{x|%Y-%m-%d}<br><b>%{y:.1%}</b><br>n = %{customdata:,}<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(
        height=height,
        yaxis={"domain": [0.34, 1.0]},
        yaxis2={
            "domain": [0.0, 0.22],
            "title": {"text": coverage_title},
            "tickformat": ".0%",
            "rangemode": "tozero",
            "gridcolor": theme.GRID,
            "automargin": True,
            "nticks": 3,
            "range": None if any(p.value is not None for p in coverage) else [0, 1],
        },
        xaxis={"anchor": "y2"},
    )
    return figure


def _days(figure: go.Figure, days: Sequence[date]) -> None:
    """An axis of whole days, written alike in every language; a few days are named each, so that no clock time comes between."""
    is_monthly = len(days) > 1 and (days[1] - days[0]).days >= 28
    figure.update_xaxes(type="date", tickformat="%Y-%m" if is_monthly else "%m-%d\n%Y", hoverformat="%Y-%m-%d")
    if 0 < len(days) <= DAYS_NAMED:
        half = (days[1] - days[0]) / 2 if len(days) > 1 else timedelta(days=1)
        figure.update_xaxes(tickmode="array", tickvals=list(days), range=[days[0] - half, days[-1] + half])


def _annotate(figure: go.Figure, event: Annotation, *, is_crowded: bool) -> None:
    """A span as a quiet band, a single day as a line; its label lies along it, or among many behind a mark to hover."""
    if event.start == event.end:
        figure.add_vline(x=event.start, line={"color": theme.MUTED, "width": 1, "dash": "dash"})
    else:
        figure.add_vrect(x0=event.start, x1=event.end, fillcolor=theme.QUIET, opacity=0.35, line_width=0)
    figure.add_annotation(
        x=event.start,
        y=1,
        yref="paper",
        text="▾" if is_crowded else event.label,
        hovertext=f"{event.start}<br>{event.label}",
        textangle=0 if is_crowded else 90,
        xanchor="center" if is_crowded else "left",
        yanchor="top",
        showarrow=False,
        font={"size": 10, "color": theme.MUTED},
    )


def _band(figure: go.Figure, points: Sequence[Point]) -> None:
    """Draw the interval as a band that breaks where there is no value."""
    run: list[Point] = []
    for point in [*points, Point(date.max, None)]:
        if point.ci_low is not None and point.ci_high is not None:
            run.append(point)
            continue
        if len(run) == 1:
            _whisker(figure, run[0])
        elif run:
            figure.add_scatter(
                x=[p.day for p in run] + [p.day for p in reversed(run)],
                y=[p.ci_high for p in run] + [p.ci_low for p in reversed(run)],
                fill="toself",
                fillcolor=theme.BAND,
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
            )
        run = []


def _whisker(figure: go.Figure, point: Point) -> None:
    """The interval of a period without neighbours, which a band can't show."""
    figure.add_scatter(
        x=[point.day, point.day],
        y=[point.ci_low, point.ci_high],
        mode="lines",
        line={"width": 6, "color": theme.BAND},
        hoverinfo="skip",
        showlegend=False,
    )


def _coming(figure: go.Figure, points: Sequence[Point], label: str, hover: str) -> None:
    """A forecast, apart from what was seen: dotted, grey, with its band."""
    days = [p.day for p in points]
    figure.add_scatter(
        x=days + days[::-1],
        y=[p.ci_high for p in points] + [p.ci_low for p in reversed(points)],
        fill="toself",
        fillcolor=theme.QUIET,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=days,
        y=[p.value for p in points],
        mode="lines",
        line={"color": theme.MUTED, "width": 2, "dash": "dot"},
        name=label,
        customdata=[[p.ci_low, p.ci_high] for p in points],
        hovertemplate="%{x|%Y-%m-%d}<br><b>%{y:"
        + hover
        + "}</b><br>80 %: %{customdata[0]:"
        + hover
        + "} – %{customdata[1]:"
        + hover
        + "}<extra>"
        + label
        + "</extra>",
    )


def _incomplete(figure: go.Figure, points: Sequence[Point], label: str, hover: str) -> None:
    open_points = [p for p in points if not p.is_complete and p.value is not None]
    if not open_points:
        return
    before = [p for p in points if p.is_complete and p.value is not None][-1:]
    figure.add_scatter(
        x=[p.day for p in before + open_points],
        y=[p.value for p in before + open_points],
        mode="lines+markers",
        line={"color": theme.ACCENT, "width": 2, "dash": "dot"},
        marker={"size": [0] * len(before) + [7] * len(open_points), "symbol": "circle-open"},
        name=label,
        hovertemplate="%{x|%Y-%m-%d}<br><b>%{y:" + hover + "}</b><extra>" + label + "</extra>",
    )
