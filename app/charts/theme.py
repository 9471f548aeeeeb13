"""One look for every figure: colours, heights, axes and hover. Knows nothing of data or of Streamlit."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

ACCENT = "#2563EB"
MUTED = "#8A94A6"
BAND = "rgba(37, 99, 235, 0.16)"
QUIET = "rgba(138, 148, 166, 0.35)"
GRID = "rgba(138, 148, 166, 0.22)"
# Okabe & Ito (2008), safe for the common kinds of colour blindness, in an order that starts away from the level colours.
CATEGORIES = ("#0072B2", "#CC79A7", "#56B4E9", "#E69F00", "#009E73", "#D55E00", "#7A5195", "#999999")
LEVELS = {
    "excellent": "#15803D",
    "good": "#3F9C6B",
    "watch": "#C77700",
    "poor": "#C2362B",
    "too_few": "#8A94A6",
    "new": "#8A94A6",
}
OUTCOMES = {"fail": "#C2362B", "near": "#C77700", "pass": "#3F9C6B", "too_few": "#8A94A6"}
LEVEL_SYMBOLS = {
    "excellent": "circle",
    "good": "diamond",
    "watch": "triangle-up",
    "poor": "x",
    "too_few": "circle-open",
    "new": "circle-open",
}
TICKS = {
    "rate": ".1%",
    "stars": ".2f",
    "count": ",.0f",
    "money": ",.0f",
    "seconds": ",.0f",
    "nps": "+.0f",
    "points": ",.1f",
    "score": ".0f",
}
HOVERS = {
    "rate": ".2%",
    "stars": ".3f",
    "count": ",.0f",
    "money": ",.2f",
    "seconds": ",.0f",
    "nps": "+.1f",
    "points": ",.1f",
    "score": ".1f",
}
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "modeBarButtonsToRemove": [
        *("autoScale2d", "toggleSpikelines", "hoverCompareCartesian", "hoverClosestCartesian"),
        *("zoomIn2d", "zoomOut2d"),  # drawing a box zooms, and a narrow chart's legend has the room
    ],
    "displayModeBar": "hover",
}


def literal(text: str) -> str:
    """Somebody's words as a figure shows them: what would be a tag, a link among them, stays text."""
    return text.replace("<", "&lt;")


def styled(figure: go.Figure, title: str, *, height: int = 300, x_title: str = "", y_title: str = "") -> go.Figure:
    """Give a figure its title (none where a card bears it), steady height, axes and hover style, and return it."""
    if title:
        figure.update_layout(
            title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left", "y": 0.98, "yanchor": "top"}
        )
    figure.update_layout(  # the legend on the left: on the right the tools would lie on it
        height=height,
        margin={"l": 8, "r": 12, "t": 44 if title else 28, "b": 8},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "xanchor": "left", "font": {"size": 11}},
        hoverlabel={"align": "left"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": MUTED, "activecolor": ACCENT},
        font={"size": 12},
        bargap=0.25,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(title_text=x_title, automargin=True, gridcolor=GRID, zerolinecolor=GRID)
    figure.update_yaxes(title_text=y_title, automargin=True, gridcolor=GRID, zerolinecolor=GRID)
    return figure
