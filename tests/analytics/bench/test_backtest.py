"""The backtest: its peers against published figures, its measures against scikit-learn, and that no method sees what came later."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from analytics.bench import backtest as bench
from analytics.bench.backtest import Counts, Forecast, Judged, chance_over, judge, resamples, wilson_interval
from analytics.bench.newcomers import (
    CLEARED,
    FLAGGED,
    UNDECIDED,
    Known,
    from_outcome,
    from_probability,
    from_share,
    limit_calibration,
    newcomer_rows,
)
from app.bench import backtest as command
from app.commands import main
from tests.analytics.trust.test_outlook import NAMES, NOW, history_of, marketplace, order


def counts(bad: list[float], orders: list[float], category: list[int] | None = None) -> Counts:
    b, n = np.array(bad), np.array(orders)
    return Counts(b, n, b, n, n, np.array(category or [-1] * len(bad)))


@pytest.mark.parametrize(
    ("good", "n", "bound"), [(2, 2, 0.3424), (100, 101, 0.9460), (600, 1000, 0.5693), (5500, 10_000, 0.5402)]
)
def test_wilson_vectors(good: int, n: int, bound: float) -> None:
    """The lower end of the good share is one less the upper end of the bad one."""
    assert wilson_interval(np.array([good]), np.array([n]))[0][0] == pytest.approx(bound, abs=5e-4)
    assert 1 - bench.wilson_bound(counts([n - good], [n])).mean[0] == pytest.approx(bound, abs=5e-4)


def test_wilson_interval_of_one_in_fifty() -> None:
    low, high = wilson_interval(np.array([1.0]), np.array([50.0]))
    assert (low[0], high[0]) == (pytest.approx(0.0035, abs=5e-5), pytest.approx(0.1050, abs=5e-5))


def test_peers_by_hand() -> None:
    told = counts([1, 0, 5], [10, 0, 10])
    assert bench.plain_mean(told).mean.tolist() == pytest.approx([0.1, 6.5 / 25, 0.5])
    assert bench.plain_mean(counts([0, 3], [9, 3])).mean.tolist() == pytest.approx(
        [0.05, 0.875]
    )  # half an order from 0 and 1
    assert bench.beta_reputation(told).mean.tolist() == pytest.approx([2 / 12, 1 / 2, 6 / 12])
    assert bench.beta_reputation(told).precision.tolist() == [12, 2, 12]
    assert bench.wilson_bound(told).mean[1] == 1


def test_forgetting_halves_in_sixty_days() -> None:
    old = [order("a", 60.0, low_review_day=NOW - 50, review_day=NOW - 50, stars=1) for _ in range(40)]
    told = bench.read_counts(history_of(old, {"a": "toys"}))
    assert (told.bad[0], told.recent_bad[0]) == (40, pytest.approx(20))
    assert bench.beta_reputation_forgetting(told).mean[0] == pytest.approx(21 / 22)


def test_empirical_bayes_finds_the_distribution_that_merchants_were_drawn_from() -> None:
    rng = np.random.default_rng(5)
    orders = rng.integers(1, 200, 2000).astype(float)
    category = np.arange(2000) % 2
    share = np.where(category == 0, rng.beta(2, 18, 2000), rng.beta(12, 28, 2000))
    bad = rng.binomial(orders.astype(int), share).astype(float)
    nobody = counts([*bad, 0, 0], [*orders, 0, 0], [*category, 0, 1])
    found = bench.empirical_bayes(nobody)
    assert found.mean[-2:].tolist() == pytest.approx([0.1, 0.3], abs=0.01)
    assert found.precision[-2:].tolist() == pytest.approx([20, 40], rel=0.2)
    assert np.abs(found.mean[:-2] - share).mean() < np.abs(bad / orders - share).mean()


def test_chance_over_is_that_of_the_beta_binomial() -> None:
    n = np.array([10.0, 37.0, 400.0])
    forecast = Forecast(np.array([0.1, 0.3, 0.12]), np.array([20.0, 5.0, 300.0]))
    expected = [
        stats.betabinom.sf(np.floor(0.15 * k + 1e-9), int(k), m * s, (1 - m) * s)
        for k, m, s in zip(n, forecast.mean, forecast.precision, strict=True)
    ]
    assert chance_over(forecast, n, 0.15).tolist() == pytest.approx(expected, abs=1e-9)
    certain = replace(forecast, precision=np.full(3, np.inf))
    assert chance_over(certain, n, 0.1).tolist() == pytest.approx(stats.binom.sf([1, 3, 40], n, forecast.mean).tolist())


@pytest.fixture
def judged() -> list[Judged]:
    rng = np.random.default_rng(2)
    days = []
    for _ in range(3):
        orders = rng.integers(0, 60, 80).astype(float)
        share = rng.beta(2, 15, 80)
        bad = rng.binomial(orders.astype(int), share).astype(float)
        said = {"near": Forecast(np.clip(share + rng.normal(0, 0.02, 80), 0.01, 0.9), np.full(80, 50.0))}
        said["far"] = Forecast(np.full(80, 0.12), np.full(80, np.inf))
        days.append(judge(bad, orders, said, 0.15))
    return days


def test_measures_are_those_of_scikit_learn(judged: list[Judged]) -> None:
    alone = resamples(80, 1, 0)[:1]
    outcome, said = [], []
    for day in judged:
        for bad, orders, mean in zip(day.bad, day.orders, day.mean["near"], strict=True):
            outcome += [1] * int(bad) + [0] * int(orders - bad)
            said += [mean] * int(orders)
    assert bench.log_loss(judged, "near", alone)[0] == pytest.approx(sklearn_log_loss(outcome, said))
    aucs = [
        roc_auc_score(bench.is_bad_merchant(day.share[day.is_ranked]), day.mean["near"][day.is_ranked])
        for day in judged
    ]
    assert bench.rank_auc(judged, "near", alone)[0] == pytest.approx(np.mean(aucs))
    assert bench.rank_auc(judged, "far", alone)[0] == 0.5
    ranks = [stats.spearmanr(day.mean["near"][day.is_ranked], day.share[day.is_ranked]).statistic for day in judged]
    assert bench.spearman(judged, "near", alone)[0] == pytest.approx(np.mean(ranks))


def test_a_resample_is_the_measure_of_the_merchants_drawn(judged: list[Judged]) -> None:
    weights = resamples(80, 5, 3)
    day = judged[0]
    drawn = np.repeat(np.arange(len(day.merchant)), weights[4, day.merchant].astype(int))
    outcome = np.concatenate([[1] * int(day.bad[i]) + [0] * int(day.orders[i] - day.bad[i]) for i in drawn])
    said = np.concatenate([[day.mean["near"][i]] * int(day.orders[i]) for i in drawn])
    assert bench.log_loss([day], "near", weights)[4] == pytest.approx(sklearn_log_loss(outcome, said))
    is_bad = np.zeros(len(day.merchant), dtype=bool)
    is_bad[day.is_ranked] = bench.is_bad_merchant(day.share[day.is_ranked])
    ranked = drawn[day.is_ranked[drawn]]
    expected = roc_auc_score(is_bad[ranked], day.mean["near"][ranked])
    assert bench.rank_auc([day], "near", weights)[4] == pytest.approx(expected)


def test_calibration_errors() -> None:
    said, came = np.array([0.05, 0.05, 0.95, 0.95]), np.array([0.0, 1.0, 1.0, 1.0])
    place, every = np.array([0, 0, 9, 9]), np.arange(4)
    error = bench.calibration_error(said, came, place, every, np.ones(4), np.ones((1, 4)))
    assert error[0] == pytest.approx((0.45 * 2 + 0.05 * 2) / 4)
    twice = bench.calibration_error(said, came, place, every, np.ones(4), np.array([[0.0, 2, 1, 1]]))
    assert twice[0] == pytest.approx((0.95 * 2 + 0.05 * 2) / 4)


def test_a_right_forecast_is_calibrated_and_a_vain_one_is_not(judged: list[Judged]) -> None:
    alone = np.ones((1, 80))
    for measure in (bench.rate_calibration_error, bench.limit_calibration_error):
        assert measure(judged, "near", alone)[0] < 0.15
    vain = [replace(day, over={"vain": np.where(day.is_ranked, 0.99, np.nan)}) for day in judged]
    assert bench.limit_calibration_error(vain, "vain", alone)[0] > 0.5


def test_what_happened_after_the_day_changes_no_forecast() -> None:
    """Ours and the peers' forecasts of a history are those of the history without its later orders."""
    orders = marketplace()
    past = NOW - 30
    kept = [row for row in orders if float(str(row["ordered_day"])) < past]
    blind = []
    for row in kept:
        after = [
            name for name in ("shipped_day", "review_day", "low_review_day") if float(str(row.get(name, 0))) >= past
        ]
        blanked = {**row, **dict.fromkeys(after, np.nan)}
        if "review_day" in after:
            blanked["stars"] = np.nan
        if "shipped_day" in after:
            blanked["overrun_days"] = np.nan
        blind.append(blanked)
    known, cut = history_of(blind, NAMES, known_at=past), history_of(kept, NAMES, known_at=past)
    for name, forecast in command.foretell(known)[1].items():
        other = command.foretell(cut)[1][name]
        np.testing.assert_allclose(forecast.mean, other.mean, atol=1e-6, err_msg=name)


