"""What the Merchant page asks: who it is, where it stands, why, and what happened. Words stay msgids. Knows no page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from app.charts.shapes import Annotation, Point
from app.i18n import N_
from app.services import figures, trust
from app.services.bounded import rate_sentences
from app.services.figures import Period
from app.services.runtime import cached
from app.services.scores import scores
from app.services.warehouse import cursor, filter_options, merchants

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.trust import TrustScore
    from analytics.trust.rows import RateRows
    from app.filters import Compare

TREND_METRICS = (
    "orders",
    "late_seller_rate",
    "on_time_shipping_rate",
    "seller_cancellation_rate",
    "valid_tracking_rate",
    "rating_mean",
    "effective_positive_share",
    "return_rate",
    "dispute_rate",
    "order_defect_rate",
    "reply_within_24h_rate",
    "buyer_csat",
)
TREND_PERIODS: tuple[tuple[Period, int], ...] = (("week", 182), ("month", 365))
ROWS_SHOWN = 500
LOW_STARS = 2
# What the timeline tells of an order: the column of its time, and the words. Placing and shipping are no news.
ORDER_NEWS = {
    "late_at": N_("Delivered late"),
    "cancelled_at": N_("Order cancelled"),
    "return_requested_at": N_("Return requested"),
    "refund_at": N_("Refund paid"),
    "dispute_opened_at": N_("Dispute opened"),
    "chargeback_at": N_("Chargeback"),
}
_TIMES = {
    "orders": "ordered_at",
    "rating_mean": "reviewed_at",
    "tickets": "opened_at",
    "penalty_points": "issued_at",
}
_DETAILS = {"late_at": "late_fault", "cancelled_at": "cancel_fault", "dispute_opened_at": "dispute_outcome"}
PENALTY_NEWS = {
    "issued_at": N_("Penalty issued"),
    "appealed_at": N_("Penalty appealed"),
    "lifted_at": N_("Penalty lifted"),
}


@dataclass(frozen=True)
class Profile:
    """Who a merchant is; what the source does not say is None."""

    merchant_id: str
    name: str
    category: str | None
    region: str | None
    tier: str | None
    since: date | None
    size_band: str
    order_count: int


@dataclass(frozen=True)
class Standing:
    """A merchant's score now and at the comparison, its peers, and what score it would take."""

    now: TrustScore
    before: TrustScore | None
    peers: trust.PeerTrust
    min_n: int

    @property
    def change(self) -> float | None:
        """Score points since the comparison; None without a score on either day."""
        if self.now.score is None or self.before is None or self.before.score is None:
            return None
        return self.now.score - self.before.score


@dataclass(frozen=True)
class Contribution:
    """A component's points, the most that it could give, and the peers' median; `label` is a msgid."""

    component: str
    label: str
    points: float
    most: float
    peer: float | None


@dataclass(frozen=True)
class MerchantTrend:
    """A metric of a merchant by week or month, and the penalties that fell into it.

    Over the page's window: its value, and of its peers the median, and the share that the merchant does better than (0–1; None for a metric of which
    neither more nor less is better, or without enough peers).
    """

    points: tuple[Point, ...]
    period: Period
    value: float | None
    peer_median: float | None
    peer_share: float | None
    peer_count: int
    penalties: tuple[Annotation, ...]
    scope: Scope


@cached
def profile(snapshot_id: str, merchant_id: str) -> Profile:
    """Who a merchant is. Raises IndexError for an id that the snapshot does not know (filters never hold one)."""
    profiles = merchants(snapshot_id)
    row = profiles[profiles["merchant_id"] == merchant_id].to_dict("records")[0]
    since = row["joined_at"] if pd.notna(row["joined_at"]) else row["first_order_date"]
    return Profile(
        merchant_id=merchant_id,
        name=filter_options(snapshot_id).merchants[merchant_id],
        category=_text(row["category"]),
        region=_text(row["region"]),
        tier=_text(row["tier"]),
        since=pd.Timestamp(since).date() if pd.notna(since) else None,
        size_band=str(row["size_band"]),
        order_count=int(row["order_count"]),
    )


