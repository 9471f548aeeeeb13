"""Which votes may share a source: each voice finds what was planted, and nothing where nothing was."""

from __future__ import annotations

import numpy as np

from analytics.bench.networks import simulate_network
from analytics.trust.credibility.ratings import Ratings, pool_ratings
from analytics.trust.credibility.voices import burst, lockstep, returned, unrecorded, voices


def pooled(*rows: tuple[str, str, float, float]) -> Ratings:
    raters, ratees, scores, times = zip(*rows, strict=True)
    return pool_ratings(raters, ratees, np.array(scores, float), np.array(times, float), 1, 5)


def test_the_shorter_the_record_the_more_a_vote_may_be_anybodys() -> None:
    ratings = pooled(("a", "x", 5, 0), ("b", "x", 5, 0), ("b", "y", 5, 0))
    assert unrecorded(ratings).tolist() == [1.0, 0.5, 0.5]


def test_a_favour_is_returned_only_where_people_rate_each_other() -> None:
    member = returned(pooled(("a", "b", 5, 0), ("b", "a", 5, 0), ("c", "a", 5, 0)))
    assert member is not None
    assert member.tolist() == [1.0, 1.0, 0.0]
    assert returned(pooled(("a", "x", 5, 0), ("b", "x", 5, 0))) is None


def test_a_burst_is_what_comes_closer_than_a_ratees_usual() -> None:
    usual = [(f"b{n}", "x", 4.0, n * 10.0) for n in range(100)]
    crowd = [(f"new{n}", "x", 5.0, 500.0 + n / 10) for n in range(12)]
    ratings = pooled(*usual, *crowd)
    member = burst(ratings)
    assert member is not None
    is_new = np.array([ratings.raters[rater].startswith("new") for rater in ratings.rater])
    assert member[is_new].all()
    assert member[~is_new].mean() < 0.03


def test_a_steady_flow_is_no_burst() -> None:
    member = burst(pooled(*[(f"b{n}", f"s{n % 3}", 4.0, float(n)) for n in range(300)]))
    assert member is not None
    assert not member.any()


def test_the_ring_is_found_and_nobody_else() -> None:
    for seed in range(4):
        network = simulate_network("ring", seed)
        member = lockstep(network.ratings)
        assert member is not None
        is_unfair = network.is_unfair[network.ratings.rater]
        assert member[is_unfair].mean() > 0.9
        assert member[~is_unfair].mean() < 0.02


def test_honest_raters_are_in_step_with_nobody() -> None:
    for seed in range(4):
        assert "lockstep" not in voices(simulate_network("none", seed).ratings)
