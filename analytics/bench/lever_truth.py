"""Do the intervals of behaviour levers hold the true change? On marketplaces whose true rates are known, moved in truth as the lever says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.bench.rated_markets import Simulated, simulated
from analytics.metrics.intervals import wilson
from analytics.trust.programme import Rate, default_programme
from analytics.whatif import Lab, Lever, LeverRange, Outcome, Scenario, Segment

FACTORS = (0.6, 1.3)  # of how often it goes wrong: a fall, and a rise
SOUTH = Segment(regions=("south",))
MERCHANTS, DRAWS = 150, 200
LATE = "late_seller_count"  # what the late-rate lever moves


@dataclass(frozen=True)
class Moved:
    """One lever moved: what the lab told of the segment's mean score, and the true change in score points.

    truth: every merchant moves by the lever's rule; other: by the other rule with the same sum; uneven: each by an exponential share of it.
    """

    told: Outcome
    truth: float
    other: float
    uneven: float


def moved(market: Simulated, lab: Lab, lever: LeverRange, factor: float, rng: np.random.Generator) -> Moved | None:
    """What goes wrong times `factor` in the south; None where the bounds forbid it. lever: of a rate, as the lab's ranges give it."""
    rate, points, column = _rate(lab, lever)
    now = lever.baseline if rate.direction == "lower" else 1 - lever.baseline
    target = now * factor if rate.direction == "lower" else 1 - now * factor
    if not lever.low <= target <= lever.high:
        return None
    scenario = Scenario("moved", segment=SOUTH, levers=(Lever(lever.kind, of=lever.of, target=target),), draws=DRAWS)
    told = next(
        o for o in lab.run(scenario).outcomes if (o.outcome, o.group) == ("mean_score", {"merchants": "segment"})
    )
    true = market.true_rates[(market.counts["region"] == "south").to_numpy() & lab.world.has_score, column]
    counted, left = true * (target / lever.baseline), 1 - (1 - true) * ((1 - target) / (1 - lever.baseline))
    rule, other = (counted, left) if target < lever.baseline else (left, counted)
    uneven = true + (rule - true) * rng.exponential(size=len(true))

    def earned(rates: np.ndarray) -> float:
        scale = (np.clip(rates, 0, 1) - rate.bad) / (rate.good - rate.bad)
        return points * float(np.clip(scale, 0, 1).mean())

    return Moved(told, *(earned(each) - earned(true) for each in (rule, other, uneven)))


def behaviour_levers(lab: Lab) -> tuple[LeverRange, ...]:
    """Those of a rate, in the south."""
    return tuple(found for found in lab.ranges(SOUTH) if found.kind in ("late_rate", "rate"))


def lab_of(market: Simulated) -> Lab:
    """A lab over the marketplace; every order is worth one euro."""
    counts = market.counts
    amounts = {"merchant_id": counts["merchant_id"], "currency": "EUR", "gmv_minor": counts["n"] * 100.0}
    return Lab(counts, pd.DataFrame(amounts), default_programme(), "simulated")


def measure(replicates: int, seed: int, progress: Callable[[str], None] | None = None) -> Iterator[dict[str, object]]:
    """A row a lever and factor: over so many marketplaces, the share of nominal 95 % intervals that hold the true change, with Wilson's bounds: of true rates
    alone (`sampling`), the whole interval, and the whole one where the change falls otherwise on merchants."""
    found: dict[tuple[str, float], list[Moved]] = defaultdict(list)
    for number in range(replicates):
        market = simulated(MERCHANTS, seed + number)
        lab, rng = lab_of(market), np.random.default_rng(seed + number)
        for lever in behaviour_levers(lab):
            for factor in FACTORS:
                one = moved(market, lab, lever, factor, rng)
                if one is not None:
                    found[_rate(lab, lever)[0].rate_id, factor].append(one)
        if progress and (number + 1) % 20 == 0:
            progress(f"{number + 1} of {replicates} marketplaces")
    for (rate_id, factor), all_ in found.items():
        yield {"rate": rate_id, "factor": factor, "replicates": len(all_), **_row(all_)}


def _rate(lab: Lab, lever: LeverRange) -> tuple[Rate, float, int]:
    """The lever's rate, the most points that it gives, and its column."""
    model = lab.world.model
    column = next(
        i
        for i, rate in enumerate(model.rates)
        if lever.of == rate.rate_id or (lever.of is None and rate.numerator == LATE)
    )
    return model.rates[column], float(model.max_points[column]), column


def _row(found: list[Moved]) -> dict[str, object]:
    whole = [(one.told.ci_low, one.told.ci_high) for one in found]
    row: dict[str, object] = {"true_change": float(np.mean([one.truth for one in found]))}
    row["told_change"] = float(np.mean([one.told.change for one in found]))
    for name, bounds, truths in (
        ("sampling", [(one.told.sampling_low, one.told.sampling_high) for one in found], [one.truth for one in found]),
        ("whole", whole, [one.truth for one in found]),
        ("other_spread", whole, [one.other for one in found]),
        ("uneven", whole, [one.uneven for one in found]),
    ):
        held = sum(low <= truth <= high for (low, high), truth in zip(bounds, truths, strict=True))
        low, high = wilson(np.array([float(held)]), np.array([float(len(found))]))
        row |= {name: held / len(found), f"{name}_low": float(low[0]), f"{name}_high": float(high[0])}
    return row
