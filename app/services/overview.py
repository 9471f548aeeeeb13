"""What the Overview page asks: six cards, the map of merchants, what changed, leaderboards. Words stay msgids. Knows no page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from app.i18n import N_
from app.services import figures, trust
from app.services.figures import Card, Direction
from app.services.runtime import cached
from app.services.warehouse import cursor, filter_options

if TYPE_CHECKING:
    from analytics.metrics import Comparison, Figures, Lead, Scope
    from app.filters import Compare

BOARD_METRICS = ("orders", "gmv", "rating_mean", "late_seller_rate", "dispute_rate")
BOARD_MERCHANTS = 200
CHANGES_SHOWN = 5
LEAD_DIMENSIONS = ("category", "region", "tier", "merchant")
# Left out of "what changed": the other side of a metric that is in, so that one movement is told once.
TWINS = {
    "on_time_delivery_rate",
    "buyer_satisfied_share",
    "upheld_dispute_rate",
    "reply_within_24h_rate",
    "refunded_amount",
    "positive_share",
    "repeat_after_good_rate",
    "repeat_after_bad_rate",
    "repeat_after_positive_rate",
    "repeat_after_negative_rate",
}
# Left out as well: pairs of orders of one buyer are counted order by order, which no page that is opened first should wait for.
SLOW = {"buyer_concentration"}


@dataclass(frozen=True)
class MerchantMap:
    """The merchants of the map, what their height is (a metric, over so many days), where its quadrants meet, and how many
    merchants with orders could not be placed.

    merchants: merchant_id, name, trust (0–100), rating (the height), orders (of the window), level; most orders first.
    """

    merchants: pd.DataFrame
    height_metric: str
    height_name: str
    height_unit: str
    split: tuple[float, float]
    left_out: int
    days: int


@dataclass(frozen=True)
class Change:
    """A movement whose interval leaves out zero; `strength` is its size in half-widths of that interval. `lead`: the group that
    moved it beyond its size, called `lead_name`; None when all groups moved alike."""

    metric_id: str
    name: str
    unit: str
    direction: Direction
    before: float
    after: float
    change: float
    strength: float
    currency: str | None
    page: str
    lead: Lead | None = None
    lead_name: str = ""

    @property
    def is_good(self) -> bool | None:
        """Whether it went the way one wants; None for a metric without a better side."""
        return None if self.direction == "neutral" else (self.change > 0) == (self.direction == "higher")


@cached
def overview_cards(snapshot_id: str, scope: Scope, base: Compare) -> tuple[Card, ...]:
    """The six cards: GMV, orders, trust median, buyers' satisfaction, late through the merchant, disputes."""
    metric_ids = ("gmv", "orders", "rating_mean", "buyer_csat", "late_seller_rate", "dispute_rate")
    peer_of = scope.merchants[0] if len(scope.merchants) == 1 else None
    found = {
        card.metric_id: card
        for card in figures.cards(snapshot_id, metric_ids, scope, base, peer_of, compared_metrics())
    }
    happy = found["buyer_csat"] if found["rating_mean"].status == "not_in_source" else found["rating_mean"]
    return (
        replace(found["gmv"], name=N_("GMV")),
        found["orders"],
        trust_card(snapshot_id, scope, base),
        happy,
        replace(found["late_seller_rate"], name=N_("Late by merchant")),
        replace(found["dispute_rate"], name=N_("Disputes")),
    )


@cached
def trust_card(snapshot_id: str, scope: Scope, base: Compare) -> Card:
    """The median trust score of the scope at the end of the window; n is the number of merchants with a score."""
    now = trust.scope_scores(snapshot_id, scope)
    found = trust.median_trust(now, trust.base_scores(snapshot_id, scope, base))
    is_single = len(scope.merchants) == 1 and len(now) == 1
    missing = now[0].status if is_single else "too_few" if found.merchant_count else "not_applicable"
    return Card(
        metric_id=trust.METRIC_ID,
        name=N_("Trust score"),
        unit="score",
        direction="higher",
        status="ok" if found.median is not None else missing,
        value=found.median,
        n=now[0].n if is_single else found.scored_count,
        min_n=trust.min_n() if is_single else 1,
        grain="order" if is_single else "merchant",
        change=found.change,
        is_significant=found.is_significant,
        ci_low=now[0].ci_low if is_single else None,
        ci_high=now[0].ci_high if is_single else None,
    )