@cached
def standing(snapshot_id: str, scope: Scope, base: Compare, merchant_id: str) -> Standing | None:
    """Where a merchant stands at the end of the window; None while nothing was known of it by then."""
    own = replace(scope, categories=(), regions=(), tiers=(), merchants=(merchant_id,))
    as_of = trust.as_of_day(snapshot_id, scope.date_to)
    now = next((score for score in scores(snapshot_id, as_of) if score.merchant_id == merchant_id), None)
    if now is None:
        return None
    before = trust.base_scores(snapshot_id, own, base)
    return Standing(
        now,
        before[0] if before else None,
        trust.peer_trust(snapshot_id, as_of, merchant_id),
        trust.min_n(),
    )


@cached
def contributions(snapshot_id: str, day: date, merchant_id: str) -> tuple[Contribution, ...]:
    """The components' points at the end of a day, in the programme's order; they add up to the score."""
    as_of = trust.as_of_day(snapshot_id, day)
    rates = trust.reasons(snapshot_id, as_of, merchant_id)
    peers = trust.peer_trust(snapshot_id, as_of, merchant_id).contributions
    return tuple(
        Contribution(
            component,
            label,
            sum(rate.points for rate in rates if rate.component == component),
            sum(rate.max_points for rate in rates if rate.component == component),
            peers.get(component),
        )
        for component, label in trust.component_labels().items()
        if any(rate.component == component for rate in rates)
    )


def contribution_table(parts: Sequence[Contribution], names: Sequence[str]) -> pd.DataFrame:
    """Contributions under their translated names: name, points, most, peer."""
    return pd.DataFrame(
        [(name, part.points, part.most, part.peer) for name, part in zip(names, parts, strict=True)],
        columns=["name", "points", "most", "peer"],
    )


@cached
def rates(snapshot_id: str, day: date, merchant_id: str) -> pd.DataFrame:
    """The rates behind the score: the fields of ComponentRate, with `points_lost`, the most lost first; empty where the source has none."""
    found = trust.reasons(snapshot_id, trust.as_of_day(snapshot_id, day), merchant_id)
    if not found:
        return pd.DataFrame()
    frame = pd.DataFrame([asdict(rate) for rate in found])
    frame["points_lost"] = frame["max_points"] - frame["points"]
    return frame.sort_values("points_lost", ascending=False, kind="stable", ignore_index=True)


def bounded(snapshot_id: str, day: date, merchant_id: str) -> tuple[str, ...]:
    """A sentence a rate of `rates` that the score bounds."""
    return rate_sentences(trust.reasons(snapshot_id, trust.as_of_day(snapshot_id, day), merchant_id))


@cached
def rate_rows(snapshot_id: str, day: date, merchant_id: str, rate_id: str) -> RateRows:
    """The rows behind one rate of the score."""
    from analytics.trust.rows import rate_rows as read

    with cursor(snapshot_id, trust.as_of_day(snapshot_id, day)) as opened:
        found = read(opened, merchant_id, rate_id)
    return replace(found, rows=figures.in_zone(found.rows, figures.time_zone(snapshot_id)))


@cached
def trend(snapshot_id: str, scope: Scope, merchant_id: str, metric_id: str) -> MerchantTrend:
    """A metric by week over half a year that ends with the window, by month over a year when weeks hold too little."""
    from analytics.metrics import get_spec, peers

    own = replace(scope, categories=(), regions=(), tiers=(), merchants=(merchant_id,))
    earliest = filter_options(snapshot_id).data_from
    for period, days in TREND_PERIODS:
        first = max(scope.date_to - timedelta(days=days - 1), earliest)
        own = replace(own, date_from=min(first, scope.date_from))
        points = figures.many_series(snapshot_id, (metric_id,), own, period)[metric_id]
        if 2 * sum(point.value is not None for point in points) >= len(points):
            break
    if metric_id == "orders":
        return MerchantTrend(points, period, None, None, None, 0, _penalties(snapshot_id, own), own)
    with cursor(snapshot_id) as opened:
        found = peers(opened, metric_id, scope, merchant_id)
    share = None if get_spec(metric_id).direction == "neutral" else found.percentile
    penalties = _penalties(snapshot_id, own)
    return MerchantTrend(points, period, found.value, found.median, share, found.peer_count, penalties, own)


