"""What the Satisfaction page asks: cards, a trend with its coverage, touchpoints, silence, and who comes back. Words stay msgids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from app.charts.shapes import Estimate, Point
from app.services import figures
from app.services.figures import Card, Period
from app.services.runtime import cached
from app.services.warehouse import cursor, filter_options

if TYPE_CHECKING:
    from analytics.metrics import MetricResult, Scope
    from app.filters import Compare

CARD_METRICS = (
    "rating_mean",
    "positive_share",
    "effective_positive_share",
    "nps",
    "buyer_csat",
    "dsr_description",
    "dsr_service",
    "dsr_logistics",
)
TREND_METRICS = ("rating_mean", "positive_share", "effective_positive_share", "nps", "buyer_csat")
REVIEWED = ("rating_mean", "positive_share", "effective_positive_share")
COVERAGE_METRIC = "review_coverage"
TOUCHPOINTS = ("dsr_description", "dsr_service", "dsr_logistics", "buyer_csat", "rating_mean")
REPEATS = (
    "repeat_after_good_rate",
    "repeat_after_bad_rate",
    "repeat_after_positive_rate",
    "repeat_after_negative_rate",
)
REPEAT_DAYS = 365
SHARE_GROUPS = 12


@dataclass(frozen=True)
class Coverage:
    """A card with how many answers stand behind it per order placed in the window; None where that has no meaning."""

    card: Card
    per_order: float | None


@dataclass(frozen=True)
class Ranked:
    """Estimates over a window, each with its metric and why it is missing. `name` of an estimate is a msgid."""

    metric_ids: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    statuses: tuple[str, ...]
    scope: Scope


@dataclass(frozen=True)
class Trend:
    """A metric by period and, for the same periods, its coverage: how much of what could be answered was."""

    points: tuple[Point, ...]
    coverage: tuple[Point, ...]
    period: Period


@dataclass(frozen=True)
class Shares:
    """Plain and effective positive share of one group, or of the whole scope (`name` empty)."""

    name: str
    plain: Estimate
    effective: Estimate


@cached
def cards(snapshot_id: str, scope: Scope, base: Compare) -> tuple[Coverage, ...]:
    """The page's cards with their coverage. Effective positive share counts silence, so that it covers every order."""
    peer_of = scope.merchants[0] if len(scope.merchants) == 1 else None
    *found, orders = figures.cards(snapshot_id, (*CARD_METRICS, "orders"), scope, base, peer_of)
    return tuple(
        Coverage(card, card.n / orders.n if orders.n and card.metric_id != "effective_positive_share" else None)
        for card in found
    )


@cached
def trend(snapshot_id: str, scope: Scope, metric_id: str) -> Trend:
    """One satisfaction metric by period, and the share of the period's deliveries that was reviewed; for surveys, which have no such
    share, the answers per order placed."""
    period = figures.period_of(scope)
    if metric_id in REVIEWED:
        found = figures.many_series(snapshot_id, (metric_id, COVERAGE_METRIC), scope, period)
        return Trend(found[metric_id], found[COVERAGE_METRIC], period)
    found = figures.many_series(snapshot_id, (metric_id, "orders"), scope, period)
    coverage = tuple(
        replace(
            order,
            value=point.n / order.n if order.n else None,
            ci_low=None,
            ci_high=None,
            n=point.n,
        )
        for point, order in zip(found[metric_id], found["orders"], strict=True)
    )
    return Trend(found[metric_id], coverage, period)


@cached
def touchpoints(snapshot_id: str, scope: Scope) -> Ranked:
    """Stars for each touchpoint and overall, with intervals."""
    return _ranked(snapshot_id, TOUCHPOINTS, scope)


@cached
def repeats(snapshot_id: str, scope: Scope) -> Ranked:
    """Repeat purchase after good and bad experience, over a year that ends with the window: 90 days must pass to know."""
    first = max(scope.date_to - timedelta(days=REPEAT_DAYS - 1), filter_options(snapshot_id).data_from)
    return _ranked(snapshot_id, REPEATS, replace(scope, date_from=min(first, scope.date_from)))


@cached
def shares(snapshot_id: str, scope: Scope) -> tuple[Shares, ...]:
    """Plain and effective positive share of the whole scope, then of the categories with most deliveries, by name.

    Groups without either are left out.
    """
    from analytics.metrics import compute_many

    asked = ("positive_share", "effective_positive_share")
    with cursor(snapshot_id) as opened:
        whole = compute_many(opened, asked, scope)
        grouped = compute_many(opened, asked, scope, by=("category",))
    found = [Shares("", *(_estimate(whole[metric_id][0]) for metric_id in asked))]
    plain, effective = ({r.group["category"]: r for r in grouped[name] if r.group} for name in asked)
    largest = sorted(set(plain) & set(effective), key=lambda name: -effective[name].n)[:SHARE_GROUPS]
    for category in sorted(largest):
        found.append(Shares(category, _estimate(plain[category]), _estimate(effective[category])))
    return tuple(pair for pair in found if pair.plain.value is not None and pair.effective.value is not None)


def share_table(found: Sequence[Shares], whole_name: str) -> pd.DataFrame:
    """The shares as a table: name, plain, effective, reviews, delivered."""
    return pd.DataFrame(
        [
            (pair.name or whole_name, pair.plain.value, pair.effective.value, pair.plain.n, pair.effective.n)
            for pair in found
        ],
        columns=["name", "plain", "effective", "reviews", "delivered"],
    )


def estimate_table(found: Sequence[Estimate]) -> pd.DataFrame:
    """Estimates as a table: name, value, ci_low, ci_high, n."""
    columns = ["name", "value", "ci_low", "ci_high", "n"]
    return pd.DataFrame([[getattr(e, column) for column in columns] for e in found], columns=columns)


def trend_table(found: Trend) -> pd.DataFrame:
    """A trend as a table: day (of the period's start), value, ci_low, ci_high, n, coverage."""
    return pd.DataFrame(
        [
            (point.day, point.value, point.ci_low, point.ci_high, point.n, cover.value)
            for point, cover in zip(found.points, found.coverage, strict=True)
        ],
        columns=["day", "value", "ci_low", "ci_high", "n", "coverage"],
    )


def _ranked(snapshot_id: str, metric_ids: tuple[str, ...], scope: Scope) -> Ranked:
    from analytics.metrics import compute_many, get_spec

    with cursor(snapshot_id) as opened:
        found = compute_many(opened, metric_ids, scope)
    return Ranked(
        metric_ids,
        tuple(_estimate(found[name][0], get_spec(name).name) for name in metric_ids),
        tuple(found[name][0].status for name in metric_ids),
        scope,
    )


def _estimate(result: MetricResult, name: str = "") -> Estimate:
    return Estimate(name, result.value, result.ci_low, result.ci_high, result.n)
