"""The chain against planted links; bands without enough say so; no outcome enters the level."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.satisfaction.chain import NO_SCORE, Chain, Slope, chain_of

LEVELS = ("excellent", "good", "poor")
DAYS = (date(2026, 6, 1), date(2026, 6, 2), date(2026, 7, 31))


def marketplace(
    rng: np.random.Generator, *, merchants: int = 150, n: int = 15_000
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten points of trust take 0.05 off the chance of a bad order; a bad order costs two stars and 0.15 of returning. Toys have better merchants and buyers who
    return more often whatever happens (by 0.2), so that the plain slope of returning is too steep."""
    is_toys = rng.random(merchants) < 0.5
    trust = np.clip(rng.normal(65 + 15 * is_toys, 10, merchants), 30, 100)
    merchant = rng.integers(0, merchants, n)
    bad = rng.random(n) < 0.55 - 0.005 * trust[merchant]
    back = rng.random(n) < 0.25 + 0.2 * is_toys[merchant] - 0.15 * bad
    scored = rng.random(merchants) < 0.9
    orders = pd.DataFrame(
        {
            "merchant_id": [f"m{place}" for place in merchant],
            "category": np.where(is_toys[merchant], "Toys", "Books"),
            "month": rng.integers(0, 2, n),
            "currency": "USD",
            "amount": np.exp(rng.normal(3, 1, n)),
            "is_delivered": True,
            "score": np.where(rng.random(n) < 0.6, np.where(bad, 2.5, 4.5) + rng.normal(0, 0.4, n), np.nan),
            "is_bad": bad,
            "prior_count": rng.integers(0, 4, n),
            "is_repeat": back.astype(float),
            "is_merchant_repeat": (back & (rng.random(n) < 0.5)).astype(float),
        }
    )
    level = np.select([trust >= 85, trust >= 65], LEVELS[:2], LEVELS[2])
    scores = pd.DataFrame(
        {
            "merchant_id": [f"m{place}" for place in range(merchants)],
            "score": np.where(scored, trust, np.nan),
            "level": pd.Series(level, dtype=object).where(pd.Series(scored)),
        }
    )
    return orders, scores


@pytest.fixture
def rng() -> np.random.Generator:
    seed = int(np.random.SeedSequence().entropy) % 2**32
    print(f"seed {seed}")
    return np.random.default_rng(seed)


def holds(slope: Slope | None, truth: float) -> bool:
    """Whether the interval, 2.2 times as wide (one draw in 50,000 misses), holds the truth."""
    assert slope is not None
    return abs(slope.value - truth) <= 2.2 * (slope.ci_high - slope.ci_low) / 2


def chain(rng: np.random.Generator) -> Chain:
    return chain_of(*marketplace(rng), LEVELS, *DAYS)


def test_the_planted_links_are_found_though_the_category_confounds_them(rng: np.random.Generator) -> None:
    found = chain(rng)
    links = {link.outcome: link for link in found.links}
    assert holds(links["bad"].adjusted, -0.05)
    assert holds(links["rating"].adjusted, 0.1)
    assert holds(links["repeat"].adjusted, 0.05 * 0.15)
    assert holds(links["repeat"].given_experience, 0.0)
    assert links["repeat"].raw is not None
    assert links["repeat"].raw.ci_low > 0.05 * 0.15  # too steep: it is the toys
    assert found.experience is not None
    assert holds(found.experience.adjusted, -0.15)


def test_bands_stand_at_average_circumstances(rng: np.random.Generator) -> None:
    orders, scores = marketplace(rng)
    orders["is_repeat"] = (rng.random(len(orders)) < np.where(orders["category"] == "Toys", 0.5, 0.2)).astype(float)
    found = chain_of(orders, scores, LEVELS, *DAYS)
    bands = [band for band in found.bands if band.outcome == "repeat" and band.band != NO_SCORE]
    raw = [band.raw.value for band in bands if band.raw]
    assert raw[0] - raw[-1] > 0.05
    mean = float(orders["is_repeat"].mean())
    assert all(holds(band.adjusted, mean) for band in bands)


def test_merchants_without_a_score_are_a_band_of_their_own(rng: np.random.Generator) -> None:
    found = chain(rng)
    rated = [band for band in found.bands if band.outcome == "bad"]
    assert [band.band for band in rated] == [*LEVELS, NO_SCORE]
    assert sum(band.n for band in rated) == found.orders == 15_000


def test_a_band_of_few_merchants_is_not_told(rng: np.random.Generator) -> None:
    orders, scores = marketplace(rng)
    lucky = list(scores.index[scores["level"] == "excellent"])[9:]
    scores.loc[lucky, "level"] = "good"
    found = chain_of(orders, scores, LEVELS, *DAYS)
    top = next(band for band in found.bands if (band.band, band.outcome) == ("excellent", "rating"))
    assert top.merchants <= 9
    assert (top.raw, top.adjusted) == (None, None)


def test_hardly_any_returns_are_no_link(rng: np.random.Generator) -> None:
    orders, scores = marketplace(rng)
    orders["is_repeat"] = 0.0
    orders.loc[:2, "is_repeat"] = 1.0
    found = chain_of(orders, scores, LEVELS, *DAYS)
    link = next(link for link in found.links if link.outcome == "repeat")
    assert (link.raw, link.adjusted, link.given_experience) == (None, None, None)
    assert all(band.adjusted is None for band in found.bands if band.outcome == "repeat")


def test_no_orders(rng: np.random.Generator) -> None:
    orders, scores = marketplace(rng)
    found = chain_of(orders.iloc[:0], scores, LEVELS, *DAYS)
    assert (found.status, found.orders, found.experience) == ("too_few", 0, None)
