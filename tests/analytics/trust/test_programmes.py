"""Seller programmes by hand: every clause's window, sign, small-sample rule, distance and level, over marts built by the shipped SQL."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

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
from tests.analytics.metrics.marketplace import build, event, merchant, order
from tests.analytics.trust.seller_orders import (
    DAY,
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
    young = orders(3, 0, "young", ship_by_at=moment(-2))
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


@pytest.mark.parametrize(
    ("points", "passed", "level", "merchants"),
    [
        (0, True, "", "pass"),
        (1, False, "at-risk", "at-risk"),
        (100, False, "at-risk", "at-risk"),
        (101, False, "deactivation", "deactivation"),
        (250, False, "deactivation", "deactivation"),
    ],
)
def test_amazons_rating_below_its_limit_falls_into_a_band(
    points: int, passed: bool, level: str, merchants: str
) -> None:
    lost = penalty(2, points) if points else []
    found = answers("amazon", [*orders(1, 5, "o"), *lost, *penalty(300, 1)])["account_health_rating"]
    assert (found["level"], found["passed"], found["merchant_level"]) == (level, passed, merchants)


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
