"""Each family of metrics on a handful of rows whose figures can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from analytics.errors import InputError
from analytics.metrics import (
    CATALOGUE,
    MetricResult,
    Scope,
    UnknownDimension,
    UnknownMetric,
    compare,
    compute,
    compute_many,
    drill,
    peers,
    result_record,
    sql_text,
)
from tests.analytics.metrics.marketplace import MemoryCursor, Row, at, build, event, merchant, order

YEAR = Scope(date(2024, 1, 1), date(2024, 12, 31))
LATER = event("view", "2024-12-31")  # lets every order of spring ripen


@pytest.fixture(autouse=True)
def no_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every metric shows its value, however few its observations."""
    relaxed = {metric_id: replace(spec, min_n=0) for metric_id, spec in CATALOGUE.items()}
    monkeypatch.setattr("analytics.metrics.catalogue.CATALOGUE", relaxed)


def one(cursor: MemoryCursor, metric_id: str, scope: Scope = YEAR) -> MetricResult:
    (result,) = compute(cursor, metric_id, scope)
    return result


def four_orders() -> list[Row]:
    promise = {"ship_by_at": at("2024-03-03"), "deliver_by_at": at("2024-03-08")}
    shipped = {"carrier": "dhl", "is_tracking_valid": True}
    return [
        # in time, five stars, buyer b1 comes back
        *order("o1", "2024-03-01", then=[("order_shipped", "2024-03-02", shipped), ("order_delivered", "2024-03-08"), ("review_posted", "2024-03-09", {"score": 5})], **promise),
        # shipped late, arrives late: the seller's fault; one star and a dispute
        *order("o2", "2024-03-01", buyer_id="b2", then=[("order_shipped", "2024-03-04", {"carrier": "ups", "is_tracking_valid": False}), ("order_delivered", "2024-03-09"), ("review_posted", "2024-03-10", {"score": 1}), ("dispute_opened", "2024-03-11"), ("refund_paid", "2024-03-12", {"amount": 4.005, "currency": "EUR"})], **promise),
        # shipped in time, arrives late: the carrier's fault; silent buyer
        *order("o3", "2024-03-01", buyer_id="b3", then=[("order_shipped", "2024-03-02", shipped), ("order_delivered", "2024-03-10")], **promise),
        # cancelled by the seller before shipping
        *order("o4", "2024-03-01", buyer_id="b4", then=[("order_cancelled", "2024-03-02", {"fault": "seller"})], **promise),
        *order("o5", "2024-04-01", buyer_id="b1"),
        LATER,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("metric_id", "numerator", "denominator"),
    [
        ("orders", 5, None),
        ("delivered_orders", 3, None),
        ("cancellation_rate", 1, 5),
        ("seller_cancellation_rate", 1, 5),
        ("on_time_shipping_rate", 2, 3),
        ("on_time_delivery_rate", 1, 3),
        ("late_delivery_rate", 2, 3),
        ("late_seller_rate", 1, 3),
        ("late_carrier_rate", 1, 3),
        ("valid_tracking_rate", 2, 3),
        ("refund_rate", 1, 5),
        ("dispute_rate", 1, 5),
        ("order_defect_rate", 2, 5),
        ("rating_mean", 6, 2),
        ("positive_share", 1, 2),
        ("effective_positive_share", 1, 3),
        ("review_coverage", 2, 3),
        ("repeat_purchase_rate", 1, 5),
        ("repeat_after_good_rate", 1, 2),
        ("repeat_after_bad_rate", 0, 3),
        ("repeat_after_positive_rate", 1, 1),
        ("repeat_after_negative_rate", 0, 1),
    ],
)
def test_orders_and_reviews(metric_id: str, numerator: float, denominator: float | None) -> None:
    result = one(build({"events": four_orders()}), metric_id)
    assert (result.numerator, result.denominator, result.status) == (numerator, denominator, "ok")
    assert result.value == pytest.approx(numerator / (denominator or 1))


