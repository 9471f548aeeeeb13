"""A change and its parts: worked out by hand, added up for any groups, and honest where it can't be split."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import InputError
from analytics.metrics import (
    CATALOGUE,
    Lead,
    Scope,
    UnknownDimension,
    compare_many,
    compute,
    explain,
    explanation_records,
    leading_parts,
)
from analytics.metrics.explain import UNSPLIT, Sums, split
from tests.analytics.metrics.marketplace import MemoryCursor, Row, at, build, event, merchant, order

MARCH = Scope(date(2024, 3, 1), date(2024, 3, 31))


@pytest.fixture(autouse=True)
def no_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    relaxed = {metric_id: replace(spec, min_n=0) for metric_id, spec in CATALOGUE.items()}
    monkeypatch.setattr("analytics.metrics.catalogue.CATALOGUE", relaxed)


def orders(
    day: str, merchant_id: str, names: str, cancelled: str = "", amount: float = 10, **fields: object
) -> list[Row]:
    """One order for each letter; those in `cancelled` are cancelled by the seller the same day."""
    rows: list[Row] = []
    for name in names:
        then = [("order_cancelled", day, {"fault": "seller"})] if name in cancelled else []
        rows += order(f"{day}{name}", day, merchant_id=merchant_id, amount=amount, then=then, **fields)
    return rows


def two_months() -> MemoryCursor:
    """February: m1 1 of 4 cancelled, m2 1 of 1. March: m1 0 of 2, m2 1 of 4 and the new m3 1 of 2 cancelled."""
    return build(
        {
            "events": [
                *orders("2024-02-10", "m1", "abcd", cancelled="a"),
                *orders("2024-02-11", "m2", "e", cancelled="e", amount=40),
                *orders("2024-03-10", "m1", "ab"),
                *orders("2024-03-11", "m2", "cdef", cancelled="c", amount=20),
                *orders("2024-03-12", "m3", "gh", cancelled="g", amount=5),
                event("view", "2024-01-01"),
                event("view", "2024-12-31"),
            ],
            "merchants": [merchant("m1", category="A"), merchant("m2", category="B"), merchant("m3", category="C")],
        }
    )


def test_a_rate_splits_into_mix_and_rate_by_hand() -> None:
    (found,) = explain(two_months(), "cancellation_rate", MARCH, base="previous", by="category")
    assert (found.before, found.after) == (2 / 5, 2 / 8)
    middle = (2 / 5 + 2 / 8) / 2
    by_name = {part.group["category"]: part for part in found.parts}
    a, b, c = by_name["A"], by_name["B"], by_name["C"]
    assert (a.mix, a.rate) == pytest.approx(((2 / 8 - 4 / 5) * (1 / 8 - middle), (4 / 5 + 2 / 8) / 2 * (0 - 1 / 4)))
    assert (b.mix, b.rate) == pytest.approx(((4 / 8 - 1 / 5) * (5 / 8 - middle), (1 / 5 + 4 / 8) / 2 * (1 / 4 - 1)))
    assert (c.before, c.after, c.n) == (None, 1 / 2, 2)
    assert (c.mix, c.rate) == pytest.approx((2 / 8 * (1 / 2 - middle), 0)), "a new group is mix alone"
    assert [part.volume for part in found.parts] == [0, 0, 0]
    assert sum(part.change for part in found.parts) == pytest.approx(found.change, abs=1e-12)
    assert [abs(part.change) for part in found.parts] == sorted(
        (abs(part.change) for part in found.parts), reverse=True
    )


def test_an_amount_splits_into_volume_mix_and_rate_by_hand() -> None:
    (found,) = explain(two_months(), "gmv", MARCH, base="previous", by="merchant")
    assert (found.before, found.after, found.currency) == (80, 110, "EUR")
    m1 = next(part for part in found.parts if part.group == {"merchant": "m1"})
    assert (m1.before, m1.after) == (40, 20)
    assert m1.volume == pytest.approx((8 - 5) * (4 / 5 * 10 + 2 / 8 * 10) / 2)
    assert m1.mix == pytest.approx((5 + 8) / 2 * (2 / 8 - 4 / 5) * 10)
    assert m1.rate == pytest.approx(0), "its orders are worth the same"
    assert sum(part.change for part in found.parts) == pytest.approx(30, abs=1e-9)


def test_a_count_has_no_rate_and_its_parts_are_the_groups_changes() -> None:
    (found,) = explain(two_months(), "orders", MARCH, base="previous", by="merchant")
    assert {part.group["merchant"]: round(part.change, 9) for part in found.parts} == {"m1": -2, "m2": 3, "m3": 2}
    assert sum(part.volume for part in found.parts) == pytest.approx(3)
    assert [part.rate for part in found.parts] == [0, 0, 0]


def test_every_group_better_and_the_whole_worse_is_told_apart_as_mix() -> None:
    easy_and_hard = (
        Sums(np.array([9.0, 5.0]), np.array([90.0, 10.0])),
        Sums(np.array([0.9, 44.0]), np.array([10.0, 90.0])),
    )
    volume, mix, rate = split(*easy_and_hard, is_ratio=True)
    assert rate.sum() < 0
    assert mix.sum() > 0
    assert (volume + mix + rate).sum() == pytest.approx(44.9 / 100 - 14 / 100)


def test_an_order_of_two_merchants_is_named_as_overlap() -> None:
    cursor = build(
        {
            "events": [
                *orders("2024-02-10", "m1", "a"),
                *orders("2024-03-10", "m1", "ab"),
                *orders("2024-03-10", "m2", "a"),
                event("view", "2024-01-01"),
                event("view", "2024-12-31"),
            ],
            "merchants": [merchant("m1", category="A"), merchant("m2", category="B")],
        }
    )
    (found,) = explain(cursor, "orders", MARCH, base="previous", by="category")
    assert found.change == 1, "the marketplace counts the shared order once"
    assert sum(part.change for part in found.parts) == pytest.approx(2)
    assert found.overlap == pytest.approx(-1)
    assert explanation_records(found)[-1]["overlap"] == found.overlap


def test_currencies_are_explained_apart_and_a_new_one_starts_at_zero() -> None:
    cursor = build(
        {
            "events": [
                *orders("2024-02-10", "m1", "a", amount=10),
                *orders("2024-03-10", "m1", "b", amount=30),
                *orders("2024-03-11", "m1", "c", amount=7, currency="USD"),
                event("view", "2024-01-01"),
                event("view", "2024-12-31"),
            ],
            "merchants": [merchant("m1", category="A")],
        }
    )
    found = {
        one.currency: (one.before, one.after, sum(part.change for part in one.parts))
        for one in explain(cursor, "gmv", MARCH, base="previous", by="category")
    }
    assert found == {"EUR": (10, 30, pytest.approx(20)), "USD": (0, 7, pytest.approx(7))}


counts = st.integers(min_value=0, max_value=10_000).map(float)
tables = st.lists(st.tuples(counts, counts, counts, counts), max_size=8)


@given(table=tables, is_ratio=st.booleans())
def test_parts_add_up_for_any_groups(table: list[tuple[float, ...]], is_ratio: bool) -> None:
    y0, b0, y1, b1 = np.array(table).reshape(-1, 4).T
    before, after = Sums(y0, b0), Sums(y1, b1)
    if is_ratio and not (b0.sum() and b1.sum()):
        with pytest.raises(InputError, match="nothing to count over"):
            split(before, after, is_ratio=True)
        return
    change = y1.sum() / b1.sum() - y0.sum() / b0.sum() if is_ratio else y1.sum() - y0.sum()
    parts = sum(split(before, after, is_ratio=is_ratio))
    assert parts.sum() == pytest.approx(change, abs=1e-9, rel=1e-12)
    if not is_ratio:
        # those of a group without a base too
        assert parts == pytest.approx(y1 - y0, abs=1e-9, rel=1e-9), "a total's part is the group's own change"


def test_every_metric_of_the_catalogue_adds_up_or_says_why_not() -> None:
    cursor = two_months()
    split_ids: set[str] = set()
    for metric_id in CATALOGUE:
        if CATALOGUE[metric_id].family in UNSPLIT:
            continue
        with contextlib.suppress(InputError):  # the little marketplace lacks what the metric needs
            found = explain(cursor, metric_id, MARCH, base="previous", by="category")
            split_ids.add(metric_id)
        for one in found if metric_id in split_ids else ():
            whole = {result.currency: result.value for result in compute(cursor, metric_id, MARCH)}
            assert one.after == whole[one.currency]
            parts = sum(part.change for part in one.parts)
            assert parts == pytest.approx(one.change, abs=1e-9), (
                "no order has two merchants, so nothing may hide in overlap"
            )
    assert {"orders", "gmv", "cancellation_rate"} <= split_ids


def test_tickets_of_a_merchant_without_orders_are_its_part_and_no_overlap() -> None:
    def ticket(name: str, when: str, merchant_id: str) -> Row:
        return {"ticket_id": name, "merchant_id": merchant_id, "opened_by": "merchant", "opened_at": at(when)}

    cursor = build(
        {
            "events": [
                *orders("2024-02-10", "m1", "abcd"),
                *orders("2024-03-10", "m1", "ab"),
                event("view", "2024-01-01"),
                event("view", "2024-12-31"),
            ],
            "merchants": [merchant("m1"), merchant("m2")],
            "tickets": [ticket("t1", "2024-02-10", "m1"), ticket("t2", "2024-03-10", "m2")],
        }
    )
    (found,) = explain(cursor, "ticket_rate", MARCH, base="previous", by="merchant")
    assert found.overlap == pytest.approx(0, abs=1e-12)
    assert {part.group["merchant"]: part.change for part in found.parts} == {
        "m1": pytest.approx(-1 / 4),
        "m2": pytest.approx(1 / 2),
    }


@pytest.mark.parametrize(
    ("metric_id", "by", "base", "said"),
    [
        ("tickets", "carrier", "previous", "not known by group"),
        ("rating_mean", "carrier", "previous", "not known by group"),
        ("merchant_first_reply_seconds", "category", "previous", "no sum over groups"),
        ("orders", "week", "previous", "can't be split by week"),
        ("orders", "category", "year", "before the data"),
        ("nps", "category", "previous", "does not hold|nothing to count"),
        ("orders", "category", (date(2024, 12, 20), date(2025, 1, 19)), "beyond the data"),
    ],
)
def test_what_can_not_be_split_is_said_in_one_line(metric_id: str, by: str, base: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        explain(two_months(), metric_id, MARCH, base=base, by=by)  # type: ignore[arg-type]
    with pytest.raises(UnknownDimension):
        explain(two_months(), "orders", MARCH, base="previous", by="planet")


def cancelled_in_march(first: str, second: str) -> MemoryCursor:
    """Two merchants of ten orders a month, one of them cancelled in February; in March those named."""
    names = "abcdefghij"
    return build(
        {
            "events": [
                *orders("2024-02-10", "m1", names, cancelled="a"),
                *orders("2024-02-11", "m2", names, cancelled="a"),
                *orders("2024-03-10", "m1", names, cancelled=first),
                *orders("2024-03-11", "m2", names, cancelled=second),
                event("view", "2024-01-01"),
                event("view", "2024-12-31"),
            ],
            "merchants": [merchant("m1", category="A", region="same"), merchant("m2", category="B", region="same")],
        }
    )


def leads(cursor: MemoryCursor, *metric_ids: str, dimensions: Sequence[str]) -> dict[tuple[str, str | None], Lead]:
    compared = compare_many(cursor, metric_ids, MARCH, base="previous")
    return leading_parts(
        cursor, [c for found in compared.values() for c in found], MARCH, base="previous", dimensions=dimensions
    )


def test_the_group_that_moved_a_metric_beyond_its_size_leads() -> None:
    cursor = cancelled_in_march("a", "abcdef")
    found = leads(cursor, "cancellation_rate", "orders", dimensions=("region", "category", "carrier"))
    assert list(found) == [("cancellation_rate", None)], "orders did not change, and one region is no cause"
    lead = found["cancellation_rate", None]
    assert (lead.dimension, lead.part.group, lead.effect) == ("category", {"category": "B"}, "rate")
    assert (lead.share, lead.size) == pytest.approx((1.0, 0.5))


def test_a_change_that_all_groups_share_has_no_lead() -> None:
    assert leads(cancelled_in_march("abc", "abc"), "cancellation_rate", dimensions=("category", "merchant")) == {}


def test_a_lead_among_several_dimensions_at_once_is_that_of_each_alone() -> None:
    cursor = cancelled_in_march("a", "abcdef")
    together = leads(cursor, "cancellation_rate", dimensions=("region", "category"))
    assert together == leads(cursor, "cancellation_rate", dimensions=("category",))
