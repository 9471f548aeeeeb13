"""Scenarios run: nothing changes at the baseline, counts change exactly, crossings equal a recount, the rest is one clear error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bench.rated_markets import simulated
from analytics.errors import InputError
from analytics.trust import default_programme, fit_model, score_from_counts
from analytics.whatif import Lever, Outcome, Scenario, Segment, WhatifResult, lever_ranges, simulate, simulate_counts
from analytics.whatif.levers import change_behaviour, range_of, segment_mask
from analytics.whatif.world import make_world
from tests.analytics.trust.marketplaces import cursor_over

PROGRAMME = default_programme()
COUNTS = simulated(300, 11).counts
AMOUNTS = pd.DataFrame(
    {"merchant_id": COUNTS["merchant_id"], "currency": ["EUR", "CNY"] * 150, "gmv_minor": COUNTS["n"] * 2500.0}
)
SOUTH = Segment(regions=("south",))


def run(*levers: Lever, segment: Segment = SOUTH, limit: float | None = None, seed: int = 1) -> WhatifResult:
    scenario = Scenario("test", segment=segment, levers=levers, limit=limit, seed=seed, draws=200)
    return simulate_counts(COUNTS, AMOUNTS, scenario, PROGRAMME, "snapshot-1")


def pick(result: WhatifResult, outcome: str, merchants: str = "segment", **group: str) -> Outcome:
    (found,) = [o for o in result.outcomes if o.outcome == outcome and o.group == {"merchants": merchants, **group}]
    return found


def late_rate(counts: pd.DataFrame, inside: np.ndarray) -> float:
    sums = counts.loc[inside, ["late_seller_rate.numerator", "late_seller_rate.denominator"]].sum()
    return float(sums.iloc[0] / sums.iloc[1])


BASELINE = late_rate(COUNTS, (COUNTS["region"] == "south").to_numpy())


@pytest.mark.parametrize(
    "lever",
    [
        Lever("late_rate", change=0.0),
        Lever("late_rate", target=BASELINE),
        Lever("score_limit", change=0.0),
        Lever("score_limit", target=70.0, level="good"),
    ],
)
def test_a_lever_at_its_baseline_changes_exactly_nothing(lever: Lever) -> None:
    result = run(lever)
    assert len(result.outcomes) >= 16
    for outcome in result.outcomes:
        assert (outcome.change, outcome.ci_low, outcome.ci_high) == (0.0, 0.0, 0.0)
        assert outcome.value == outcome.baseline
    assert result.crossings.empty


WORLD = make_world(COUNTS, PROGRAMME)


@given(st.floats(0, 1))
@settings(max_examples=60)
def test_counts_meet_the_target_exactly_and_stay_counts(target: float) -> None:
    inside = segment_mask(COUNTS, SOUTH)
    changed = change_behaviour(WORLD, inside, [(Lever("late_rate"), BASELINE, target)])
    place = WORLD.column("late_seller_rate")
    assert changed.plain[inside, place].sum() / changed.base[inside, place].sum() == pytest.approx(target, abs=1e-9)
    for counted, total in ((changed.plain, changed.base), (changed.counted, changed.total)):
        assert ((counted >= -1e-9) & (counted <= total + 1e-9)).all()
    others = np.arange(len(WORLD.model.rates)) != place
    for name in ("counted", "total", "squares", "plain", "base"):
        old, new = getattr(WORLD, name), getattr(changed, name)
        assert (old[:, others] == new[:, others]).all()
        assert (old[~inside] == new[~inside]).all()


def test_levers_moved_together_are_levers_moved_one_after_another() -> None:
    inside = segment_mask(COUNTS, SOUTH)
    levers = (Lever("late_rate"), Lever("rate", of="negative_order_rate"), Lever("coverage", of="negative_order_rate"))
    moves = []
    for lever, times in zip(levers, (0.6, 1.3, 1.5), strict=True):
        baseline = range_of(WORLD, inside, lever).baseline
        moves.append((lever, baseline, baseline * times))
    together, one_by_one = change_behaviour(WORLD, inside, moves), WORLD
    for move in moves:
        one_by_one = change_behaviour(one_by_one, inside, [move])
    for name in ("counted", "total", "squares", "plain", "base", "heard", "points", "score"):
        np.testing.assert_array_equal(getattr(together, name), getattr(one_by_one, name))
    assert change_behaviour(WORLD, inside, [(levers[0], BASELINE, BASELINE)]) is WORLD


def test_fewer_late_orders_raise_scores_and_more_lower_them() -> None:
    fewer, more = run(Lever("late_rate", target=0.0)), run(Lever("late_rate", change=0.05))
    for result, sign in ((fewer, 1), (more, -1)):
        mean = pick(result, "mean_score")
        assert mean.change * sign > 0.2
        assert mean.ci_low <= mean.change <= mean.ci_high
        assert min(mean.ci_low * sign, mean.ci_high * sign) > 0  # common random numbers: the direction is not in doubt
        assert mean.label == "assumption"
    orders = pick(fewer, "late_orders")
    inside = COUNTS["region"] == "south"
    assert (orders.baseline, orders.value) == (COUNTS.loc[inside, "late_seller_rate.numerator"].sum(), 0)
    # lateness is still scored when nobody is late any more
    everyone = run(Lever("late_rate", target=0.0), segment=Segment())
    assert everyone.scores["score_after"].max() <= 100 + 1e-9
    assert pick(everyone, "mean_score").change > 0


def test_the_recomputed_score_is_the_served_one() -> None:
    served = score_from_counts(COUNTS, fit_model(COUNTS, PROGRAMME))
    result = run(Lever("late_rate", change=-0.01))
    assert (result.scores["score_before"].dropna() - served["score"].dropna()).abs().max() <= 1e-9


@pytest.mark.parametrize(
    "levers",
    [
        (Lever("score_limit", target=60.0, level="watch"),),
        (Lever("score_limit", target=52.0, level="watch"),),
        (Lever("late_rate", target=0.0), Lever("score_limit", change=7.5)),
    ],
)
def test_the_crossing_list_equals_a_recount(levers: tuple[Lever, ...]) -> None:
    result = run(*levers)
    expected = {
        (row.merchant_id, "down" if row.score_after < result.limit_after else "up")
        for row in result.scores.itertuples()
        if row.status == "ok" and (row.score_before < result.limit_before) != (row.score_after < result.limit_after)
    }
    assert expected
    assert {(row.merchant_id, row.direction) for row in result.crossings.itertuples()} == expected
    inside = result.crossings[result.crossings["is_in_segment"]]
    for direction in ("down", "up"):
        assert pick(result, f"merchants_crossing_{direction}").value == (inside["direction"] == direction).sum()
    assert pick(result, "orders_touched").value == inside["n"].sum()
    for currency in ("EUR", "CNY"):
        mine = AMOUNTS[AMOUNTS["merchant_id"].isin(inside["merchant_id"]) & (AMOUNTS["currency"] == currency)]
        assert pick(result, "gmv_touched", currency=currency).value == pytest.approx(mine["gmv_minor"].sum() / 100)
    below = pick(result, "merchants_below_limit")
    ok = result.scores[result.scores["is_in_segment"] & (result.scores["status"] == "ok")]
    assert below.baseline == (ok["score_before"] < result.limit_before).sum()
    assert below.value == (ok["score_after"] < result.limit_after).sum()


def test_a_moved_border_moves_levels_not_scores() -> None:
    result = run(Lever("score_limit", target=75.0, level="good"), segment=Segment())
    scores = result.scores[result.scores["status"] == "ok"]
    assert (scores["score_before"] == scores["score_after"]).all()
    demoted = scores[scores["level_before"] != scores["level_after"]]
    assert len(demoted) > 0
    assert set(zip(demoted["level_before"], demoted["level_after"], strict=True)) == {("good", "watch")}
    assert demoted["merchant_id"].sort_values().tolist() == result.crossings["merchant_id"].sort_values().tolist()
    assert (result.limit_before, result.limit_after) == (70.0, 75.0)
    assert {outcome.label for outcome in result.outcomes} == {"exact"}
    assert not any(outcome.group["merchants"] == "others" for outcome in result.outcomes)


def test_same_seed_same_numbers_other_seed_other_intervals() -> None:
    lever = Lever("late_rate", change=-0.01)
    first, again, other = run(lever), run(lever), run(lever, seed=2)
    assert first.outcomes == again.outcomes
    assert pick(first, "mean_score").change == pick(other, "mean_score").change
    assert pick(first, "mean_score").ci_low != pick(other, "mean_score").ci_low
    assert first.seed == 1
    assert any("seed 1" in str(sentence) for sentence in first.assumptions)


@pytest.mark.parametrize(
    ("levers", "segment", "message"),
    [
        ((Lever("late_rate", change=-2.0),), SOUTH, r"out of bounds, from 0 to .* two percentage points are 0\.02"),
        ((Lever("late_rate", target=1.5),), SOUTH, "late_rate.*out of bounds"),
        ((Lever("late_rate", target=float("nan")),), SOUTH, "out of bounds"),
        ((Lever("score_limit", target=101.0),), SOUTH, "101 is out of bounds, from 0 to 100 \\(now 55\\)"),
        ((Lever("score_limit", target=90.0, level="good"),), SOUTH, "90 is out of bounds, from 55 to 85"),
        ((Lever("score_limit", target=90.0, level="god"),), SOUTH, "Did you mean 'good'"),
        ((Lever("score_limit", target=9.0, level="poor"),), SOUTH, "level 'poor' has no border that moves"),
        ((Lever("late_rate", target=0.1, change=0.1),), SOUTH, "either target or change"),
        ((Lever("late_rate", target=0.1),) * 2, SOUTH, "set more than once"),
        ((), Segment(regions=("suoth",)), "no merchant with 'suoth'. Did you mean 'south'"),
        (
            (),
            Segment(merchants=("m00000",), categories=("books",)),
            "no merchant matches categories: books; merchants: m00000",
        ),
    ],
)
def test_mistakes_are_one_clear_line(levers: tuple[Lever, ...], segment: Segment, message: str) -> None:
    assert COUNTS.loc[0, "category"] == "toys"
    with pytest.raises(InputError, match=message) as caught:
        run(*levers, segment=segment)
    assert "\n" not in str(caught.value)


def test_a_limit_and_a_moved_level_contradict_each_other() -> None:
    with pytest.raises(InputError, match="Leave out limit, or the lever's level"):
        run(Lever("score_limit", target=72.0, level="good"), limit=50.0)


def test_two_borders_move_at_once_and_crossings_are_counted_at_the_first() -> None:
    good, watch = (Lever("score_limit", target=at, level=level) for at, level in ((74.0, "good"), (51.0, "watch")))
    both, alone = run(good, watch), run(good)
    assert (both.limit_before, both.limit_after) == (70.0, 74.0)
    told = [(o.outcome, o.group, o.value, o.ci_low) for o in both.outcomes]
    assert told == [(o.outcome, o.group, o.value, o.ci_low) for o in alone.outcomes]
    scores = both.scores["score_after"]
    assert ((scores >= 51) & (scores < 74)).equals(both.scores["level_after"].eq("watch"))
    assert [str(each) for each in both.assumptions if "moves from" in str(each) or "score_limit" in str(each)] == [
        "The limit moves from 70 to 74; no merchant changes what it does.",
        "The rule “score_limit watch” changes from 55 to 51; no merchant changes what it does.",
    ]
    assert run(watch, good).limit_after == 51.0


def test_borders_that_pass_each_other_or_stand_beside_a_limit_contradict() -> None:
    good, watch = (Lever("score_limit", target=at, level=level) for at, level in ((58.0, "good"), (62.0, "watch")))
    with pytest.raises(InputError, match="'score_limit good' and 'score_limit watch' contradict each other"):
        run(good, watch)
    with pytest.raises(InputError, match="Leave out limit, or the lever's level"):
        run(good, Lever("score_limit", target=60.0))


def test_a_segment_without_scores_or_deliveries_says_so() -> None:
    few = COUNTS.assign(n=np.where(COUNTS["region"] == "south", 3, COUNTS["n"]))
    with pytest.raises(InputError, match=r"none of the .* merchants of regions: south has a score"):
        simulate_counts(few, AMOUNTS, Scenario("x", segment=SOUTH), PROGRAMME, "s")
    undelivered = COUNTS.copy()
    undelivered.loc[COUNTS["region"] == "south", "late_seller_rate.denominator"] = 0
    scenario = Scenario("x", segment=SOUTH, levers=(Lever("late_rate", change=-0.01),))
    with pytest.raises(InputError, match="no deliveries in the window"):
        simulate_counts(undelivered, AMOUNTS, scenario, PROGRAMME, "s")
    unrecorded = COUNTS.assign(**{"late_seller_rate.evidence": 0.0})
    with pytest.raises(InputError, match="expected one rate of late_seller_count in the score, found 0"):
        simulate_counts(unrecorded, AMOUNTS, scenario, PROGRAMME, "s")


def test_from_the_marts_with_live_ranges_and_the_snapshot_pinned() -> None:
    days = [
        {
            "merchant_id": who,
            "day": f"2024-06-{day:02d}",
            "order_count": 5,
            "delivery_due_count": 5,
            "late_seller_count": late,
        }
        for day in range(1, 29)
        for who, late in (("a", 0), ("b", 1), ("c", 3))
    ]
    merchants = [{"merchant_id": who, "name": who.upper(), "category": "toys", "size_band": "50-199"} for who in "abc"]
    cursor = cursor_over(days, merchants)  # type: ignore[arg-type]
    cursor.connection.execute("insert into merchant_day_amount values ('c', '2024-06-01', 'EUR', 1250)")
    ranges = {(item.kind, item.level): item for item in lever_ranges(cursor)}  # type: ignore[arg-type]
    late = ranges["late_rate", None]
    assert (late.baseline, late.low, late.high) == (pytest.approx(4 / 15), 0.0, pytest.approx(0.6))
    assert (ranges["score_limit", "good"].low, ranges["score_limit", "good"].high) == (55.5, 84.5)
    # its prior leans on b as well, so c ends a little above the middle of the scale
    scenario = Scenario(
        "c delivers", segment=Segment(merchants=("c",)), levers=(Lever("late_rate", target=0.01),), limit=20.0
    )
    result = simulate(cursor, replace(scenario, snapshot_id="snapshot-1"))  # type: ignore[arg-type]
    assert result.crossings[["merchant_id", "name", "direction"]].to_numpy().tolist() == [["c", "C", "up"]]
    assert pick(result, "gmv_touched", currency="EUR").value == 12.5
    with pytest.raises(InputError, match="belongs to snapshot other, this is snapshot-1"):
        simulate(cursor, replace(scenario, snapshot_id="other"))  # type: ignore[arg-type]
