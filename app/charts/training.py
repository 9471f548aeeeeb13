"""The figure of a training run: how its losses fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from app.charts import theme

TRAINED = "train"
_OTHERS = ("tokens", "seconds", "rate", TRAINED, "all")


def learning_curve(checks: Sequence[Mapping[str, float]], *, title: str, height: int = 420) -> go.Figure:
    """Losses in nats a token over millions of tokens seen: of what was trained on, and of each task and language of the threads that were not.

    `checks` are the lines of a run's `log.jsonl`: tokens, seconds, rate (of learning), train, all, and one loss a task and language.
    """
    figure = go.Figure()
    seen = [check["tokens"] / 1e6 for check in checks]
    names = [TRAINED, *(name for name in (checks[0] if checks else ()) if name not in _OTHERS)]
    for place, name in enumerate(names):
        figure.add_scatter(
            x=seen,
            y=[check[name] for check in checks],
            mode="lines+markers",
            name=name,
            line={
                "color": theme.MUTED if name == TRAINED else theme.CATEGORIES[place - 1],
                "dash": "dot" if name == TRAINED else "solid",
            },
            customdata=[[check["rate"], check["seconds"]] for check in checks],
            hovertemplate="%{x:.2f} M tokens: <b>%{y:.3f}</b><br>learning rate %{customdata[0]:.2g}, %{customdata[1]:,} s<extra>%{fullData.name}</extra>",
        )
    theme.styled(figure, title, height=height, x_title="Million tokens", y_title="Nats a token")
    return figure
