"""The score: by hand, its sums, its directions, shrinkage, degenerate marketplaces."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bench.rated_markets import DAY, simulated
from analytics.trust import (
    TrustModel,
    default_programme,
    explain_from_counts,
    fit_model,
    movers,
    score_from_counts,
    trust_scores,
)
from tests.analytics.trust.marketplaces import counts_of

PROGRAMME = default_programme()
RATES = [rate.rate_id for rate in PROGRAMME.rates]


def model_with(mean: float, strength: float) -> TrustModel:
    """The committed definition with one prior for all rates, so that a score can be computed by hand."""
    size = (1, len(PROGRAMME.rates))
    points = tuple(rate.points for rate in PROGRAMME.rates)
    return TrustModel(
        PROGRAMME, PROGRAMME.rates, points, (), (), np.full(size, mean), np.full(size, strength), np.eye(size[1])
    )


def test_by_hand() -> None:
    # Prior Beta(1, 9). Late: (1 + 7) / (10 + 90) = .08 → (.15 − .08) / .14 = .5 of 14 points. Tracking: (1 + 890) / (10 + 990) = .891
    # → (.891 − .80) / .18 = .50556 of 5. Rates without orders stay at .1: beyond `bad` everywhere but at late shipping,
    # (.25 − .1) / .23 = .65217 of 7; reviews (.30 − .1) / .25 = .8 of 16; returns (.12 − .1) / .11 = .18182 of 8.
    counts = counts_of([{"late_seller_rate": (7, 90), "valid_tracking_rate": (890, 990)}])
    row = score_from_counts(counts, model_with(0.1, 10.0)).iloc[0]
    assert row["points.late_seller_rate"] == pytest.approx(7.0)
    assert row["points.valid_tracking_rate"] == pytest.approx(5 * 0.091 / 0.18)
    assert row["contribution.fulfilment"] == pytest.approx(7.0 + 5 * 0.091 / 0.18 + 7 * 0.15 / 0.23)
    assert row["contribution.quality"] == pytest.approx(12.8 + 8 * 0.02 / 0.11)
    assert row["contribution.service"] == row["contribution.integrity"] == 0
    assert row["score"] == pytest.approx(7 + 2.527778 + 4.565217 + 12.8 + 1.454545, abs=1e-5)
    assert row["level"] == "poor"


@given(st.integers(0, 2**31), st.integers(1, 40))
@settings(max_examples=30)
def test_contributions_add_up_to_the_score_exactly(seed: int, merchants: int) -> None:
    counts = simulated(merchants, seed).counts
    for score in trust_scores(counts, fit_model(counts, PROGRAMME)):
        if score.score is None:
            assert score.contributions == {}
            continue
        assert score.score == math.fsum(score.contributions.values())
        assert score.ci_low is not None
        assert score.ci_high is not None
        assert 0 <= score.ci_low <= score.score <= score.ci_high <= 100 + 1e-9


@given(st.integers(0, 200), st.integers(1, 200), st.floats(0.05, 1.0), st.floats(0.002, 0.5), st.floats(1.0, 500.0))
@settings(max_examples=200)
def test_another_late_order_never_raises_the_score(
    late: int, timely: int, recency: float, mean: float, strength: float
) -> None:
    """Whether an order turns late or a late order of any age is added."""
    model = model_with(mean, strength)
    orders = late + timely
    turned = counts_of([{"late_seller_rate": (late, orders)}, {"late_seller_rate": (late + 1, orders)}])
    added = counts_of([{"late_seller_rate": (late, orders)}, {"late_seller_rate": (late + recency, orders + recency)}])
    for counts in (turned, added):
        before, after = score_from_counts(counts, model)["score"]
        assert after <= before + 1e-12


@pytest.mark.parametrize("rate_id", RATES)
def test_each_rate_moves_the_score_in_its_direction_also_with_refitted_priors(rate_id: str) -> None:
    counts = simulated(120, 5).counts
    rate = next(rate for rate in PROGRAMME.rates if rate.rate_id == rate_id)
    scores = score_from_counts(counts, fit_model(counts, PROGRAMME))["score"]
    row = int(scores[counts["n"].between(100, 300)].idxmax())
    worse = counts.copy()
    share = 0.9 if rate.direction == "lower" else 0.1
    for kind in ("", "recent_"):
        worse.loc[row, f"{rate_id}.{kind}numerator"] = share * counts.loc[row, f"{rate_id}.{kind}denominator"]
    before = score_from_counts(counts, fit_model(counts, PROGRAMME)).loc[row, "score"]
    assert score_from_counts(worse, fit_model(worse, PROGRAMME)).loc[row, "score"] < before - 1


def test_without_orders_a_merchant_is_at_its_peers_and_has_no_score() -> None:
    counts = simulated(60, 1).counts
    empty = counts_of(
        [{"merchant_id": "zero", "category": "toys", "n": 0}, {"merchant_id": "young", "n": 3, "tenure_days": 10.0}]
    )
    everyone = pd.concat([counts, empty], ignore_index=True)
    model = fit_model(everyone, PROGRAMME)
    zero, young = trust_scores(everyone, model)[-2:]
    assert (zero.status, zero.score, zero.level, zero.ci_low, zero.n) == ("too_few", None, None, None, 0)
    assert (young.status, young.score, young.n) == ("new", None, 3)
    for rate in explain_from_counts(everyone, model, "zero"):
        assert rate.posterior_mean == pytest.approx(rate.peer_mean)
        assert (rate.numerator, rate.denominator) == (0, 0)


def test_few_orders_are_drawn_to_the_peers_more_than_many() -> None:
    peers = [{"late_seller_rate": (8 + i % 5, 200)} for i in range(40)]
    counts = counts_of([*peers, {"late_seller_rate": (2, 10)}, {"late_seller_rate": (200, 1000)}])
    model = fit_model(counts, PROGRAMME)
    small, large = (explain_from_counts(counts, model, f"m{i:04d}")[0] for i in (40, 41))
    assert small.peer_mean == large.peer_mean
    assert small.peer_mean < small.posterior_mean < large.posterior_mean < 0.2
    assert small.ci_high - small.ci_low > large.ci_high - large.ci_low


def test_a_small_category_leans_on_the_marketplace() -> None:
    market = [{"late_seller_rate": (10 + i % 7, 200)} for i in range(60)]
    pair = [{"category": "rare", "late_seller_rate": (60, 200)} for _ in range(2)]
    counts = counts_of([*market, *pair, {"category": None}])
    model = fit_model(counts, PROGRAMME)
    rare, toys, everyone = model.mean[0, 0], model.mean[1, 0], model.mean[2, 0]
    assert model.categories == ("rare", "toys")
    assert toys < everyone < rare < 0.10  # its own rate is .30; two merchants of twenty are heard a tenth
    assert model.rows(counts["category"]).tolist() == [1] * 60 + [0, 0, 2]


def test_the_prior_finds_the_spread_of_the_merchants() -> None:
    generator = np.random.default_rng(3)
    truth = generator.beta(4, 36, 3000)  # strength 40
    orders = generator.integers(20, 300, 3000)
    late = generator.binomial(orders, truth)
    counts = counts_of([{"late_seller_rate": pair} for pair in zip(late, orders, strict=True)])
    model = fit_model(counts, PROGRAMME)
    assert model.mean[-1, 0] == pytest.approx(0.1, abs=0.003)
    assert model.strength[-1, 0] == pytest.approx(40, rel=0.12)


def test_a_rate_that_the_source_lacks_is_left_out_and_its_points_go_to_its_neighbours() -> None:
    rows = [{"late_seller_rate": (i % 9, 100), "negative_order_rate": (i % 17, 80)} for i in range(30)]
    counts = counts_of(rows)
    model = fit_model(counts, PROGRAMME)
    assert [rate.rate_id for rate in model.rates] == ["late_seller_rate", "negative_order_rate"]
    assert model.max_points == pytest.approx((100 * 35 / 65, 100 * 30 / 65))
    score = trust_scores(counts, model)[0]
    assert set(score.left_out) == set(RATES) - {"late_seller_rate", "negative_order_rate"}
    assert score.contributions["service"] == score.contributions["integrity"] == 0
    some = counts_of([{"late_seller_rate": (1, 100), "seller_cancellation_rate": (1, 100)}])
    assert fit_model(some, PROGRAMME).max_points == pytest.approx((100 * 14 / 23, 100 * 9 / 23))
    assert math.fsum(fit_model(simulated(9, 2).counts, PROGRAMME).max_points) == 100


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_marketplaces_where_everybody_is_the_same(share: float) -> None:
    counts = counts_of([dict.fromkeys(RATES, (share * 50, 50)) for _ in range(5)])
    scores = trust_scores(counts, fit_model(counts, PROGRAMME))
    assert len({score.score for score in scores}) == 1
    assert all(score.score is not None and 0 <= score.score <= 100 for score in scores)


def test_degenerate_marketplaces_give_finite_numbers() -> None:
    for rows in (
        [dict.fromkeys(RATES, (3, 50))],
        [{"seller_cancellation_rate": (100, 100)}] * 4,  # only cancelled orders
        [{"category": None, "late_seller_rate": (1, 60)}] * 3,
        [{"late_seller_rate": (0.0, 1e-12)}, {"late_seller_rate": (5, 50)}],
        [{"penalty_rate": (9, 2)}, {"penalty_rate": (0, 40)}],  # more penalties than orders
    ):
        counts = counts_of(rows)
        model = fit_model(counts, PROGRAMME)
        assert np.isfinite(model.mean).all()
        assert np.isfinite(model.strength).all()
        for score in trust_scores(counts, model):
            assert score.score is not None
            assert math.isfinite(score.score + (score.ci_low or 0) + (score.ci_high or 0))


def test_a_marketplace_with_nothing_recorded_has_no_scores() -> None:
    counts = counts_of([{"n": 100}, {"n": 5}])
    assert [score.status for score in trust_scores(counts, fit_model(counts, PROGRAMME))] == [
        "not_in_source",
        "too_few",
    ]
    nobody = counts.iloc[:0]
    assert trust_scores(nobody, fit_model(nobody, PROGRAMME)) == []


def test_movers_name_the_contribution_that_moved_most() -> None:
    rows = [dict.fromkeys(RATES, (2, 100)) for _ in range(8)]
    model = fit_model(counts_of(rows), PROGRAMME)
    before = trust_scores(counts_of(rows), model)
    rows[3] = rows[3] | {"negative_order_rate": (40, 100), "late_seller_rate": (3, 100)}
    rows[5] = rows[5] | {"n": 1}
    found = movers(before, trust_scores(counts_of(rows), model))
    assert found[0].merchant_id == "m0003"
    assert found[0].component == "quality"
    assert found[0].change == pytest.approx(found[0].score_after - found[0].score_before)
    assert found[0].change < found[0].component_change < 0
    assert len(found) == 7  # a merchant without a score on one of the days does not move
    assert all(mover.change == 0 for mover in found[1:])


def test_scores_keep_the_frame_order_and_day() -> None:
    counts = simulated(30, 4).counts.iloc[::-1]
    scores = trust_scores(counts, fit_model(counts, PROGRAMME))
    assert [score.merchant_id for score in scores] == counts["merchant_id"].tolist()
    assert {score.as_of for score in scores} == {DAY}


def test_the_floor_of_orders_is_the_programmes() -> None:
    counts = counts_of([dict.fromkeys(RATES, (2, 100)) | {"n": 19}, dict.fromkeys(RATES, (2, 100)) | {"n": 20}])
    model = fit_model(counts, PROGRAMME)
    assert [score.status for score in trust_scores(counts, model)] == ["too_few", "ok"]
    stricter = replace(model, programme=replace(PROGRAMME, min_n=21))
    assert [score.status for score in trust_scores(counts, stricter)] == ["too_few", "too_few"]
