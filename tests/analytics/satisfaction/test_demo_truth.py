"""On a simulated marketplace whose effects are known, the studies find them; the seed is drawn at run time and printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import adjusted_rand_score

from analytics.demo import behaviour
from analytics.metrics import Scope
from analytics.satisfaction import source
from analytics.satisfaction.chain import OUTCOME_DAYS, chain_of
from analytics.satisfaction.cohorts import cohorts_of
from analytics.satisfaction.drift import drift_of
from analytics.satisfaction.drivers import Driver, drivers_of
from analytics.satisfaction.segments import segment_merchants
from analytics.trust import MARTS, default_programme, score_merchants
from analytics.warehouse import Cursor, Warehouse
from app.commands import main

WIDER = 2.2  # times the interval's half width: one draw in 50,000 misses by chance


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    seed = int(np.random.SeedSequence().generate_state(1)[0]) % 100_000
    print(f"demo seed {seed}")
    folder = tmp_path_factory.mktemp("truth") / "warehouse"
    done = CliRunner().invoke(main, ["demo", "--scale", "small", "--seed", str(seed), "--warehouse", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def cursor(root: Path) -> Iterator[Cursor]:
    with Warehouse(root).cursor() as opened:
        yield opened


@pytest.fixture(scope="module")
def year(cursor: Cursor) -> Scope:
    last = source.last_day(cursor)
    return Scope(last - timedelta(days=364), last)


def effect(root: Path, cause: str, outcome: str) -> float:
    truth = pd.read_parquet(root / "truth" / "effects.parquet").set_index(["cause", "outcome"])
    return float(truth.loc[(cause, outcome), "effect"])


def driver(orders: pd.DataFrame, outcome: str, cause: str) -> Driver:
    return next(found for found in drivers_of(orders, outcome).drivers if found.cause == cause)


def holds(found: Driver, truth: float) -> bool:
    assert found.adjusted is not None
    print(f"{found.cause}: truth {truth:.3f}, adjusted {found.adjusted}, raw {found.raw}")
    return abs(found.adjusted.value - truth) <= WIDER * (found.adjusted.ci_high - found.adjusted.ci_low) / 2


def test_lateness_costs_the_returns_that_it_was_made_to_cost(root: Path, cursor: Cursor, year: Scope) -> None:
    orders = source.orders(cursor, year).rows
    orders["late_seller"] = (
        orders["late_seller"] + orders["late_other"]
    )  # the truth is of late orders whoever was at fault
    assert holds(
        driver(orders.assign(late_other=0), "repeat", "late_seller"), effect(root, "late_delivery", "repeat_rate")
    )


def test_the_stars_that_causes_cost_are_found_where_everybody_is_heard(root: Path, cursor: Cursor, year: Scope) -> None:
    """With the stars of all buyers, silent ones too, the adjusted differences are the replayed ones; a slow reply's plain difference is far from it."""
    orders = source.orders(cursor, year).rows
    truth = pd.read_parquet(root / "truth" / "orders.parquet").set_index("order_id")["latent_experience"]
    orders["score"] = behaviour.score_of(truth.loc[orders["order_id"]].to_numpy(dtype=np.float64)).astype(float)
    orders["late_seller"] = orders["late_seller"] + orders["late_other"]
    orders = orders[orders["cancelled"] == 0].assign(late_other=0)
    late = driver(orders, "rating", "late_seller")
    assert late.adjusted is not None
    assert abs(late.adjusted.value - effect(root, "late_delivery", "score")) < 0.25
    slow, planted = driver(orders, "rating", "slow_reply"), effect(root, "slow_reply", "score")
    assert slow.adjusted is not None
    assert slow.raw is not None
    assert slow.adjusted.ci_high < 0
    assert abs(slow.adjusted.value - planted) < abs(slow.raw.value - planted)


def test_the_disappointed_come_back_less(cursor: Cursor, year: Scope) -> None:
    assert cursor.data_up_to is not None
    found = cohorts_of(source.first_orders(cursor, year).rows, cursor.data_up_to)
    assert found.status == "ok"
    assert found.difference_low is not None
    assert found.difference_low > 0


def test_raters_of_the_demo_keep_their_standards(cursor: Cursor, year: Scope) -> None:
    slope = drift_of(source.ratings(cursor, year).rows).standards
    assert slope is not None
    assert abs(slope.value) <= WIDER * (slope.ci_high - slope.ci_low) / 2


def test_trust_goes_before_satisfaction(root: Path, cursor: Cursor, year: Scope) -> None:
    days = source.chain_days(cursor, year, OUTCOME_DAYS)
    assert days is not None
    with Warehouse(root).cursor(as_of=days[0], marts=MARTS) as then:
        known = [(s.merchant_id, s.score, s.level) for s in score_merchants(then)]
    scores = pd.DataFrame(known, columns=["merchant_id", "score", "level"]).astype({"score": float})
    orders = source.orders(cursor, replace(year, date_from=days[1], date_to=days[2])).rows
    levels = [level.level_id for level in default_programme().levels]
    links = {link.outcome: link for link in chain_of(orders, scores, levels, *days).links}
    assert links["rating"].adjusted is not None
    assert links["rating"].adjusted.ci_low > 0
    assert links["bad"].adjusted is not None
    assert links["bad"].adjusted.ci_high < 0


def test_segments_of_merchants_tell_their_kinds_apart_better_than_chance(
    root: Path, cursor: Cursor, year: Scope
) -> None:
    found = segment_merchants(source.merchants(cursor, replace(year, date_from=year.date_to - timedelta(days=179))))
    kinds = pd.read_parquet(root / "truth" / "merchants.parquet").set_index("merchant_id")["kind"]
    of = {m: segment.number for segment in found.segments for m in segment.members if m in kinds.index}  # no attacker's
    ari = adjusted_rand_score(kinds[list(of)], list(of.values()))
    print(f"k {found.k}, ARI with the true kinds {ari:.3f}")
    assert ari > 0.05


def test_samples_are_the_same_each_time_and_say_how_many(cursor: Cursor, year: Scope) -> None:
    whole, part = source.orders(cursor, year), source.orders(cursor, year, limit=2_000)
    assert (whole.every, len(whole.rows)) == (1, whole.total)
    assert part.total == whole.total
    assert part.every == -(-whole.total // 2_000)
    assert 0.8 < len(part.rows) * part.every / whole.total < 1.2
    assert part.rows.equals(source.orders(cursor, year, limit=2_000).rows)


def test_filters_leave_the_rest_out(cursor: Cursor, year: Scope) -> None:
    all_orders = source.orders(cursor, year).rows
    category = str(all_orders["category"].iloc[0])
    chosen = source.orders(cursor, replace(year, categories=(category,)))
    assert chosen.total == int((all_orders["category"] == category).sum())
    assert set(chosen.rows["category"]) == {category}
