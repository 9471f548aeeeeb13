"""Ratees' scores and raters' credibility: what moves them, what may not, and how they fare against the truth."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from analytics.bench.networks import Network, simulate_network
from analytics.bench.reputations import PEERS
from analytics.trust.credibility import RateeStanding, RaterStanding, standings
from analytics.trust.credibility.model import fit_ratings
from analytics.trust.credibility.ratings import Ratings, pool_ratings

Rows = list[tuple[str, str, float, float]]


def pooled(rows: Rows, low: float = 1, high: float = 5) -> Ratings:
    raters, ratees, scores, times = zip(*rows, strict=True)
    return pool_ratings(raters, ratees, np.array(scores, float), np.array(times, float), low, high)


def judged(rows: Rows, low: float = 1, high: float = 5) -> tuple[dict[str, RateeStanding], dict[str, RaterStanding]]:
    ratees, raters = standings(pooled(rows, low, high))
    return {one.ratee: one for one in ratees}, {one.rater: one for one in raters}


def market(seed: int = 0, shops: int = 30, buyers: int = 200, votes: int = 1200) -> tuple[Rows, dict[str, float]]:
    """Honest buyers who rate shops of quality 1.5 to 4.8 with noise; many rate twice at equal times."""
    rng = np.random.default_rng(seed)
    quality = np.linspace(1.5, 4.8, shops)
    rows = []
    for _ in range(votes):
        shop = int(rng.integers(shops))
        score = float(np.clip(np.round(quality[shop] + rng.normal(0, 0.8)), 1, 5))
        rows.append((f"b{rng.integers(buyers)}", f"s{shop:02d}", score, float(rng.integers(50) * 86_400)))
    return rows, {f"s{shop:02d}": float(quality[shop]) for shop in range(shops)}


class TestVotes:
    def test_ten_ratings_of_a_pair_are_one_vote_and_ten_ratings(self) -> None:
        found = pooled([("a", "x", 5, t) for t in range(9)] + [("a", "x", 1, 9), ("b", "x", 2, 0)])
        assert found.count.tolist() == [10, 1]
        assert found.score.tolist() == pytest.approx([(9 * 1.0 + 0.0) / 10, 0.25])

    def test_a_row_that_stands_there_twice_counts_once(self) -> None:
        rows = [("a", "x", 5, 7.0), ("a", "x", 5, 7.0), ("a", "x", 1, 7.0), ("a", "x", 3, 8.0)]
        found = pooled(rows)
        assert found.count.tolist() == [2]
        assert found.score[0] == pytest.approx(((1 + 1 + 0) / 3 + 0.5) / 2)


class TestInvariance:
    def test_the_order_of_rows_does_not_matter(self) -> None:
        rows, _ = market()
        first = standings(pooled(rows))
        for seed in range(3):
            shuffled = [rows[place] for place in np.random.default_rng(seed).permutation(len(rows))]
            assert standings(pooled(shuffled)) == first

    def test_the_scale_of_the_scores_is_that_of_the_input(self) -> None:
        rows, _ = market()
        stars, raters = judged(rows)
        tens, raters_of_tens = judged([(a, b, (s - 1) * 5 - 10, t) for a, b, s, t in rows], -10, 10)
        for name, one in stars.items():
            scaled = [(part - 1) * 5 - 10 for part in (one.score, one.ci_low, one.ci_high)]
            assert [tens[name].score, tens[name].ci_low, tens[name].ci_high] == pytest.approx(scaled)
        assert {name: one.credibility for name, one in raters.items()} == pytest.approx(
            {name: one.credibility for name, one in raters_of_tens.items()}
        )

    def test_a_ratees_name_does_not_matter(self) -> None:
        rows, _ = market()
        renamed = judged([(a, "z" + b[::-1], s, t) for a, b, s, t in rows])[0]
        assert {"z" + name[::-1]: one.score for name, one in judged(rows)[0].items()} == pytest.approx(
            {name: one.score for name, one in renamed.items()}
        )


class TestSmallTables:
    def test_one_rating(self) -> None:
        ratees, raters = judged([("a", "x", 4, 0)])
        assert ratees["x"].ci_low < ratees["x"].score < ratees["x"].ci_high
        assert (ratees["x"].n, raters["a"].n) == (1, 1)
        assert ratees["x"].ci_high - ratees["x"].ci_low > 1

    @pytest.mark.parametrize("score", [1, 3, 5])
    def test_one_constant_score_is_the_score_of_all_and_nobody_is_doubted(self, score: float) -> None:
        ratees, raters = judged([(f"b{n}", f"s{n % 4}", score, n) for n in range(40)])
        assert [one.score for one in ratees.values()] == pytest.approx([score] * 4, abs=0.05)
        assert all(one.ci_low < one.ci_high for one in ratees.values())
        assert len({round(one.credibility, 6) for one in raters.values()}) == 1

    def test_who_has_no_vote_that_counts_has_a_place_and_a_wide_interval(self) -> None:
        rows, _ = market()
        raters, ratees, scores, times = zip(*rows, strict=True)
        table = pool_ratings(
            raters, ratees, np.array(scores), np.array(times), 1, 5, known_raters=["q"], known_ratees=["q"]
        )
        found = {one.ratee: one for one in standings(table)[0]}
        assert found["q"].n == 0
        assert found["q"].ci_high - found["q"].ci_low > 2 * max(
            one.ci_high - one.ci_low for name, one in found.items() if name != "q"
        )
        assert {one.rater: one.credibility for one in standings(table)[1]}["q"] == 0.5

    @given(
        st.lists(
            st.tuples(
                st.sampled_from("abcde"),
                st.sampled_from("vwxyza"),
                st.sampled_from([-10.0, -1.0, 0.0, 1.0, 2.5, 10.0]),
                st.sampled_from([0.0, 1.0, 86_400.0, float("nan")]),
            ),
            min_size=1,
            max_size=30,
        ),
        st.randoms(use_true_random=False),
    )
    @settings(max_examples=60)
    def test_any_table_has_scores_within_its_scale_whatever_the_order(self, rows: Rows, random: Random) -> None:
        ratees, raters = judged(rows, -10, 10)
        assert all(-10 <= one.ci_low <= one.score <= one.ci_high <= 10 for one in ratees.values())
        assert all(one.ci_low < one.ci_high for one in ratees.values())
        assert all(0 <= one.credibility <= 1 for one in raters.values())
        random.shuffle(rows)
        assert judged(rows, -10, 10) == (ratees, raters)

    def test_all_times_equal_or_none(self) -> None:
        rows, _ = market()
        same = judged([(a, b, s, 3.0) for a, b, s, _ in rows])[0]
        assert same == judged([(a, b, s, float("nan")) for a, b, s, _ in rows])[0]


class TestAttacks:
    def test_five_bad_mouthers_move_a_score_less_than_a_third_of_what_they_move_the_mean(self) -> None:
        rows, _ = market()
        victims = [f"s{shop:02d}" for shop in range(20, 30)]
        slander = [(f"liar{n}", victim, 1.0, 86_400.0 * n) for n in range(5) for victim in victims]
        before, after = judged(rows)[0], judged([*rows, *slander])[0]
        moved = np.mean([before[name].score - after[name].score for name in victims])
        mean = np.mean([mean_of(rows, name) - mean_of([*rows, *slander], name) for name in victims])
        assert moved < mean / 3

    def test_liars_are_less_credible_than_all_but_a_few_with_as_long_a_record(self) -> None:
        rows, _ = market()
        slander = [(f"liar{n}", f"s{shop:02d}", 1.0, 0.0) for n in range(5) for shop in range(20, 30)]
        raters = judged([*rows, *slander])[1]
        liars = [one.credibility for name, one in raters.items() if name.startswith("liar")]
        honest = [one.credibility for name, one in raters.items() if one.n >= 8 and name.startswith("b")]
        assert max(liars) < np.quantile(honest, 0.05)

    def test_a_crowd_of_new_accounts_is_one_voice(self) -> None:
        """100 accounts that praise four poor shops move those far less than the mean."""
        rows, truth = market()
        poor = [f"s{shop:02d}" for shop in range(4)]
        crowd = [(f"new{shop}{n}", shop, 5.0, 86_400.0 * (n % 50)) for shop in poor for n in range(100)]
        found = judged([*rows, *crowd])[0]
        ours = np.mean([abs(found[name].score - truth[name]) for name in poor])
        mean = np.mean([abs(mean_of([*rows, *crowd], name) - truth[name]) for name in poor])
        assert ours < mean / 2

    def test_a_burst_weighs_less_than_the_same_votes_spread_over_time(self) -> None:
        rows, truth = market()
        poor = [f"s{shop:02d}" for shop in range(4)]

        def praised(step: float) -> Rows:
            """Thirty accounts with two votes each, `step` seconds apart on each shop."""
            return [
                (f"new{n}", shop, 5.0, 40 * 86_400.0 * (n % 2) * (step > 1e4) + step * n)
                for n in range(60)
                for shop in (poor[n % 4], poor[(n + 1) % 4])
            ]

        def error(extra: Rows) -> float:
            found = judged([*rows, *extra])[0]
            return float(np.mean([abs(found[name].score - truth[name]) for name in poor]))

        assert error(praised(60.0)) < error(praised(0.8 * 86_400))

    def test_a_burst_is_seen_among_people_who_all_rate_once(self) -> None:
        rng = np.random.default_rng(2)
        market_rows, truth = market()
        rows = [(f"b{n}", shop, score, 50 * 86_400 * rng.random()) for n, (_, shop, score, _) in enumerate(market_rows)]
        poor = [f"s{shop:02d}" for shop in range(8)]
        crowd = [(f"new{shop}{n}", shop, 5.0, 1e6 + 60.0 * n) for shop in poor for n in range(40)]
        found = judged([*rows, *crowd])[0]
        ours = np.mean([abs(found[name].score - truth[name]) for name in poor])
        assert ours < np.mean([abs(mean_of([*rows, *crowd], name) - truth[name]) for name in poor]) / 3

    def test_no_attack_costs_little(self) -> None:
        """Dozens of ratings a shop by buyers who are all alike: the mean can't be beaten, and is nearly met."""
        errors = []
        for seed in range(6):
            rows, truth = market(seed)
            found = judged(rows)[0]
            errors.append(
                [(abs(found[name].score - truth[name]), abs(mean_of(rows, name) - truth[name])) for name in truth]
            )
        ours, mean = np.mean(errors, axis=(0, 1))
        assert ours < 1.12 * mean

    def test_a_few_who_rate_twice_are_no_measure_of_all_who_rate_once(self) -> None:
        """As in a shop's reviews: hardly anybody comes twice, and those who do are cross."""
        rng = np.random.default_rng(5)
        rows = [(f"b{n}", f"s{n % 12:02d}", float(rng.choice([3, 4, 5])), float(n)) for n in range(600)]
        cross = [(f"c{n % 12}", f"s{n % 11:02d}", 1.0, float(n)) for n in range(24)]
        found = judged([*rows, *cross])[0]
        assert np.mean([one.score for one in found.values()]) == pytest.approx(3.9, abs=0.15)
        assert max(one.ci_high - one.ci_low for one in found.values()) < 0.8

    def test_who_rates_once_is_not_judged_by_that(self) -> None:
        rows, _ = market()
        ratings = pooled([*rows, ("harsh", "s29", 1.0, 0.0), ("mild", "s28", 5.0, 0.0)])
        fit = fit_ratings(ratings)
        once = (ratings.per_rater() == 1)[ratings.rater]
        assert {ratings.raters[rater] for rater in ratings.rater[once]} >= {"harsh", "mild"}
        assert fit.care[once] == pytest.approx(1.0)
        assert fit.tilt[once] == pytest.approx(0.0)
        assert fit.care[~once].std() > 0.05


