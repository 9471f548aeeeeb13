"""The satisfaction overview of a scope: every measure by touchpoint with n and response coverage, and what experience does
to repeat purchase.

Effective positive share counts silence (Nosko and Tadelis 2015, NBER 20830): positives over all delivered orders. Knows
no SQL; all figures come from the metric catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analytics.metrics import Comparison, MetricCursor, MetricResult, Scope, compute_many
from analytics.metrics.comparison import compare_results

# Where buyers (and, last, merchants) meet the marketplace, and the measures taken there.
TOUCHPOINTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "order": ("rating_mean", "positive_share", "effective_positive_share", "buyer_csat", "buyer_satisfied_share"),
        "item": ("dsr_description",),
        "merchant_service": ("dsr_service",),
        "delivery": ("dsr_logistics",),
        "marketplace": ("nps",),
        "our_desk": ("merchant_csat",),
    }
)
_OF_REVIEWS = ("rating_mean", "positive_share", "effective_positive_share")
_DELIVERED, _REVIEWED, _TICKETS = "delivered_orders", "review_coverage", "tickets"
_REPEAT = (
    "repeat_after_good_rate",
    "repeat_after_bad_rate",
    "repeat_after_positive_rate",
    "repeat_after_negative_rate",
)


@dataclass(frozen=True)
class SatisfactionFigure:
    """One measure at one touchpoint. coverage: 0–1, how many of those who could answer did; None when it is unknown.

    Coverage of reviews is the share of delivered orders reviewed; of surveys, answers per delivered order of the same
    window; of our desk, answers per ticket opened in it.
    """

    touchpoint: str
    result: MetricResult
    coverage: float | None


@dataclass(frozen=True)
class SatisfactionOverview:
    """after_experience: repeat purchase after a good (current) against a bad (base) experience; after_review: after a
    positive against a negative review. Both are raw differences between different buyers, not effects.
    """

    figures: tuple[SatisfactionFigure, ...]
    review_coverage: MetricResult
    after_experience: Comparison
    after_review: Comparison

    def figure(self, metric_id: str) -> SatisfactionFigure:
        """The figure of a metric; KeyError when the overview does not hold it."""
        for figure in self.figures:
            if figure.result.metric_id == metric_id:
                return figure
        raise KeyError(metric_id)


def _coverage(metric_id: str, results: Mapping[str, MetricResult]) -> float | None:
    if metric_id in _OF_REVIEWS:
        return results[_REVIEWED].value
    if results[metric_id].status in ("not_in_source", "not_applicable"):
        return None
    asked = results[_TICKETS if metric_id == "merchant_csat" else _DELIVERED]
    return min(results[metric_id].n / asked.value, 1.0) if asked.value else None


def satisfaction_overview(cursor: MetricCursor, scope: Scope) -> SatisfactionOverview:
    """The overview of a scope; a measure that the source lacks is there with its status, never left out."""
    wanted = [metric_id for metric_ids in TOUCHPOINTS.values() for metric_id in metric_ids]
    found = compute_many(cursor, [*wanted, _REVIEWED, _DELIVERED, _TICKETS, *_REPEAT], scope)
    results = {metric_id: rows[0] for metric_id, rows in found.items()}
    return SatisfactionOverview(
        figures=tuple(
            SatisfactionFigure(touchpoint, results[metric_id], _coverage(metric_id, results))
            for touchpoint, metric_ids in TOUCHPOINTS.items()
            for metric_id in metric_ids
        ),
        review_coverage=results[_REVIEWED],
        after_experience=compare_results(results[_REPEAT[0]], results[_REPEAT[1]]),
        after_review=compare_results(results[_REPEAT[2]], results[_REPEAT[3]]),
    )
