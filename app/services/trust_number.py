"""What stands behind a trust score on a page: its definition, its rows, its SQL and its history. Words are msgids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.charts.shapes import Point
from app.i18n import N_
from app.services import trust
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.warehouse import Cursor

HISTORY_POINTS = 5


def definition() -> dict[str, Any]:
    """The fields of a Definition that say what the score is."""
    from analytics.trust import default_programme

    return {
        "metric_id": trust.METRIC_ID,
        "name": N_("Trust score"),
        "description": N_(
            "From 0 to 100 points: every rate of the programme earns points between its bad and its good mark, after shrinking "
            "towards the merchant's category and weighing recent orders more. Several merchants: their median."
        ),
        "unit": "score",
        "direction": "higher",
        "numerator": N_("points earned by the rates"),
        "denominator": "none",
        "grain": N_("merchant"),
        "anchor": "order_date",
        "maturity_days": 0,
        "min_n": default_programme().min_n,
    }


def history(snapshot_id: str, scope: Scope) -> tuple[Point, ...]:
    """The median score of a scope on a few days of the window, each as it would have been seen on that day."""
    days = (scope.date_to - scope.date_from).days
    steps = sorted({scope.date_to - timedelta(days=round(days * i / HISTORY_POINTS)) for i in range(HISTORY_POINTS)})
    points = []
    for day in steps:
        found = trust.scores_on(snapshot_id, scope, day)
        median = trust.median_trust(found)
        points.append(Point(day, median.median, n=median.scored_count))
    return tuple(points)


def rows(snapshot_id: str, scope: Scope) -> tuple[pd.DataFrame, float | None]:
    """The scored merchants of a scope with their points, and the median that they give."""
    frame = trust.board(snapshot_id, scope)
    scored = frame[frame["score"].notna()].reset_index(drop=True)
    return scored, trust.median_trust(trust.scope_scores(snapshot_id, scope)).median


def sql(snapshot_id: str, scope: Scope) -> str:
    """The statements that read the counts behind the scores of a window's last day, with their parameters written out."""
    from analytics.trust import MARTS, daily_counts

    with cursor(snapshot_id, trust.as_of_day(snapshot_id, scope.date_to), MARTS) as opened:
        recorder = _Recorder(opened)
        daily_counts(recorder)  # type: ignore[arg-type]  # it reads a cursor's data and never looks at its class
    return "\n;\n\n".join(recorder.said)


class _Recorder:
    """A cursor that remembers what it was asked."""

    def __init__(self, opened: Cursor) -> None:
        self._opened = opened
        self.said: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)

    def df(self, sql: str, params: Mapping[str, object] | None = None) -> pd.DataFrame:
        from analytics.metrics.templates import Statement

        self.said.append(Statement(sql, params or {}).literal())
        return self._opened.df(sql, params)
