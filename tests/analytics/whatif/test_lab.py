"""The prepared lab: zero change for every lever, monotony, exactness beside the score from changed counts, effects, and what contradicts itself."""

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
from analytics.whatif import Effect, Lab, Lever, Outcome, Scenario, Segment, WhatifResult, spread
from analytics.whatif.effect_types import Untold

PROGRAMME = default_programme()
COUNTS = simulated(250, 12).counts
AMOUNTS = pd.DataFrame({"merchant_id": COUNTS["merchant_id"], "currency": "EUR", "gmv_minor": COUNTS["n"] * 2500.0})
SUMS = {
    f"{name}.{part}": 40.0 if part == "numerator" else 100.0
    for name in ("dispute", "repeat")
    for part in ("numerator", "denominator")
}
OBSERVED = COUNTS[["merchant_id"]].assign(**SUMS, **{"stars.numerator": 400.0, "stars.denominator": 100.0})
SOUTH = Segment(regions=("south",))
LAB = Lab(COUNTS, AMOUNTS, PROGRAMME, "snapshot-1", recount=lambda _: COUNTS, observed=OBSERVED)
RANGES = {found.name: found for found in LAB.ranges(SOUTH)}
RATES = LAB.world.model.rates
FACTS = {fact for bound in PROGRAMME.bounds for fact in bound.facts}


def ask(*levers: Lever, segment: Segment = SOUTH, draws: int = 80) -> Scenario:
    return Scenario("test", segment=segment, levers=levers, draws=draws)


def pick(result: WhatifResult, outcome: str, merchants: str = "segment") -> Outcome:
    return next(o for o in result.outcomes if o.outcome == outcome and o.group["merchants"] == merchants)


@pytest.mark.parametrize("name", RANGES)
def test_every_lever_at_its_baseline_changes_exactly_nothing(name: str) -> None:
    found = RANGES[name]
    for value in ({"change": 0.0}, {"target": found.baseline}):
        result = LAB.run(ask(Lever(found.kind, level=found.level, of=found.of, **value)))
        for one in result.outcomes:
            ends = (one.change, one.ci_low, one.ci_high, one.sampling_low, one.sampling_high, one.effect_low)
            assert ends == (0.0,) * 6, one
        assert result.crossings.empty
        assert (result.scores["score_before"].dropna() == result.scores["score_after"].dropna()).all()


@given(st.sampled_from(RATES), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40)
def test_a_better_rate_never_lowers_a_score_of_the_segment_beside_the_same_peers(rate, first, second) -> None:  # type: ignore[no-untyped-def]
    """Peers' rates move with the segment's, so it is the segment's mean that must follow, not each merchant alone. A fact that bounds opinions moves what is
    believed of them too: of 400 steps of returns from bound to bound the last ones gain .013 points by a worse rate."""
    span = next(
        found
        for found in RANGES.values()
        if found.name in (f"rate {rate.rate_id}", "late_rate") and (found.of or "late_seller_rate") == rate.rate_id
    )
    low, high = sorted(span.low + share * (span.high - span.low) for share in (first, second))
    means = [LAB.points(ask(Lever(span.kind, target=target, of=span.of)))["mean_score"] for target in (low, high)]
    assert (means[0] - means[1]) * (1 if rate.direction == "lower" else -1) >= (
        -0.05 if rate.rate_id in FACTS else -1e-9
    )


@pytest.mark.parametrize("rate_id", ["late_seller_rate", "negative_order_rate", "reply_within_24h_rate"])
def test_scores_are_those_of_the_changed_counts(rate_id: str) -> None:
    """The whole score from a frame of changed counts, priors and bounds fitted anew, beside the lab's."""
    inside = (COUNTS["region"] == "south").to_numpy()
    rate = next(one for one in RATES if one.rate_id == rate_id)
    changed = COUNTS.copy()
    factor = 0.5 if rate.direction == "lower" else 0.8
    for kind in ("", "recent_"):
        changed.loc[inside, f"{rate_id}.{kind}numerator"] *= factor
    sums = changed.loc[inside, [f"{rate_id}.numerator", f"{rate_id}.denominator"]].sum()
    expected = score_from_counts(changed, fit_model(changed, PROGRAMME))["score"]
    found = LAB.run(ask(Lever("rate", target=float(sums.iloc[0] / sums.iloc[1]), of=rate_id))).scores["score_after"]
    assert (found - expected).abs().max() <= 1e-9
    assert (found.dropna().index == expected.dropna().index).all()


