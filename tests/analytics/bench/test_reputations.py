"""The peers of the reputation benchmark give what their sources say; the simulated networks are what they claim."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.bench.networks import KINDS, simulate_network
from analytics.bench.reputations import PEERS, beta_reputation, fairness_goodness, plain_mean, wilson_bound
from analytics.trust.credibility.ratings import Ratings, pool_ratings


def successes(good: int, n: int) -> Ratings:
    scores = np.array([1.0] * good + [0.0] * (n - good))
    return pool_ratings([f"b{k:05d}" for k in range(n)], ["s"] * n, scores, np.zeros(n), 0, 1)


@pytest.mark.parametrize(("good", "n", "bound"), [(2, 2, 0.3424), (100, 101, 0.9460), (600, 1000, 0.5693)])
def test_wilsons_bound_is_the_published_one(good: int, n: int, bound: float) -> None:
    assert wilson_bound(successes(good, n))[0] == pytest.approx(bound, abs=1e-4)


def test_beta_reputation_and_the_mean() -> None:
    assert beta_reputation(successes(3, 4))[0] == pytest.approx(4 / 6)
    assert plain_mean(successes(3, 4))[0] == pytest.approx(3 / 4)


def test_fairness_and_goodness_agree_with_a_hand_computed_fixed_point() -> None:
    """Two raters of one ratee, +1 and 0: g = (f1 + 0)/2 with f1 = 1 − |1 − g|/2, so g = 1/3."""
    ratings = pool_ratings(["a", "b"], ["s", "s"], np.array([1.0, 0.5]), np.zeros(2), 0, 1)
    assert fairness_goodness(ratings)[0] == pytest.approx((1 + 1 / 3) / 2)


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_network_is_drawn_again_by_its_seed_and_every_method_rates_it(kind: str) -> None:
    network, again = simulate_network(kind, 3, 60), simulate_network(kind, 3, 60)
    assert np.array_equal(network.ratings.score, again.ratings.score)
    assert network.is_unfair.any() == (kind != "none")
    assert 0 <= network.truth.min() <= network.truth.max() <= 1
    assert len(network.truth) == len(network.ratings.ratees)
    for method in PEERS.values():
        assert np.isfinite(method(network.ratings)).all()


def test_the_truth_is_what_honest_raters_say() -> None:
    network = simulate_network("none", 1)
    many = network.ratings.per_ratee() >= 15
    assert np.abs(plain_mean(network.ratings) - network.truth)[many].mean() < 0.08
