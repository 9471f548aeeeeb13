"""Intervals of a behaviour lever's change, on marketplaces whose true rates are known and not of the score's family."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.trust import default_programme
from analytics.whatif import Lab, Lever, Scenario, Segment
from tests.analytics.trust.marketplaces import simulated

PROGRAMME = default_programme()
SOUTH = Segment(regions=("south",))
REPLICATES = 40


@pytest.mark.parametrize(("kind", "rate_id"), [("late_rate", "late_seller_rate"), ("rate", "seller_return_rate")])
@pytest.mark.parametrize("factor", [0.6, 1.3])
def test_the_interval_of_the_mean_change_holds_the_true_change(kind: str, rate_id: str, factor: float) -> None:
    """Every merchant of a segment is moved in truth as the lever says; intervals of nominal 95 % hold the mean of what that earns, of true rates alone."""
    first = int(np.random.SeedSequence().generate_state(1)[0])
    print(f"seeds {first} … {first + REPLICATES - 1}")
    held = []
    for seed in range(first, first + REPLICATES):
        market = simulated(150, seed)
        counts = market.counts
        amounts = pd.DataFrame(
            {"merchant_id": counts["merchant_id"], "currency": "EUR", "gmv_minor": counts["n"] * 100.0}
        )
        lab = Lab(counts, amounts, PROGRAMME, "snapshot-1")
        asked = Lever("late_rate") if kind == "late_rate" else Lever("rate", of=rate_id)
        baseline = next(found.baseline for found in lab.ranges(SOUTH) if found.name == asked.name)
        target = baseline * factor
        lever = Lever("late_rate", target=target) if kind == "late_rate" else Lever("rate", of=rate_id, target=target)
        result = lab.run(Scenario("test", segment=SOUTH, levers=(lever,), draws=200))
        told = next(o for o in result.outcomes if o.outcome == "mean_score" and o.group["merchants"] == "segment")
        column = lab.world.column(rate_id)
        assert column is not None
        rate, points = lab.world.model.rates[column], lab.world.model.max_points[column]
        true = market.true_rates[(counts["region"] == "south").to_numpy() & lab.world.has_score, column]
        moved = true * factor if factor < 1 else 1 - (1 - true) * (1 - target) / (1 - baseline)
        old, new = (np.clip((each - rate.bad) / (rate.good - rate.bad), 0, 1).mean() for each in (true, moved))
        held.append(told.sampling_low <= points * (new - old) <= told.sampling_high)
        assert told.ci_low <= told.sampling_low
        assert told.sampling_high <= told.ci_high
        assert told.effect_low < told.effect_high  # how a change is spread over merchants is not known
    assert np.mean(held) >= 0.75