def test_points_are_what_a_run_says() -> None:
    asked = ask(Lever("late_rate", target=0.0), Lever("score_limit", target=75.0, level="good"))
    points, result = LAB.points(asked), LAB.run(asked)
    told = {
        ".".join((o.outcome, *(v for k, v in o.group.items() if k == "currency"))): o.value
        for o in result.outcomes
        if o.group["merchants"] == "segment"
    }
    assert {"median_score", "merchants_crossing_up", "gmv_touched.EUR"} <= points.keys()
    assert points == {name: told[name] for name in points}


def test_false_flags_are_merchants_below_the_limit_whose_draws_are_not() -> None:
    result = LAB.run(ask(Lever("score_limit", target=80.0, level="good"), segment=Segment()))
    flags, missed, below = (pick(result, name) for name in ("false_flags", "missed", "merchants_below_limit"))
    assert 0 < flags.value < below.value
    assert flags.sampling_low <= flags.change <= flags.sampling_high
    assert missed.value > 0
    hit = result.crossings[result.crossings["direction"] == "down"]
    small = COUNTS.set_index("merchant_id").loc[hit["merchant_id"], "size_band"].isin(["0", "1-9", "10-49"])
    share = pick(result, "small_share_hit")
    assert share.value == pytest.approx(small.mean())
    assert share.ci_low <= share.change <= share.ci_high


def test_some_merchants_drawn_give_nearly_the_interval_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ask(Lever("late_rate", target=0.0), segment=Segment(), draws=400)
    whole = LAB.run(asked)
    monkeypatch.setitem(spread.MOST_DRAWN, "segment", 120)
    some = Lab(COUNTS, AMOUNTS, PROGRAMME, "snapshot-1").run(asked)
    assert any("120 of the" in str(sentence) for sentence in some.assumptions)
    for name in ("mean_score", "merchants_below_limit"):
        one, other = pick(whole, name), pick(some, name)
        assert (one.value, one.change) == (other.value, other.change)
        assert other.ci_high - other.ci_low == pytest.approx(one.ci_high - one.ci_low, rel=0.6)


def test_an_effect_moves_its_outcome_with_both_kinds_of_uncertainty_apart() -> None:
    effect = Effect("late_seller_rate", "repeat", -0.2, -0.3, -0.1, "observational")
    span = RANGES["late_rate"]
    given_change = LAB.run(ask(Lever("late_rate", change=-0.01)), [effect])
    told = pick(given_change, "repeat")
    assert (told.baseline, told.change, told.label) == (pytest.approx(0.4), pytest.approx(0.002), "observational")
    assert (told.effect_low, told.effect_high) == (pytest.approx(0.001), pytest.approx(0.003))
    assert told.sampling_low == told.sampling_high == told.change
    to_target = pick(LAB.run(ask(Lever("late_rate", target=span.baseline - 0.01)), [effect]), "repeat")
    assert to_target.sampling_low < to_target.change < to_target.sampling_high
    assert to_target.ci_low < min(to_target.sampling_low, to_target.effect_low)
    assert any("as estimated, not tried" in str(sentence) for sentence in given_change.assumptions)
    assert not any(o.outcome == "repeat" for o in LAB.run(ask(Lever("late_rate", change=0.0)), [effect]).outcomes)


def test_beyond_what_the_merchants_do_it_warns_and_widens() -> None:
    span = RANGES["late_rate"]
    assert span.usual is not None
    within, beyond = (LAB.run(ask(Lever("late_rate", target=target))) for target in (span.usual[1], span.high))
    assert not within.warnings
    assert len(beyond.warnings) == 1
    times = beyond.warnings[0].values["times"]
    assert isinstance(times, float)
    assert times > 1
    plain = LAB._applied(ask(Lever("late_rate", target=span.high)))
    assert plain.times == pytest.approx(times, abs=0.06)


def test_weights_move_together_and_always_add_up() -> None:
    result = LAB._applied(
        ask(Lever("weight", target=30.0, of="late_seller_rate"), Lever("weight", target=20.0, of="chargeback_rate"))
    )
    points = {rate.rate_id: rate.points for rate in result.after.model.programme.rates}
    assert (points["late_seller_rate"], points["chargeback_rate"]) == (30.0, 20.0)
    assert sum(points.values()) == pytest.approx(100)
    assert sum(result.after.model.max_points) == pytest.approx(100)


