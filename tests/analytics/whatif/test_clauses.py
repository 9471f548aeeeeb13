"""A limit of a seller programme moved: nothing at its own limit, who is hit as SQL counts it, and how many wrongly as draws of true rates say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from analytics.errors import InputError
from analytics.trust.counts import score_day
from analytics.warehouse import Cursor, Warehouse
from analytics.whatif import Lab, Lever, Outcome, Scenario, Segment, WhatifResult, make_lab
from analytics.whatif.answers import answer_goal
from analytics.whatif.questions import Goal

REFUNDS = "walmart/refund_rate"  # less than 6 % of the orders of 60 days
SMALL = Segment(size_bands=("1-9", "10-49"))


@pytest.fixture(scope="module")
def cursor(demo_warehouse: Path) -> Iterator[Cursor]:
    with Warehouse(demo_warehouse).cursor() as opened:
        yield opened


@pytest.fixture(scope="module")
def lab(cursor: Cursor) -> Lab:
    return make_lab(cursor)


def ask(target: float | None = None, change: float | None = None, of: str = REFUNDS) -> Scenario:
    return Scenario("test", segment=SMALL, levers=(Lever("clause_limit", target, change, of=of),), draws=40)


def pick(result: WhatifResult, outcome: str, merchants: str = "segment") -> Outcome:
    return next(o for o in result.outcomes if o.outcome == outcome and o.group["merchants"] == merchants)


@pytest.mark.parametrize("asked", [{"change": 0.0}, {"target": 0.06}])
def test_at_its_own_limit_exactly_nothing_changes(lab: Lab, asked: dict[str, float]) -> None:
    result = lab.run(ask(**asked))
    assert all((o.change, o.ci_low, o.ci_high) == (0.0, 0.0, 0.0) for o in result.outcomes)
    assert result.clause_hits[0].empty
    assert pick(result, "clause_failing").value > 0


def test_who_is_hit_is_what_sql_counts(lab: Lab, cursor: Cursor) -> None:
    day = score_day(cursor)
    counted = cursor.df(
        """
        with judged as (
            select merchant_id, sum(refunded_count) as refunded, sum(order_count) as orders
            from merchant_day where day between $first and $last group by merchant_id
        )
        select merchant_id, size_band in ('1-9', '10-49') as is_small from judged join merchant_profile using (merchant_id)
        where orders > 0 and refunded * 100 < 6 * orders and refunded * 100 >= 4 * orders
        """,
        {"first": day - timedelta(days=59), "last": day},
    )
    result = lab.run(ask(change=-0.02))
    (hits,) = result.clause_hits
    assert len(counted) > 3
    assert set(hits["merchant_id"]) == set(counted["merchant_id"])
    assert set(hits["direction"]) == {"hit"}
    assert hits["value"].is_monotonic_decreasing
    small = counted.loc[counted["is_small"], "merchant_id"]
    told = pick(result, "clause_hit")
    assert (told.value, told.label) == (len(small), "exact")
    assert pick(result, "clause_hit", "others").value == len(counted) - len(small)
    orders = cursor.df(
        "select sum(order_count) as orders from merchant_day where merchant_id in (select unnest($ids)) and day between $first and $last",
        {"ids": small.tolist(), "first": day - timedelta(days=364), "last": day},
    )
    assert pick(result, "clause_orders").value == orders["orders"].iloc[0]
    spared = lab.run(ask(target=0.5)).clause_hits[0]
    assert set(spared["direction"]) == {"spared"}


def test_wrong_ones_are_those_whose_true_rate_lies_on_the_other_side(lab: Lab) -> None:
    (found,) = lab._clauses.moved(ask(target=0.04))
    result = lab.run(ask(target=0.04))
    inside = lab._inside(SMALL)
    places = found.places[inside]
    sides = [
        (each.clause.probability[places], each.clause.is_judged[places] & ~each.clause.passed[places])
        for each in (found.before, found.after)
    ]
    uniform = np.random.default_rng(3).random((inside.sum(), 20_000))
    judged = found.before.clause.is_judged[places]
    wrong, missed = ([], [])
    for likely, fails in sides:
        is_bad = uniform < likely[:, None]
        wrong.append((fails[:, None] & ~is_bad).sum(axis=0))
        missed.append(((judged & ~fails)[:, None] & is_bad).sum(axis=0))
    for name, (old, new) in (("clause_wrong", wrong), ("clause_missed", missed)):
        told = pick(result, name)
        assert told.baseline == pytest.approx(old.mean(), abs=0.1)
        assert told.value == pytest.approx(new.mean(), abs=0.1)
        assert (told.ci_high - told.change) / 1.959964 == pytest.approx((new - old).std(), rel=0.05)


def test_a_goal_finds_the_limit_that_hits_so_many(lab: Lab) -> None:
    scenario = ask(change=0.0)
    ranges = lab.ranges(SMALL, scenario.levers)
    sought = answer_goal(
        lab.points, scenario, ranges, Goal(f"clause_limit {REFUNDS}", "clause_failing", 73.0, low=0.005, high=0.06)
    )
    assert sought.is_reached
    assert lab.points(ask(target=sought.value))["clause_failing"] >= 73


def test_what_is_no_rate_says_that_wrong_ones_cannot_be_told(lab: Lab) -> None:
    result = lab.run(ask(target=20.0, of="etsy/orders"))
    assert pick(result, "clause_hit").value > 0
    assert not any(o.outcome == "clause_wrong" for o in result.outcomes)
    assert any("can't be told" in str(each) for each in result.assumptions)


@pytest.mark.parametrize(
    ("levers", "message"),
    [
        (ask(target=1.0).levers, "1 is out of bounds, from 1e-06 to 0.999999|out of bounds"),
        (ask(target=0.1, of="walmrat/refund_rate").levers, "no seller programme 'walmrat'. Did you mean 'walmart'"),
        (
            ask(target=0.1, of="walmart/refund_rat").levers,
            "no clause 'refund_rat' in walmart. Did you mean 'refund_rate'",
        ),
        (ask(target=0.1, of="refund_rate").levers, "expected of = programme/clause"),
        (ask(target=0.1, of="amazon/invoice_defect_rate").levers, "no merchant can be judged by it"),
        ((*ask(target=0.1).levers, *ask(target=0.1, of="walmart/cancellation_rate").levers), "one clause at a time"),
    ],
)
def test_mistakes_are_one_clear_line(lab: Lab, levers: tuple[Lever, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        lab.run(Scenario("test", levers=levers))
    assert "\n" not in str(caught.value)
