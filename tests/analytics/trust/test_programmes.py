"""Seller programmes by hand: every clause's window, sign, small-sample rule, distance and level, over marts built by the shipped SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.trust.programmes import (
    clause_records,
    evaluate,
    load_seller_programme,
    peer_prior,
    penalty_ledger,
    presets,
    probability_over,
    standing_frame,
)
from analytics.trust.programmes.windows import Window
from analytics.trust.schedule import Schedule
from tests.analytics.metrics.marketplace import Row, build, event, merchant, order

DAY = date(2024, 6, 30)
Answer = dict[str, Any]


def ago(days: int, day: date = DAY) -> str:
    return f"{day - timedelta(days=days)} 12:00"


def answers(programme: str, rows: Sequence[Row], *, day: date = DAY, merchant_id: str = "m1") -> dict[str, Answer]:
    """The clauses of one programme for one merchant, by id."""
    cursor = build({"events": rows, "merchants": [merchant("m1"), merchant("m2")]}, as_of=day)
    found = evaluate(cursor, [presets()[programme]])  # type: ignore[arg-type]
    return {str(row["clause"]): row for row in clause_records(found, [merchant_id])}


def orders(count: int, days_ago: int, prefix: str, **values: Any) -> list[Row]:
    """Plain orders of one day, each of its own buyer."""
    return [
        row
        for number in range(count)
        for row in order(f"{prefix}{number}", ago(days_ago), **{"buyer_id": f"{prefix}-b{number}", **values})
    ]


def shipped(count: int, days_ago: int, prefix: str, *, after: int = 0, is_valid: bool = True) -> list[Row]:
    """Orders with a limit of one day, shipped `after` days later than placed."""
    rows = []
    for number in range(count):
        rows += order(
            f"{prefix}{number}", ago(days_ago), buyer_id=f"{prefix}-b{number}",
            ship_by_at=_at(days_ago - 1), deliver_by_at=_at(days_ago - 3),
            then=[
                ("order_shipped", ago(days_ago - after), {"is_tracking_valid": is_valid}),
                ("tracking_scanned", ago(days_ago - after)),
                ("order_delivered", ago(days_ago - after - 2)),
            ],
        )  # fmt: skip
    return rows


def _at(days_ago: int) -> Any:
    from tests.analytics.metrics.marketplace import at

    return at(ago(days_ago))


def cancelled(count: int, days_ago: int, prefix: str, fault: str = "seller", **values: Any) -> list[Row]:
    return orders(count, days_ago, prefix, then=[("order_cancelled", ago(days_ago), {"fault": fault})], **values)


def disputed(count: int, days_ago: int, prefix: str, outcome: str, **values: Any) -> list[Row]:
    then = [("dispute_opened", ago(days_ago)), ("dispute_closed", ago(days_ago), {"outcome": outcome})]
    return orders(count, days_ago, prefix, then=then, **values)


def reviews(*stars: int, days_ago: int = 10, prefix: str = "r") -> list[Row]:
    return [
        row
        for number, score in enumerate(stars)
        for row in order(
            f"{prefix}{number}", ago(days_ago), buyer_id=f"{prefix}-b{number}",
            then=[("review_posted", ago(days_ago), {"score": score})],
        )
    ]  # fmt: skip


def questions(*hours: float | None, days_ago: int) -> list[Row]:
    """Questions of a day, each of its own buyer, answered after so many hours or never."""
    rows = []
    for number, wait in enumerate(hours):
        shared = {"buyer_id": f"q{number}", "product_id": "p1"}
        rows.append(event("question_asked", ago(days_ago), **shared))
        if wait is not None:
            when = _at(days_ago) + timedelta(hours=wait)
            rows.append(event("question_answered", f"{when:%Y-%m-%d %H:%M}", **shared))
    return rows


def penalty(
    days_ago: int, points: int, *, lifted: int | None = None, expires: int | None = None, **values: Any
) -> list[Row]:
    row = event("penalty_issued", ago(days_ago), penalty_points=points, clause="F-1", **values)
    if expires is not None:
        row["expires_at"] = _at(expires)
    rows = [row]
    if lifted is not None:
        rows.append(event("penalty_lifted", ago(lifted), reason=row["event_id"]))
    return rows


def test_a_lagged_window_holds_its_first_and_last_day_and_nothing_beside() -> None:
    inside = [*orders(1, 15, "last"), *orders(1, 74, "first")]
    bad = {"then": [("chargeback", ago(5))]}
    beside = [*orders(1, 14, "young", **bad), *orders(1, 75, "old", **bad)]
    found = answers("amazon", [*inside, *beside, *orders(1, 40, "c", merchant_id="m2", **bad)])["order_defect_rate"]
    assert (found["n"], found["numerator"], found["value"]) == (2, 0, 0.0)
    assert (found["from"], found["to"]) == (DAY - timedelta(days=74), DAY - timedelta(days=15))


def test_the_defect_of_an_order_is_a_low_review_an_open_or_lost_dispute_or_a_chargeback_once() -> None:
    rows = [
        *orders(1, 30, "low", then=[("review_posted", ago(20), {"score": 2}), ("chargeback", ago(9))]),
        *orders(1, 30, "three", then=[("review_posted", ago(20), {"score": 3})]),
        *orders(1, 30, "open", then=[("dispute_opened", ago(20))]),
        *disputed(1, 30, "denied", "denied"),
        *disputed(1, 30, "withdrawn", "withdrawn"),
        *disputed(1, 30, "upheld", "upheld"),
        *cancelled(1, 30, "cancelled"),  # a defect of ours, none of Amazon's
    ]
    found = answers("amazon", rows)["order_defect_rate"]
    assert (found["numerator"], found["n"], found["passed"]) == (3, 7, False)
    assert found["distance"] == -3  # nothing above 0 of 7 is below 1 %


@pytest.mark.parametrize(("late", "passed", "distance"), [(3, True, 1), (4, False, -1), (0, True, 4)])
def test_a_strict_ceiling_of_four_per_cent(late: int, passed: bool, distance: int) -> None:
    rows = [*shipped(100 - late, 20, "good"), *shipped(late, 20, "late", after=4)]
    found = answers("amazon", rows)["late_shipment_rate"]
    assert (found["value"], found["n"], found["passed"], found["distance"]) == (late / 100, 100, passed, distance)


def test_an_order_whose_shipping_limit_has_not_passed_is_not_judged_yet() -> None:
    young = orders(3, 0, "young", ship_by_at=_at(-2))
    rows = [*young, *shipped(1, 20, "old", after=0)]
    assert answers("amazon", rows)["late_shipment_rate"]["n"] == 1
    other = [*young, *[{**row, "merchant_id": "m2"} for row in shipped(1, 20, "old")]]
    found = answers("amazon", other)["late_shipment_rate"]
    assert (found["status"], found["value"], found["passed"], found["n"]) == ("immature", None, None, 0)


def test_orders_that_were_all_cancelled_never_become_due() -> None:
    rows = [*cancelled(3, 20, "gone", "buyer"), *[{**row, "merchant_id": "m2"} for row in shipped(1, 20, "old")]]
    found = answers("amazon", rows)["on_time_delivery_rate"]
    assert (found["status"], found["value"], found["n"]) == ("too_few", None, 0)


@pytest.mark.parametrize(
    ("points", "band"), [(3, "tier-1"), (5, "tier-1"), (6, "tier-2"), (9, "tier-3"), (14, "tier-4"), (15, "tier-5")]
)
def test_shopees_tiers_begin_at_their_points(points: int, band: str) -> None:
    found = answers("shopee", [*orders(1, 3, "o"), *penalty(2, points)])["penalty_points"]
    assert (found["level"], found["passed"]) == (band, False)


def test_floors_strict_and_not() -> None:
    rows = [*shipped(19, 20, "valid"), *shipped(1, 20, "invalid", is_valid=False)]
    amazon, ebay = answers("amazon", rows)["valid_tracking_rate"], answers("ebay", rows)["tracking_uploaded"]
    assert (amazon["value"], amazon["passed"], amazon["distance"]) == (0.95, False, -1)
    assert (ebay["value"], ebay["passed"], ebay["distance"]) == (0.95, True, 1)
    walmart = answers("walmart", rows)["valid_tracking_rate"]
    assert (walmart["passed"], walmart["distance"], walmart["limit"]) == (False, -1, 0.99)


def test_on_time_delivery_of_delivered_orders_with_a_promise() -> None:
    rows = [*shipped(9, 20, "good"), *shipped(1, 20, "late", after=3), *orders(5, 20, "unpromised")]
    amazon, walmart = (answers(name, rows)["on_time_delivery_rate"] for name in ("amazon", "walmart"))
    assert (amazon["value"], amazon["n"], amazon["passed"]) == (0.9, 10, False)
    assert (walmart["value"], walmart["passed"], walmart["distance"]) == (0.9, True, 1)


def test_only_the_sellers_cancellations_count() -> None:
    rows = [*orders(197, 3, "fine"), *cancelled(4, 3, "seller"), *cancelled(9, 3, "buyer", "buyer")]
    amazon, walmart = answers("amazon", rows), answers("walmart", rows)
    assert amazon["pre_fulfilment_cancel_rate"]["numerator"] == walmart["cancellation_rate"]["numerator"] == 4
    assert amazon["pre_fulfilment_cancel_rate"]["n"] == 210
    assert walmart["cancellation_rate"]["passed"] is True
    assert walmart["cancellation_rate"]["distance"] == 1  # 4 of 210 is 1.9 %


def test_what_nobody_records_is_not_in_the_source() -> None:
    found = answers("amazon", orders(5, 20, "plain"))
    for clause in ("invoice_defect_rate", "account_health_rating", "pre_fulfilment_cancel_rate", "valid_tracking_rate"):
        answer = found[clause]
        assert (answer["status"], answer["value"], answer["passed"]) == ("not_in_source", None, None)
        assert (answer["distance"], answer["probability_over_limit"]) == (None, None)


def test_the_account_health_rating_loses_points_and_regains_four_per_two_hundred_orders() -> None:
    rows = [
        *shipped(401, 30, "good"),
        *penalty(20, 3),
        *penalty(20, 50, lifted=5),
        *penalty(181, 50),
        *penalty(100, 50, expires=10),
    ]
    found = answers("amazon", rows)["account_health_rating"]
    assert (found["value"], found["passed"], found["distance"], found["n"]) == (205, True, 5, 401)
    assert found["unit"] == "points"
    worse = answers("amazon", [*rows, *penalty(1, 6)])["account_health_rating"]
    assert (worse["value"], worse["passed"], worse["distance"]) == (199, False, -1)
    assert answers("amazon", [*rows, *penalty(1, 2000)])["account_health_rating"]["value"] == 0


def test_a_severity_of_the_file_says_what_a_penalty_costs(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "data" / "programmes" / "amazon.toml").read_text(encoding="utf-8")
    copy = tmp_path / "mine.toml"
    copy.write_text(
        text.replace("[clauses.rating.severity]", '[clauses.rating.severity]\n"F-1" = 150'), encoding="utf-8"
    )
    cursor = build({"events": [*orders(1, 3, "o"), *penalty(20, 3)], "merchants": [merchant("m1")]}, as_of=DAY)
    programme = load_seller_programme(copy)
    rows = {row["clause"]: row for row in clause_records(evaluate(cursor, [programme]))}  # type: ignore[arg-type]
    assert rows["account_health_rating"]["value"] == 50
    assert penalty_ledger(cursor, programme)["points"].tolist() == [150]  # type: ignore[arg-type]


class TestEbay:
    def test_look_back_of_three_months_with_four_hundred_transactions_else_twelve(self) -> None:
        rows = [*orders(399, 20, "new"), *cancelled(1, 200, "old")]
        found = answers("ebay", rows)["transaction_defect_rate_minimum"]
        assert (found["n"], found["numerator"], found["from"]) == (400, 1, date(2023, 7, 1))
        found = answers("ebay", [*rows, *orders(1, 90, "one")])["transaction_defect_rate_minimum"]
        assert (found["n"], found["numerator"], found["from"], found["to"]) == (400, 0, date(2024, 3, 31), DAY)
        assert answers("ebay", [*rows, *orders(1, 92, "one")])["transaction_defect_rate_minimum"]["n"] == 401

    def test_top_rated_needs_rate_and_distinct_buyers(self) -> None:
        one_buyer = [*orders(796, 20, "fine"), *cancelled(4, 20, "bad", buyer_id="same")]
        found = answers("ebay", one_buyer)["transaction_defect_rate_top"]
        assert (found["value"], found["passed"], found["distance"]) == (0.005, True, 1)
        four_buyers = [*orders(1996, 20, "fine"), *cancelled(4, 20, "bad")]
        found = answers("ebay", four_buyers)["transaction_defect_rate_top"]
        assert (found["value"], found["passed"], found["distance"]) == (0.002, False, -1)
        three = [*orders(1997, 20, "fine"), *cancelled(2, 20, "bad"), *cancelled(3, 20, "same", buyer_id="same")]
        assert answers("ebay", three)["transaction_defect_rate_top"]["distance"] == 1  # a fourth buyer

    def test_the_minimum_fails_only_with_more_than_four_buyers(self) -> None:
        rows = [*orders(20, 20, "fine"), *cancelled(4, 20, "bad")]
        found = answers("ebay", rows)["transaction_defect_rate_minimum"]
        assert (found["passed"], found["distance"], found["limit"]) == (True, 1, 0.02)
        rows += disputed(2, 20, "case", "upheld", buyer_id="fifth")
        found = answers("ebay", rows)["transaction_defect_rate_minimum"]
        assert (found["numerator"], found["passed"]) == (6, False)
        assert found["distance"] == -1  # one of the four single defects less leaves four buyers

    def test_an_unknown_buyer_counts_as_one_of_its_own(self) -> None:
        rows = [*orders(20, 20, "fine"), *cancelled(5, 20, "bad", buyer_id=None)]
        assert answers("ebay", rows)["transaction_defect_rate_minimum"]["distance"] == -1
        nobody = answers("ebay", cancelled(5, 20, "bad", buyer_id=None))["transaction_defect_rate_minimum"]
        assert nobody["status"] == "not_in_source"

    def test_the_buyers_that_go_first_are_those_with_the_fewest_defects(self) -> None:
        rows = [*orders(100, 20, "fine")]
        for number in range(5):
            rows += cancelled(3, 20, f"bad{number}", buyer_id=f"x{number}")
        assert answers("ebay", rows)["transaction_defect_rate_minimum"]["distance"] == -3

    @pytest.mark.parametrize(("cases", "passed", "distance"), [(2, True, 1), (3, False, -1)])
    def test_two_cases_pass_whatever_the_rate(self, cases: int, passed: bool, distance: int) -> None:
        found = answers("ebay", [*orders(50, 20, "fine"), *disputed(cases, 20, "case", "upheld")])["unresolved_cases"]
        assert (found["passed"], found["distance"]) == (passed, distance)
        refunded = [*orders(50, 20, "fine"), *disputed(9, 20, "case", "refunded")]
        assert answers("ebay", refunded)["unresolved_cases"]["numerator"] == 0

    @pytest.mark.parametrize(("late", "passed", "distance"), [(5, True, 1), (6, False, -1)])
    def test_five_late_shipments_pass_whatever_the_rate(self, late: int, passed: bool, distance: int) -> None:
        rows = [*shipped(40, 20, "good"), *shipped(late, 20, "late", after=4)]
        found = answers("ebay", rows)["late_shipment_rate_top"]
        assert (found["passed"], found["distance"]) == (passed, distance)

    def test_a_shipment_is_late_when_promise_and_scan_are_both_missed(self) -> None:
        def sent(prefix: str, shipped_after: int, scanned_after: int | None, delivered_after: int) -> list[Row]:
            then: list[Any] = [
                ("order_shipped", ago(20 - shipped_after)),
                ("order_delivered", ago(20 - delivered_after)),
            ]
            if scanned_after is not None:
                then.append(("tracking_scanned", ago(20 - scanned_after)))
            return orders(1, 20, prefix, ship_by_at=_at(19), deliver_by_at=_at(17), then=then)

        slow_carrier, slow_shop = sent("a", 0, 1, 4), sent("b", 2, 2, 3)
        late = [*sent("c", 0, 2, 4), *sent("d", 0, None, 4)]
        found = answers("ebay", [*slow_carrier, *slow_shop, *late])["late_shipment_rate_top"]
        assert (found["numerator"], found["n"]) == (2, 4)
        unscanned = answers("ebay", sent("d", 0, None, 4))["late_shipment_rate_top"]
        assert (unscanned["status"], unscanned["value"]) == ("not_in_source", None)

    def test_age_transactions_and_sales(self) -> None:
        rows = [*orders(100, 20, "o", currency="USD", amount=9.99), *orders(1, 400, "old", currency="USD", amount=5000)]
        found = answers("ebay", rows)
        assert (found["account_age"]["value"], found["account_age"]["passed"]) == ((DAY - date(2020, 1, 1)).days, True)
        assert found["account_age"]["distance"] == found["account_age"]["value"] - 90
        assert (found["transactions_year"]["value"], found["transactions_year"]["distance"]) == (100, 1)
        assert found["sales_year"]["value"] == pytest.approx(999)
        assert (found["sales_year"]["passed"], found["sales_year"]["distance"]) == (False, pytest.approx(-1))
        euros = answers("ebay", [*orders(100, 20, "o"), *orders(1, 3, "usd", merchant_id="m2", currency="USD")])
        assert (euros["sales_year"]["status"], euros["sales_year"]["value"]) == ("not_applicable", None)

    def test_levels_and_the_next_evaluation(self) -> None:
        good = [*shipped(100, 20, "o"), *orders(1, 20, "usd", currency="USD", amount=1200)]
        good += disputed(1, 20, "case", "denied") + cancelled(1, 20, "c", "buyer")
        cursor = build({"events": good, "merchants": [merchant("m1"), merchant("m2")]}, as_of=DAY)
        result = evaluate(cursor, [presets()["ebay"]]).programmes[0]  # type: ignore[arg-type]
        assert (result.outcome[0], result.level[0], result.next_evaluation) == ("pass", "top_rated", date(2024, 7, 20))
        assert (result.outcome[1], result.level[1]) == ("too_few", "too_few")
        less = [*good, *cancelled(4, 20, "bad")]
        cursor = build({"events": less, "merchants": [merchant("m1")]}, as_of=DAY)
        assert evaluate(cursor, [presets()["ebay"]]).programmes[0].level[0] == "minimum"  # type: ignore[arg-type]


class TestEtsy:
    EVALUATED = date(2024, 7, 1)

    def find(self, rows: Sequence[Row], day: date = EVALUATED) -> dict[str, Answer]:
        return answers("etsy", rows, day=day)

    def test_the_three_calendar_months_before(self) -> None:
        rows = [*orders(1, 0, "last"), *orders(1, 90, "first"), *orders(1, 91, "march"), *orders(1, -1, "july")]
        found = self.find(rows)["orders"]
        assert (found["value"], found["from"], found["to"]) == (2, date(2024, 4, 1), date(2024, 6, 30))
        assert self.find(rows, date(2024, 7, 31))["orders"]["value"] == 2

    def test_replies_within_a_day_and_within_two(self) -> None:
        rows = [*orders(5, 20, "o"), *questions(*[24.0] * 19, 25.0, days_ago=20)]
        found = self.find(rows)
        assert (found["first_reply_24h"]["value"], found["first_reply_24h"]["passed"]) == (0.95, True)
        assert found["reply_48h"]["value"] == 1.0
        rows += questions(49.0, None, 48.0, days_ago=30)
        found = self.find(rows)["reply_48h"]
        assert (found["numerator"], found["n"], found["passed"], found["distance"]) == (21, 23, True, 3)

    def test_below_five_orders_the_standards_are_not_judged(self) -> None:
        rows = [*orders(4, 20, "o"), *questions(1.0, None, days_ago=20)]
        found = self.find(rows)
        assert (found["reply_48h"]["status"], found["reply_48h"]["passed"], found["reply_48h"]["value"]) == (
            "too_few",
            None,
            0.5,
        )
        assert found["first_reply_24h"]["status"] == "ok"
        assert self.find([*rows, *orders(1, 20, "fifth")])["reply_48h"]["passed"] is False

    def test_shipped_in_time_and_with_valid_tracking(self) -> None:
        rows = [*shipped(17, 30, "good"), *shipped(1, 30, "late", after=3), *shipped(2, 30, "invalid", is_valid=False)]
        rows += orders(4, 30, "unshipped", ship_by_at=_at(29))
        found = self.find(rows)
        assert (found["on_time_with_tracking"]["value"], found["on_time_with_tracking"]["n"]) == (0.85, 20)
        assert (found["on_time"]["value"], found["on_time"]["n"], found["on_time"]["passed"]) == (19 / 24, 24, False)

    @pytest.mark.parametrize(
        ("stars", "passed", "distance"),
        [
            ([5] * 20 + [3] * 4, True, 1),
            ([5] * 20 + [3] * 5, False, -1),
            ([5] * 36 + [1] * 4, False, -1),  # 40 reviews: 10 % is not below 10 %
            ([5] * 35 + [1] * 4, True, 1),
            ([5] * 37 + [2] * 3, True, 1),
        ],
    )
    def test_four_low_reviews_below_forty_else_ten_per_cent(
        self, stars: list[int], passed: bool, distance: int
    ) -> None:
        found = self.find(reviews(*stars))["low_reviews"]
        assert (found["passed"], found["distance"], found["n"], found["limit"]) == (passed, distance, len(stars), 0.1)

    @pytest.mark.parametrize(
        ("count", "refunded", "passed"), [(296, 3, True), (295, 4, False), (297, 3, False), (297 + 1, 2, True)]
    )
    def test_three_refunded_cases_below_three_hundred_orders(self, count: int, refunded: int, passed: bool) -> None:
        rows = [*orders(count, 20, "o"), *disputed(refunded - 1, 20, "r", "refunded"), *disputed(1, 20, "u", "upheld")]
        assert self.find([*rows, *disputed(0, 20, "d", "denied")])["refunded_cases"]["passed"] is passed

    def test_mean_rating_first_sale_and_sales(self) -> None:
        found = self.find([*reviews(5, 5, 5, 5, 4), *orders(1, 89, "first", currency="USD", amount=300)])
        assert (found["mean_rating"]["value"], found["mean_rating"]["passed"], found["mean_rating"]["n"]) == (
            4.8,
            True,
            5,
        )
        assert found["mean_rating"]["distance"] == pytest.approx(0)
        assert found["mean_rating"]["probability_over_limit"] is None
        assert (found["days_since_first_sale"]["value"], found["days_since_first_sale"]["passed"]) == (90, True)
        assert (found["sales"]["value"], found["sales"]["passed"]) == (300.0, True)
        assert self.find(reviews(5, 4, 5, 4))["mean_rating"]["distance"] == pytest.approx(-0.3)

    def test_a_level_is_denied_by_a_failure_or_too_few_orders_not_by_silence(self) -> None:
        rows = [*shipped(5, 20, "o"), *[{**r, "merchant_id": "m2"} for r in questions(1.0, days_ago=20)]]
        rows += [*orders(1, 20, "usd", currency="USD", amount=400), *orders(1, 200, "first")]
        others = [{**r, "merchant_id": "m2"} for r in [*disputed(1, 20, "d", "refunded"), *reviews(3)]]
        found = self.find([*rows, *others, *reviews(5, 5)])
        assert found["reply_48h"]["status"] == found["first_reply_24h"]["status"] == "too_few"
        assert found["orders"]["merchant_level"] == "star"
        assert self.find([*rows, *others])["orders"]["merchant_level"] == "standards"  # no mean to reach 4.8
        assert (
            self.find([*rows, *others, *reviews(5, 5), *questions(30.0, days_ago=20)])["orders"]["merchant_level"]
            == "standards"
        )
        unasked = [row for row in [*rows, *others, *reviews(5, 5)] if not row["kind"].startswith("question")]
        found = self.find(unasked)  # nobody records questions: star and standards can't be told
        assert (found["reply_48h"]["status"], found["orders"]["merchant_level"]) == ("not_in_source", "pass")
        few = self.find([*shipped(4, 20, "o"), *others])
        assert (few["orders"]["merchant_level"], few["low_reviews"]["status"]) == ("too_few", "too_few")


def test_days_are_those_of_the_reporting_zone() -> None:
    issued = event("penalty_issued", "2024-03-31 16:30", penalty_points=2, clause="F-1")  # 1 April in Shanghai
    placed = order("o1", "2024-06-30 16:30")  # 1 July there
    tables = {"events": [issued, *placed], "merchants": [merchant("m1")]}
    for zone, points, count in (("Asia/Shanghai", 2, 0), ("UTC", 0, 1)):
        cursor = build(tables, time_zone=zone, as_of=DAY)
        found = next(iter(clause_records(evaluate(cursor, [presets()["tiktok"]]))))  # type: ignore[arg-type]
        assert found["n"] == count
        quarter = [
            r for r in clause_records(evaluate(cursor, [presets()["shopee"]])) if r["clause"] == "penalty_points"
        ]  # type: ignore[arg-type]
        assert quarter[0]["value"] == points


def test_walmart_refunds_and_replies() -> None:
    rows = [
        *orders(47, 59, "o"),
        *orders(3, 59, "r", then=[("refund_paid", ago(3))]),
        *questions(47.0, 50.0, days_ago=29),
    ]
    found = answers("walmart", rows)
    assert (found["refund_rate"]["value"], found["refund_rate"]["passed"], found["refund_rate"]["distance"]) == (
        0.06,
        False,
        -1,
    )
    assert (found["response_48h"]["value"], found["response_48h"]["passed"]) == (0.5, False)


class TestShopee:
    def test_cancellations_and_returns_by_the_sellers_fault(self) -> None:
        returned = {"then": [("return_requested", ago(1), {"fault": "seller"})]}
        rows = [*orders(17, 6, "o"), *orders(1, 6, "ret", **returned), *cancelled(1, 6, "can"), *cancelled(1, 7, "old")]
        rows += orders(1, 6, "buyer", then=[("return_requested", ago(1), {"fault": "buyer"})])
        found = answers("shopee", rows)["non_fulfilment_rate"]
        assert (found["numerator"], found["n"], found["passed"], found["distance"]) == (2, 20, True, 1)

    def test_late_of_what_was_shipped_or_is_overdue(self) -> None:
        early = orders(1, 1, "early", ship_by_at=_at(-2), then=[("order_shipped", ago(0))])
        rows = [*early, *orders(2, 3, "waiting", ship_by_at=_at(-1)), *orders(1, 5, "overdue", ship_by_at=_at(4))]
        rows += shipped(4, 6, "good")
        found = answers("shopee", rows)["late_shipment_rate"]
        assert (found["numerator"], found["n"], found["passed"]) == (1, 6, False)

    def test_points_of_the_calendar_quarter(self) -> None:
        rows = [*orders(2, 20, "o"), *penalty(90, 2), *penalty(91, 9), *penalty(40, 5, lifted=0)]
        found = answers("shopee", rows)["penalty_points"]
        assert (found["value"], found["passed"], found["distance"], found["from"]) == (2, True, 1, date(2024, 4, 1))
        assert answers("shopee", [*rows, *penalty(0, 1)])["penalty_points"]["passed"] is False
        assert answers("shopee", rows, day=date(2024, 7, 1))["penalty_points"]["value"] == 0

    def test_mean_rating_of_ninety_days(self) -> None:
        found = answers("shopee", [*reviews(5, 4, days_ago=89), *reviews(1, days_ago=90, prefix="old")])["rating"]
        assert (found["value"], found["passed"], found["n"]) == (4.5, True, 2)


class TestLazada:
    def test_cancellations_from_day_35_to_day_8_fail_only_with_ten_orders(self) -> None:
        rows = [*cancelled(3, 35, "first"), *orders(6, 8, "last"), *cancelled(5, 7, "young"), *cancelled(5, 36, "old")]
        found = answers("lazada", rows)["seller_fault_cancel_rate"]
        assert (found["n"], found["numerator"], found["passed"], found["distance"]) == (9, 3, True, None)
        assert (found["from"], found["to"]) == (DAY - timedelta(days=35), DAY - timedelta(days=8))
        found = answers("lazada", [*rows, *cancelled(1, 20, "one")])["seller_fault_cancel_rate"]
        assert (found["n"], found["value"], found["passed"], found["distance"]) == (10, 0.4, False, -1)

    def test_lazmall(self) -> None:
        rows = [*shipped(9, 27, "good"), *shipped(1, 27, "late", after=3), *orders(90, 27, "plain")]
        rows += [*reviews(4, 4, 5, 5, 5, 5, 4, 3, 1, 2, days_ago=55), *cancelled(2, 27, "c")]
        rows += orders(1, 27, "ret", then=[("return_requested", ago(1))])
        found = answers("lazada", rows)
        assert (found["lazmall_on_time"]["value"], found["lazmall_on_time"]["passed"]) == (0.9, True)
        assert (found["lazmall_positive"]["value"], found["lazmall_positive"]["passed"]) == (0.7, True)
        assert (found["lazmall_cancel"]["numerator"], found["lazmall_cancel"]["n"]) == (2, 103)
        assert (found["lazmall_cancel"]["passed"], found["lazmall_cancel"]["distance"]) == (True, 1)
        assert (found["lazmall_return"]["value"], found["lazmall_return"]["passed"]) == (1 / 103, True)
        assert found["lazmall_on_time"]["level"] == "lazmall"
        assert found["seller_fault_cancel_rate"]["level"] == ""


class TestTikTok:
    @pytest.mark.parametrize(
        ("points", "passed", "distance", "level"),
        [
            (11, True, 1, ""),
            (12, False, -1, "warning"),
            (24, False, -13, "restricted"),
            (36, False, -25, "severe"),
            (50, False, -39, "closed"),
        ],
    )
    def test_bands(self, points: int, passed: bool, distance: int, level: str) -> None:
        found = answers("tiktok", [*orders(1, 5, "o"), *penalty(89, points), *penalty(90, 40)])["violation_points"]
        assert (found["value"], found["passed"], found["distance"], found["level"]) == (points, passed, distance, level)
        assert found["merchant_level"] == (level or "pass")

    def test_points_that_lapse_by_the_next_evaluation_are_projected_away(self) -> None:
        found = answers("tiktok", [*orders(1, 5, "o"), *penalty(89, 12)])["violation_points"]
        assert (found["merchant_level"], found["projected_level"]) == ("warning", "pass")
        assert found["next_evaluation"] == DAY + timedelta(days=1)

    def test_the_ledger_adds_up_to_the_clause_and_points_expire_on_their_day(self) -> None:
        rows = [
            *orders(1, 5, "o"),
            *penalty(3, 4, order_id="o0"),
            *penalty(50, 5, expires=0),
            *penalty(60, 6, expires=-1),
        ]
        rows += [*penalty(20, 7, lifted=2), *penalty(100, 8)]
        cursor = build({"events": rows, "merchants": [merchant("m1")]}, as_of=DAY)
        ledger = penalty_ledger(cursor, presets()["tiktok"], "m1")  # type: ignore[arg-type]
        assert ledger["points"].tolist() == [4, 7, 5, 6, 8]
        assert ledger["active"].tolist() == [True, False, False, True, False]
        assert ledger["expires"].tolist()[:4] == [DAY + timedelta(days=d) for d in (87, 70, 0, 1)]
        assert ledger["lifted"].tolist()[:2] == [None, DAY - timedelta(days=2)]
        assert ledger["order_id"].tolist()[:2] == ["o0", None]
        assert (
            answers("tiktok", rows)["violation_points"]["value"] == ledger.loc[ledger["active"], "points"].sum() == 10
        )
        then = build({"events": rows, "merchants": [merchant("m1")]}, as_of=DAY - timedelta(days=5))
        before = penalty_ledger(then, presets()["tiktok"])  # type: ignore[arg-type]
        assert before["active"].tolist() == [True, True, True, False]
        assert before["lifted"].tolist() == [None] * 4


class TestTaobao:
    def rate(self, score: int, days_ago: int, buyer: str | None = "b", dimension: str = "service") -> Row:
        return event("dsr_rated", ago(days_ago), buyer_id=buyer, score=score, reason=dimension)

    def test_a_buyers_fourth_rating_of_a_month_does_not_count(self) -> None:
        rows = [*orders(1, 5, "o"), *[self.rate(5, 28 - n) for n in range(3)], self.rate(1, 1), self.rate(1, 60, "c")]
        rows += [self.rate(4, 10, None) for _ in range(4)] + [self.rate(2, 10, dimension="logistics")]
        found = answers("taobao", rows)
        assert (found["dsr_service"]["numerator"], found["dsr_service"]["n"]) == (15 + 1 + 16, 8)
        assert (found["dsr_service"]["value"], found["dsr_service"]["passed"]) == (4.0, False)
        assert (found["dsr_logistics"]["value"], found["dsr_description"]["status"]) == (2.0, "not_in_source")
        elsewhere = self.rate(5, 400, dimension="description") | {"merchant_id": "m2"}
        assert answers("taobao", [*rows, elsewhere])["dsr_description"]["status"] == "too_few"

    def test_ratings_before_the_window_use_up_their_months_three(self) -> None:
        start = DAY - timedelta(days=179)  # 3 January
        early = [self.rate(5, 180), self.rate(5, 181), self.rate(5, 180)]
        assert start == date(2024, 1, 3)
        found = answers("taobao", [*orders(1, 5, "o"), *early, self.rate(1, 170), self.rate(4, 20)])["dsr_service"]
        assert (found["numerator"], found["n"], found["from"]) == (4, 1, start)


def test_probability_over_a_limit_by_the_published_vectors() -> None:
    bad, n = np.array([0, 1, 3, 12, 20]), np.array([20, 50, 100, 1000, 1000])
    assert probability_over(0.01, bad, n, 0.006, 300).round(3).tolist() == pytest.approx(
        [0.14, 0.28, 0.59, 0.55, 0.985], abs=0.006
    )
    assert float(probability_over(0.01, 0, 0, 0.006, 300)) == pytest.approx(0.16, abs=0.01)


def test_the_probability_of_a_floor_is_that_of_its_bad_share() -> None:
    rows = [*shipped(40, 20, "good"), *[{**r, "merchant_id": "m2"} for r in shipped(40, 20, "x", is_valid=False)]]
    cursor = build({"events": rows, "merchants": [merchant("m1"), merchant("m2")]}, as_of=DAY)
    found = evaluate(cursor, [presets()["walmart"]])  # type: ignore[arg-type]
    tracking = next(c for c in found.programmes[0].clauses if c.clause.clause_id == "valid_tracking_rate")
    assert tracking.passed.tolist() == [True, False]
    assert tracking.probability[0] < tracking.probability[1]
    mean, strength = peer_prior(np.array([0.0, 40.0]), np.array([40.0, 40.0]), np.array([0, 0]))
    assert tracking.probability[0] == pytest.approx(float(probability_over(0.01, 0, 40, mean[0], strength[0])))


def test_peers_of_a_category_tell_the_prior() -> None:
    n = np.full(60, 100.0)
    category = np.repeat([0, 1, -1], 20)
    bad = np.where(category == 0, 20.0, 2.0)
    mean, _ = peer_prior(bad, n, category)
    assert mean[0] > 0.12 > mean[40] > mean[20]  # the middle is the marketplace, for a merchant of no category


@pytest.mark.parametrize(
    ("window", "day", "spans"),
    [
        (Window(days=60, lag_days=15), date(2020, 11, 19), [(date(2020, 9, 6), date(2020, 11, 4))]),
        (Window(days=28, lag_days=8), date(2024, 3, 31), [(date(2024, 2, 25), date(2024, 3, 23))]),
        (Window(months=3), date(2024, 3, 1), [(date(2023, 12, 1), date(2024, 2, 29))]),
        (Window(months=3, is_rolling=True), date(2024, 5, 31), [(date(2024, 3, 1), date(2024, 5, 31))]),
        (Window(months=3, is_rolling=True), date(2024, 6, 20), [(date(2024, 3, 21), date(2024, 6, 20))]),
        (Window(is_quarter=True), date(2024, 12, 31), [(date(2024, 10, 1), date(2024, 12, 31))]),
        (Window(), date(2024, 1, 1), []),
    ],
)
def test_windows_by_the_calendar(window: Window, day: date, spans: list[tuple[date, date]]) -> None:
    assert list(window.spans(day)) == spans


@pytest.mark.parametrize(
    ("schedule", "day", "then"),
    [
        (Schedule("day"), date(2024, 2, 28), date(2024, 2, 29)),
        (Schedule("week", 1), date(2024, 6, 30), date(2024, 7, 1)),
        (Schedule("week", 1), date(2024, 7, 1), date(2024, 7, 8)),
        (Schedule("month", 20), date(2024, 6, 20), date(2024, 7, 20)),
        (Schedule("month", 1), date(2024, 12, 2), date(2025, 1, 1)),
    ],
)
def test_the_next_evaluation(schedule: Schedule, day: date, then: date) -> None:
    assert schedule.after(day) == then


def test_what_happens_after_the_day_changes_nothing_and_all_programmes_agree_with_each_alone() -> None:
    rows = [
        *shipped(12, 20, "o"),
        *cancelled(2, 12, "c"),
        *disputed(1, 14, "d", "upheld"),
        *penalty(30, 4),
        *reviews(5, 2),
    ]
    rows += questions(3.0, None, days_ago=15)
    later = [*cancelled(9, -1, "l"), *penalty(-2, 40), *orders(1, 20, "o-late", then=[("chargeback", ago(-1))])]
    tables = {"merchants": [merchant("m1")]}
    everything = list(presets().values())
    cursor = build({**tables, "events": [*rows, *later]}, as_of=DAY)
    known = build({**tables, "events": [*rows, *orders(1, 20, "o-late")]}, as_of=DAY)
    found = list(clause_records(evaluate(cursor, everything)))  # type: ignore[arg-type]
    assert found == list(clause_records(evaluate(known, everything)))  # type: ignore[arg-type]
    alone = [row for p in everything for row in clause_records(evaluate(cursor, [p]))]  # type: ignore[arg-type]
    assert found == alone


def test_the_outcome_is_the_worst_clause_and_names_the_tightest() -> None:
    rows = [*orders(20, 3, "o"), *cancelled(2, 3, "c"), *reviews(5, 5, 5), *penalty(200, 1)]
    cursor = build({"events": rows, "merchants": [merchant("m1"), merchant("m2")]}, as_of=DAY)
    frame = standing_frame(evaluate(cursor, [presets()["walmart"], presets()["shopee"]]))  # type: ignore[arg-type]
    one, two = frame.to_dict("records")
    assert (one["walmart"], one["walmart.clause"], one["walmart.distance"]) == ("fail", "cancellation_rate", -2)
    assert (one["shopee"], one["shopee.clause"], one["shopee.distance"]) == ("near", "non_fulfilment_rate", 1)
    assert (two["walmart"], two["walmart.clause"] != two["walmart.clause"]) == ("too_few", True)  # missing
