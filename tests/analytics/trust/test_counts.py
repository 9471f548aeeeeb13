"""From the marts to counts: weights, window and maturity by hand; the day of a score; reading for pages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.bench.rated_markets import DAY
from analytics.errors import InputError
from analytics.trust import daily_counts, explain, score_day, score_merchants, trust_history
from tests.analytics.trust.marketplaces import FakeCursor, cursor_over

MERCHANTS: list[dict[str, object]] = [
    {"merchant_id": "b", "name": "Bee", "category": "toys", "joined_at": datetime(2024, 6, 1, tzinfo=UTC)},
    {"merchant_id": "a", "name": "Ant", "category": None, "first_order_date": date(2023, 1, 1)},
    {"merchant_id": "c", "name": "Cat", "category": "toys"},
]


def day(age: int, merchant_id: str = "a", **measures: int) -> dict[str, object]:
    return {"merchant_id": merchant_id, "day": DAY - timedelta(days=age), **measures}


def test_weights_window_and_maturity_by_hand() -> None:
    cursor = cursor_over(
        [
            day(0, order_count=10, delivered_count=8, delivery_due_count=8, late_seller_count=2, disputed_count=1),
            day(
                60,
                order_count=6,
                delivered_count=4,
                delivery_due_count=4,
                late_seller_count=1,
                disputed_count=3,
                seller_disputed_count=2,
            ),
            day(364, order_count=1),
            day(365, order_count=1000, late_seller_count=500, delivery_due_count=900),
            day(-1, order_count=1000),
            day(3, "b", order_count=5),
        ],
        MERCHANTS,
    )
    counts = daily_counts(cursor).set_index("merchant_id")  # type: ignore[arg-type]
    assert counts.index.tolist() == ["a", "b", "c"]
    assert counts["n"].tolist() == [17, 5, 0]
    ant = counts.loc["a"]
    assert ant["late_seller_rate.numerator"] == 3
    assert ant["late_seller_rate.denominator"] == 12
    assert ant["late_seller_rate.recent_numerator"] == pytest.approx(2 + 1 / 2)
    assert ant["late_seller_rate.recent_denominator"] == pytest.approx(8 + 4 / 2)
    last = 0.5 ** (364 / 60)  # its weight; deliveries are taken to lie in time as orders do
    squares = (10 + 6 / 4 + last**2) / (10 + 6 / 2 + last)
    assert ant["late_seller_rate.square_denominator"] == pytest.approx((8 + 4 / 2) * squares)
    # disputes are judged on orders of at least 30 days: not those of today
    assert ant["seller_dispute_rate.numerator"] == 2
    assert ant["seller_dispute_rate.denominator"] == 7
    assert ant["seller_dispute_rate.recent_denominator"] == pytest.approx(6 / 2 + 0.5 ** (364 / 60))
    assert ant["seller_dispute_rate.evidence"] == pytest.approx(3 / 2)
    assert counts.loc["b", "seller_dispute_rate.denominator"] == 0
    assert counts["tenure_days"].tolist()[:2] == [(DAY - date(2023, 1, 1)).days, 29]
    assert counts["tenure_days"].isna().tolist() == [False, False, True]


def test_the_day_is_that_of_the_reporting_zone_or_of_the_cursor() -> None:
    cursor = cursor_over([], [])
    assert score_day(cursor) == date(2024, 6, 30)  # type: ignore[arg-type]
    cursor.time_zone = "Asia/Shanghai"
    assert score_day(cursor) == date(2024, 7, 1)  # type: ignore[arg-type]
    cursor.as_of = date(2024, 3, 1)
    assert score_day(cursor, date(2024, 3, 1)) == date(2024, 3, 1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"as_of 2024-03-02 asked of a cursor of 2024-03-01\. Open it with"):
        score_merchants(cursor, as_of=date(2024, 3, 2))  # type: ignore[arg-type]
    cursor.as_of = cursor.data_up_to = None
    with pytest.raises(InputError, match="holds no events yet"):
        score_merchants(cursor)  # type: ignore[arg-type]
    cursor.as_of = date(2001, 1, 1)
    with pytest.raises(InputError, match="no event up to the end of 2001-01-01"):
        score_merchants(cursor)  # type: ignore[arg-type]


def test_scores_and_reasons_from_the_marts() -> None:
    days = [
        day(age, who, order_count=4, delivery_due_count=4, late_seller_count=late)
        for age in range(30)
        for who, late in (("a", 0), ("c", 2))
    ]
    cursor = cursor_over(days, MERCHANTS)
    scores = {score.merchant_id: score for score in score_merchants(cursor)}  # type: ignore[arg-type]
    assert [scores[name].status for name in "abc"] == ["ok", "new", "ok"]
    assert (scores["a"].score or 0) > (scores["c"].score or 0)
    (late,) = explain(cursor, "c")  # type: ignore[arg-type]
    assert (late.component, late.rate_id, late.numerator, late.denominator) == (
        "fulfilment",
        "late_seller_rate",
        60,
        120,
    )
    assert late.points == scores["c"].score
    assert late.max_points == pytest.approx(100)
    assert late.ci_low < late.posterior_mean < late.ci_high
    with pytest.raises(InputError, match="merchant 'd' is not in the warehouse"):
        explain(cursor, "d")  # type: ignore[arg-type]


def test_an_empty_marketplace_has_no_scores() -> None:
    assert score_merchants(cursor_over([], [])) == []  # type: ignore[arg-type]
    (only,) = score_merchants(cursor_over([], MERCHANTS[2:]))  # type: ignore[arg-type]
    assert (only.status, only.score, only.n) == ("too_few", None, 0)


def test_history_opens_the_warehouse_as_of_each_day() -> None:
    class FakeWarehouse:
        asked: list[date] = []  # noqa: RUF012

        @contextmanager
        def cursor(
            self, snapshot_id: str | None = None, *, as_of: date | None = None, marts: Collection[str] = ()
        ) -> Iterator[FakeCursor]:
            assert as_of is not None
            assert "merchant_day" in marts
            self.asked.append(as_of)
            late = 3 if as_of.month == 6 else 0
            days = [
                {
                    "merchant_id": "a",
                    "day": as_of,
                    "order_count": 30,
                    "delivery_due_count": 30,
                    "late_seller_count": late,
                }
            ]
            yield cursor_over(days, MERCHANTS[1:2], as_of=as_of)  # type: ignore[arg-type]

    warehouse = FakeWarehouse()
    frame = trust_history(warehouse, [date(2024, 6, 30), date(2024, 5, 31), date(2024, 6, 30)])  # type: ignore[arg-type]
    assert warehouse.asked == [date(2024, 5, 31), date(2024, 6, 30)]
    assert frame["as_of"].tolist() == warehouse.asked
    assert frame["score"].iloc[0] > frame["score"].iloc[1]
    assert frame["status"].tolist() == ["ok", "ok"]
