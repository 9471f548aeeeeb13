"""Reviews beyond the facts: by hand, what a bound may never turn round, where nothing is bounded, and slander of the best by marketplaces of seeds drawn now."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from analytics.bench.rated_markets import simulated
from analytics.errors import InputError
from analytics.trust import (
    Programme,
    TrustModel,
    default_programme,
    explain_from_counts,
    fit_model,
    load_programme,
    score_from_counts,
)
from analytics.trust.bounded import FEWEST, Line, _robust, heard
from analytics.trust.posterior import posterior
from analytics.trust.programme import PROGRAMMES
from analytics.trust.score import trust_scores
from tests.analytics.trust.marketplaces import counts_of

PROGRAMME = default_programme()
BOUND = PROGRAMME.bounds[0]
TEXT = (PROGRAMMES / "trustdesk.toml").read_text(encoding="utf-8")

# One fact, expected to add twice what it is beyond the peers' .1; reviews have peers of .2 that weigh 10.
LINE = Line(column=1, facts=(0,), level=0.0, slopes=(2.0,), bound=0.05)
MEAN, STRENGTH = np.array([[0.1, 0.2]]), np.array([[10.0, 10.0]])


def bounded_mean(fact: tuple[float, float], reviews: tuple[float, float]) -> float:
    counted, total = np.array([[fact[0], reviews[0]]]), np.array([[fact[1], reviews[1]]])
    return float((2.0 + heard([LINE], counted, total, MEAN, STRENGTH)[0, 1]) / (10 + reviews[1]))


@pytest.mark.parametrize(
    ("fact", "reviews", "expected"),
    [
        ((0, 0), (0, 0), 0.2),  # nothing known: peers
        ((9, 90), (10, 50), 0.2),  # as the facts have it
        ((9, 90), (28, 50), 0.25),  # 30 of 60 would be .5; facts as the peers', so .2 and the bound
        ((9, 90), (0, 50), 0.15),  # praise
        ((4, 90), (28, 40), 0.2 - 0.1 * 12 / 22 + 0.05),  # fact at .05: .1 below the peers, as far as 12 good reviews of 22 bear it out
        ((24, 90), (40, 60), 0.5 + 0.05),  # fact at .25: .3 above the peers
        ((24, 90), (20, 50), 0.2 + 22 / 60 - 0.2),  # between what praise and slander are held at
        ((24, 90), (5, 90), 0.2 + 0.3 * 5 / 15 - 0.05),  # bad facts, praised
    ],
)  # fmt: skip
def test_by_hand(fact: tuple[float, float], reviews: tuple[float, float], expected: float) -> None:
    assert bounded_mean(fact, reviews) == pytest.approx(expected, abs=1e-12)


def test_a_bad_review_or_a_worse_fact_never_helps_and_a_good_review_never_hurts() -> None:
    generator = np.random.default_rng(seed := secrets.randbelow(10**6))
    print(f"seed {seed}")
    for _ in range(2000):
        n, orders = (float(value) for value in generator.integers(0, 80, 2))
        x, fact = n * generator.random(), orders * generator.random()
        now = bounded_mean((fact, orders), (x, n))
        assert bounded_mean((fact, orders), (x + 1, n + 1)) >= now - 1e-12
        assert bounded_mean((fact + 1, orders + 1), (x, n)) >= now - 1e-12
        assert bounded_mean((fact, orders), (x, n + 1)) <= now + 1e-12
        assert bounded_mean((fact, orders), (0, 0)) == pytest.approx(0.2)


def borne_out(merchants: int, seed: int) -> pd.DataFrame:
    """A marketplace whose reviews follow its facts, as those of the demo do."""
    generator = np.random.default_rng(seed)
    trouble, rows = generator.random(merchants) ** 2, []
    for bad in trouble:
        n = int(generator.integers(80, 400))
        rates = {"late_seller_rate": 0.2 * bad, "seller_cancellation_rate": 0.05 * bad, "seller_return_rate": 0.1 * bad, "seller_dispute_rate": 0.04 * bad, "negative_order_rate": 0.03 + 0.35 * bad}  # fmt: skip
        rows.append({name: (int(generator.binomial(n, rate)), n) for name, rate in rates.items()} | {"n": n})
    return counts_of(rows)


def slander(counts: pd.DataFrame, merchants: list[str], share: float) -> pd.DataFrame:
    """This share of the reviews of some merchants turned into bad ones."""
    found, told = counts.copy(), counts["merchant_id"].isin(merchants)
    bad, n = (f"{BOUND.rate}.recent_{part}" for part in ("numerator", "denominator"))
    found.loc[told, bad] += share * (found.loc[told, n] - found.loc[told, bad])
    return found


def unbounded(model: TrustModel) -> TrustModel:
    return replace(model, lines=())


def test_slander_of_the_best_costs_them_little_and_without_the_bound_much() -> None:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")
    counts = borne_out(200, seed)
    model = fit_model(counts, PROGRAMME)
    scores = score_from_counts(counts, model).set_index("merchant_id")["score"]
    best = scores.nlargest(20).index.tolist()
    attacked = slander(counts, best, 0.2)
    lost = [
        (
            score_from_counts(counts, each).set_index("merchant_id")["score"]
            - score_from_counts(attacked, each).set_index("merchant_id")["score"]
        )[best].mean()
        for each in (model, unbounded(model))
    ]
    assert lost[1] > 5
    assert 0 <= lost[0] < 0.35 * lost[1]
    refitted = fit_model(attacked, PROGRAMME)
    ranks = [score_from_counts(attacked, each).set_index("merchant_id")["score"].rank(pct=True) for each in (refitted, unbounded(refitted))]  # fmt: skip
    assert ranks[0][best].mean() > ranks[1][best].mean()


def test_contributions_add_up_and_all_but_the_bounded_rate_stays() -> None:
    counts = slander(borne_out(60, 5), ["m0003", "m0004"], 0.3)
    model = fit_model(counts, PROGRAMME)
    bounded, believed = score_from_counts(counts, model), score_from_counts(counts, unbounded(model))
    parts = bounded.filter(like="contribution.").sum(axis=1)
    assert (parts - bounded["score"]).abs().max() < 1e-9
    held = bounded[f"points.{BOUND.rate}"] - believed[f"points.{BOUND.rate}"]
    assert held.abs().max() > 1
    assert (bounded["score"] - believed["score"] - held).abs().max() < 1e-9
    others = [name for name in bounded if name.startswith("points.") and BOUND.rate not in name]
    pd.testing.assert_frame_equal(bounded[others], believed[others])
    for score in trust_scores(counts, model):
        assert score.ci_low is not None
        assert score.ci_high is not None
        assert score.score is not None
        assert score.ci_low <= score.score <= score.ci_high


def test_why_says_from_what_to_what_and_only_where_something_was_held() -> None:
    counts = slander(borne_out(60, 5), ["m0003"], 0.6)
    model = fit_model(counts, PROGRAMME)
    rate = explain_from_counts(counts, model, "m0003")[column_of_reviews(model)]
    assert rate.unbounded_mean == pytest.approx(posterior(counts, unbounded(model)).mean[3, column_of_reviews(model)])
    assert rate.unbounded_mean > rate.posterior_mean + 0.1
    assert rate.points == score_from_counts(counts, model)[f"points.{BOUND.rate}"].iloc[3]
    assert rate.ci_low < rate.posterior_mean < rate.ci_high
    told = [one.unbounded_mean for name in counts["merchant_id"] for one in explain_from_counts(counts, model, name)]
    assert 0 < sum(value is not None for value in told) < len(counts)
    wide = fit_model(counts, with_bound(1.0))
    assert all(one.unbounded_mean is None for one in explain_from_counts(counts, wide, "m0003"))


def column_of_reviews(model: TrustModel) -> int:
    return [rate.rate_id for rate in model.rates].index(BOUND.rate)


def with_bound(bound: float) -> Programme:
    return replace(PROGRAMME, bounds=(replace(BOUND, bound=bound),))


def test_where_no_disputes_are_recorded_nothing_is_bounded() -> None:
    counts = simulated(80, 4).counts
    without = counts.assign(**{"seller_dispute_rate.evidence": 0.0})
    model = fit_model(without, PROGRAMME)
    assert "seller_dispute_rate" in model.left_out
    assert model.lines == ()
    assert trust_scores(without, model) == trust_scores(without, fit_model(without, replace(PROGRAMME, bounds=())))
    assert len(fit_model(counts, PROGRAMME).lines) == 1


def test_few_merchants_tell_no_line() -> None:
    counts = borne_out(FEWEST, 2)
    assert len(fit_model(counts, PROGRAMME).lines) == 1
    assert fit_model(counts.iloc[1:], PROGRAMME).lines == ()


def test_a_minority_cannot_bend_the_line() -> None:
    counts = borne_out(200, 9)
    line = fit_model(counts, PROGRAMME).lines[0]
    attacked = slander(counts, counts["merchant_id"].iloc[:20].tolist(), 0.9)
    model = fit_model(attacked, PROGRAMME)
    rows, own = model.rows(counts["category"]), posterior(counts, model).mean
    told = model.lines[0].expected(own, model.mean[rows])
    before = fit_model(counts, PROGRAMME)
    expected = line.expected(posterior(counts, before).mean, before.mean[before.rows(counts["category"])])
    assert np.median(np.abs(told - expected)) < 0.02


def test_a_rate_where_higher_is_better_is_bounded_alike() -> None:
    """Satisfied buyers instead of dissatisfied ones: the mirror image."""
    counts = slander(borne_out(60, 5), ["m0003"], 0.6)
    mirrored = counts.copy()
    for kind in ("numerator", "recent_numerator"):
        of = kind.replace("numerator", "denominator")
        mirrored[f"{BOUND.rate}.{kind}"] = counts[f"{BOUND.rate}.{of}"] - counts[f"{BOUND.rate}.{kind}"]
    rates = tuple(
        replace(rate, direction="higher", good=1 - rate.good, bad=1 - rate.bad) if rate.rate_id == BOUND.rate else rate
        for rate in PROGRAMME.rates
    )
    components = tuple(
        replace(one, rates=tuple(rate for rate in rates if rate.component_id == one.component_id))
        for one in PROGRAMME.components
    )
    other = replace(PROGRAMME, components=components)
    same = score_from_counts(counts, fit_model(counts, PROGRAMME))["score"]
    assert score_from_counts(mirrored, fit_model(mirrored, other))["score"].to_numpy() == pytest.approx(same.to_numpy())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('rate = "negative_order_rate"', 'rate = "negative_orders_rate"', "Did you mean 'negative_order_rate'?"),
        ("bound = 0.015", "bound = 1.5", r"\[\[bounds\]\] 1: bound: expected a number from 0 to 1, found 1.5"),
        ("bound = 0.015", "bond = 0.015", "Found 'bond': did you mean 'bound'?"),
        ("bound = 0.015", "bound = 0.015\nsure = 1", "unknown key 'sure'"),
        ('where_recorded = "seller_dispute_rate"', 'where_recorded = "dispute_rate"', "Did you mean"),
        ('facts = ["late_seller_rate"', 'facts = ["late_sellers_rate"', "facts: no rate 'late_sellers_rate'"),
        ('facts = ["late_seller_rate"', 'facts = ["negative_order_rate"', "is bounded itself and no fact"),
        ('facts = ["late_seller_rate"', 'facts = ["seller_dispute_rate"', "one or more different rates"),
        ('"seller_return_rate", "seller_dispute_rate"]\nwhere', '"buyer_csat", "buyer_csat"]\nwhere', "different rates"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_bounds_is_one_clear_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    assert TEXT.count(old) == 1
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        load_programme(path)


def test_a_rate_has_one_bound_and_a_definition_may_have_none(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    start, end = TEXT.index("[[bounds]]"), TEXT.index("# Rates that count the same orders, and")
    path.write_text(TEXT[:end] + TEXT[start:end] + TEXT[end:], encoding="utf-8")
    with pytest.raises(InputError, match="'negative_order_rate' appears twice"):
        load_programme(path)
    path.write_text(TEXT[:start] + TEXT[end:], encoding="utf-8")
    assert load_programme(path).bounds == ()


@pytest.mark.parametrize("kind", ["apart", "twins", "constant", "few reviews"])
def test_the_line_is_that_of_plain_least_squares_reweighted_fifteen_times(kind: str) -> None:
    generator = np.random.default_rng(seed := secrets.randbelow(10**6))
    print(f"seed {seed}")
    n = int(generator.integers(40, 400))
    columns = np.column_stack([generator.random(n), generator.normal(0, 0.05, (n, 3))])
    if kind == "few reviews":
        columns[generator.random(n) < 0.7] = 0.0
    if kind in ("twins", "constant"):
        columns[:, 3] = columns[:, 2] * (kind == "twins")
    y = columns @ np.array([0.01, 2.0, 1.0, 0.3]) + columns[:, 0] * generator.standard_t(3, n) * 0.02
    weight, plain = np.ones(n), np.zeros(4)
    for _ in range(15):
        root = np.sqrt(weight)
        down, up, *slopes = nnls(np.column_stack([-columns[:, 0], columns]) * root[:, None], y * root)[0]
        plain = np.array([up - down, *slopes])
        left = np.abs(y - columns @ plain)
        weight = np.minimum(1.0, max(1.4826 * float(np.median(left)), 1e-6) / np.maximum(left, 1e-9))
    level, found = _robust(columns, y)
    assert np.abs(columns @ np.array([level, *found]) - columns @ plain).max() < 1e-10
