"""Why a score changed: parts that add up for every merchant of the demo, and each cause by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics.errors import InputError
from analytics.trust import Programme, daily_counts, default_programme, fit_model, score_merchants
from analytics.trust.changes import CAUSES, CHANGE_MARTS, ROW_CAUSES, by_row, score_change, score_changes
from analytics.trust.programme import MEASURES, Bound, Component, Rate
from analytics.warehouse import Warehouse
from tests.analytics.trust.marketplaces import FakeCursor, cursor_over

EARLY, LATE = date(2024, 5, 1), date(2024, 6, 30)
_OTHER = "ordered_at, ship_by_at, shipped_at, deliver_by_at, delivered_at, carrier, late_fault, cancelled_at, cancel_fault, return_requested_at"
_MORE = "return_fault, refund_at, dispute_opened_at, dispute_outcome, dispute_fault, chargeback_at, first_review_score"


def lateness(maturity_days: int = 0) -> Programme:
    """One rate of 100 points between 0 and 1, so that a score is 100 × (1 − rate)."""
    rate = Rate(
        "late",
        "Late",
        "c",
        "late_seller_count",
        "delivery_due_count",
        "delivery_due_count",
        "lower",
        0.0,
        1.0,
        100.0,
        maturity_days,
        limit=1.0,
        all_faults="late_seller_count",
    )
    components = (Component("c", "C", 100.0, (rate,)),)
    return replace(default_programme(), components=components, min_n=1, half_life_days=60.0, window_days=365)


def cursor(
    day: date, orders: dict[str, tuple[date, int, int]], others: int = 3, *, is_reviewed: bool = False
) -> FakeCursor:
    """Merchant a with orders (id → day, late, due); `others` merchants that never change, at half of their orders late. With
    `is_reviewed` every order has a review, low where it was late."""
    rows: list[dict[str, object]] = []
    for name, (placed, late, due) in orders.items():
        rows.append(
            {
                "merchant_id": "a",
                "order_id": name,
                "order_date": placed,
                "late_seller_count": late,
                "delivery_due_count": due,
            }
        )
    for number in range(others):
        for place in range(20):
            rows.append(
                {
                    "merchant_id": f"b{number}",
                    "order_id": f"b{number}-{place}",
                    "order_date": day,
                    "late_seller_count": (place + number) % 2,
                    "delivery_due_count": 1,
                }
            )
    for row in rows:
        row |= {
            "reviewed_order_count": int(is_reviewed),
            "negative_order_count": row["late_seller_count"] if is_reviewed else 0,
        }
    days = [{key: value for key, value in row.items() if key != "order_id"} | {"order_count": 1} for row in rows]
    for row in days:
        row["day"] = row.pop("order_date")
    found = cursor_over(
        days, [{"merchant_id": name} for name in sorted({str(row["merchant_id"]) for row in rows})], as_of=day
    )
    measures = ", ".join(f"{name} bigint default 0" for name in MEASURES)
    texts = ", ".join(f"{name.strip()} varchar" for name in f"{_OTHER}, {_MORE}".split(","))
    found.connection.execute(
        f"create or replace table order_measure (grain varchar default 'merchant', merchant_id varchar, order_id varchar, order_date date, currency varchar, amount_minor bigint, {measures}, {texts})"
    )
    for row in rows:
        names, marks = ", ".join(row), ", ".join("?" for _ in row)
        found.connection.execute(f"insert into order_measure ({names}) values ({marks})", list(row.values()))
    return found


def split(before: dict[str, tuple[date, int, int]], after: dict[str, tuple[date, int, int]], programme: Programme):
    return score_change(cursor(EARLY, before), cursor(LATE, after), "a", programme=programme)  # type: ignore[arg-type]


def test_each_cause_by_hand() -> None:
    programme = lateness()
    old, mid, new = EARLY - timedelta(days=310), EARLY - timedelta(days=2), LATE - timedelta(days=1)
    before = {"gone": (old, 1, 1), "aged": (mid, 0, 1), "later": (EARLY, 0, 0)}
    after = {"aged": (mid, 0, 1), "later": (EARLY, 1, 1), "fresh": (new, 1, 1)}
    found = split(before, after, programme)
    causes = found.rows.set_index(["row_id", "cause"])["change"]
    assert set(causes.index) == {
        ("gone", "left"),
        ("aged", "faded"),
        ("later", "known"),
        ("later", "faded"),
        ("fresh", "entered"),
    }
    assert causes["gone", "left"] > 0 > causes["aged", "faded"]
    assert causes["later", "known"] < 0
    assert causes["fresh", "entered"] < 0
    assert found.rows.set_index("row_id")["is_counted"].to_dict() == {
        "gone": True,
        "aged": False,
        "later": True,
        "fresh": True,
    }

    # The fresh order by the formula: A/B of this merchant under both fitted models.
    parts = 0.0
    counts = [daily_counts(c, programme) for c in (cursor(EARLY, before), cursor(LATE, after))]  # type: ignore[arg-type]
    weights = [0.5 ** ((EARLY - old).days / 60), 0.5 ** (2 / 60), 0.5 ** (62 / 60), 0.5 ** (60 / 60), 0.5 ** (1 / 60)]
    gone, aged, faded, later, fresh = weights
    for table in counts:
        model = fit_model(table, programme)
        mean, strength = float(model.mean[-1, 0]), float(model.strength[-1, 0])
        a1, b1 = mean * strength + gone, strength + gone + aged
        a2, b2 = mean * strength + later + fresh, strength + faded + later + fresh
        middle = (a1 / b1 + a2 / b2) / 2
        parts += -100 * (fresh - middle * fresh) / ((b1 + b2) / 2) / 2
    assert causes["fresh", "entered"] == pytest.approx(parts, abs=1e-9)


def test_peers_alone_move_a_merchant_whose_orders_stay() -> None:
    programme = replace(lateness(), half_life_days=1e12)
    orders = {"o": (EARLY, 1, 1)}
    first, last = cursor(EARLY, orders, others=3), cursor(LATE, orders, others=4)
    found = score_change(first, last, "a", programme=programme)  # type: ignore[arg-type]
    row = found.rates.iloc[0]
    assert row["peers"] == pytest.approx(found.change, abs=1e-9)
    assert row["peers"] != 0
    assert abs(row[list(ROW_CAUSES)]).max() < 1e-6


def test_an_order_that_ripens_enters_and_one_that_was_unknown_becomes_known() -> None:
    programme = lateness(maturity_days=30)
    ripe, young = EARLY - timedelta(days=40), EARLY - timedelta(days=5)
    before = {"base": (ripe, 0, 1), "young": (young, 1, 1)}
    after = {**before, "backdated": (ripe, 1, 1)}
    causes = split(before, after, programme).rows.set_index(["row_id", "cause"])["change"]
    assert set(causes.index) == {("base", "faded"), ("young", "entered"), ("backdated", "known")}


def test_points_that_a_new_rate_takes_from_the_others_are_the_models() -> None:
    """Reviews are recorded on the later day only: there lateness has half of the points that it had."""
    programme = replace(lateness(), half_life_days=1e12)
    late = replace(programme.rates[0], points=50.0)
    bad = replace(
        late,
        rate_id="bad",
        numerator="negative_order_count",
        denominator="reviewed_order_count",
        evidence="reviewed_order_count",
    )
    programme = replace(programme, components=(Component("c", "C", 100.0, (late, bad)),))
    orders = {"good": (EARLY, 0, 1), "late": (EARLY, 1, 1)}
    first, last = cursor(EARLY, orders), cursor(LATE, orders, is_reviewed=True)
    found = score_change(first, last, "a", programme=programme)  # type: ignore[arg-type]
    rates = found.rates.set_index("rate_id")
    assert rates["change"].sum() == pytest.approx(found.change, abs=1e-9)
    assert rates.loc["late", "peers"] == pytest.approx(rates.loc["late", "change"], abs=1e-6)
    assert rates.loc["late", "change"] < -20
    assert rates.loc["bad", "change"] > 20
    assert rates["other"].abs().max() < 1e-9


def test_what_the_bound_makes_of_a_change_stands_apart_and_parts_add_up() -> None:
    """Twenty-four merchants, a's facts stay while its reviews turn bad: rows say what they would do if all were believed, the bound what of that doesn't count."""
    late = replace(lateness().rates[0], points=50.0)
    bad = replace(
        late,
        rate_id="bad",
        numerator="negative_order_count",
        denominator="reviewed_order_count",
        evidence="reviewed_order_count",
    )
    bound = Bound("bad", ("late",), "late", 0.02)
    programme = replace(lateness(), components=(Component("c", "C", 100.0, (late, bad)),), bounds=(bound,))
    good = {f"o{place}": (EARLY, 0, 1) for place in range(40)}
    first, last = cursor(EARLY, good, others=24, is_reviewed=True), cursor(LATE, good, others=24, is_reviewed=True)
    for table in ("order_measure", "merchant_day"):
        for one in (first, last):  # b0 to b23 are late more and more, and reviewed so
            worse = "2 * ((rowid - 40) % 20) < (rowid - 40) // 20"
            one.connection.execute(f"update {table} set late_seller_count = {worse} where rowid >= 40")
            one.connection.execute(f"update {table} set negative_order_count = late_seller_count")
        last.connection.execute(f"update {table} set negative_order_count = 1 where rowid < 10")
    found = score_change(first, last, "a", programme=programme)  # type: ignore[arg-type]
    rates = found.rates.set_index("rate_id")
    assert rates.loc["bad", "known"] < -9
    assert 5 < rates.loc["bad", "bounded"] < -rates.loc["bad", "known"]
    assert rates.loc["late", "bounded"] == 0
    assert abs(found.rates["change"].sum() - found.change) < 1e-9
    assert found.rates["other"].abs().max() < 1e-9
    believed = score_change(first, last, "a", programme=replace(programme, bounds=()))  # type: ignore[arg-type]
    assert believed.change < found.change - 5
    assert believed.rows["change"].tolist() == pytest.approx(found.rows["change"].tolist())


def test_rows_of_one_order_come_together() -> None:
    before = {"later": (EARLY, 0, 1)}
    found = split(before, {"later": (EARLY, 1, 1)}, lateness())
    once = by_row(found.rows)
    assert once["row_id"].tolist() == ["later"]
    assert once["change"].iloc[0] == pytest.approx(found.rows["change"].sum())
    assert once["cause"].tolist() == ["known"]


@pytest.mark.parametrize(
    ("days", "merchant_id", "message"),
    [
        ((LATE, EARLY), "a", "2024-06-30 is not before 2024-05-01"),
        ((EARLY, LATE), "b9", r"merchant 'b9' is not known on 2024-05-01\. Known: a, b0, b1, b2"),
    ],
)
def test_a_wrong_question_is_one_line(days: tuple[date, date], merchant_id: str, message: str) -> None:
    orders = {"o": (EARLY, 1, 1)}
    with pytest.raises(InputError, match=message):
        score_change(cursor(days[0], orders), cursor(days[1], orders), merchant_id, programme=lateness())  # type: ignore[arg-type]


def test_without_a_score_on_one_day_the_line_says_how_many_orders_there_were() -> None:
    programme = replace(lateness(), min_n=20)
    with pytest.raises(
        InputError, match=r"'a' has no score on 2024-05-01 \(too_few, 1 of 20 orders\): choose another day"
    ):
        split({"o": (EARLY, 1, 1)}, {"o": (EARLY, 1, 1)}, programme)


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 8, 1), date(2026, 9, 1)), (date(2026, 3, 1), date(2026, 10, 31))]
)
def test_the_parts_add_up_for_every_merchant_of_the_demo(demo_warehouse: Path, first: date, last: date) -> None:
    warehouse = Warehouse(demo_warehouse)
    with (
        warehouse.cursor(as_of=first, marts=CHANGE_MARTS) as before,
        warehouse.cursor(as_of=last, marts=CHANGE_MARTS) as after,
    ):
        told = [{s.merchant_id: s.score for s in score_merchants(c) if s.score is not None} for c in (before, after)]
        shared = sorted(set(told[0]) & set(told[1]))
        assert len(shared) > 80
        for found in score_changes(before, after, shared[::20]):
            merchant_id = found.merchant_id
            scores = (told[0][merchant_id], told[1][merchant_id])
            assert (found.before, found.after) == pytest.approx(scores, rel=1e-12)  # sums, in any order
            assert abs(found.rates["change"].sum() - found.change) < 1e-9
            assert (found.rates[list(CAUSES)].sum(axis=1) - found.rates["change"]).abs().max() < 1e-9
            sums = found.rows.groupby(["rate_id", "cause"])["change"].sum()
            for (rate_id, cause), value in sums.items():
                rate = found.rates.set_index("rate_id").loc[rate_id]
                assert value == pytest.approx(rate[cause], abs=1e-9)
            assert found.rates["other"].abs().max() < 0.5  # a penalty too many, at most
            assert by_row(found.rows)["change"].sum() == pytest.approx(found.rows["change"].sum(), abs=1e-9)