def test_a_dispute_that_was_denied_is_no_defect() -> None:
    opened = order("o1", "2024-03-01", then=[("dispute_opened", "2024-03-05")])
    closed = event("dispute_closed", "2024-03-09", order_id="o1", outcome="denied", fault="buyer")
    assert one(build({"events": [*opened, LATER]}), "order_defect_rate").numerator == 1
    cursor = build({"events": [*opened, closed, LATER]})
    assert one(cursor, "order_defect_rate").numerator == 0
    assert one(cursor, "dispute_rate").numerator == 1


def test_an_order_unshipped_after_its_limit_is_late_and_one_not_yet_due_is_not_counted() -> None:
    due = order("o1", "2024-03-01", ship_by_at=at("2024-03-03"))
    early = order("o2", "2024-03-01", ship_by_at=at("2024-03-20"), then=[("order_shipped", "2024-03-02")])
    assert one(build({"events": [*due, *early, event("view", "2024-03-10")]}), "on_time_shipping_rate").denominator == 1
    later = one(build({"events": [*due, *early, event("view", "2024-03-21")]}), "on_time_shipping_rate")
    assert (later.numerator, later.denominator) == (1, 2)


def test_a_delivery_in_time_waits_for_its_promise_to_pass() -> None:
    rows = order("o1", "2024-03-01", deliver_by_at=at("2024-03-08"), then=[("order_delivered", "2024-03-05")])
    assert one(build({"events": [*rows, event("view", "2024-03-07")]}), "late_delivery_rate").denominator == 0
    assert one(build({"events": [*rows, event("view", "2024-03-09")]}), "late_delivery_rate").denominator == 1


def test_lines_shipped_apart_count_with_the_last_one() -> None:
    rows = order("o1", "2024-03-01", deliver_by_at=at("2024-03-08"))
    rows += [
        event("order_delivered", day, order_id="o1", line_id=line)
        for day, line in (("2024-03-05", "1"), ("2024-03-09", "2"))
    ]
    assert one(build({"events": [*rows, LATER]}), "late_delivery_rate").value == 1


def test_money_never_adds_currencies_and_rounds_each_line() -> None:
    events = [
        *order("o1", "2024-03-01", amount=10.015),
        *order("o2", "2024-03-01", amount=7, currency="USD"),
        *order("o3", "2024-03-02", amount=0.1),
    ]
    cursor = build({"events": events})
    assert [(r.currency, r.value, r.n) for r in compute(cursor, "gmv", YEAR)] == [("EUR", 10.12, 2), ("USD", 7.0, 1)]
    assert drill(cursor, "gmv", YEAR, currency="EUR").numerator == 10.12
    with pytest.raises(InputError, match="EUR, USD"):
        drill(cursor, "gmv", YEAR)


def test_surveys() -> None:
    events = [event("nps_answered", "2024-03-01", score=score) for score in (10, 9, 8, 7, 6, 0, 10, 10)]
    events += [event("csat_answered", "2024-03-01", score=score) for score in (5, 4, 1)]
    events += [event("dsr_rated", "2024-03-01", score=score, reason="logistics") for score in (5, 2)]
    cursor = build({"events": events})
    nps = one(cursor, "nps")
    assert (nps.value, nps.numerator, nps.denominator) == (25.0, 2, 8)
    assert one(cursor, "buyer_csat").value == pytest.approx(10 / 3)
    assert one(cursor, "buyer_satisfied_share").value == pytest.approx(2 / 3)
    assert one(cursor, "dsr_logistics").value == 3.5
    assert one(cursor, "dsr_service").denominator == 0


