"""What is known of effects in the simulator: a cause taken away changes only what it may change, and the truth tables name every cause."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.demo.generate import LAST_DAY
from analytics.demo.market import make_market
from analytics.demo.orders import ACTUAL, Conditions, Orders, simulate
from analytics.demo.truth import WITHOUT, concerned_orders
from analytics.demo.world import Size, make_calendar


def lived(do: Conditions) -> Orders:
    size = Size(merchants=40, events=0, orders=4_000, months=12, tickets=0)
    market = make_market(size, make_calendar(size, LAST_DAY), 3)
    rng = np.random.default_rng(5)
    market.buyers.add(np.zeros(500, dtype=np.int64), np.full(500, market.calendar.start))
    placed = rng.integers(market.calendar.start, market.calendar.end, 4_000)
    return simulate(market, rng.integers(0, 40, 4_000), rng.integers(0, 500, 4_000), placed, rng, do)


@pytest.mark.parametrize("do", list(WITHOUT))
def test_a_cause_taken_away_concerns_no_order_and_leaves_the_others_as_they_were(do: Conditions) -> None:
    actual, without = lived(ACTUAL), lived(do)
    for cause in WITHOUT[do]:
        assert concerned_orders(actual)[cause].sum() > 20
        assert not concerned_orders(without)[cause].any()
    if do == Conditions(is_kept=True):
        others = ~concerned_orders(actual)["seller_cancel"]
        for field in fields(Orders):
            assert np.array_equal(getattr(actual, field.name)[others], getattr(without, field.name)[others]), field.name


def test_the_truth_tables_tell_the_effect_of_every_cause(demo_warehouse: Path) -> None:
    truth = pd.read_parquet(demo_warehouse / "truth" / "effects.parquet").set_index(["cause", "outcome"])
    assert {cause for causes in WITHOUT.values() for cause in causes} == set(truth.index.get_level_values("cause"))
    assert truth.loc[("seller_cancel", "score"), "effect"] < -1.0
    assert truth.loc[("late_seller", "score"), "effect"] < -1.0
    assert truth.loc[("slow_refund", "score"), "effect"] == 0.0
