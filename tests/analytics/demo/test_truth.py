"""What was planted can be found again in the events alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.demo import behaviour
from analytics.demo.market import make_market
from analytics.demo.orders import Conditions, simulate
from analytics.demo.world import SIZES, make_calendar
from tests.analytics.demo.conftest import Made


def interventions(made: Made) -> pd.DataFrame:
    return made.table("truth/interventions").set_index("intervention")


def test_late_orders_are_rated_lower_and_disputed_more(orders: pd.DataFrame) -> None:
    delivered = orders[orders.delivered_at.notna()]
    late, on_time = delivered[delivered.is_late], delivered[~delivered.is_late]
    assert on_time.score.mean() - late.score.mean() > 1.2
    assert late.is_disputed.mean() > 3 * on_time.is_disputed.mean()


def test_the_outage_shows_in_its_region_and_carrier_only(made: Made, orders: pd.DataFrame) -> None:
    outage = interventions(made).loc["carrier_outage"]
    during = orders[orders.shipped_at.between(outage.from_at, outage.to_at) & orders.delivered_at.notna()]
    hit = (during.region == outage.region) & (during.carrier == outage.carrier)
    assert hit.sum() > 50
    assert during[hit].is_late.mean() > 0.5
    assert during[~hit].is_late.mean() < 0.2


def test_the_campaign_lifts_orders(made: Made, orders: pd.DataFrame) -> None:
    campaign = interventions(made).loc["campaign"]
    days = (campaign.to_at - campaign.from_at).days
    week = pd.Timedelta(days=7)
    inside = orders.placed_at.between(campaign.from_at, campaign.to_at).sum() / days
    before = orders.placed_at.between(campaign.from_at - 4 * week, campaign.from_at).sum() / 28
    assert 1.4 < inside / before < 2.2  # demand × 1.9, further purchases do not grow


def test_the_tightened_limit_makes_more_dispatches_late(made: Made, orders: pd.DataFrame) -> None:
    at = interventions(made).loc["handling_limit_tightened"].from_at
    sent = orders[orders.shipped_at.notna()]
    hours = (sent.ship_by_at - sent.placed_at).dt.total_seconds() / 3600
    assert set(hours[sent.placed_at < at]) == {72.0}
    assert set(hours[sent.placed_at >= at]) == {48.0}
    assert sent[sent.placed_at >= at].is_late_dispatch.mean() > sent[sent.placed_at < at].is_late_dispatch.mean()


def test_unfair_penalties_come_from_the_outage_and_can_be_lifted(made: Made, events: pd.DataFrame) -> None:
    truth = made.table("truth/penalties").set_index("event_id")
    region = made.table("merchants").set_index("merchant_id").region
    unfair = truth[truth.is_unfair & (truth.clause == "F-2.1")]
    assert len(unfair) >= 1
    assert (region.reindex(unfair.merchant_id) == "US Central").all()
    lifted = events[events.kind == "penalty_lifted"].reason
    assert unfair.index.isin(lifted).any()
    assert truth[~truth.is_unfair].index.isin(lifted).mean() < 0.1


def test_effects_have_the_planted_sign_and_size(made: Made) -> None:
    effects = made.table("truth/effects").set_index(["cause", "outcome"])
    assert np.allclose(effects.effect, effects.actual_mean - effects.counterfactual_mean)
    assert (effects.order_count > 200).all()
    value = effects.effect
    assert -2.3 < value["late_delivery", "score"] < -1.2
    assert value["late_delivery", "dispute_rate"] > 0.02
    assert value["late_delivery", "repeat_rate"] < -0.05
    assert value["slow_reply", "score"] < -0.5
    assert value["slow_refund", "score"] == 0  # a refund comes after the rating
    assert value["slow_refund", "repeat_rate"] < -0.03


def test_a_merchants_true_rate_is_the_rate_of_its_orders(made: Made, orders: pd.DataFrame) -> None:
    """Late dispatch after the tightening, pooled over groups of merchants sorted by their true rate."""
    truth = made.table("truth/merchants").set_index("merchant_id")
    truth = truth[truth.drift == 0]
    sent = orders[(orders.placed_at >= "2026-07-10") & orders.shipped_at.notna()]
    sent = sent[sent.merchant_id.isin(truth.index)]
    expected = truth.true_late_dispatch_rate.reindex(sent.merchant_id).to_numpy()
    for low, high in ((0.0, 0.02), (0.02, 0.10), (0.10, 0.60)):
        chosen = (expected >= low) & (expected < high)
        n = chosen.sum()
        assert n > 300
        mean = expected[chosen].mean()
        assert sent.is_late_dispatch[chosen].mean() == pytest.approx(mean, abs=4 * np.sqrt(mean * (1 - mean) / n))


def test_merchants_differ_and_go_together(made: Made) -> None:
    truth = made.table("truth/merchants")
    late = truth.true_late_dispatch_rate
    assert late.quantile(0.9) > 5 * late.quantile(0.25)  # skewed
    assert 0.2 < truth.reliability_at_end.corr(truth.quality_at_end) < 0.9
    assert (truth.drift > 0).sum() >= 3
    assert (truth.drift < 0).sum() >= 3
    joined = made.table("merchants").joined_at
    assert 20 < (joined > "2025-09-01").sum() < 90


def test_a_counterfactual_changes_only_what_follows_from_its_cause() -> None:
    size = SIZES["small"]
    market = make_market(size, make_calendar(size, pd.Timestamp("2026-10-31").date()), seed=3)
    n = 5_000
    rng = np.random.default_rng(0)
    merchant = rng.integers(0, len(market.merchants), n)
    placed = rng.integers(market.calendar.start, market.calendar.end, n)
    buyer = market.buyers.add(np.zeros(n, dtype=np.int64), placed)
    actual = simulate(market, merchant, buyer, placed, np.random.default_rng(1))
    same = simulate(market, merchant, buyer, placed, np.random.default_rng(1))
    on_time = simulate(market, merchant, buyer, placed, np.random.default_rng(1), Conditions(is_on_time=True))
    assert np.array_equal(actual.latent, same.latent)
    was_late = actual.days_late > 0
    assert was_late.sum() > 100
    assert not (on_time.days_late > 0).any()
    assert np.array_equal(actual.latent[~was_late], on_time.latent[~was_late])
    assert np.array_equal(actual.returned >= 0, on_time.returned >= 0)
    unasked = was_late & (actual.asked < 0) & (actual.cause != 5)
    gained = on_time.latent[unasked] - actual.latent[unasked]
    assert np.allclose(gained, behaviour.lateness_cost(actual.days_late[unasked]))


def test_the_true_share_of_bad_orders_is_that_of_the_events(
    made: Made, events: pd.DataFrame, orders: pd.DataFrame
) -> None:
    """Merchants that did not change, outside the outage: cancelled or late by the seller's fault, disputed for good, or rated 1 or 2."""
    fault = events[events.fault == "seller"]
    cleared = events[(events.kind == "dispute_closed") & events.outcome.isin(["denied", "withdrawn"])].order_id
    late = fault[fault.kind == "order_delivered"].order_id
    cancelled = fault[fault.kind == "order_cancelled"].order_id
    bad = orders.order_id.isin(late) | orders.order_id.isin(cancelled) | (orders.score <= 2)
    bad |= orders.is_disputed & ~orders.order_id.isin(cleared)
    truth = made.table("truth/merchants").set_index("merchant_id")
    causes = made.table("truth/orders").set_index("order_id").reindex(orders.order_id)
    at = interventions(made).loc["handling_limit_tightened"].from_at
    last = orders.placed_at.max() - pd.Timedelta(days=30)
    usual = orders.placed_at.between(at, last).to_numpy() & ~(causes.is_outage | causes.is_campaign).to_numpy()
    usual &= (truth.drift.reindex(orders.merchant_id) == 0).to_numpy()
    expected = truth.expected_bad_order_rate.reindex(orders[usual].merchant_id).to_numpy()
    assert usual.sum() > 2000
    assert abs(bad[usual].mean() - expected.mean()) < 0.015
    careless = expected > np.quantile(expected, 0.8)
    assert abs(bad[usual][careless].mean() - expected[careless].mean()) < 0.05