def first_trend(snapshot_id: str, scope: Scope, merchant_id: str) -> str:
    """The metric shown first: how often it ships late by its own fault, or its orders where no period has enough of them to say."""
    orders, late = TREND_METRICS[:2]
    points = trend(snapshot_id, scope, merchant_id, late).points
    return late if any(point.value is not None for point in points) else orders


def _penalties(snapshot_id: str, scope: Scope) -> tuple[Annotation, ...]:
    """Penalties of a scope as marks on a time axis, those of one week as one mark."""
    issued = happened(snapshot_id, scope, "penalty_points")
    if issued.empty:
        return ()
    weeks = issued.assign(week=issued["issued_at"].dt.to_period("W-SUN"))
    return tuple(
        Annotation(day := group["issued_at"].min().date(), day, ", ".join(sorted(set(group["clause"].dropna()))))
        for _, group in weeks.groupby("week")
    )


def trend_table(found: MerchantTrend) -> pd.DataFrame:
    """A trend as a table: day (of the period's start), value, ci_low, ci_high, n."""
    columns = ["day", "value", "ci_low", "ci_high", "n"]
    return pd.DataFrame([[getattr(point, column) for column in columns] for point in found.points], columns=columns)


@cached
def happened(snapshot_id: str, scope: Scope, metric_id: str) -> pd.DataFrame:
    """The rows of a metric in a scope (orders, reviews, tickets, penalties), newest first, in the reporting zone's time."""
    from analytics.metrics import drill

    with cursor(snapshot_id) as opened:
        rows = figures.in_zone(drill(opened, metric_id, scope, limit=ROWS_SHOWN).rows, opened.time_zone)
    return rows.sort_values(_TIMES[metric_id], ascending=False, kind="stable", ignore_index=True)


@cached
def orders(snapshot_id: str, scope: Scope) -> pd.DataFrame:
    """Orders of the scope, newest first, with `amount` in major units, `late_at` and `trouble` (msgids of what went wrong)."""
    frame = happened(snapshot_id, scope, "orders")
    if frame.empty:
        return frame
    frame["amount"] = frame["amount_minor"] / 100
    frame["late_at"] = frame["delivered_at"].where(frame["late_fault"].notna())
    went_wrong = {column: frame[column].notna().tolist() for column in ORDER_NEWS}
    frame["trouble"] = [
        [text for column, text in ORDER_NEWS.items() if went_wrong[column][row]] for row in range(len(frame))
    ]
    return frame


@cached
def timeline(snapshot_id: str, scope: Scope) -> pd.DataFrame:
    """What went wrong or was said, newest first. Columns: at, what (a msgid), subject (an id), detail."""
    placed = orders(snapshot_id, scope)
    reviews = happened(snapshot_id, scope, "rating_mean")
    tickets = happened(snapshot_id, scope, "tickets")
    penalties = happened(snapshot_id, scope, "penalty_points")
    parts = []
    if not placed.empty:
        parts += [_news(placed, column, text, "order_id", _DETAILS.get(column)) for column, text in ORDER_NEWS.items()]
    if not reviews.empty:
        low = reviews[reviews["score"] <= LOW_STARS]
        parts.append(_news(low, "reviewed_at", N_("Low review"), "order_id", "score"))
    if not tickets.empty:
        parts.append(_news(tickets, "opened_at", N_("Ticket opened"), "ticket_id", "channel"))
    if not penalties.empty:
        parts += [_news(penalties, column, text, "event_id", "clause") for column, text in PENALTY_NEWS.items()]
    parts = [part for part in parts if not part.empty]
    if not parts:
        return pd.DataFrame(columns=["at", "what", "subject", "detail"])
    return pd.concat(parts, ignore_index=True).sort_values("at", ascending=False, kind="stable", ignore_index=True)


def _news(frame: pd.DataFrame, column: str, text: str, subject: str, detail: str | None) -> pd.DataFrame:
    rows = frame[frame[column].notna()]
    details = [str(value) if pd.notna(value) else "" for value in rows[detail]] if detail else [""] * len(rows)
    return pd.DataFrame(
        {"at": rows[column].to_numpy(), "what": text, "subject": rows[subject].to_numpy(), "detail": details}
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
