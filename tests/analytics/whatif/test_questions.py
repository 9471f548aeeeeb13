"""Goal seek, search, tornado and map over outcomes whose answers are known, and against brute force."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from analytics.errors import InputError
from analytics.whatif.knob import Evaluate, Knob, find_knob
from analytics.whatif.levers import LeverRange
from analytics.whatif.pairs import pair_map
from analytics.whatif.questions import Limit
from analytics.whatif.scenario import Lever, Scenario
from analytics.whatif.search import Mix, Priced, Wanted, search
from analytics.whatif.seek import Sought, goal_seek
from analytics.whatif.tornado import tornado

RATE = Knob(Lever("late_rate"), 0.0, 0.4, 0.1)
GOOD = Knob(Lever("score_limit", level="good"), 55.0, 85.0, 70.0)
WATCH = Knob(Lever("score_limit", level="watch"), 40.0, 70.0, 55.0)
NOW = Scenario("now")


def over(function: Callable[[float, float, float], Mapping[str, float]]) -> Evaluate:
    """A world whose outcomes are a function of the late rate and two borders."""

    def evaluate(scenario: Scenario) -> Mapping[str, float]:
        values = {lever.name: lever.target for lever in scenario.levers}
        return function(
            *(
                float(values.get(knob.name) or knob.baseline) if values.get(knob.name) != 0 else 0.0
                for knob in (RATE, GOOD, WATCH)
            )
        )

    return evaluate


def seek(function: Callable[[float], float], target: float, knob: Knob = RATE) -> Sought:
    return goal_seek(over(lambda rate, *_: {"y": function(rate)}), NOW, knob, "y", target)


class TestGoalSeek:
    @pytest.mark.parametrize(("target", "value"), [(70.0, 0.3), (85.0, 0.15), (95.0, 0.05), (100.0, 0.0), (90.0, 0.1)])
    def test_a_line_is_met_where_it_passes_the_target(self, target: float, value: float) -> None:
        found = seek(lambda rate: 100 - 100 * rate, target)
        assert found.is_reached
        assert found.value == pytest.approx(value, abs=1e-4)
        assert (found.reached >= target) if target > 90 else (found.reached <= target)
        assert found.reached == 100 - 100 * found.value
        assert (found.baseline, found.lever_baseline) == (90.0, 0.1)

    def test_out_of_reach_the_best_is_said(self) -> None:
        found = seek(lambda rate: 100 - 100 * rate, 120.0)
        assert (found.is_reached, found.value, found.reached, found.is_flat) == (False, 0.0, 100.0, False)
        hill = seek(lambda rate: 10 - 1000 * (rate - 0.237) ** 2, 11.0)
        assert not hill.is_reached
        assert hill.value == pytest.approx(0.237, abs=1e-3)
        assert hill.reached == pytest.approx(10, abs=1e-2)

    def test_steps_are_met_just_beyond_the_step(self) -> None:
        """Counts go 12, 9, 4: ten itself is never taken, and the first value with no more than ten is where nine begins."""
        found = seek(lambda rate: 12 if rate < 0.2 else 9 if rate < 0.3 else 4, 10.0)
        assert (found.is_reached, found.reached) == (True, 9)
        assert 0.2 <= found.value <= 0.2 + 2e-4 * 0.4
        exact = seek(lambda rate: 12 if rate < 0.2137 else 10, 10.0)
        assert 0.2137 <= exact.value <= 0.2137 + 2e-4 * 0.4

    def test_the_nearest_of_several_crossings_is_taken(self) -> None:
        found = seek(lambda rate: math.sin(40 * rate), 0.5)
        roots = [(math.pi / 6 + turn) / 40 for turn in (0, 2 * math.pi)] + [
            (5 * math.pi / 6 + turn) / 40 for turn in (0, 2 * math.pi)
        ]
        assert found.is_reached
        assert found.value == pytest.approx(min(roots, key=lambda root: abs(root - 0.1)), abs=2e-4)

    def test_a_peak_between_two_cells_is_found_by_the_minimiser(self) -> None:
        """The target is met only between 0.245 and 0.255, where no edge of a cell lies."""
        found = seek(lambda rate: 1 - abs(rate - 0.25) / 0.1 if rate > 0.15 else 0.0, 0.95)
        assert found.is_reached
        assert found.value == pytest.approx(0.245, abs=2e-4)

    def test_an_outcome_that_never_moves_is_flat_and_has_its_value(self) -> None:
        found = seek(lambda rate: 5.0, 6.0)
        assert (found.is_reached, found.is_flat, found.value, found.reached) == (False, True, 0.1, 5.0)

    def test_no_value_is_farther_than_any_value(self) -> None:
        found = seek(lambda rate: math.nan if rate > 0.2 else rate, 0.3)
        assert not found.is_reached
        assert found.reached == pytest.approx(0.2, abs=0.01)
        with pytest.raises(InputError, match="outcome 'y': has no value under this scenario"):
            seek(lambda rate: math.nan, 0.3)

    def test_own_bounds_keep_the_lever_inside(self) -> None:
        found = seek(lambda rate: 100 - 100 * rate, 95.0, RATE.narrowed(0.2, 0.3))
        assert (found.is_reached, found.value, found.reached) == (False, 0.2, 80.0)
        with pytest.raises(InputError, match=r"bounds 0.3 to 0.2 don't lie, in this order, within 0 to 0.4"):
            RATE.narrowed(0.3, 0.2)

    def test_few_runs_are_enough(self) -> None:
        assert seek(lambda rate: 100 - 100 * rate**2, 97.0).evaluations <= 15
        assert seek(lambda rate: 100 - 100 * rate, 120.0).evaluations <= 13  # nothing to look for at an end,
        assert seek(lambda rate: min(5.0, 60 * (0.2 - abs(rate - 0.25))), 6.0).evaluations <= 14  # nor on a flat top


def mixed(rate: float, good: float, watch: float) -> Mapping[str, float]:
    """A score with diminishing returns, merchants hit in whole numbers, and a share that has no value while nobody is hit."""
    hit = round(max(good - 70, 0) * 2 + max(watch - 55, 0) * 3)
    small = round(max(watch - 55, 0) * 2)
    return {
        "score": 80 - 60 * rate + 0.4 * math.sqrt(max(good - 55, 0)) + 0.02 * (watch - 55),
        "hit": hit,
        "small_share": small / hit if hit else math.nan,
    }


PRICED = (Priced(RATE, 1000.0), Priced(GOOD, 2.0), Priced(WATCH, 1.0))


def brute(wanted: Wanted, priced: tuple[Priced, ...] = PRICED, steps: int = 25) -> float:
    """The best worth on a fine grid of every mix."""
    grids = [np.unique([*np.linspace(item.knob.low, item.knob.high, steps), item.knob.baseline]) for item in priced]
    best = -math.inf
    for values in itertools.product(*grids):
        at = {item.knob.name: value for item, value in zip(priced, values, strict=True)}
        points = mixed(*(at.get(knob.name, knob.baseline) for knob in (RATE, GOOD, WATCH)))
        cost = sum(item.cost * abs(value - item.knob.baseline) for item, value in zip(priced, values, strict=True))
        is_kept = (wanted.budget is None or cost <= wanted.budget) and all(
            limit.slack(points[limit.outcome]) >= 0 for limit in wanted.limits
        )
        if is_kept:
            best = max(best, -cost if wanted.outcome == "cost" else wanted.sign * points[wanted.outcome])
    return best


def find(wanted: Wanted, priced: tuple[Priced, ...] = PRICED) -> Mix:
    found = search(over(mixed), NOW, priced, wanted)
    assert found.cost <= (math.inf if wanted.budget is None else wanted.budget) + 1e-6
    assert all(limit.slack(found.points[limit.outcome]) >= -1e-6 for limit in wanted.limits)
    assert found.cost == pytest.approx(sum(found.costs.values()))
    for item in priced:
        assert item.knob.low <= found.values[item.knob.name] <= item.knob.high
    return found


class TestSearch:
    @pytest.mark.parametrize(
        "wanted",
        [
            Wanted("score", 1, budget=60.0),
            Wanted("score", 1, budget=60.0, limits=(Limit("hit", at_most=12),)),
            Wanted("score", 1, budget=90.0, limits=(Limit("hit", at_least=10), Limit("small_share", at_most=0.3))),
            Wanted("cost", -1, limits=(Limit("score", at_least=78.0),)),
            Wanted("cost", -1, limits=(Limit("hit", at_least=20, at_most=25), Limit("small_share", at_most=0.5))),
            Wanted("hit", -1, budget=40.0, limits=(Limit("score", at_least=76.0),)),
        ],
    )
    def test_it_is_as_good_as_brute_force(self, wanted: Wanted) -> None:
        found = find(wanted)
        worth = -found.cost if wanted.outcome == "cost" else wanted.sign * found.value
        best = brute(wanted)
        assert worth >= best - 0.01 * max(1.0, abs(best))

    def test_same_seed_same_mix_and_every_mix_is_a_single_run(self) -> None:
        wanted = Wanted("score", 1, budget=60.0)
        first, again = find(wanted), find(wanted)
        assert first == again
        scenario = NOW
        for item in PRICED:
            scenario = item.knob.turned(scenario, first.values[item.knob.name])
        assert over(mixed)(scenario) == first.points
        assert first.evaluations <= 1100

    def test_a_mix_beyond_the_budget_alone_is_never_run(self) -> None:
        """Its cost tells it; with a limit beside the budget every mix is run, since how far it misses guides the search."""
        runs: list[Scenario] = []

        def evaluate(scenario: Scenario) -> Mapping[str, float]:
            runs.append(scenario)
            return over(mixed)(scenario)

        found = search(evaluate, NOW, PRICED, Wanted("score", 1, budget=60.0))
        assert found == find(Wanted("score", 1, budget=60.0))
        for scenario in runs:
            values = {lever.name: float(lever.target or 0.0) for lever in scenario.levers}
            assert sum(item.cost * abs(values[item.knob.name] - item.knob.baseline) for item in PRICED) <= 60.0 + 1e-6
        assert len(runs) < found.evaluations / 2
        runs.clear()
        limited = search(evaluate, NOW, PRICED, Wanted("score", 1, budget=60.0, limits=(Limit("hit", at_most=12),)))
        assert len(runs) == limited.evaluations

    def test_what_buys_nothing_stays_where_it_is(self) -> None:
        """Only the late rate changes how many are hit here, so the borders stay exactly where they are."""
        evaluate = over(lambda rate, *_: {"hit": round(100 * rate)})
        found = search(evaluate, NOW, PRICED, Wanted("hit", -1, budget=50.0))
        assert found.value == 5  # from 0.055 on, before the budget's 0.05
        assert found.values["late_rate"] == pytest.approx(0.055, abs=1e-3)
        assert (found.values["score_limit good"], found.values["score_limit watch"]) == (70.0, 55.0)

    @pytest.mark.parametrize(
        ("wanted", "line"),
        [
            (
                Wanted("score", 1, limits=(Limit("hit", at_least=10), Limit("hit", at_most=5))),
                "'hit at least 10' and 'hit at most 5' contradict each other: nothing keeps both",
            ),
            (
                Wanted("score", 1, limits=(Limit("hit", at_least=0), Limit("hit", at_most=-5))),
                "'hit at least 0' and 'hit at most -5' contradict",
            ),
            (
                Wanted("cost", -1, budget=1000.0, limits=(Limit("score", at_least=95.0), Limit("hit", at_most=500))),
                r"'score at least 95' is kept by no mix of the levers within their bounds \(\d+ tried, the nearest has score 82",
            ),
            (
                Wanted("cost", -1, budget=5.0, limits=(Limit("hit", at_most=500), Limit("score", at_least=79.0))),
                "'cost at most 5' and 'score at least 79' contradict each other: no mix of the levers within their bounds keeps them together",
            ),
        ],
    )
    def test_contradictions_are_one_line_that_names_them(self, wanted: Wanted, line: str) -> None:
        with pytest.raises(InputError, match=line) as caught:
            find(wanted)
        assert "\n" not in str(caught.value)

    def test_bounds_that_cost_more_than_the_budget_contradict_it(self) -> None:
        far = (Priced(RATE.narrowed(0.2, 0.3), 1000.0),)
        with pytest.raises(
            InputError, match=r"the bounds of late_rate and 'cost at most 50' contradict each other: .* costs 100"
        ):
            find(Wanted("score", 1, budget=50.0), far)
        assert find(Wanted("score", 1, budget=100.0), far).values["late_rate"] == pytest.approx(0.2, abs=1e-6)

    def test_an_unknown_outcome_and_no_lever_are_one_line(self) -> None:
        with pytest.raises(InputError, match=r"outcome 'scroe': .* Did you mean 'score'"):
            find(Wanted("scroe", 1))
        with pytest.raises(InputError, match="expected 1 to 6 levers, each once, found none"):
            find(Wanted("score", 1), ())


class TestTornado:
    def test_bars_are_ordered_by_effect_and_are_single_runs(self) -> None:
        knobs = (WATCH, GOOD, RATE)
        bars = tornado(over(mixed), NOW, knobs, "score", 0.5)
        assert [bar.lever for bar in bars] == ["late_rate", "score_limit good", "score_limit watch"]
        assert [abs(bar.effect) for bar in bars] == sorted((abs(bar.effect) for bar in bars), reverse=True)
        for bar, knob in zip(bars, (RATE, GOOD, WATCH), strict=True):
            assert bar.low == knob.baseline - 0.5 * (knob.baseline - knob.low)
            for value, reached in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
                assert over(mixed)(knob.turned(NOW, value))["score"] == reached
        assert bars[0].effect == pytest.approx(-60 * 0.15)

    def test_others_stay_where_the_scenario_has_them(self) -> None:
        scenario = RATE.turned(NOW, 0.3)
        (bar,) = tornado(over(mixed), scenario, (GOOD,), "score", 1.0)
        assert bar.baseline == mixed(0.3, 70, 55)["score"]
        assert bar.at_high == mixed(0.3, 85, 55)["score"]

    def test_a_reach_beyond_the_bounds_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"reach: expected a share above 0 and up to 1, found 1.5"):
            tornado(over(mixed), NOW, (RATE,), "score", 1.5)


class TestPairMap:
    def test_each_cell_is_the_single_run_and_the_present_is_on_the_grid(self) -> None:
        found = pair_map(over(mixed), NOW, RATE, GOOD, "score", 5)
        assert found.cells.shape == (5, 5)
        for (i, rate), (j, good) in itertools.product(enumerate(found.first_values), enumerate(found.second_values)):
            scenario = Scenario(
                "one", levers=(Lever("late_rate", target=rate), Lever("score_limit", target=good, level="good"))
            )
            assert found.cells[i, j] == over(mixed)(scenario)["score"]
        assert RATE.baseline in found.first_values
        assert (found.first_values[0], found.first_values[-1]) == (0.0, 0.4)
        assert list(found.first_values) == sorted(found.first_values)

    def test_a_pair_that_contradicts_itself_leaves_its_cell_without_a_value(self) -> None:
        def ordered(scenario: Scenario) -> Mapping[str, float]:
            at = {lever.level: lever.target for lever in scenario.levers if lever.level}
            if at["good"] < at["watch"]:
                raise InputError("good would begin below watch")
            return over(mixed)(scenario)

        found = pair_map(ordered, NOW, GOOD, WATCH, "score", 5)
        good, watch = np.meshgrid(found.first_values, found.second_values, indexing="ij")
        assert np.isnan(found.cells).any()
        assert np.array_equal(np.isnan(found.cells), good < watch)
        assert str(found.fault) == "good would begin below watch"

    def test_one_lever_twice_is_refused(self) -> None:
        with pytest.raises(InputError, match="lever 'late_rate' is on both sides"):
            pair_map(over(mixed), NOW, RATE, RATE, "score")


class TestWholeLevers:
    MIN_N = Knob(Lever("min_n"), 1.0, 878.0, 20.0)

    def evaluate(self, scenario: Scenario) -> Mapping[str, float]:
        (at,) = (lever.target for lever in scenario.levers)
        assert at is not None
        assert at == int(at), "the lab refuses a part of an order"
        return {"y": 100 - at / 10}

    def test_every_question_turns_them_in_whole_steps(self) -> None:
        found = goal_seek(self.evaluate, NOW, self.MIN_N, "y", 90.05)
        assert (found.value, found.reached, found.is_reached) == (100.0, 90.0, True)
        mix = search(self.evaluate, NOW, [Priced(self.MIN_N, 1.0)], Wanted("y", 1, budget=7.5))
        assert (mix.values, mix.cost) == ({"min_n": 13.0}, 7.0)
        (bar,) = tornado(self.evaluate, NOW, [self.MIN_N], "y", 0.25)
        assert (bar.low, bar.high, bar.at_low) == (15.0, 234.0, 98.5)
        watch = pair_map(lambda _: {"y": 0.0}, NOW, self.MIN_N, WATCH, "y", 4)
        assert watch.first_values == (1.0, 20.0, 586.0, 878.0)


class TestKnobs:
    RANGES = (
        LeverRange("late_rate", None, 0.1, 0.0, 0.4),
        LeverRange("score_limit", "good", 70.0, 55.0, 85.0),
    )

    def test_a_knob_begins_where_the_scenario_has_its_lever(self) -> None:
        scenario = Scenario(
            "s", levers=(Lever("late_rate", change=-0.02), Lever("score_limit", target=72.0, level="good"))
        )
        rate = find_knob("late_rate", scenario, self.RANGES)
        assert rate.baseline == pytest.approx(0.08)
        assert (rate.low, rate.high) == (0.0, 0.4)
        turned = rate.turned(scenario, 0.05)
        assert turned.levers == (Lever("late_rate", target=0.05), Lever("score_limit", target=72.0, level="good"))
        assert find_knob("score_limit good", NOW, self.RANGES).turned(turned, 60.0).levers[1].target == 60.0

    def test_a_misspelt_lever_gets_a_hint(self) -> None:
        with pytest.raises(InputError, match=r"lever 'late_rat': .* Did you mean 'late_rate'"):
            find_knob("late_rat", NOW, self.RANGES)
