"""Effects of behaviour: found where plain differences are off, told apart from what can't be told, refuted when wrong, kept once a snapshot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.bench.effect_markets import Replicate, make_replicate
from analytics.errors import InputError, WarehouseError
from analytics.warehouse import Warehouse
from analytics.whatif import effects_kept
from analytics.whatif.double_ml import Estimate, Fitted, cross_fit, effect_of, problem_of, raw_difference
from analytics.whatif.effect_frame import BEHAVIOURS, DISPUTE, REPEAT, STARS, Study, prepare, read_orders, study_of
from analytics.whatif.effect_types import Effect
from analytics.whatif.effects import FittedEffect, SegmentEffect, fit_effects, fit_one, score_effects
from analytics.whatif.effects_kept import make_effects, read_effects
from analytics.whatif.refute import Refuter, refute
from app.bench.whatif_truth import true_effect

LATE, REPLY, *_ = BEHAVIOURS


@pytest.fixture(scope="module")
def market() -> Replicate:
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    print(f"replicate seed {seed}")
    return make_replicate(seed, confounding=1.0, replays=2)


@pytest.fixture(scope="module")
def frame(market: Replicate) -> pd.DataFrame:
    return prepare(market.orders)


@pytest.fixture(scope="module")
def late_stars(frame: pd.DataFrame) -> Study:
    return study_of(frame, LATE, STARS)


@pytest.fixture(scope="module")
def found(late_stars: Study) -> Estimate:
    estimate = effect_of(cross_fit(late_stars))
    assert estimate is not None
    return estimate


def test_the_effect_is_near_the_truth_where_the_raw_difference_is_not(
    market: Replicate, late_stars: Study, found: Estimate
) -> None:
    truth = true_effect(market.truth[LATE.lever, STARS], late_stars)
    raw, low, high = raw_difference(late_stars)
    print(f"truth {truth:.2f}, ours {found}, raw {raw:.2f} ({low:.2f} to {high:.2f})")
    assert abs(found.value - truth) < abs(raw - truth)
    assert abs(found.value - truth) < 3 * (found.ci_high - found.ci_low) / 2


def test_the_score_is_that_of_a_hand_count() -> None:
    """Merchant 0: −3 against a mean of 0 weighted by odds (1/3 and 1: (1 · 1/3 − 1/3 · 1) / …); merchant 1: −1 against +1; merchant 2 has no others."""
    fitted = Fitted(
        t=np.array([1.0, 0, 0, 1, 0, 1]),
        merchant=np.array([0, 0, 0, 1, 1, 2]),
        surprise=np.array([-3.0, 1.0, -1 / 3, -1.0, 1.0, -9.0]),
        propensity=np.array([0.5, 0.25, 0.5, 0.5, 0.5, 0.5]),
    )
    estimate = effect_of(fitted)
    assert estimate is not None
    assert estimate.value == pytest.approx((-3.0 + -2.0) / 2)
    assert (estimate.n, estimate.merchants) == (2, 2)
    assert estimate.outside == pytest.approx(1 / 3)
    # Each merchant's pull is ∓0.5, doubled by leaving out half: √((1 + 1)/2)/2 = 0.5 times t of one degree, 12.706.
    assert estimate.ci_high - estimate.value == pytest.approx(0.5 * 12.7062, rel=1e-4)


def test_what_cannot_be_told_is_named(late_stars: Study) -> None:
    assert problem_of(late_stars) is None
    assert problem_of(replace(late_stars, t=np.zeros(len(late_stars)))) == "no_concerned"
    assert problem_of(replace(late_stars, t=np.ones(len(late_stars)))) == "all_concerned"
    assert problem_of(replace(late_stars, y=np.full(len(late_stars), 5.0))) == "no_variation"
    assert problem_of(late_stars.rows(np.arange(40))) in ("too_few", "no_concerned", "all_concerned")
    rare = np.zeros(len(late_stars))
    rare[:3] = 1.0
    assert problem_of(replace(late_stars, outcome=DISPUTE, y=rare)) == "too_few"


def test_an_outcome_without_variation_is_told_as_such(frame: pd.DataFrame) -> None:
    one = fit_one(frame.assign(is_disputed=False), LATE, DISPUTE)
    assert (one.problem, one.effect) == ("no_variation", None)
    assert one.concerned > 0


def test_a_wrong_effect_is_refuted(late_stars: Study, found: Estimate) -> None:
    shift = 4 * (found.ci_high - found.ci_low)
    wrong = replace(found, value=found.value + shift, ci_low=found.ci_low + shift, ci_high=found.ci_high + shift)
    verdicts = {one.name: one for one in refute(late_stars, wrong, seed=1)}
    assert verdicts["random_cause"].passed is False
    assert verdicts["subset"].passed is False
    placebo = verdicts["placebo"].value
    assert placebo is not None
    assert abs(placebo) < 1.0  # lateness costs about two stars, its shuffle nothing of the kind


def test_merchants_whose_every_order_is_concerned_are_outside_and_widen_the_interval(market: Replicate) -> None:
    orders = market.orders.copy()
    asked = orders.loc[orders["is_asked"], "merchant_id"].value_counts()
    always = orders["merchant_id"].isin(asked.index[:6]) & orders["is_asked"]
    orders["is_slow_reply"] |= always
    known = prepare(orders)
    one, plain = fit_one(known, REPLY, REPEAT), effect_of(cross_fit(study_of(known, REPLY, REPEAT)))
    assert one.effect is not None
    assert one.is_outside
    assert plain is not None
    wider = (one.effect.ci_high - one.effect.ci_low) / (plain.ci_high - plain.ci_low)
    assert wider == pytest.approx(1 / (1 - one.outside))


def test_history_is_what_was_known_a_month_before() -> None:
    days = [0.0, 10.0, 31.0, 45.0]
    orders = make_replicate(1, 0.0, replays=1).orders.head(4)
    orders = orders.assign(
        merchant_id="m", ordered_day=days, is_late=[True, False, True, False], stars=[1.0, np.nan, 5.0, 3.0]
    )
    known = prepare(orders)
    assert np.isnan(known["prior_late"].iloc[:2]).all()
    assert known["prior_late"].iloc[2] == 1.0  # of the first alone
    assert known["prior_late"].iloc[3] == 0.5  # of the first two
    assert known["prior_stars"].iloc[3] == 1.0
    assert np.expm1(known["prior_orders"].iloc[3]) == pytest.approx(2.0)


def test_the_statement_gives_the_columns_that_the_simulated_frame_has(demo_warehouse: Path, market: Replicate) -> None:
    with Warehouse(demo_warehouse).cursor() as cursor:
        orders = read_orders(cursor)
        sample = read_orders(cursor, limit=3_000)
        placed = cursor.rows("select count(*) as n, count(distinct merchant_id) as merchants from fct_order")[0]
    assert list(orders.columns) == list(market.orders.columns)
    assert 0.7 * placed["n"] < len(orders) < placed["n"]
    whole = orders["merchant_id"].value_counts()
    part = sample["merchant_id"].value_counts()
    assert 0 < len(part) < len(whole) / 3
    assert (part == whole.reindex(part.index)).all()  # whole merchants
    assert 0.05 < orders["is_asked"].mean() < 0.3


def test_answers_in_time_count_the_other_way_for_the_score_and_are_spread_over_all_orders() -> None:
    slow = FittedEffect(
        *("slow_reply_rate", STARS, None, Effect("slow_reply_rate", STARS, -0.9, -1.1, -0.7, "observational")),
        share=0.1,
    )
    untold = FittedEffect("late_seller_rate", STARS, "too_few")
    (effect,) = score_effects((slow, untold))
    assert effect.lever == "reply_within_24h_rate"
    assert (effect.per_unit, effect.ci_low, effect.ci_high) == pytest.approx(
        (0.09, 0.07, 0.11)
    )  # a tenth have a question


def test_effects_are_fitted_once_a_snapshot_and_a_torn_file_is_replaced(
    demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(demo_warehouse)
    snapshot = warehouse.snapshot().snapshot_id
    monkeypatch.setattr(effects_kept, "_path", lambda _, name: tmp_path / "effects" / f"{name}-3.json")
    made = (
        FittedEffect(
            *("late_seller_rate", STARS, None, Effect("late_seller_rate", STARS, -2.0, -2.2, -1.8, "observational")),
            raw=(-2.4, -2.5, -2.3),
            refuters=(Refuter("placebo", 0.01, True), Refuter("subset", None, None)),
            segments=(SegmentEffect("category", "Toys", -1.9, -2.5, -1.3, 40),),
            differs=("category",),
        ),
    )
    calls: list[int] = []
    monkeypatch.setattr(effects_kept, "fit_effects", lambda cursor, seed, progress: (calls.append(seed), made)[1])
    assert read_effects(warehouse, snapshot) is None
    first = make_effects(warehouse, snapshot)
    assert first.effects == made
    assert make_effects(warehouse, snapshot) == first
    assert read_effects(warehouse, snapshot) == first
    assert calls == [1]
    (tmp_path / "effects" / f"{snapshot}-3.json").write_text('{"snapshot_id"', encoding="utf-8")
    assert make_effects(warehouse, snapshot).effects == made
    assert calls == [1, 1]
    with pytest.raises(WarehouseError, match="has been removed"):
        make_effects(warehouse, "gone")


def test_orders_too_young_are_one_clear_line(demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.whatif.effects.read_orders", lambda cursor: pd.DataFrame())
    with Warehouse(demo_warehouse).cursor() as cursor, pytest.raises(InputError, match="60 days"):
        fit_effects(cursor)
