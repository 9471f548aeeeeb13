"""What is each marketplace's own: the programmes of eBay, Etsy, Shopee, Lazada, TikTok and Taobao by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from analytics.trust.programmes import (
    evaluate,
    penalty_ledger,
    presets,
)
from tests.analytics.metrics.marketplace import Row, build, event, merchant
from tests.analytics.trust.seller_orders import (
    DAY,
    Answer,
    ago,
    answers,
    cancelled,
    disputed,
    moment,
    orders,
    penalty,
    questions,
    reviews,
    shipped,
)


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
            return orders(1, 20, prefix, ship_by_at=moment(19), deliver_by_at=moment(17), then=then)

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
        rows += orders(4, 30, "unshipped", ship_by_at=moment(29))
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


class TestShopee:
    def test_cancellations_and_returns_by_the_sellers_fault(self) -> None:
        returned = {"then": [("return_requested", ago(1), {"fault": "seller"})]}
        rows = [*orders(17, 6, "o"), *orders(1, 6, "ret", **returned), *cancelled(1, 6, "can"), *cancelled(1, 7, "old")]
        rows += orders(1, 6, "buyer", then=[("return_requested", ago(1), {"fault": "buyer"})])
        found = answers("shopee", rows)["non_fulfilment_rate"]
        assert (found["numerator"], found["n"], found["passed"], found["distance"]) == (2, 20, True, 1)

    def test_late_of_what_was_shipped_or_is_overdue(self) -> None:
        early = orders(1, 1, "early", ship_by_at=moment(-2), then=[("order_shipped", ago(0))])
        rows = [*early, *orders(2, 3, "waiting", ship_by_at=moment(-1)), *orders(1, 5, "overdue", ship_by_at=moment(4))]
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
