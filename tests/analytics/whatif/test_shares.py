"""Orders that go to merchants of another category or region: nothing at the baseline, the scores of orders doubled and thinned, and mistakes in one line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bench.rated_markets import simulated
from analytics.errors import InputError
from analytics.trust import daily_counts, default_programme, fit_model, score_from_counts
from analytics.whatif import Lab, Lever, Scenario, Segment, dump_scenario, scenario_from_toml
from analytics.whatif.answers import answer_goal, answer_map, answer_search, answer_tornado
from analytics.whatif.questions import Goal, Limit, Pair, Search, SearchLever, Tornado
from analytics.whatif.scenario import LeverKind
from tests.analytics.trust.marketplaces import FakeCursor, cursor_over
from tests.analytics.whatif.picked import pick

PROGRAMME = default_programme()
COUNTS = simulated(120, 12).counts.assign(category=lambda f: np.where(np.arange(len(f)) % 3, "books", "toys"))
COUNTS.loc[::5, "category"] = "games"
COUNTS.loc[::11, "category"] = None
AMOUNTS = pd.DataFrame({"merchant_id": COUNTS["merchant_id"], "currency": "EUR", "gmv_minor": COUNTS["n"] * 2500.0})
LAB = Lab(COUNTS, AMOUNTS, PROGRAMME, "snapshot-1", recount=lambda _: COUNTS)
SOUTH = Segment(regions=("south",))
IN_SOUTH = (COUNTS["region"] == "south").to_numpy()
PARTS = ("recent_numerator", "recent_denominator", "square_denominator", "numerator", "denominator", "evidence")


def ask(*levers: Lever, segment: Segment = SOUTH) -> Scenario:
    return Scenario("test", segment=segment, levers=levers, draws=80)


def toys(target: float | None = None, change: float | None = None, instead_of: str | None = None) -> Lever:
    return Lever("category_share", target, change, of="toys", instead_of=instead_of)


def scaled(factor: np.ndarray) -> pd.DataFrame:
    """The frame of counts with so many times as many orders at each merchant."""
    changed = COUNTS.copy()
    for name in [f"{rate.rate_id}.{part}" for rate in PROGRAMME.rates for part in PARTS]:
        changed[name] = changed[name] * factor
    return changed.assign(n=np.round(changed["n"] * factor, 9))


@pytest.mark.parametrize("instead_of", [None, "books"])
def test_at_its_baseline_it_is_the_same_world(instead_of: str | None) -> None:
    now = LAB.range_of(toys(change=0.0, instead_of=instead_of), SOUTH).baseline
    for lever in (toys(change=0.0, instead_of=instead_of), toys(now, instead_of=instead_of)):
        applied = LAB._applied(ask(lever))
        assert applied.mixed is applied.ruled
        result = LAB.run(ask(lever))
        assert all((o.change, o.ci_low, o.ci_high) == (0.0, 0.0, 0.0) for o in result.outcomes)


@pytest.mark.parametrize(("target", "instead_of"), [(0.1, None), (0.9, None), (0.0, "books"), (0.5, "books")])
def test_scores_are_those_of_a_recount_of_scaled_counts(target: float, instead_of: str | None) -> None:
    category, n = COUNTS["category"], COUNTS["n"]
    one = (IN_SOUTH & (category == "toys")).to_numpy()
    others = (
        IN_SOUTH & ((category == instead_of) if instead_of else (category.notna() & (category != "toys")))
    ).to_numpy()
    known = n[IN_SOUTH & category.notna()].sum()
    share, room = n[one].sum() / known, n[others].sum() / known
    factor = np.where(one, target / share, np.where(others, (room - (target - share)) / room, 1.0))
    changed = scaled(factor)
    expected = score_from_counts(changed, fit_model(changed, PROGRAMME, left_out=LAB.world.model.left_out))["score"]
    after = LAB._applied(ask(toys(target, instead_of=instead_of))).after
    pd.testing.assert_series_equal(pd.Series(after.score, name="score"), expected, rtol=0, atol=1e-9)
    assert np.isnan(after.score).sum() > 0 if target == 0.0 else True


@given(st.floats(0, 1), st.sampled_from([None, "books", "games"]), st.sampled_from(["category_share", "region_share"]))
@settings(max_examples=12)
def test_no_order_is_lost_and_the_rest_stays(part: float, other: str | None, kind: LeverKind) -> None:
    segment = SOUTH if kind == "category_share" else Segment()
    lever = (
        Lever(kind, change=0.0, of="toys", instead_of=other)
        if kind == "category_share"
        else Lever(kind, change=0.0, of="north")
    )
    span = LAB.range_of(lever, segment)
    target = part * span.high
    result = LAB.run(ask(Lever(kind, target, of=lever.of, instead_of=lever.instead_of), segment=segment))
    applied = LAB._applied(ask(Lever(kind, target, of=lever.of, instead_of=lever.instead_of), segment=segment))
    old, new = applied.before, applied.after
    assert new.n[applied.inside].sum() == pytest.approx(old.n[applied.inside].sum(), rel=1e-9)
    assert (new.base[~applied.inside] == old.base[~applied.inside]).all()
    assert (new.counted <= new.total + 1e-9).all()
    unknown = (COUNTS["category" if kind == "category_share" else "region"].isna()).to_numpy()
    assert (new.plain[unknown] == old.plain[unknown]).all()
    for one in result.outcomes:
        assert one.ci_low <= one.change <= one.ci_high


def test_what_it_sets_is_counted_and_what_it_rests_on_is_said() -> None:
    result = LAB.run(ask(toys(0.6)))
    inside, category = COUNTS[IN_SOUTH], COUNTS.loc[IN_SOUTH, "category"]
    known, mine = inside["n"][category.notna()].sum(), inside["n"][category == "toys"].sum()
    orders, gmv, whole = (pick(result, name) for name in ("mix_orders", "mix_gmv", "segment_gmv"))
    assert (orders.group["category"], orders.baseline, orders.value) == ("toys", mine, pytest.approx(0.6 * known))
    assert (gmv.group["currency"], gmv.baseline, gmv.value) == ("EUR", mine * 25.0, pytest.approx(15.0 * known))
    assert whole.change == pytest.approx(0.0, abs=1e-6)  # every order is worth the same here
    factor = np.where(
        category == "toys", 0.6 * known / mine, np.where(category.isna(), 1, 0.4 * known / (known - mine))
    )
    name = "late_seller_rate"
    cases, units = (float((inside[f"{name}.{part}"] * factor).sum()) for part in ("numerator", "denominator"))
    pooled, changed = (pick(result, outcome, rate=name) for outcome in ("pooled_rate", "units_changed"))
    assert (changed.value, pooled.value) == (pytest.approx(cases), pytest.approx(cases / units))
    assert pooled.ci_low < pooled.change < pooled.ci_high
    assert pooled.effect_low == pooled.effect_high == pooled.change
    assert {outcome.label for outcome in result.outcomes} == {"assumption"}
    told = " ".join(map(str, result.assumptions))
    for words in (
        "keeps its own rates",
        "are not told",
        f"{inside['n'][category.isna()].sum()} orders at merchants of no known category",
    ):
        assert words in told


def paired(toy_rows: int, other_rows: int) -> FakeCursor:
    """18 merchants of toys and 36 of books that sell on 4 to 12 days; each day's row is there `toy_rows` or `other_rows` times."""
    generator, days, profiles = np.random.default_rng(5), [], []
    for number in range(54):
        is_toy = number % 3 == 0
        merchant = {"merchant_id": f"m{number:02d}", "category": "toys" if is_toy else "books", "region": "north"}
        profiles.append(merchant)
        for day in pd.date_range("2024-03-01", "2024-06-20", periods=4 + number // 3 % 9):
            late = int(generator.binomial(2, 0.3 if is_toy else 0.1))
            counts = {
                "order_count": 2,
                "delivery_due_count": 2,
                "late_seller_count": late,
                "delivered_late_count": late,
            }
            row = {"merchant_id": merchant["merchant_id"], "day": day.date(), "shipped_count": 2, **counts}
            days += [row] * (toy_rows if is_toy else other_rows)
    cursor = cursor_over([], profiles)  # type: ignore[arg-type]
    cursor.connection.register("made", pd.DataFrame(days))
    cursor.connection.execute("insert into merchant_day by name select * from made")
    return cursor


def test_orders_that_are_doubled_and_thinned_one_by_one_get_the_same_scores() -> None:
    before, replicate = (daily_counts(paired(*rows)) for rows in ((2, 2), (4, 1)))  # type: ignore[arg-type]
    assert before["n"].sum() == replicate["n"].sum()
    nothing = AMOUNTS.iloc[:0]
    lab, recount = (Lab(counts, nothing, PROGRAMME, "snapshot-1") for counts in (before, replicate))
    moved = lab._applied(ask(toys(2 / 3), segment=Segment())).after
    np.testing.assert_allclose(moved.n, recount.world.n)
    np.testing.assert_allclose(moved.counted, recount.world.counted, atol=1e-9)
    np.testing.assert_allclose(moved.score, recount.world.score, atol=1e-9)
    without = np.isnan(lab.world.score), np.isnan(moved.score)
    assert (without[1] & ~without[0]).any()
    assert (without[0] & ~without[1]).any()  # by the orders that it takes, some lose a score and some gain one


def test_other_levers_start_from_the_moved_orders() -> None:
    alone, both = (LAB.run(ask(*levers)) for levers in ((toys(0.6),), (toys(0.6), Lever("late_rate", change=0.0))))
    pd.testing.assert_frame_equal(alone.scores, both.scores, check_exact=True)
    late = LAB._applied(ask(toys(0.6), Lever("late_rate", target=0.0))).behaviour[0].span
    assert late.baseline == pytest.approx(pick(alone, "pooled_rate", rate="late_seller_rate").value)
    window = LAB.run(ask(toys(0.6), Lever("min_n", target=60.0)))
    assert pick(window, "scored_merchants").value < pick(alone, "scored_merchants").value


def test_a_rate_that_another_lever_sets_is_told_by_that_lever_alone() -> None:
    result = LAB.run(ask(toys(0.6), Lever("late_rate", target=0.0)))
    assert pick(result, "late_orders").value == pytest.approx(0.0, abs=1e-9)
    named = {(each.outcome, each.group["rate"]) for each in result.outcomes if "rate" in each.group}
    assert "late_seller_rate" not in {rate for _, rate in named}
    assert ("pooled_rate", "seller_cancellation_rate") in named


def test_order_value_of_one_window_is_not_told_beside_the_orders_of_another() -> None:
    half = COUNTS.assign(n=COUNTS["n"] // 2)
    lab = Lab(COUNTS, AMOUNTS, PROGRAMME, "snapshot-1", recount=lambda _: half)
    outcomes = [
        {each.outcome for each in lab.run(ask(toys(0.6), Lever("window_days", target=days))).outcomes}
        for days in (float(PROGRAMME.window_days), 180.0)
    ]
    assert outcomes[0] - outcomes[1] == {"mix_gmv", "segment_gmv"}


def test_questions_turn_it() -> None:
    start, name = Scenario("test", segment=SOUTH, draws=80), "category_share toys"
    ranges = LAB.ranges(SOUTH)
    bars = answer_tornado(LAB.points, start, ranges, Tornado("mean_score", levers=(name, "late_rate")))
    mine = next(bar for bar in bars if bar.lever == name)
    assert mine.at_low != mine.at_high
    wanted = LAB.points(ask(toys(mine.high)))["mean_score"]
    found = answer_goal(LAB.points, start, ranges, Goal(name, "mean_score", wanted))
    assert found.is_reached
    cells = answer_map(LAB.points, start, ranges, Pair(name, "late_rate", "mean_score", 2))
    assert len({value for row in cells.cells for value in row}) == 4
    asked = Search(
        (SearchLever(name, 1.0),), maximise="mean_score", limits=(Limit("orders_touched", at_most=1e9),), evaluations=40
    )
    assert name in answer_search(LAB.points, start, ranges, asked).values


def test_merchants_that_lose_their_score_are_no_gain_to_a_question() -> None:
    asked = ask(toys(0.001))
    result = LAB.run(asked)
    scored = pick(result, "scored_merchants")
    assert scored.change < 0
    (now, then), told = (LAB.points(ask(*each)) for each in ((), asked.levers)), pick(result, "mean_score")
    assert then["mean_score"] - now["mean_score"] == pytest.approx(told.change, abs=1e-9)
    assert told.baseline != pytest.approx(now["mean_score"], abs=1e-3)


def test_a_file_says_it_and_reads_it_back() -> None:
    asked = ask(toys(0.4, instead_of="books"))
    text = dump_scenario(asked)
    assert scenario_from_toml(text) == asked
    with pytest.raises(InputError, match=r"'category_share' came with version 4 .* version = 4"):
        scenario_from_toml(text.replace("version = 4", "version = 3"))


@pytest.mark.parametrize(
    ("levers", "message"),
    [
        ((toys(1.2),), r"lever 'category_share toys': 1\.2 is out of bounds, from 0 to 1"),
        ((toys(0.99, instead_of="games"),), r"0\.99 is out of bounds, from 0 to 0\.\d+"),
        ((toys(change=-0.9),), "out of bounds"),
        ((Lever("category_share", target=0.4, of="toy"),), "no category 'toy'. Did you mean 'toys'"),
        ((toys(0.4, instead_of="bokks"),), "no category 'bokks'. Did you mean 'books'"),
        ((toys(0.4, instead_of="toys"),), "instead of itself. Name another category"),
        ((Lever("region_share", target=0.4, of="suoth"),), "no region 'suoth'. Did you mean 'south'"),
        ((Lever("region_share", target=0.4, of="south"),), "has no orders of another region, so none can move"),
        ((Lever("region_share", target=0.4, of="north"),), "has no orders of region 'north'"),
        ((toys(0.4), Lever("category_share", target=0.1, of="books")), "both change the mix of orders. Keep one"),
        ((Lever("region_share", target=0.4),), "needs of = a region"),
    ],
)
def test_mistakes_are_one_clear_line(levers: tuple[Lever, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        LAB.run(ask(*levers))
    assert "\n" not in str(caught.value)


def test_a_source_without_categories_is_one_clear_line() -> None:
    lab = Lab(COUNTS.assign(category=None), AMOUNTS, PROGRAMME, "snapshot-1")
    with pytest.raises(InputError, match="the source doesn't record merchants' category"):
        lab.run(ask(toys(0.4)))
    assert {"region_share"} == {found.kind for found in lab.ranges() if found.kind.endswith("_share")}