def test_verdicts() -> None:
    assert from_probability(np.array([0.95, 0.9, 0.5, 0.1, 0.0])).tolist() == [2, 2, 1, 0, 0]
    assert from_share(np.array([3.0, 1, 1]), np.array([20.0, 20, 19]), 0.1, 20).tolist() == [
        FLAGGED,
        CLEARED,
        UNDECIDED,
    ]
    outcome = np.array(["pass", "near", "fail", "too_few"], dtype=object)
    assert from_outcome(outcome).tolist() == [CLEARED, CLEARED, FLAGGED, UNDECIDED]


def test_newcomers_by_hand() -> None:
    share = np.array([0.1, 0.1, 0.1, 0.1, 0.3, 0.3, np.nan, 0.19, 0.21])
    known = Known(share, np.full(9, 500.0), np.array([10, 20, 600, 700, 30, 800, 10, 10, 10]))
    verdict = np.array([FLAGGED, UNDECIDED, FLAGGED, CLEARED, UNDECIDED, FLAGGED, FLAGGED, FLAGGED, CLEARED], np.int8)
    small, _middle, large, ratio = newcomer_rows(known, {"x": verdict}, 0.2, np.ones((3, 9)))
    assert (small["good"], small["false_flag_rate"], small["good_undecided_rate"]) == (2, 0.5, 0.5)
    assert (small["bad"], small["miss_rate"], small["bad_undecided_rate"]) == (1, 1.0, 1.0)
    assert (large["good"], large["false_flag_rate"], large["bad"], large["miss_rate"]) == (2, 0.5, 1, 0.0)
    assert (ratio["ratio"], ratio["over_bound"]) == (1.0, pytest.approx(-0.125))


