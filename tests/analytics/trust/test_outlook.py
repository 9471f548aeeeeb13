"""The outlook of bad orders: what it counts, what it borrows, and that it knows nothing of later days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.errors import InputError
from analytics.trust import outlook as outlooks
from analytics.trust.outlook import (
    KINDS,
    MARTS,
    OrderHistory,
    exposure,
    fit_outlook,
    instant_of,
    later_orders,
    order_history,
    outlook,
    read_orders,
)
from analytics.warehouse import Warehouse

NOW = 20_000.0  # days since 1970
BLANK: Mapping[str, object] = {
    "late_day": np.nan,
    "cancelled_day": np.nan,
    "low_review_day": np.nan,
    "dispute_day": np.nan,
    "closed_day": np.nan,
    "cleared_day": np.nan,
    "shipped_day": np.nan,
    "overrun_days": np.nan,
    "review_day": np.nan,
    "stars": np.nan,
    "has_promise": True,
    "has_cancel_fault": False,
}


def history_of(
    orders: list[dict[str, object]], merchants: dict[str, str | None], *, known_at: float = NOW
) -> OrderHistory:
    """`orders`: merchant_id, ordered_day and what is not blank; `merchants`: id → category."""
    rows = pd.DataFrame([{**BLANK, **order} for order in orders], columns=["merchant_id", "ordered_day", *BLANK])
    profile = pd.DataFrame({"merchant_id": list(merchants), "category": list(merchants.values())})
    return order_history(rows, profile, known_at=known_at)


def order(merchant_id: str, age: float, **fields: object) -> dict[str, object]:
    return {"merchant_id": merchant_id, "ordered_day": NOW - age, **fields}


def marketplace(seed: int = 3, merchants: int = 60, days: int = 400) -> list[dict[str, object]]:
    """Careful and careless merchants whose bad orders are reviewed after 10 days; the careless overrun their shipping limits more."""
    rng = np.random.default_rng(seed)
    orders = []
    for number in range(merchants):
        share = 0.03 if number % 3 else 0.25
        for age in rng.uniform(0, days, rng.integers(2, 60)):
            is_bad, overrun = rng.random() < share, rng.normal(4 * share, 0.3)
            fields: dict[str, object] = {"shipped_day": NOW - age + 2, "overrun_days": overrun}
            if age > 10:
                stars = 1 if is_bad else 5
                fields |= {"review_day": NOW - age + 10, "stars": stars}
                fields |= {"low_review_day": NOW - age + 10} if is_bad else {}
            orders.append(order(f"m{number:02d}", age, **fields))
    return orders


NAMES: dict[str, str | None] = {f"m{number:02d}": None for number in range(60)}


def test_an_order_counts_once_however_often_it_went_wrong() -> None:
    orders = [
        order("a", 50, late_day=NOW - 40, low_review_day=NOW - 38, dispute_day=NOW - 37),
        order("a", 50, cancelled_day=NOW - 49),
        order("a", 50, dispute_day=NOW - 40, closed_day=NOW - 30, cleared_day=NOW - 30),
        order("a", 50),
    ]
    history = history_of(orders, {"a": None})
    assert history.is_bad(NOW).tolist() == [True, True, False, False]
    assert history.is_bad(NOW - 35).tolist() == [True, True, True, False]  # the dispute was not denied yet
    assert history.is_bad(NOW - 45).tolist() == [False, True, False, False]
    assert later_orders(history, NOW - 55)[0].tolist() == [2]
    assert later_orders(history, NOW - 55)[1].tolist() == [4]


def test_an_open_dispute_counts_by_how_earlier_ones_were_decided() -> None:
    upheld = [order("a", 90, dispute_day=NOW - 80, closed_day=NOW - 70) for _ in range(5)]
    cleared = [order("a", 90, dispute_day=NOW - 80, closed_day=NOW - 70, cleared_day=NOW - 70) for _ in range(3)]
    still_open = [order("a", 20, dispute_day=NOW - 10), order("a", 20, dispute_day=NOW - 10, low_review_day=NOW - 9)]
    history = history_of(upheld + cleared + still_open, {"a": None})
    assert history.chance_bad(NOW).tolist() == [1] * 5 + [0] * 3 + [pytest.approx(6 / 10), 1]
    assert history.chance_bad(NOW - 75).tolist() == [0.5] * 8 + [0, 0]
    assert history.is_bad(NOW)[-2]  # bad as long as nobody decided otherwise


def test_young_orders_count_by_what_would_have_shown() -> None:
    old = [order("a", 100, low_review_day=NOW - 100 + delay) for delay in range(1, 41)]
    young = [order("b", age) for age in (0.5, 10.5, 30.5, 50)]
    seen = exposure(history_of(old + young, {"a": None, "b": None}), NOW)[-4:]
    assert seen.tolist() == [0, 0.25, 0.75, 1]
    few = exposure(history_of(old[:5] + young, {"a": None, "b": None}), NOW)[-4:]
    assert few.tolist() == [0, 0, 1, 1]


def test_a_merchant_without_orders_gets_the_prior() -> None:
    history = history_of(marketplace(), {**NAMES, "new": None})
    found = outlook(history)
    place = found.merchant_ids.index("new")
    bad, seen = history.is_bad(NOW).sum(), exposure(history, NOW).sum()
    assert found.n[place] == 0
    assert found.expected[place] == pytest.approx(bad / seen, rel=0.3)
    low, high = found.interval()
    width = high - low
    assert low[place] < found.expected[place] < high[place]
    assert width[place] > np.median(width)


def test_a_marketplace_without_any_order_has_an_outlook_of_its_own_ignorance() -> None:
    found = outlook(history_of([], {"a": "toys", "b": None}))
    assert found.expected.tolist() == pytest.approx([0.1, 0.1])
    assert found.model.past_days == 0


def test_only_cancelled_orders() -> None:
    cancelled = [order("gone", age, cancelled_day=NOW - age + 1, has_cancel_fault=True) for age in range(40, 60)]
    found = outlook(history_of(marketplace() + cancelled, {**NAMES, "gone": None}))
    place = found.merchant_ids.index("gone")
    assert found.expected[place] == max(found.expected)
    assert 0.2 < found.expected[place] < 1
    assert np.isfinite(np.array(found.interval())).all()


def test_what_a_source_lacks_is_left_out_and_named() -> None:
    reviewed = history_of([order("a", 50, review_day=NOW - 40, stars=5)], {"a": None})
    assert (reviewed.recorded, reviewed.left_out) == (
        ("late_seller", "low_review"),
        ("seller_cancelled", "dispute"),
    )
    everything = order("a", 50, review_day=NOW, stars=5, dispute_day=NOW - 1, has_cancel_fault=True)
    assert history_of([everything], {"a": None}).left_out == ()
    assert set(KINDS) == set(reviewed.recorded) | set(reviewed.left_out)


def test_careless_merchants_are_told_from_careful_ones_and_their_chance_is_higher() -> None:
    found = outlook(history_of(marketplace(), NAMES))
    careless = np.array([int(name[1:]) % 3 == 0 for name in found.merchant_ids])
    assert found.expected[careless].mean() > 2 * found.expected[~careless].mean()
    over = found.probability_over(0.1)
    assert over[careless].mean() > 0.6 > 0.25 > over[~careless].mean()
    assert found.model.past_days == 4


def test_one_more_bad_order_never_makes_the_outlook_better() -> None:
    orders = marketplace()
    model = fit_outlook(history_of(orders, NAMES))
    before = outlook(history_of(orders, NAMES), model)
    worse = [*orders, order("m01", 70, low_review_day=NOW - 60, review_day=NOW - 60, stars=1)]
    after = outlook(history_of(worse, NAMES), model)
    place = before.merchant_ids.index("m01")
    assert after.expected[place] > before.expected[place]
    assert model.effects[1] >= 0 >= model.effects[2]  # nor do earlier shipping or better stars


def test_what_is_told_of_a_past_day_does_not_depend_on_what_came_after() -> None:
    """The model learns from past days; at each of them it may read nothing of later, neither of new orders nor of old ones."""
    orders, past = marketplace(), NOW - 100
    kept = [row for row in orders if float(str(row["ordered_day"])) < past]
    news = {"late_day": NOW - 1, "overrun_days": 3.0, "shipped_day": NOW - 1}
    changed = [{**row, **news} for row in orders if row not in kept]
    for number, row in enumerate(kept):
        is_reviewed_later = float(str(row.get("review_day", NOW))) >= past
        changed.append(
            {**row, **({"late_day": NOW - 1} if number % 2 else {}), **({"stars": 2} if is_reviewed_later else {})}
        )
    assert any(row.get("stars") == 2 for row in changed)
    found = [outlooks._evidence(history_of(rows, NAMES), past, 120.0) for rows in (orders, kept, changed)]
    for one in found[1:]:
        for name in ("bad", "exposed", "signs", "level"):
            np.testing.assert_allclose(getattr(one, name), getattr(found[0], name), err_msg=name)


DAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def demo(demo_warehouse: Path) -> Warehouse:
    return Warehouse(demo_warehouse)


def test_the_outlook_of_a_day_is_read_through_the_door_of_that_day(demo: Warehouse) -> None:
    with demo.cursor(as_of=DAY, marts=MARTS) as cursor:
        known = read_orders(cursor)
    with demo.cursor() as cursor:
        newest = read_orders(cursor)
    at = instant_of(DAY, "UTC")
    assert known.known_at == at < newest.known_at
    assert known.ordered.max() < at
    for name in ("late", "cancelled", "low_review", "dispute", "closed", "cleared", "shipped", "review"):
        values = getattr(known, name)
        assert not (values >= at).any(), name

    # What was bad on the day by the newest facts, cut at the day, is what the day knew.
    def per_merchant(history: OrderHistory) -> dict[str, float]:
        bad = history.per_merchant(slice(None), (history.is_bad(at) & (history.ordered < at)).astype(float))
        return {name: count for name, count in zip(history.merchant_ids, bad.tolist(), strict=True) if count}

    assert per_merchant(known) == per_merchant(newest) != {}


def test_days_without_events_are_refused(demo: Warehouse) -> None:
    with (
        demo.cursor(as_of=DAY - timedelta(days=3000), marts=MARTS) as cursor,
        pytest.raises(InputError, match="no event"),
    ):
        read_orders(cursor)


def test_only_some_orders_can_be_read(demo: Warehouse) -> None:
    with demo.cursor() as cursor:
        some = cursor.df("select order_id from fct_order order by order_id limit 7")["order_id"].tolist()
        assert len(read_orders(cursor, only_orders=some).ordered) == 7
        with pytest.raises(InputError, match="nothing that makes an order bad is recorded"):
            read_orders(cursor, only_orders=[])
