"""Figures that compare: ranked estimates with whiskers, contributions, distributions, the score bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from app.charts import theme
from app.charts.shapes import Estimate, ScoreBin


def ranked(estimates: Sequence[Estimate], *, title: str, unit: str, x_title: str, height: int = 300) -> go.Figure:
    """Points with whiskers, the largest on top: intervals are seen before they are read."""
    shown = sorted((e for e in estimates if e.value is not None), key=lambda e: e.value or 0.0)
    hover = theme.HOVERS[unit]
    figure = go.Figure(
        go.Scatter(
            x=[e.value for e in shown],
            y=[theme.literal(e.name) for e in shown],
            mode="markers",
            marker={"size": 9, "color": theme.ACCENT},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [(e.ci_high if e.ci_high is not None else e.value or 0) - (e.value or 0) for e in shown],
                "arrayminus": [(e.value or 0) - (e.ci_low if e.ci_low is not None else e.value or 0) for e in shown],
                "color": theme.MUTED,
                "thickness": 1.5,
            },
            customdata=[[e.ci_low, e.ci_high, e.n] for e in shown],
            hovertemplate="%{y}<br><b>%{x:"
            + hover
            + "}</b><br>95 %: %{customdata[0]:"
            + hover
            + "} – %{customdata[1]:"
            + hover
            + "}<br>n = %{customdata[2]:,}<extra></extra>",
        )
    )
    theme.styled(figure, title, height=height, x_title=x_title)
    figure.update_xaxes(tickformat=theme.TICKS[unit])
    return figure


def contributions(
    names: Sequence[str],
    points: Sequence[float],
    maximum: Sequence[float],
    peer: Sequence[float | None],
    *,
    title: str,
    x_title: str,
    full_label: str,
    points_label: str,
    peer_label: str,
    height: int = 260,
) -> go.Figure:
    """Points a component gives, over the most that it could give, with the peers' level as a mark.

    All sequences have one entry a component, in score points; ``points`` add up to the score; a peer's level may be unknown.
    """
    figure = go.Figure()
    figure.add_bar(
        y=list(names), x=list(maximum), orientation="h", marker_color=theme.QUIET, name=full_label, hoverinfo="skip"
    )
    figure.add_bar(
        y=list(names),
        x=list(points),
        orientation="h",
        marker_color=theme.ACCENT,
        name=points_label,
        width=0.45,
        text=[f"{p:.1f}" for p in points],
        textposition="inside",
        insidetextanchor="start",
        hovertemplate="%{y}: <b>%{x:.2f}</b><extra></extra>",
    )
    if any(level is not None for level in peer):
        figure.add_scatter(
            y=list(names),
            x=list(peer),
            mode="markers",
            marker={"symbol": "line-ns", "size": 22, "line": {"width": 2, "color": theme.MUTED}},
            name=peer_label,
            hovertemplate=peer_label + " · %{y}: <b>%{x:.2f}</b><extra></extra>",
        )
    theme.styled(figure, title, height=height, x_title=x_title)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(fixedrange=True)  # nothing to zoom into, so that the tools stay few and clear of the legend
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    return figure


def score_distribution(
    scores: Sequence[float],
    borders: Sequence[float],
    *,
    title: str,
    x_title: str,
    y_title: str,
    compared: Sequence[float] | None = None,
    name: str = "",
    compared_name: str = "",
    height: int = 280,
) -> go.Figure:
    """A histogram of scores 0–100 in steps of five with the level borders; ``compared`` is drawn beside it."""
    figure = go.Figure()
    bins = {"start": 0, "end": 100, "size": 5}
    if compared is not None:
        figure.add_histogram(x=list(compared), xbins=bins, marker_color=theme.QUIET, name=compared_name)
    figure.add_histogram(x=list(scores), xbins=bins, marker_color=theme.ACCENT, opacity=0.85, name=name)
    for border in borders:
        figure.add_vline(x=border, line={"color": theme.MUTED, "width": 1, "dash": "dot"})
    theme.styled(figure, title, height=height, x_title=x_title, y_title=y_title)
    figure.update_layout(barmode="overlay", bargap=0.06, showlegend=compared is not None)
    figure.update_traces(hovertemplate="%{x}: %{y:,}<extra></extra>")
    figure.update_xaxes(range=[0, 100])
    return figure


def score_levels(
    bins: Sequence[ScoreBin],
    labels: Mapping[str, str],
    *,
    x_title: str,
    y_title: str,
    height: int = 300,
) -> go.Figure:
    """Merchants by score in steps, coloured and named by level; those without a score stand apart, in grey, on the right.

    Args:
        bins: left to right; those without borders (``low`` None) are the merchants without a score.
        labels: level → its name in the reader's language, in the legend's order.
    """
    figure = go.Figure()
    scored = [b for b in bins if b.low is not None and b.high is not None]
    ticks = {low: f"{low:.0f}" for b in scored if (low := b.low or 0.0) % 10 == 0} | {100.0: "100"}
    for level, label in labels.items():
        members = [b for b in scored if b.level == level]
        if members:
            figure.add_bar(
                x=[((b.low or 0) + (b.high or 0)) / 2 for b in members],
                y=[b.count for b in members],
                width=[(b.high or 0) - (b.low or 0) - 0.4 for b in members],
                marker_color=theme.LEVELS.get(level, theme.MUTED),
                name=label,
                customdata=[f"{b.low:.0f}–{b.high:.0f}" for b in members],
                hovertemplate="%{customdata}: <b>%{y:,}</b><extra>" + label + "</extra>",
            )
    tallest = max((b.count for b in scored), default=0)
    # A source of small merchants: their bar is cut, hatched and numbered, or the distribution would be a line.
    top = 1.25 * tallest if tallest and any(b.count > 2 * tallest for b in bins if b.low is None) else None
    span = 100.0 - min((b.low or 0.0 for b in scored), default=0.0)
    for place, b in enumerate((b for b in bins if b.low is None), 1):
        x = 100.0 + place * span * 0.22
        ticks[x] = labels.get(b.level, b.level).replace(" ", "<br>", 1)
        figure.add_bar(
            x=[x],
            y=[b.count if top is None else min(b.count, top)],
            width=span * 0.12,
            marker_color=theme.MUTED,
            marker_pattern_shape="/" if top is not None and b.count > top else "",
            text=[f"{b.count:,}"],
            textposition="outside",
            cliponaxis=False,
            customdata=[b.count],
            showlegend=False,
            hovertemplate="<b>%{customdata:,}</b><extra>" + labels.get(b.level, b.level) + "</extra>",
        )
    theme.styled(figure, "", height=height, x_title=x_title, y_title=y_title)
    figure.update_layout(barmode="overlay", legend={"traceorder": "normal"})
    figure.update_yaxes(range=None if top is None else [0, 1.08 * top])
    figure.update_xaxes(
        tickvals=list(ticks), ticktext=list(ticks.values()), tickangle=0, showgrid=False, ticklabeloverflow="allow"
    )
    return figure


def outcomes(
    names: Sequence[str],
    counts: Mapping[str, Sequence[int]],
    labels: Mapping[str, str],
    *,
    x_title: str,
    height: int = 300,
) -> go.Figure:
    """Merchants by outcome, one stacked bar a programme, the first on top; every part names its outcome on hover and, where there is room,
    carries its count.

    Args:
        counts: outcome → one count a programme, in the legend's order; labels: outcome → its translated name.
    """
    figure = go.Figure()
    for outcome, label in labels.items():
        figure.add_bar(
            y=list(names),
            x=list(counts[outcome]),
            orientation="h",
            name=label,
            marker_color=theme.OUTCOMES[outcome],
            text=[f"{count:,}" if count else "" for count in counts[outcome]],
            textfont={"color": "white"},
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertemplate="%{y}: <b>%{x:,}</b><extra>" + label + "</extra>",
        )
    theme.styled(figure, "", height=height, x_title=x_title)
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"}, uniformtext={"minsize": 9, "mode": "hide"})
    figure.update_yaxes(autorange="reversed")
    return figure


def paired(
    names: Sequence[str],
    first: Sequence[Estimate],
    second: Sequence[Estimate],
    *,
    labels: tuple[str, str],
    x_title: str,
    height: int = 300,
) -> go.Figure:
    """Two rates (0–1) a row with their intervals, the first row on top: the distance between them is what is seen."""
    figure = go.Figure()
    for name, a, b in zip(names, first, second, strict=True):
        figure.add_scatter(
            x=[a.value, b.value],
            y=[name, name],
            mode="lines",
            line={"color": theme.QUIET, "width": 2},
            hoverinfo="skip",
            showlegend=False,
        )
    for members, label, colour, symbol in (
        (first, labels[0], theme.CATEGORIES[2], "circle-open"),
        (second, labels[1], theme.ACCENT, "circle"),
    ):
        figure.add_scatter(
            x=[e.value for e in members],
            y=list(names),
            mode="markers",
            name=label,
            marker={"size": 9, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [(e.ci_high or e.value or 0) - (e.value or 0) for e in members],
                "arrayminus": [(e.value or 0) - (e.ci_low or e.value or 0) for e in members],
                "color": colour,
                "thickness": 1.2,
            },
            customdata=[[e.ci_low, e.ci_high, e.n] for e in members],
            hovertemplate="%{y}<br><b>%{x:.1%}</b><br>95 %: %{customdata[0]:.1%} – %{customdata[1]:.1%}<br>"
            "n = %{customdata[2]:,}<extra>" + label + "</extra>",
        )
    theme.styled(figure, "", height=height, x_title=x_title)
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    return figure


def score_bar(
    score: float,
    ci: tuple[float, float],
    borders: Sequence[tuple[str, float, float]],
    *,
    peer: float | None,
    peer_label: str,
    height: int = 110,
) -> go.Figure:
    """A score with its interval on a 0–100 bar that shows the levels.

    Args:
        borders: (level, from, to) in score points, left to right.
    """
    figure = go.Figure()
    for level, low, high in borders:
        figure.add_shape(
            type="rect", x0=low, x1=high, y0=-0.22, y1=0.22, fillcolor=theme.LEVELS[level], opacity=0.25, line_width=0
        )
    figure.add_scatter(
        x=[score],
        y=[0],
        mode="markers",
        marker={"size": 16, "color": theme.ACCENT, "line": {"width": 2, "color": "white"}},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [ci[1] - score],
            "arrayminus": [score - ci[0]],
            "width": 8,
        },
        hovertemplate=f"<b>{score:.1f}</b><br>95 %: {ci[0]:.1f} – {ci[1]:.1f}<extra></extra>",
        showlegend=False,
    )
    if peer is not None:
        figure.add_shape(type="line", x0=peer, x1=peer, y0=-0.42, y1=0.42, line={"color": theme.MUTED, "width": 2})
        figure.add_annotation(x=peer, y=0.62, text=peer_label, showarrow=False, font={"size": 11})
    theme.styled(figure, "", height=height)
    figure.update_layout(margin={"l": 8, "r": 12, "t": 4, "b": 4}, showlegend=False)
    figure.update_xaxes(range=[0, 100], tickvals=[0, *[low for _, low, _ in borders if low > 0], 100], showgrid=False)
    figure.update_yaxes(visible=False, range=[-0.6, 0.85])
    return figure