def test_a_merchants_answer_about_our_desk_is_not_a_buyers() -> None:
    ticket = {
        "ticket_id": "t1",
        "merchant_id": "m1",
        "opened_by": "merchant",
        "opened_at": at("2024-03-01"),
        "status": "resolved",
        "resolved_at": at("2024-03-02"),
        "csat_score": 1,
    }
    messages = [
        {"message_id": str(i), "ticket_id": "t1", "sent_at": at(when), "author": author}
        for i, (author, when) in enumerate(
            [("merchant", "2024-03-01"), ("bot", "2024-03-01 00:01"), ("agent", "2024-03-01 02:00")]
        )
    ]
    events = [
        event("csat_answered", "2024-03-03", score=4, reason="t1"),
        event("csat_answered", "2024-03-03", score=2),
        LATER,
    ]
    cursor = build({"events": events, "tickets": [ticket], "messages": messages})
    assert one(cursor, "buyer_csat").numerator == 2
    assert one(cursor, "merchant_csat").numerator == 4  # the answer, rather than the ticket's own field
    assert one(cursor, "desk_first_reply_seconds").numerator == 7200
    assert one(cursor, "resolution_seconds").numerator == 86400


def question(asked: str, answered: str | None, buyer_id: str) -> list[Row]:
    who = {"buyer_id": buyer_id, "product_id": "p1"}
    return [event("question_asked", asked, **who), *([event("question_answered", answered, **who)] if answered else [])]


def test_reply_time_is_the_median_and_silence_counts_as_late() -> None:
    talks = [("2024-03-01 01:00", "b1"), ("2024-03-01 02:00", "b2"), ("2024-03-03", "b3"), (None, "b4")]
    events = [row for answered, buyer in talks for row in question("2024-03-01", answered, buyer)]
    cursor = build({"events": [*events, LATER]})
    median = one(cursor, "merchant_first_reply_seconds")
    assert median.value == pytest.approx(7200, rel=0.045)
    assert (median.numerator, median.denominator) == (3600 + 7200 + 172800, 3)
    within = one(cursor, "reply_within_24h_rate")
    assert (within.numerator, within.denominator) == (2, 4)


def test_buyer_concentration_is_the_chance_of_the_same_buyer_twice() -> None:
    events = [
        row for i, buyer in enumerate(["b1", "b1", "b1", "b2"]) for row in order(f"o{i}", "2024-03-01", buyer_id=buyer)
    ]
    events += order("x", "2024-03-01", merchant_id="m2", buyer_id="b1") + order("y", "2024-03-01", buyer_id=None)
    result = one(build({"events": events}), "buyer_concentration")
    assert (result.numerator, result.denominator, result.n) == (6, 12, 5)  # 3·2 same-buyer pairs of 4·3


def test_tickets_per_order_may_exceed_one_and_penalty_points_add_up() -> None:
    tickets = [
        {
            "ticket_id": f"t{i}",
            "merchant_id": "m1",
            "opened_by": "merchant",
            "opened_at": at("2024-03-01"),
            "status": "open",
        }
        for i in range(3)
    ]
    events = [
        *order("o1", "2024-03-01"),
        event("penalty_issued", "2024-03-01", penalty_points=3),
        event("penalty_issued", "2024-03-02", penalty_points=2),
    ]
    cursor = build({"events": events, "tickets": tickets})
    assert one(cursor, "ticket_rate").value == 3
    assert one(cursor, "penalty_points").value == 5


def test_orders_too_young_are_left_out() -> None:
    events = [
        *order("o1", "2024-03-01", then=[("dispute_opened", "2024-03-02")]),
        *order("o2", "2024-03-20"),
        event("view", "2024-03-31"),
    ]
    result = one(build({"events": events}), "dispute_rate")
    assert (result.numerator, result.denominator, result.mature_to) == (1, 1, date(2024, 3, 16))
    assert compute(build({"events": events}), "dispute_rate", YEAR, by=("month",))[0].denominator == 1


@pytest.mark.parametrize(
    ("zone", "days"),
    [("UTC", ["2024-03-10", "2024-03-11"]), ("America/New_York", ["2024-03-09", "2024-03-10", "2024-03-11"])],
)
def test_days_are_those_of_the_zone_also_when_the_clock_changes(zone: str, days: list[str]) -> None:
    # New York, 10 March 2024: 23 hours long; midnight lies at 05:00 UTC before it and at 04:00 UTC after it.
    instants = ["2024-03-10 04:59", "2024-03-10 05:00", "2024-03-11 03:59", "2024-03-11 04:00"]
    cursor = build({"events": [row for i, when in enumerate(instants) for row in order(f"o{i}", when)]}, time_zone=zone)
    results = compute(cursor, "orders", YEAR, by=("day",))
    assert [result.group["day"] for result in results] == days
    assert [result.value for result in results] == ([2, 2] if zone == "UTC" else [1, 2, 1])
    assert results[0].time_zone == zone


