"""A figure that can't be given says why."""

from __future__ import annotations

from datetime import date

from analytics.metrics import MetricResult, Scope, compare, compute
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


def test_days_that_the_data_have_not_reached_are_not_known() -> None:
    cursor = build({"events": [*order("o1", "2024-03-01"), event("view", "2024-03-10")]})
    (later,) = compute(cursor, "orders", Scope(date(2024, 4, 1), date(2024, 4, 30)))
    assert (later.value, later.status) == (None, "immature")
    (half,) = compute(cursor, "orders", Scope(date(2024, 3, 1), date(2024, 3, 31)))
    assert (half.value, half.status, half.mature_to) == (1, "ok", date(2024, 3, 10))
    by_month = compute(cursor, "orders", YEAR, by=("month",))
    assert [(one.group["month"], one.mature_to) for one in by_month] == [("2024-03-01", date(2024, 3, 10))]


def test_a_window_beyond_the_data_is_compared_with_nothing() -> None:
    cursor = build({"events": [*order("o1", "2024-02-20"), *order("o2", "2024-03-01"), event("view", "2024-03-31")]})
    (whole,) = compare(
        cursor, "orders", Scope(date(2024, 3, 1), date(2024, 3, 31)), base=(date(2024, 2, 20), date(2024, 2, 29))
    )
    assert whole.change is not None
    for scope, base in (
        (Scope(date(2024, 3, 5), date(2024, 4, 4)), (date(2024, 2, 20), date(2024, 2, 29))),
        (Scope(date(2024, 3, 1), date(2024, 3, 31)), (date(2024, 3, 20), date(2024, 4, 20))),
    ):
        (found,) = compare(cursor, "orders", scope, base=base)
        assert (found.base, found.change) == (None, None)