def mean_of(rows: Rows, ratee: str) -> float:
    return float(np.mean([score for _, name, score, _ in rows if name == ratee]))


def over(kind: str, figure: Callable[[Network], float], seeds: range = range(8)) -> float:
    return float(np.mean([figure(simulate_network(kind, seed, 120)) for seed in seeds]))


def our_scores(network: Network) -> np.ndarray:
    return np.array([one.score for one in standings(network.ratings)[0]])


class TestSimulatedNetworks:
    @pytest.mark.parametrize(
        "kind", ["ballot_stuffing", "bad_mouthing", "sybil", "sybil_few", "ring", "favours", "unfair_20"]
    )
    def test_frauds_are_told_better_than_by_the_mean_the_bound_and_beta(self, kind: str) -> None:
        ours = over(kind, lambda net: roc_auc_score(~net.is_fraud, our_scores(net)))
        for peer in ("mean", "wilson bound", "wilson bound of signs", "beta reputation"):
            assert ours > 0.02 + over(kind, lambda net, p=peer: roc_auc_score(~net.is_fraud, PEERS[p](net.ratings)))

    @pytest.mark.parametrize(("kind", "least"), [("ring", 0.98), ("bad_mouthing", 0.8), ("unfair_20", 0.8)])
    def test_unfair_raters_are_less_credible(self, kind: str, least: float) -> None:
        def auc(network: Network) -> float:
            credibility = [one.credibility for one in standings(network.ratings)[1]]
            return float(roc_auc_score(~network.is_unfair, credibility))

        assert over(kind, auc) > least

    def test_without_an_attack_it_is_as_good_as_the_mean(self) -> None:
        ours = over("none", lambda net: roc_auc_score(~net.is_fraud, our_scores(net)))
        assert ours > over("none", lambda net: roc_auc_score(~net.is_fraud, PEERS["mean"](net.ratings))) - 0.002

    def test_intervals_hold_the_truth(self) -> None:
        def share(network: Network) -> float:
            low, high = network.ratings.low, network.ratings.high
            truth = low + network.truth * (high - low)
            ratees = standings(network.ratings)[0]
            return float(np.mean([one.ci_low <= t <= one.ci_high for one, t in zip(ratees, truth, strict=True)]))

        assert 0.91 <= over("none", share, range(15)) <= 0.99
