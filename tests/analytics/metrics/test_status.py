"""A figure that can't be given says why."""

from __future__ import annotations

from datetime import date

from analytics.metrics import MetricResult, Scope, compute
from tests.analytics.metrics.marketplace import MemoryCursor, build, event, order

YEAR = Scope(date(2024, 1, 1), date(2024, 12, 31))


def one(cursor: MemoryCursor, metric_id: str) -> MetricResult:
    (result,) = compute(cursor, metric_id, YEAR)
    return result


def test_status_says_why_there_is_no_value() -> None:
    cursor = build(
        {
            "events": [
                *order("o1", "2024-03-01", then=[("review_posted", "2024-03-02", {"score": 4})]),
                event("view", "2024-03-10"),
            ]
        }
    )
    statuses = {
        metric_id: one(cursor, metric_id).status
        for metric_id in ("orders", "rating_mean", "repeat_purchase_rate", "dispute_rate", "valid_tracking_rate")
    }
    assert statuses == {
        "orders": "ok",
        "rating_mean": "too_few",
        "repeat_purchase_rate": "immature",
        "dispute_rate": "not_in_source",
        "valid_tracking_rate": "not_in_source",
    }
    assert compute(cursor, "rating_mean", YEAR, by=("carrier",))[0].status == "not_applicable"
    rating = one(cursor, "rating_mean")
    assert (rating.value, rating.ci_low, rating.n) == (None, None, 1)
