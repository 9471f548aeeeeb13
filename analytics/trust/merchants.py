"""Trust of merchants as pages and commands ask for it: scores, why, what moved, and history.

Joins the reading of counts to the pure score; knows no page and no file format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
from scipy import stats

from analytics.errors import InputError
from analytics.trust.counts import MARTS, daily_counts, score_day
from analytics.trust.joint import joint, probability_beyond
from analytics.trust.posterior import posterior
from analytics.trust.prior import TrustModel, fit_model
from analytics.trust.programme import Programme, default_programme
from analytics.trust.score import TrustScore, score_from_counts, trust_scores
from analytics.trust.toml_table import did_you_mean

if TYPE_CHECKING:
    from analytics.warehouse import Cursor, Warehouse

_ROUNDING = 1e-12


@dataclass(frozen=True)
class ComponentRate:
    """One rate of one merchant: plain counts of the window, recency-weighted counts, the posterior of the rate with its central
    95 % interval (`coverage` of the programme), the peers' rate (prior mean), and what it earns: all from the orders of this rate and its
    peers. Rates are 0–1. `probability_over_limit`: how likely the true rate is beyond `limit` (above it where lower is better, else below),
    given all of the merchant's orders, also those that other rates count, so that it may differ from what the interval suggests.
    `unbounded_mean`: where a bound holds what the merchant's reviews say beyond its facts (`analytics.trust.bounded`), the estimate without it; None
    where nothing is held. All else is then of the bounded rate."""

    component: str
    rate_id: str
    label: str
    numerator: int
    denominator: int
    recent_numerator: float
    recent_denominator: float
    posterior_mean: float
    ci_low: float
    ci_high: float
    peer_mean: float
    points: float
    max_points: float
    limit: float
    probability_over_limit: float
    unbounded_mean: float | None = None


@dataclass(frozen=True)
class Mover:
    """A merchant with a score on both days; `component` is the contribution that changed most, by `component_change` points."""

    merchant_id: str
    score_before: float
    score_after: float
    change: float
    component: str
    component_change: float


def score_merchants(
    cursor: Cursor, *, as_of: date | None = None, programme: Programme | None = None
) -> list[TrustScore]:
    """Scores of all merchants, sorted by merchant_id, as of the cursor's day (`as_of`, if given, must be that day)."""
    score_day(cursor, as_of)
    programme = programme or default_programme()
    counts = daily_counts(cursor, programme, has_plain=False)
    return trust_scores(counts, fit_model(counts, programme))


def explain(cursor: Cursor, merchant_id: str, *, programme: Programme | None = None) -> list[ComponentRate]:
    """Why a merchant has its score: every rate that the source records, in the order of the programme, also below min_n."""
    programme = programme or default_programme()
    counts = daily_counts(cursor, programme)
    return explain_from_counts(counts, fit_model(counts, programme), merchant_id)


def explain_from_counts(counts: pd.DataFrame, model: TrustModel, merchant_id: str) -> list[ComponentRate]:
    """The pure part of `explain`; the points are those of `score_from_counts`."""
    row = counts[counts["merchant_id"] == merchant_id]
    if row.empty:
        near = did_you_mean(merchant_id, counts["merchant_id"])
        raise InputError(f"merchant '{merchant_id}' is not in the warehouse.{near}")
    one, scored = posterior(row, model), score_from_counts(row, model).iloc[0]
    alone = posterior(row, replace(model, lines=())).mean[0]
    tail = (1 - model.programme.coverage) / 2
    low, high = (stats.beta.ppf(q, one.alpha[0], one.beta[0]) for q in (tail, 1 - tail))
    peer = model.mean[model.rows(row["category"])[0]]
    beyond = probability_beyond(joint(row, model), model)[0]
    values = row.iloc[0]
    return [
        ComponentRate(
            component=rate.component_id,
            rate_id=rate.rate_id,
            label=rate.label,
            numerator=int(values[f"{rate.rate_id}.numerator"]),
            denominator=int(values[f"{rate.rate_id}.denominator"]),
            recent_numerator=float(values[f"{rate.rate_id}.recent_numerator"]),
            recent_denominator=float(values[f"{rate.rate_id}.recent_denominator"]),
            posterior_mean=float(one.mean[0, i]),
            ci_low=float(low[i]),
            ci_high=float(high[i]),
            peer_mean=float(peer[i]),
            points=float(scored[f"points.{rate.rate_id}"]),
            max_points=model.max_points[i],
            limit=rate.limit,
            probability_over_limit=float(beyond[i]),
            unbounded_mean=float(alone[i]) if abs(alone[i] - one.mean[0, i]) > _ROUNDING else None,
        )
        for i, rate in enumerate(model.rates)
    ]


def movers(before: Iterable[TrustScore], after: Iterable[TrustScore]) -> list[Mover]:
    """Merchants scored on both days, the largest change (up or down) first; ties by merchant_id."""
    earlier = {score.merchant_id: score for score in before if score.score is not None}
    found = []
    for new in after:
        old = earlier.get(new.merchant_id)
        if old is None or old.score is None or new.score is None:
            continue
        parts = {name: points - old.contributions.get(name, 0.0) for name, points in new.contributions.items()}
        component = max(parts, key=lambda name: abs(parts[name]))
        found.append(Mover(new.merchant_id, old.score, new.score, new.score - old.score, component, parts[component]))
    return sorted(found, key=lambda mover: (-abs(mover.change), mover.merchant_id))


def trust_history(
    warehouse: Warehouse, days: Sequence[date], *, snapshot_id: str | None = None, programme: Programme | None = None
) -> pd.DataFrame:
    """Scores on several days, each as a warehouse that knew nothing later would have given them.

    Columns: as_of, merchant_id, score, level, ci_low, ci_high, n, status; sorted by day, then merchant. Each day costs the marts of
    that day, which the warehouse keeps for a while.
    """
    columns = ["as_of", "merchant_id", "score", "level", "ci_low", "ci_high", "n", "status"]
    rows = []
    for day in sorted(set(days)):
        with warehouse.cursor(snapshot_id, as_of=day, marts=MARTS) as cursor:
            scores = score_merchants(cursor, programme=programme)
        rows += [[getattr(score, column) for column in columns] for score in scores]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"score": float, "ci_low": float, "ci_high": float})
