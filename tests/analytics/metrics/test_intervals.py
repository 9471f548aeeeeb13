"""Intervals against published and hand-computed figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics.metrics import intervals
from analytics.metrics.intervals import ClusterMoments


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def moments(pairs: list[tuple[float, float]]) -> ClusterMoments:
    y, x = array(*(p[0] for p in pairs)), array(*(p[1] for p in pairs))
    one = [array(v.sum()) for v in (y, x, y * y, x * y, x * x)]
    return ClusterMoments(*one, m=array(len(pairs)))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(1, 50, 0.0035, 0.1050), (2, 2, 0.3424, 1.0), (100, 101, 0.9460, 0.9983), (600, 1000, 0.5693, 0.6299)],
)
def test_wilson(successes: float, trials: float, low: float, high: float) -> None:
    found = intervals.wilson(array(successes), array(trials))
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=5e-5)


def test_nothing_observed_gives_no_interval() -> None:
    for low, high in (intervals.wilson(array(0), array(0)), intervals.poisson_rate(array(0), array(0))):
        assert np.isnan(low).all()
        assert np.isnan(high).all()


def test_mean_of_four_stars_by_hand() -> None:
    # 5, 4, 4, 1: mean 3.5, variance 3, standard error sqrt(3/4), t(.975, 3) = 3.1824
    low, high = intervals.mean_of_sums(array(14), array(58), array(4))
    assert low[0] == pytest.approx(3.5 - 3.1824463 * math.sqrt(0.75))
    assert high[0] == pytest.approx(3.5 + 3.1824463 * math.sqrt(0.75))
    assert np.isnan(intervals.mean_of_sums(array(5), array(25), array(1))[0][0])


def test_twelve_equal_answers_are_not_certainty() -> None:
    # Variance at least 2/12, that of stars drawn at random over 12; t(.975, 11) = 2.2010
    low, high = intervals.mean_of_sums(array(60), array(300), array(12))
    half = 2.2009852 * math.sqrt(2 / 12 / 12)
    assert (low[0], high[0]) == pytest.approx((5 - half, 5 + half))
    # Twenty promoters: variance at least (2/3)/20
    low, high = intervals.net_promoter(array(20), array(20), array(20))
    half = 100 * 1.959964 * math.sqrt(2 / 3 / 20 / 20)
    assert (low[0], high[0]) == pytest.approx((100 - half, 100 + half))


def test_an_answer_that_differs_never_narrows_the_interval() -> None:
    n = np.arange(10.0, 200.0)
    equal = np.diff(np.array(intervals.mean_of_sums(5 * n, 25 * n, n)), axis=0)
    one_four = np.diff(np.array(intervals.mean_of_sums(5 * n - 1, 25 * n - 9, n)), axis=0)
    assert (one_four >= equal).all()


def test_net_promoter_by_hand() -> None:
    # 6 promoters, 2 detractors of 10: share .4, variance .8 − .16 = .64
    low, high = intervals.net_promoter(array(4), array(8), array(10))
    assert (low[0], high[0]) == pytest.approx(
        (100 * (0.4 - 1.959964 * 0.8 / math.sqrt(10)), 100 * (0.4 + 1.959964 * 0.8 / math.sqrt(10)))
    )


def test_exact_poisson_of_ten_events() -> None:
    low, high = intervals.poisson_rate(array(10, 0), array(100, 100))
    assert (low[0], high[0]) == pytest.approx((0.04795, 0.18390), abs=5e-5)  # Garwood's 4.795 and 18.390
    assert (low[1], high[1]) == pytest.approx((0.0, 0.03689), abs=5e-5)


def test_ratio_variance_of_three_merchants_by_hand() -> None:
    # y/x: 1/10, 4/10, 1/20: ratio 6/40 = .15, residuals −.5, 2.5, −2: 3/2 · 10.5 / 1600
    variance = intervals.ratio_variance(moments([(1, 10), (4, 10), (1, 20)]))
    assert variance[0] == pytest.approx(1.5 * 10.5 / 1600)
    low, high = intervals.clustered_ratio(array(0.15), moments([(1, 10), (4, 10), (1, 20)]))
    assert high[0] - low[0] == pytest.approx(2 * 4.3026527 * math.sqrt(1.5 * 10.5 / 1600))


def test_merchants_that_differ_make_a_pooled_share_less_certain() -> None:
    apart = intervals.clustered_share(array(0.5), array(400), moments([(100, 100), (100, 100), (0, 100), (0, 100)]))
    alike = intervals.clustered_share(array(0.5), array(400), moments([(50, 100)] * 4))
    naive = intervals.wilson(array(200), array(400))
    assert apart[1][0] - apart[0][0] > 5 * (naive[1][0] - naive[0][0])
    assert alike[0][0] == pytest.approx(naive[0][0])


def test_effective_trials_without_clustering_is_about_the_trials() -> None:
    generator = np.random.default_rng(5)
    pairs = [(float(generator.binomial(50, 0.3)), 50.0) for _ in range(4000)]
    share = sum(p[0] for p in pairs) / 200_000
    effective = intervals.effective_trials(array(share), array(200_000), moments(pairs))
    assert effective[0] == pytest.approx(200_000, rel=0.06)


def test_clustered_share_covers_the_truth_as_promised() -> None:
    """30 merchants whose rates scatter around 10 %: at least 93 % of intervals hold it, where Wilson's do far less often."""
    generator = np.random.default_rng(11)
    held, naive_held, runs = 0, 0, 400
    for _ in range(runs):
        rates = generator.beta(2, 18, size=30)
        x = np.full(30, 200.0)
        y = generator.binomial(200, rates).astype(np.float64)
        found = moments(list(zip(y, x, strict=True)))
        low, high = intervals.clustered_share(array(y.sum() / x.sum()), array(x.sum()), found)
        naive = intervals.wilson(array(y.sum()), array(x.sum()))
        held += low[0] <= 0.1 <= high[0]
        naive_held += naive[0][0] <= 0.1 <= naive[1][0]
    assert held / runs > 0.92
    assert naive_held / runs < 0.6


def test_difference_of_two_shares_after_newcombe() -> None:
    # Newcombe 1998, example (a): 56/70 against 48/80 gives .0524 to .3339
    first = tuple(float(b[0]) for b in intervals.wilson(array(56), array(70)))
    second = tuple(float(b[0]) for b in intervals.wilson(array(48), array(80)))
    found = intervals.difference(0.8, (first[0], first[1]), 0.6, (second[0], second[1]))
    assert found == pytest.approx((0.0524, 0.3339), abs=5e-5)