@pytest.mark.parametrize(
    ("levers", "message"),
    [
        ((Lever("rate", change=0.0, of="late_seler_rate"),), "Did you mean 'late_seller_rate'"),
        ((Lever("rate", change=0.0),), "lever 'rate' needs of"),
        ((Lever("late_rate", change=0.0, of="x"),), "takes no of"),
        (
            (Lever("late_rate", change=0.0), Lever("rate", change=0.0, of="late_seller_rate")),
            "both change 'late_seller_rate'",
        ),
        ((Lever("coverage", change=0.0, of="late_seller_rate"),), "no coverage to change"),
        ((Lever("bound", change=0.0, of="late_seller_rate"),), "doesn't bound this rate"),
        (
            (Lever("good", target=0.14, of="late_seller_rate"), Lever("bad", target=0.02, of="late_seller_rate")),
            "contradict each other",
        ),
        (
            (Lever("weight", target=60.0, of="late_seller_rate"), Lever("weight", target=50.0, of="penalty_rate")),
            "110 of 100 points",
        ),
        ((Lever("window_days", target=30.0),), "30 is out of bounds, from 46"),
        ((Lever("min_n", target=20.5),), "expected a whole number"),
        ((Lever("min_n", target=1e9),), "out of bounds"),
        ((Lever("bad", target=0.001, of="late_seller_rate"),), "out of bounds"),
    ],
)
def test_mistakes_are_one_clear_line(levers: tuple[Lever, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        LAB.run(ask(*levers))
    assert "\n" not in str(caught.value)


def test_a_rate_that_the_source_lacks_and_counts_that_cant_be_read_anew() -> None:
    lean = Lab(COUNTS.assign(**{"chargeback_rate.evidence": 0.0}), AMOUNTS, PROGRAMME, "s")
    assert not any(found.of == "chargeback_rate" for found in lean.ranges())
    with pytest.raises(InputError, match="the source doesn't record this rate"):
        lean.run(ask(Lever("rate", change=0.0, of="chargeback_rate")))
    with pytest.raises(InputError, match="can't be read anew"):
        lean.run(ask(Lever("half_life_days", target=30.0)))


def test_min_n_decides_who_tells_the_priors() -> None:
    changed = replace(PROGRAMME, min_n=60)
    expected = score_from_counts(COUNTS, fit_model(COUNTS, changed))["score"]
    found = LAB.run(ask(Lever("min_n", target=60.0), segment=Segment())).scores["score_after"]
    assert np.array_equal(found.isna(), expected.isna())
    assert (found - expected).abs().max() <= 1e-9


def test_a_segment_of_one_merchant_is_held_against_what_all_do() -> None:
    """Its own rate alone is no range of what is usual: an interval must not become thousands of times as wide."""
    one = Segment(merchants=(str(COUNTS.loc[COUNTS["n"] >= 50, "merchant_id"].iloc[0]),))
    result = LAB.run(ask(Lever("late_rate", target=0.02), segment=one))
    mean = pick(result, "mean_score")
    assert -100 < mean.ci_low <= mean.ci_high < 100
    assert not result.warnings


def test_what_buyers_do_is_never_passed_over_in_silence() -> None:
    """An effect that the data can't tell, a rate without any, and an outcome that nobody recorded: each is a sentence."""
    late = Lever("late_rate", change=-0.01)
    effect = Effect("late_seller_rate", "repeat", -0.2, -0.3, -0.1, "observational")
    few = Untold("late_seller_rate", "dispute", "too few orders to tell")

    def said(lab: Lab, *levers: Lever) -> list[str]:
        return [str(each) for each in lab.run(ask(*levers), [effect], [few]).assumptions if "not told" in str(each)]

    label = "Delivered late by the merchant's fault"
    assert said(LAB, late) == [
        f"What “{label}” does to “Share of orders disputed” is not told: too few orders to tell."
    ]
    unseen = OBSERVED.assign(**{"repeat.denominator": 0.0})
    lab = Lab(COUNTS, AMOUNTS, PROGRAMME, "snapshot-1", observed=unseen)
    assert (
        f"What “{label}” does to “Back within 60 days” is not told: none of these merchants has it on record."
        in said(lab, late)
    )
    chargebacks = Lever("rate", target=0.0, of="chargeback_rate")
    assert said(LAB, chargebacks) == [
        "What buyers do about “Chargebacks” is not told: no effect of it is estimated here."
    ]
    assert not said(LAB, Lever("late_rate", change=0.0))