@cached
def merchant_map(snapshot_id: str, scope: Scope) -> MerchantMap:
    """Every merchant with a trust score and enough answers, placed by score and satisfaction.

    Satisfaction is that of the days which the score looks at, so that the two belong together; size is orders of the window.
    """
    from analytics.metrics import figures_many, get_spec

    with cursor(snapshot_id) as opened:
        found = figures_many(opened, ("rating_mean", "buyer_csat"), _trust_window(snapshot_id, scope), by=("merchant",))
        traded = figures_many(opened, ("orders",), scope, by=("merchant",))["orders"]
    height = "buyer_csat" if "not_in_source" in found["rating_mean"].statuses else "rating_mean"
    heights = pd.Series(found[height].by("merchant", found[height].value), dtype=float)
    orders = pd.Series(traded.by("merchant", traded.n), dtype=float)
    names = filter_options(snapshot_id).merchants
    scored = [one for one in trust.scope_scores(snapshot_id, scope) if one.score is not None]
    ids = [one.merchant_id for one in scored]
    placed = pd.DataFrame(
        {
            "merchant_id": pd.Series(ids, dtype=object),
            "name": pd.Series([names.get(merchant_id, merchant_id) for merchant_id in ids], dtype=object),
            "trust": pd.Series([one.score for one in scored], dtype=float),
            "rating": heights.reindex(ids).to_numpy(),
            "orders": orders.reindex(ids, fill_value=0).to_numpy(np.int64),
            "level": pd.Series([one.level for one in scored], dtype=object),
        }
    ).dropna(subset="rating")
    spec = get_spec(height)
    border = next((band.low for band in trust.bands() if band.level == "good"), 70.0)
    known = sorted(heights.dropna())
    middle = known[len(known) // 2] if known else 0.0
    return MerchantMap(
        placed.sort_values(["orders", "merchant_id"], ascending=[False, True], ignore_index=True),
        height,
        spec.name,
        spec.unit,
        (border, middle),
        len(set(orders.index).difference(placed["merchant_id"])),
        trust.window_days(),
    )


@cached
def what_changed(snapshot_id: str, scope: Scope, base: Compare) -> tuple[Change, ...] | None:
    """The strongest movements against the comparison, at most five; None when the data does not reach back that far."""
    from analytics.metrics import leading_parts

    if not figures.base_is_covered(snapshot_id, scope, base):
        return None
    compared = figures.compared(snapshot_id, compared_metrics(), scope, base)
    moved = {
        _change(comparison): comparison
        for found in compared.values()
        for comparison in found
        if comparison.is_significant
    }
    shown = sorted(moved, key=lambda change: -change.strength)[:CHANGES_SHOWN]
    with cursor(snapshot_id) as opened:
        leads = leading_parts(opened, [moved[c] for c in shown], scope, base=base, dimensions=LEAD_DIMENSIONS)
    return tuple(_with_lead(snapshot_id, change, leads.get((change.metric_id, change.currency))) for change in shown)


def compared_metrics() -> tuple[str, ...]:
    """The metrics that the page compares, for its cards and for what changed."""
    from analytics.metrics import CATALOGUE

    return tuple(name for name in CATALOGUE if name not in TWINS | SLOW)


@cached
def leaderboard(snapshot_id: str, scope: Scope, base: Compare, dimension: str, metric_id: str) -> pd.DataFrame:
    """A metric by a dimension (category, region, tier, merchant), most orders first; merchants the 200 largest.

    Columns: key, name, value, change (None without a comparison; counts and money as a share of the base), share (of the orders of
    the scope), n, status, currency (of money, else None), trend (the values of the window's periods).
    """
    from analytics.metrics import compare_many, compute_many, figures_many

    period = figures.period_of(scope)
    has_base = figures.base_is_covered(snapshot_id, scope, base)
    with cursor(snapshot_id) as opened:
        counted = figures_many(opened, ("orders",), scope, by=(dimension,))["orders"]
        orders = counted.by(dimension, counted.n)
        shown = replace(scope, merchants=_largest(orders)) if dimension == "merchant" and orders else scope
        if has_base:
            compared = compare_many(opened, (metric_id,), shown, base=base, by=(dimension,))[metric_id]
        else:
            compared = [
                figures.alone(one) for one in compute_many(opened, (metric_id,), shown, by=(dimension,))[metric_id]
            ]
        trends = figures_many(opened, (metric_id,), shown, by=(dimension, period), has_bounds=False)[metric_id]
    main = figures.main_currency([comparison.current for comparison in compared])
    lines = _lines(trends, dimension, main)
    names = filter_options(snapshot_id).merchants if dimension == "merchant" else {}
    total = sum(orders.values()) or 1
    rows = [
        {
            "key": key,
            "name": names.get(key, key),
            "value": comparison.current.value,
            "change": comparison.change_share if comparison.current.unit in ("count", "money") else comparison.change,
            "share": orders.get(key, 0) / total,
            "n": comparison.current.n,
            "status": comparison.current.status,
            "currency": main,
            "trend": lines.get(key, []),
        }
        for comparison in compared
        if (key := comparison.current.group.get(dimension)) is not None and comparison.current.currency == main
    ]
    frame = pd.DataFrame(rows, columns=["key", "name", "value", "change", "share", "n", "status", "currency", "trend"])
    frame = frame.astype({"value": float, "change": float, "currency": object})
    return frame.sort_values(["share", "key"], ascending=[False, True], ignore_index=True)


def _largest(orders: dict[str, float]) -> tuple[str, ...]:
    """The merchants with most orders, as many as a board shows."""
    return tuple(sorted(orders, key=lambda merchant_id: (-orders[merchant_id], merchant_id))[:BOARD_MERCHANTS])


def _with_lead(snapshot_id: str, change: Change, lead: Lead | None) -> Change:
    if lead is None:
        return change
    key = lead.part.group[lead.dimension]
    names = filter_options(snapshot_id).merchants if lead.dimension == "merchant" else {}
    return replace(change, lead=lead, lead_name=names.get(key, key))


def _change(comparison: Comparison) -> Change:
    from analytics.metrics import get_spec

    current, base = comparison.current, comparison.base
    spec = get_spec(current.metric_id)
    low, high = comparison.change_ci_low or 0.0, comparison.change_ci_high or 0.0
    change = comparison.change or 0.0
    return Change(
        metric_id=spec.metric_id,
        name=spec.name,
        unit=spec.unit,
        direction=spec.direction,
        before=(base.value if base else None) or 0.0,
        after=current.value or 0.0,
        change=change,
        strength=abs(change) / max((high - low) / 2, 1e-12),
        currency=current.currency,
        page=page_of(spec.metric_id),
    )


def page_of(metric_id: str) -> str:
    """The page on which a metric is looked into."""
    from analytics.metrics import get_spec

    grain = get_spec(metric_id).grain
    if grain in ("review", "survey answer") or metric_id.startswith(("repeat_", "effective_", "review_")):
        return "satisfaction"
    return "issues" if grain.startswith("ticket") else "trust"


def _trust_window(snapshot_id: str, scope: Scope) -> Scope:
    """The days that the trust score of the scope's last day looks at."""
    first = scope.date_to - timedelta(days=trust.window_days() - 1)
    return replace(scope, date_from=max(first, filter_options(snapshot_id).data_from))


def _lines(trends: Figures, dimension: str, currency: str | None) -> dict[str, list[float]]:
    lines: dict[str, list[float]] = {}
    rows = trends.of(currency) & np.isfinite(trends.value)
    for key, value in zip(
        trends.groups.get(dimension, trends.currencies)[rows], trends.value[rows].tolist(), strict=True
    ):
        lines.setdefault(key, []).append(value)
    return lines


@cached
def board_status(snapshot_id: str, scope: Scope, metric_id: str) -> str:
    """Why a leaderboard is empty: the status of its metric over the whole scope."""
    from analytics.metrics import compute

    with cursor(snapshot_id) as opened:
        return figures.main_result(compute(opened, metric_id, scope)).status
