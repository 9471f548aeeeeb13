"""Intervals of a behaviour lever's change, on marketplaces whose true rates are known and not of the score's family."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.bench.lever_truth import behaviour_levers, lab_of, measure, moved
from analytics.bench.rated_markets import simulated

REPLICATES = 40


@pytest.mark.parametrize("rate_id", [None, "seller_return_rate"], ids=["late", "returns"])
@pytest.mark.parametrize("factor", [0.6, 1.3])
def test_the_interval_of_the_mean_change_holds_the_true_change(rate_id: str | None, factor: float) -> None:
    """Every merchant of a segment is moved in truth as the lever says; intervals of nominal 95 % hold the mean of what that earns, of true rates alone."""
    first = int(np.random.SeedSequence().generate_state(1)[0])
    print(f"seeds {first} … {first + REPLICATES - 1}")
    held = []
    for seed in range(first, first + REPLICATES):
        market = simulated(150, seed)
        lab = lab_of(market)
        lever = next(found for found in behaviour_levers(lab) if found.of == rate_id)
        one = moved(market, lab, lever, factor, np.random.default_rng(seed))
        assert one is not None
        told = one.told
        held.append(told.sampling_low <= one.truth <= told.sampling_high)
        assert told.ci_low <= told.sampling_low
        assert told.sampling_high <= told.ci_high
        assert told.effect_low < told.effect_high  # how a change is spread over merchants is not known
    assert np.mean(held) >= 0.75


def test_the_bench_tells_of_every_rate_both_ways() -> None:
    rows = list(measure(2, 1))
    assert len(rows) == len({(row["rate"], row["factor"]) for row in rows})
    assert {row["factor"] for row in rows} == {0.6, 1.3}
    for row in rows:
        assert 0 <= row["whole_low"] <= row["whole"] <= row["whole_high"] <= 1  # type: ignore[operator]
        assert (row["true_change"] > 0) == (row["factor"] == 0.6)  # type: ignore[operator]
