"""Intervals of a behaviour lever's change, on marketplaces whose true rates are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.trust import default_programme
from analytics.whatif import Lab, Lever, Scenario, Segment
from tests.analytics.trust.marketplaces import simulated

PROGRAMME = default_programme()
SEEDS = range(7000, 7040)


@pytest.mark.parametrize("factor", [0.6, 0.8])
def test_the_interval_of_the_mean_change_holds_the_true_change(factor: float) -> None:
    """Every merchant of a segment is late `factor` times as often in truth; 40 intervals of nominal 95 % hold the mean of what that earns."""
    held = []
    for seed in SEEDS:
        market = simulated(150, seed)
        counts = market.counts
        amounts = pd.DataFrame(
            {"merchant_id": counts["merchant_id"], "currency": "EUR", "gmv_minor": counts["n"] * 100.0}
        )
        lab = Lab(counts, amounts, PROGRAMME, "snapshot-1")
        segment = Segment(regions=("south",))
        baseline = next(found.baseline for found in lab.ranges(segment) if found.name == "late_rate")
        target = baseline * factor
        result = lab.run(Scenario("test", segment=segment, levers=(Lever("late_rate", target=target),), draws=200))
        told = next(o for o in result.outcomes if o.outcome == "mean_score" and o.group["merchants"] == "segment")
        column = lab.world.column("late_seller_rate")
        assert column is not None
        rate, points = lab.world.model.rates[column], lab.world.model.max_points[column]
        chosen = (counts["region"] == "south").to_numpy() & lab.world.has_score
        true = market.true_rates[chosen, column]
        moved = true * factor
        old, new = (np.clip((each - rate.bad) / (rate.good - rate.bad), 0, 1).mean() for each in (true, moved))
        held.append(told.sampling_low <= points * (new - old) <= told.sampling_high)
    assert np.mean(held) >= 0.85
