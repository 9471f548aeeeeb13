"""Planted causes are found though merchants confound them; what is missing is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.satisfaction.drivers import CAUSES, Drivers, drivers_of


def orders(rng: np.random.Generator, n: int = 12_000) -> pd.DataFrame:
    """A late order costs one star and 0.1 of returning; poor merchants are late more often and are rated lower anyway, by 1.5 stars. Disputes follow from lateness and cost nothing."""
    poor = rng.random(120) < 0.4
    merchant = rng.integers(0, 120, n)
    late = rng.random(n) < np.where(poor[merchant], 0.4, 0.05)
    slow = rng.random(n) < np.where(poor[merchant], 0.3, 0.1)
    month = rng.integers(0, 6, n)
    score = 4.0 - 1.5 * poor[merchant] - 1.0 * late + 0.1 * month + rng.normal(0, 0.7, n)
    return pd.DataFrame(
        {
            "merchant_id": [f"m{place}" for place in merchant],
            "category": "Toys",
            "month": month,
            "currency": "USD",
            "amount": np.exp(rng.normal(3, 1, n)),
            "score": np.where(rng.random(n) < 0.6, score, np.nan),
            "late_seller": late.astype(int),
            "late_other": 0,
            "slow_reply": slow.astype(int),
            "cancelled": 0,
            "returned": 0,
            "disputed": (late & (rng.random(n) < 0.5)).astype(int),
            "is_repeat": (rng.random(n) < 0.3 - 0.1 * late).astype(float),
        }
    )


@pytest.fixture
def rng() -> np.random.Generator:
    seed = int(np.random.SeedSequence().entropy) % 2**32
    print(f"seed {seed}")
    return np.random.default_rng(seed)


def adjusted_within(found: Drivers, cause: str, truth: float) -> bool:
    """Whether the adjusted interval, 2.2 times as wide (one draw in 50,000 misses), holds the truth."""
    driver = next(d for d in found.drivers if d.cause == cause)
    assert driver.adjusted is not None
    half = (driver.adjusted.ci_high - driver.adjusted.ci_low) / 2
    return abs(driver.adjusted.value - truth) <= 2.2 * half


def test_the_planted_effect_is_found_though_merchants_confound_it(rng: np.random.Generator) -> None:
    found = drivers_of(orders(rng), "rating")
    assert adjusted_within(found, "late_seller", -1.0)
    assert adjusted_within(found, "slow_reply", 0.0)
    assert adjusted_within(found, "disputed", 0.0)
    raw = {d.cause: d.raw for d in found.drivers}
    assert raw["late_seller"] is not None
    assert raw["late_seller"].ci_high < -1.2  # the plain difference takes the poor merchants' doing for lateness
    assert raw["slow_reply"] is not None
    assert raw["slow_reply"].ci_high < -0.2


def test_returning_is_an_outcome_too(rng: np.random.Generator) -> None:
    assert adjusted_within(drivers_of(orders(rng), "repeat"), "late_seller", -0.1)


def test_what_is_missing_is_named(rng: np.random.Generator) -> None:
    frame = orders(rng, 2_000).assign(disputed=0)
    frame.loc[:4, "disputed"] = 1
    found = {d.cause: d for d in drivers_of(frame, "rating", in_source={"returned": False}).drivers}
    assert set(found) == set(CAUSES)
    assert found["returned"].status == "not_in_source"
    assert found["disputed"].status == "too_few"
    assert found["disputed"].adjusted is None
    assert found["late_seller"].status == "ok"


def test_what_does_not_vary_within_merchants_is_not_told(rng: np.random.Generator) -> None:
    frame = orders(rng, 2_000)
    frame["slow_reply"] = (frame["merchant_id"].str.slice(1).astype(int) % 2).astype(int)
    found = {d.cause: d for d in drivers_of(frame, "rating").drivers}
    assert found["slow_reply"].status == "not_told"
    assert found["slow_reply"].adjusted is None


def test_hardly_any_reviews_are_no_drivers(rng: np.random.Generator) -> None:
    frame = orders(rng, 300)
    frame["score"] = np.nan
    assert drivers_of(frame, "rating").status == "too_few"
    assert drivers_of(frame, "rating").mean is None
