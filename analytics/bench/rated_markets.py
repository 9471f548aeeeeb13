"""Marketplaces whose true rates are known and aren't of the family that the trust score assumes: what its intervals are held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analytics.trust.programme import Programme, default_programme

DAY = date(2024, 6, 30)


@dataclass(frozen=True)
class Simulated:
    counts: pd.DataFrame
    true_rates: np.ndarray  # (merchants, rates)


def simulated(merchants: int, seed: int, programme: Programme | None = None) -> Simulated:
    """Merchants of two kinds, careful and careless, with rates drawn uniformly within the kind: no beta distribution. A year of daily
    counts, orders per day from a few a month to several a day, discounted as the score's SQL does."""
    programme = programme or default_programme()
    generator = np.random.default_rng(seed)
    careless = generator.random(merchants) < 0.3
    per_day = np.exp(generator.normal(-1.0, 1.0, merchants))
    ages = np.arange(programme.window_days)
    recency = 0.5 ** (ages / programme.half_life_days)
    orders = generator.poisson(per_day[:, None], (merchants, len(ages)))
    frame: dict[str, object] = {
        "merchant_id": [f"m{i:05d}" for i in range(merchants)],
        "name": [f"Merchant {i}" for i in range(merchants)],
        "category": generator.choice(["toys", "books", "garden"], merchants),
        "region": generator.choice(["north", "south"], merchants),
        "tier": generator.choice(["standard", "plus"], merchants),
        "size_band": np.where(orders.sum(axis=1) < 100, "10-49", "50-199"),
        "joined_on": [DAY - timedelta(days=1000)] * merchants,
        "tenure_days": np.full(merchants, 1000.0),
        "as_of": [DAY] * merchants,
        "n": orders.sum(axis=1),
    }
    truths = []
    for rate in programme.rates:
        low = np.where(careless, 0.5, -0.1)
        spot = low + generator.random(merchants) * np.where(careless, 0.7, 0.5)
        truth = np.clip(rate.good + spot * (rate.bad - rate.good), 0.0005, 0.9995)
        mature = orders * (ages >= rate.maturity_days)
        hits = generator.binomial(mature, truth[:, None])
        truths.append(truth)
        frame |= {
            f"{rate.rate_id}.numerator": hits.sum(axis=1).astype(float),
            f"{rate.rate_id}.denominator": mature.sum(axis=1).astype(float),
            f"{rate.rate_id}.recent_numerator": hits @ recency,
            f"{rate.rate_id}.recent_denominator": mature @ recency,
            f"{rate.rate_id}.square_denominator": mature @ recency**2,
            f"{rate.rate_id}.evidence": mature.sum(axis=1).astype(float),
        }
    return Simulated(pd.DataFrame(frame), np.array(truths).T)