def test_limit_calibration_by_hand() -> None:
    found = limit_calibration(
        np.array([0.95, 0.95, 0.05, 0.5]), np.array([0.3, 0.1, 0.1, np.nan]), 0.2, np.ones((4, 4))
    )
    assert (found["merchants"], found["ece"]) == (3, pytest.approx((0.45 * 2 + 0.05) / 3))


def test_the_command_on_the_demo(demo_warehouse: Path) -> None:
    arguments = ["bench", "backtest", "--warehouse", str(demo_warehouse), "--seed", "4", "--resamples", "50"]
    dates = ["--from", "2026-05-15", "--to", "2026-06-20", "--every", "30"]
    result = CliRunner().invoke(main, [*arguments, *dates, "--json"])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    data, *days = (row for row in rows if row["record"] in ("data", "day"))
    assert (data["days"], data["seed"], data["left_out"]) == (2, 4, [])
    assert [day["as_of"] for day in days] == ["2026-05-15", "2026-06-14"]
    assert data["orders"] == sum(day["orders"] for day in days) > 1000
    scores = {(row["measure"], row["method"]): row for row in rows if row["record"] == "score"}
    assert len(scores) == len(bench.MEASURES) * (1 + len(bench.PEERS)) + len(bench.RANKS)  # the score ranks only
    assert all(row["ci_low"] <= row["ci_high"] for row in scores.values())
    loss = {method: row["value"] for (measure, method), row in scores.items() if measure == "log_loss"}
    assert min(loss, key=lambda name: loss[name]) == "trustdesk"
    ahead = scores["log_loss", "mean"]
    assert ahead["ours_ahead"] == pytest.approx(loss["mean"] - loss["trustdesk"])
    assert {row["record"] for row in rows} >= {"limit", "newcomers", "false_flags"}
    methods = {row["method"] for row in rows if row["record"] == "false_flags"}
    assert {"trustdesk", "observed share", "amazon", "taobao"} <= methods


def test_days_that_no_order_follows_are_not_judged(tmp_path: Path) -> None:
    """A shop's orders stop for eleven months: it is said in one line, and so is a source that records nothing bad."""
    source, root = tmp_path / "source", str(tmp_path / "warehouse")
    source.mkdir()
    placed = [
        {"event_id": f"p{day}", "kind": "order_placed", "occurred_at": f"2025-{month:02d}-{day:02d}T08:00:00Z"}
        for month, day in ((1, 1), (1, 2), (12, 3))
    ]
    delivered = {"event_id": "d1", "kind": "order_delivered", "occurred_at": "2025-01-05T08:00:00Z", "order_id": "p1"}
    due = {"deliver_by_at": "2025-01-04T08:00:00Z", "merchant_id": "a", "buyer_id": "u", "line_id": "1"}
    rows = [{**due, "product_id": "x", "quantity": 1, "order_id": row["event_id"], **row} for row in placed]
    load = ["ingest", "canonical", str(source), "--warehouse", root]
    for events, message in (
        (rows, "nothing that makes an order bad is recorded"),
        ([{**due, **delivered}], "No merchant known on a day had an order in the 60 days after it"),
    ):
        (source / "events.jsonl").write_text("\n".join(json.dumps(row) for row in events), encoding="utf-8")
        assert CliRunner().invoke(main, load).exit_code == 0
        result = CliRunner().invoke(main, ["bench", "backtest", "--warehouse", root])
        assert result.exit_code == 1
        assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "2027-01-01"], "A day must have 150 days of orders before it and 105 after it"),
        (["--orders", "nowhere.csv"], "There is no nowhere.csv"),
    ],
)
def test_bad_input_is_one_line(demo_warehouse: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["bench", "backtest", "--warehouse", str(demo_warehouse), *arguments])
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output
