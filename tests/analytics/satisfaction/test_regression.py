"""Fixed effects and clustered errors against what is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from analytics.satisfaction.regression import absorb, least_squares


def test_absorbing_two_groupings_leaves_no_mean_in_either() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 30, 500), rng.integers(0, 7, 500)
    inside = absorb(rng.normal(size=(500, 2)), [first, second])
    for group in (first, second):
        for place in range(2):
            sums = np.bincount(group, inside[:, place])
            assert np.abs(sums).max() < 1e-6


def test_absorbing_equals_dummies() -> None:
    rng = np.random.default_rng(4)
    group, other = rng.integers(0, 6, 300), rng.integers(0, 5, 300)
    x = rng.normal(size=(300, 1)) + group[:, None]
    y = 2.0 * x[:, 0] + group - 0.5 * other + rng.normal(size=300)
    dummies = np.column_stack([x, np.eye(6)[group], np.eye(5)[other][:, 1:]])
    expected = np.linalg.lstsq(dummies, y, rcond=None)[0][0]
    assert least_squares(y, x, group, [group, other]).coefficients[0] == pytest.approx(expected, abs=1e-7)


def test_clustered_errors_cover_where_plain_ones_would_not() -> None:
    seed = int(np.random.SeedSequence().entropy) % 2**32
    rng = np.random.default_rng(seed)
    covered = 0
    for _ in range(200):
        cluster = np.repeat(np.arange(40), 25)
        treated = (cluster < 20).astype(float)
        y = 1.0 + 0.5 * treated + rng.normal(0, 0.5, 40)[cluster] + rng.normal(0, 1, 1000)
        slope = least_squares(y, np.column_stack([np.ones(1000), treated]), cluster).slope(1)
        covered += slope.ci_low <= 0.5 <= slope.ci_high
    print(f"seed {seed}: {covered} of 200")
    assert 176 <= covered <= 199


def test_what_does_not_vary_within_a_merchant_is_not_told() -> None:
    group = np.repeat(np.arange(20), 5)
    rng = np.random.default_rng(5)
    x = np.column_stack([group.astype(float), rng.normal(size=100)])
    fit = least_squares(x[:, 1] + group, x, group, [group])
    assert np.isnan(fit.slope(0).value)
    assert fit.slope(1).value == pytest.approx(1.0)


@pytest.mark.parametrize("clusters", [40, 5])
def test_errors_are_those_of_statsmodels(clusters: int) -> None:
    """Clustered with many clusters, HC1 with few."""
    rng = np.random.default_rng(6)
    cluster = rng.integers(0, clusters, 600)
    x = np.column_stack([np.ones(600), rng.normal(size=600), rng.random(600) < 0.1]).astype(float)
    y = x @ [1.0, 0.5, -2.0] + rng.normal(0, 1, clusters)[cluster] + rng.normal(0, 1 + x[:, 2], 600)
    fit = least_squares(y, x, cluster)
    model = sm.OLS(y, x)
    expected = (
        model.fit(cov_type="cluster", cov_kwds={"groups": cluster}) if clusters >= 10 else model.fit(cov_type="HC1")
    )
    assert fit.coefficients == pytest.approx(expected.params, rel=1e-9)
    assert fit.covariance == pytest.approx(expected.cov_params(), rel=1e-8)
    if clusters >= 10:
        expected = model.fit(cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True)
        assert (fit.slope(1).ci_low, fit.slope(1).ci_high) == pytest.approx(tuple(expected.conf_int()[1]), rel=1e-8)