ATTACKS = ["x' or 1=1 --", "'; drop table merchant_day; --", "toys') or ('a'='a", "$date_from", "{columns}", "\\"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_person_types_is_never_sql(attack: str) -> None:
    cursor = build({"events": order("o1", "2024-03-01"), "merchants": [merchant("m1")]})
    for field in ("categories", "regions", "tiers", "merchants"):
        scope = replace(YEAR, **{field: (attack,)})
        assert one(cursor, "orders", scope).value == 0
        assert drill(cursor, "orders", scope).row_count == 0
        assert cursor.rows(sql_text(cursor, "orders", scope))[0]["value"] is None
    for call in (
        lambda: compute(cursor, "orders", YEAR, by=(attack,)),
        lambda: sql_text(cursor, "orders", YEAR, (attack,)),
    ):
        with pytest.raises(UnknownDimension):
            call()
    assert one(cursor, "orders").value == 1


def test_a_category_whose_name_looks_like_sql_is_found_by_its_name() -> None:
    name = "toys' or 1=1 $date_from"
    cursor = build(
        {
            "events": [*order("o1", "2024-03-01"), *order("o2", "2024-03-01", merchant_id="m2")],
            "merchants": [merchant("m1", name), merchant("m2")],
        }
    )
    scope = replace(YEAR, categories=(name,))
    assert one(cursor, "orders", scope).value == 1
    assert cursor.rows(sql_text(cursor, "orders", scope))[0]["value"] == 1


def test_wrong_names_and_windows_get_one_clear_line() -> None:
    cursor = build({"events": order("o1", "2024-03-01")})
    with pytest.raises(UnknownMetric, match="late_delivery_rate"):
        compute(cursor, "late_delivry_rate", YEAR)
    with pytest.raises(UnknownDimension, match="category"):
        compute(cursor, "orders", YEAR, by=("categori",))
    with pytest.raises(InputError, match="swap"):
        Scope(date(2024, 2, 1), date(2024, 1, 1))
    with pytest.raises(InputError, match="no merchant"):
        peers(cursor, "orders", YEAR, "nobody")


def test_comparison_with_earlier_windows() -> None:
    days = ["2023-03-10", "2024-03-03", "2024-03-04", "2024-03-10", "2024-03-10"]
    events = [event("view", "2023-01-01")] + [row for i, day in enumerate(days) for row in order(f"o{i}", day)]
    cursor = build({"events": events})
    day = Scope(date(2024, 3, 10), date(2024, 3, 10))
    assert [compare(cursor, "orders", day, base=base)[0].base.value for base in ("previous", "week", "year")] == [
        0,
        1,
        1,
    ]  # type: ignore[union-attr]
    week = compare(cursor, "orders", day, base="week")[0]
    assert (week.change, week.change_share, week.is_significant) == (1, 1.0, None)
    before_the_data = compare(cursor, "orders", Scope(date(2023, 3, 1), date(2023, 3, 31)), base="year")[0]
    assert before_the_data.base is None
    with pytest.raises(InputError, match="two series"):
        compare(cursor, "orders", day, base="week", by=("day",))


def test_a_change_is_significant_only_when_its_interval_leaves_out_zero() -> None:
    def month(first: int, late: int, prefix: str, day: str) -> list[Row]:
        delivered = [("order_delivered", "2024-05-09"), ("order_delivered", "2024-05-01")]
        return [
            row
            for i in range(first)
            for row in order(
                f"{prefix}{i}", day, deliver_by_at=at("2024-05-05"), then=[delivered[0 if i < late else 1]]
            )
        ]

    window = Scope(date(2024, 4, 1), date(2024, 4, 30))
    big = build(
        {
            "events": [
                event("view", "2024-01-01"),
                *month(100, 10, "a", "2024-03-15"),
                *month(100, 40, "b", "2024-04-15"),
                LATER,
            ]
        }
    )
    small = build(
        {
            "events": [
                event("view", "2024-01-01"),
                *month(10, 1, "a", "2024-03-15"),
                *month(10, 4, "b", "2024-04-15"),
                LATER,
            ]
        }
    )
    for cursor, expected in ((big, True), (small, False)):
        comparison = compare(cursor, "late_delivery_rate", window, base="previous")[0]
        assert comparison.change == pytest.approx(0.3)
        assert comparison.is_significant is expected


def test_counts_of_windows_of_other_length_change_by_their_daily_mean() -> None:
    """Ten days with 20 orders of 10 each, compared with four days with 4: 2.0 a day against 1.0, and rates as they are."""
    before = [("d", f"2024-03-0{1 + i}") for i in range(4)]
    now = [("n", f"2024-03-{10 + i // 2}") for i in range(20)]
    rows = [row for i, (name, day) in enumerate(before + now) for row in order(f"{name}{i}", day)]
    cancelled = order("n99", "2024-03-10", then=[("order_cancelled", "2024-03-11", {"fault": "seller"})])
    rows = [*rows[:-1], *cancelled]
    cursor = build({"events": [event("view", "2024-01-01"), *rows, LATER]})
    window = Scope(date(2024, 3, 10), date(2024, 3, 19))
    own = (date(2024, 3, 1), date(2024, 3, 4))
    orders = compare(cursor, "orders", window, base=own)[0]
    assert orders.base is not None
    assert (orders.current.value, orders.base.value) == (20, 4), "the figures themselves are those of the windows"
    assert (orders.change, orders.change_share) == (10, 1.0)
    amount = compare(cursor, "gmv", window, base=own)[0]
    assert amount.change_share == pytest.approx(1.0)
    rate = compare(cursor, "cancellation_rate", window, base=own)[0]
    assert (rate.current.value, rate.base and rate.base.value, rate.change) == (0.05, 0, 0.05)
    same = compare(cursor, "orders", window, base="previous")[0]
    assert same == compare(cursor, "orders", window, base=(date(2024, 2, 29), date(2024, 3, 9)))[0]
    with pytest.raises(InputError, match="swap"):
        compare(cursor, "orders", window, base=(own[1], own[0]))


def test_peers_are_the_same_category_and_size_band() -> None:
    sizes = {"m1": 3, "m2": 1, "m3": 2, "m4": 4, "m5": 5, "m6": 6, "big": 12, "other": 3}
    events = [
        row
        for who, count in sizes.items()
        for i in range(count)
        for row in order(f"{who}{i}", "2024-03-01", merchant_id=who)
    ]
    cursor = build(
        {"events": events, "merchants": [merchant(who, "books" if who == "other" else "toys") for who in sizes]}
    )
    found = peers(cursor, "orders", YEAR, "m1")
    assert (found.value, found.median, found.peer_count, found.category, found.size_band) == (3, 4, 5, "toys", "1-9")
    assert found.percentile == pytest.approx(0.4)
    assert peers(cursor, "orders", YEAR, "other").median is None


def test_the_record_has_the_keys_of_the_published_contract() -> None:
    record = result_record(one(build({"events": order("o1", "2024-03-01")}), "orders"))
    assert list(record)[:15] == [
        "metric",
        "group",
        "from",
        "to",
        "time_zone",
        "unit",
        "currency",
        "value",
        "numerator",
        "denominator",
        "n",
        "ci_low",
        "ci_high",
        "status",
        "snapshot_id",
    ]
    assert record["from"] == "2024-01-01"


def test_an_empty_marketplace_answers_without_a_value() -> None:
    cursor = build({"events": []})
    for by in ((), ("merchant",), ("week",)):
        for results in compute_many(cursor, list(CATALOGUE), YEAR, by=by).values():
            assert all(result.value is None for result in results)
