"""Merchants' unusual days: metrics in, the stretches of days that lie outside what was to be expected out.

Knows the catalogue and the day marts; nothing of pages or languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from analytics.errors import InputError
from analytics.metrics.extent import read_extent
from analytics.metrics.types import MetricCursor, MetricSpec, Scope
from analytics.watch.judge import Episode, judge
from analytics.watch.panel import Panel, last_day, read_panels, to_unit, watched_spec

LOOK_BACK_DAYS = 182
WATCHED = (
    "orders",
    "cancellation_rate",
    "late_seller_rate",
    "on_time_shipping_rate",
    "return_rate",
    "dispute_rate",
    "rating_mean",
    "reply_within_24h_rate",
    "tickets",
)
COUNT_FLOOR = 8.0  # above what a merchant of less than one event a day brings in a week
DEFAULT_Q = 0.05


@dataclass(frozen=True)
class Anomaly:
    """A merchant's stretch of unusual days, told by its last day. Values are in the metric's unit, a count as a sum over the stretch.

    day: local day of the reporting zone; run_days: how many days the stretch holds, `day` among them. low … high: what 95 % of such
    stretches hold. n: rows behind the value. q_value: the share of false ones among this and all surer ones of the metric
    (Benjamini & Hochberg, 1995). is_bad: whether it went the wrong way; None for a metric without a better side.
    """

    metric_id: str
    merchant_id: str
    day: date
    value: float
    expected: float
    low: float
    high: float
    n: int
    p_value: float
    q_value: float
    direction: Literal["up", "down"]
    is_bad: bool | None
    run_days: int

    @property
    def metric(self) -> str:
        return self.metric_id

    @property
    def first_day(self) -> date:
        return self.day - timedelta(days=self.run_days - 1)


def anomalies(
    cursor: MetricCursor,
    metric_ids: Sequence[str],
    date_from: date,
    date_to: date,
    *,
    q: float = DEFAULT_Q,
    scope: Scope | None = None,
) -> list[Anomaly]:
    """Merchants' unusual days that end from date_from to date_to (local days, both included), surest first.

    Each day is measured by the merchant's own past and weekday and by what the other merchants did, so that what moves the whole
    marketplace is nobody's anomaly. Left out: stretches below the volume floor (expected 8 events of a count, the metric's min_n
    rows of a rate or mean), merchants of less than four weeks, days too recent for the metric, and a last day that is not complete.
    At most a share `q` of each metric's anomalies is false. scope: filters of the merchants to judge; its dates are not read.
    Metrics that the source does not hold have none. Raises UnknownMetric, and InputError for a metric that can't be watched, a q
    outside 0–1 and a window that ends before it starts.
    """
    if not 0 < q < 1:
        raise InputError(f"q is the share of false anomalies, above 0 and below 1: {q} is neither.")
    specs = [watched_spec(metric_id) for metric_id in dict.fromkeys(metric_ids)]
    asked = scope or Scope(date_from, date_to)
    extent = read_extent(cursor)
    last = {spec.metric_id: last_day(cursor, extent, spec, date_to) for spec in specs if extent.holds(spec)}
    open_specs = [spec for spec in specs if last.get(spec.metric_id, date.min) >= date_from]
    window = Scope(date_from, date_to)  # says so when it ends before it starts
    if not open_specs or extent.first_day is None:
        return []
    first = max(extent.first_day, window.date_from - timedelta(days=LOOK_BACK_DAYS))
    through = max(last[spec.metric_id] for spec in open_specs)
    read = Scope(first, through, asked.categories, asked.regions, asked.tiers, asked.merchants)
    panels = read_panels(cursor, open_specs, read)
    found = [
        anomaly
        for spec, panel in zip(open_specs, panels, strict=True)
        for anomaly in _of_metric(spec, panel, max(date_from, first), last[spec.metric_id], q)
    ]
    return sorted(found, key=lambda anomaly: (anomaly.p_value, anomaly.merchant_id, anomaly.metric_id, anomaly.day))


def _of_metric(spec: MetricSpec, panel: Panel, date_from: date, last: date, q: float) -> list[Anomaly]:
    days = (last - panel.first_day).days + 1
    if not len(panel.merchants) or not panel.is_asked.any():
        return []
    episodes = judge(
        panel.y[:, :days],
        None if panel.exposure is None else panel.exposure[:, :days],
        first_day=panel.first_day,
        first_judged=(date_from - panel.first_day).days,
        floor=COUNT_FLOOR if panel.exposure is None else float(max(spec.min_n, 1)),
        q=q,
        is_asked=panel.is_asked,
        is_seen=panel.is_seen[:, :days],
    )
    return [_anomaly(spec, panel, episode) for episode in episodes]


def _anomaly(spec: MetricSpec, panel: Panel, episode: Episode) -> Anomaly:
    figures = np.array([episode.observed, episode.expected, episode.low, episode.high])
    if panel.exposure is not None:
        figures = np.array([to_unit(spec, figure / episode.exposure) for figure in figures])
    value, expected, low, high = figures.tolist()
    return Anomaly(
        metric_id=spec.metric_id,
        merchant_id=panel.merchants[episode.merchant],
        day=panel.first_day + timedelta(days=episode.last),
        value=value,
        expected=expected,
        low=low,
        high=high,
        n=round(episode.observed if panel.exposure is None else episode.exposure),
        p_value=episode.p_value,
        q_value=episode.q_value,
        direction="up" if episode.is_up else "down",
        is_bad=None if spec.direction == "neutral" else episode.is_up == (spec.direction == "lower"),
        run_days=episode.last - episode.first + 1,
    )


def anomaly_record(anomaly: Anomaly, cursor: MetricCursor) -> dict[str, Any]:
    """The JSON object of `metrics --anomalies`; `from` and `to` are the first and last day of the stretch."""
    fields = asdict(anomaly)
    shared = {
        "metric": fields.pop("metric_id"),
        "group": {"merchant": fields.pop("merchant_id")},
        "from": anomaly.first_day.isoformat(),
        "to": fields.pop("day").isoformat(),
        "time_zone": cursor.time_zone,
        "unit": watched_spec(anomaly.metric_id).unit,
    }
    return shared | fields | {"snapshot_id": cursor.snapshot_id}
