"""A clean marketplace of orders whose merchants' true quality is known. Knows no attack and no score.

Nothing here is drawn from a family that a reputation model assumes: merchants' traits are a mixture of correlated
normals with heavy tails and outliers, days and merchants' weeks share shocks, buyers are harsh or lenient and silent
for reasons of their own, and popularity and activity are heavy-tailed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.bench.attacks.words import review_texts

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

START = pd.Timestamp("2025-10-01", tz="UTC")
DAY = 86_400
CATEGORIES = ("Home", "Electronics", "Fashion", "Beauty", "Sports", "Toys", "Grocery", "Pets")
ORDER_COLUMNS = (
    "order_id",
    "merchant_id",
    "buyer_id",
    "ordered_at",
    "value_minor",
    "rating",
    "rated_at",
    "text",
    "late",
    "cancelled",
    "disputed",
)
_KIND_SHARE = (0.55, 0.20, 0.14, 0.11)  # sound, excellent, slow, shoddy
_KIND_MEAN = np.array([(0.2, 0.2), (1.3, 1.2), (-1.5, 0.0), (-0.4, -1.6)])  # dispatch, goods
_HOURS = np.array([3, 2, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 7, 7, 7, 7, 7, 8, 9, 11, 11, 10, 8, 5], dtype=float)
_RATE = np.array([0.0, 0.68, 0.52, 0.30, 0.31, 0.44])  # share that rates, by the stars they would give
_KNOWN_BUYER = 0.16  # share of orders by someone who bought there before
_AT_HOME = 0.5  # share of orders by buyers of the merchant's own category
_REVIEW_TEXT = np.array([0.0, 0.85, 0.8, 0.6, 0.45, 0.5])


@dataclass(frozen=True)
class Market:
    """Orders and who takes part. What a score may read is `orders` and merchants' id, joined_at and category.

    orders: one row per order, by ordered_at; order_id, merchant_id, buyer_id (int64, unique numbers per kind),
    ordered_at (UTC), value_minor (int64, cents), rating (Int8 1–5, NA when the buyer is silent), rated_at (UTC, NaT when
    silent), text (object, None when there is none), late, cancelled, disputed (bool: by the seller's fault; upheld).
    merchants: merchant_id, joined_at (UTC), category, and the truth: true_quality (0–1, expected share of orders that
    are neither late, cancelled, disputed nor not as described).
    buyers: buyer_id and the truth: harshness (stars taken off), talkativeness (factor on the share that rates).
    end: the instant at which all is seen; nothing is dated at or after it.
    """

    orders: pd.DataFrame
    merchants: pd.DataFrame
    buyers: pd.DataFrame
    start: pd.Timestamp
    end: pd.Timestamp


@dataclass(frozen=True)
class Outcome:
    """What becomes of orders: one entry each; stars are what the buyer would give, whether they speak or not."""

    late: Bools
    cancelled: Bools
    disputed: Bools
    stars: Ints


def marketplace(
    seed: int, merchants: int = 300, buyers: int | None = None, orders: int | None = None, days: int = 365
) -> Market:
    """A year of a clean marketplace; the same arguments give the same rows.

    buyers: 50 per merchant unless given; orders: 200 per merchant unless given, and exactly that many rows.
    ValueError when a number is below one.
    """
    buyers = 50 * merchants if buyers is None else buyers
    orders = 200 * merchants if orders is None else orders
    if min(merchants, buyers, orders, days) < 1:
        raise ValueError("merchants, buyers, orders and days must each be at least 1")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(11,)))
    end = START + pd.Timedelta(days=days)
    traits = _traits(merchants, rng)
    shock = _shocks(merchants, days, rng)
    joined = np.where(
        rng.random(merchants) < 0.7,
        -rng.exponential(500.0, merchants) - 1.0,
        rng.random(merchants) * max(days - 10, 0),
    )
    category = rng.choice(len(CATEGORIES), size=merchants, p=np.array([20, 16, 18, 12, 11, 9, 8, 6]) / 100)
    taste = _taste(buyers, rng)
    merchant, second = _when(joined, orders, days, rng)
    buyer = _who(merchant, category, taste["home"], taste["activity"], rng)
    day = second // DAY
    outcome = conduct(
        traits[merchant, 0],
        traits[merchant, 1],
        shock[merchant, day].astype(np.float64),
        taste["harshness"][buyer],
        category[merchant],
        rng,
    )
    frame = pd.DataFrame(
        {
            "order_id": np.arange(orders) + 1,
            "merchant_id": merchant,
            "buyer_id": buyer,
            "ordered_at": instants(second),
            "value_minor": _values(merchant, category, rng),
        }
    )
    spoken = speak(outcome, frame["ordered_at"], taste["talkativeness"][buyer], end, rng)
    members = pd.DataFrame(
        {
            "merchant_id": np.arange(merchants),
            "joined_at": instants((joined * DAY).astype(np.int64)),
            "category": np.array(CATEGORIES, dtype=object)[category],
            "true_quality": _true_quality(traits, shock, rng),
        }
    )
    people = pd.DataFrame(
        {
            "buyer_id": np.arange(buyers),
            "harshness": taste["harshness"],
            "talkativeness": taste["talkativeness"],
        }
    )
    return Market(pd.concat([frame, spoken], axis=1)[list(ORDER_COLUMNS)], members, people, START, end)


def instants(second: Ints) -> pd.DatetimeIndex:
    """UTC instants from seconds since START."""
    return pd.DatetimeIndex(START + pd.to_timedelta(second, unit="s")).as_unit("us")


def conduct(
    dispatch: Floats, goods: Floats, shock: Floats, harshness: Floats, category: Ints, rng: np.random.Generator
) -> Outcome:
    """What becomes of orders, given the seller's two traits (about N(0.2, 1)), the day's shock and the buyer."""
    n = len(dispatch)
    p_cancel, p_late, p_defect = _failure_rates(dispatch, goods, shock)
    cancelled = rng.random(n) < p_cancel
    late = (rng.random(n) < p_late) & ~cancelled
    defective = (rng.random(n) < p_defect) & ~cancelled
    days_late = np.where(late, rng.lognormal(0.5, 0.8, n), 0.0)
    p_dispute = 0.0015 + 0.24 * defective + 0.10 * late * (days_late > 3.0)
    disputed = (rng.random(n) < p_dispute * np.exp(0.5 * np.clip(harshness, -1.0, 1.5))) & ~cancelled
    latent = (
        4.95
        + 0.35 * np.tanh(goods)
        - late * (0.8 + 1.5 * (1.0 - np.exp(-days_late / 3.0)))
        - 2.1 * defective
        - 0.9 * disputed
        - harshness
        - np.array([0.0, 0.2, 0.15, 0.05, 0.0, 0.08, -0.05, -0.1])[category]
        + rng.laplace(0.0, 0.42, n)
    )
    latent = np.where(cancelled, 1.4 + rng.laplace(0.0, 0.6, n), latent)
    stars = 1 + np.searchsorted(np.array([2.40, 3.05, 3.85, 4.75]), latent)
    return Outcome(late, cancelled, disputed, stars.astype(np.int64))


def speak(
    outcome: Outcome, ordered_at: pd.Series, talkativeness: Floats, end: pd.Timestamp, rng: np.random.Generator
) -> pd.DataFrame:
    """Who rates, when and in which words, with the facts of each order: rating … disputed of ORDER_COLUMNS.

    The delighted and the angry speak more than the lukewarm, so silence is not at random; what would be said at or
    after `end` is not seen.
    """
    n = len(outcome.stars)
    chance = np.where(outcome.cancelled, 0.18, _RATE[outcome.stars]) * talkativeness
    wait = np.where(outcome.cancelled, 0.5, 4.0 + 4.0 * outcome.late) + rng.gamma(1.3, 2.4, n)
    rated_at = ordered_at + pd.to_timedelta((wait * DAY).astype(np.int64), unit="s").to_numpy()
    is_rated = (rng.random(n) < np.clip(chance, 0.0, 0.95)) & (rated_at < end).to_numpy()
    is_worded = is_rated & (rng.random(n) < _REVIEW_TEXT[outcome.stars])
    text = np.full(n, None, dtype=object)
    text[is_worded] = review_texts(outcome.stars[is_worded], outcome.late[is_worded], rng)
    return pd.DataFrame(
        {
            "rating": pd.array(outcome.stars, dtype="Int8"),
            "rated_at": rated_at.dt.as_unit("us"),
            "text": pd.Series(text, dtype=object),
            "late": outcome.late,
            "cancelled": outcome.cancelled,
            "disputed": outcome.disputed,
        },
        index=ordered_at.index,
    ).assign(rating=lambda f: f["rating"].where(is_rated), rated_at=lambda f: f["rated_at"].where(is_rated))


def _failure_rates(dispatch: Floats, goods: Floats, shock: Floats) -> tuple[Floats, Floats, Floats]:
    """Shares cancelled by the seller, late by the seller's fault, and not as described; the shock moves the first two."""
    cancel = 1.0 / (1.0 + np.exp(5.0 + 0.9 * dispatch - 0.5 * shock))
    late = 1.0 / (1.0 + np.exp(3.3 + 1.1 * dispatch - shock))
    defect = 1.0 / (1.0 + np.exp(3.5 + 1.1 * goods))
    return cancel, late, defect


def _traits(n: int, rng: np.random.Generator) -> Floats:
    """(n, 2): dispatch and goods; a mixture of four kinds, t with 6 degrees of freedom, and 3 % outliers downwards."""
    spread = rng.standard_normal((n, 2)) @ np.array([[1.0, 0.35], [0.0, 0.94]])
    heavy = np.sqrt(6.0 / rng.chisquare(6.0, size=(n, 1)))
    traits = _KIND_MEAN[rng.choice(len(_KIND_SHARE), size=n, p=_KIND_SHARE)] + 0.45 * spread * heavy
    traits -= (rng.random((n, 2)) < 0.03) * rng.exponential(1.5, (n, 2))
    return np.asarray(np.clip(traits, -4.0, 4.0))


def _shocks(n: int, days: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """(merchants, days): a market-wide day shock that lingers, plus each merchant's own heavy-tailed week."""
    market = np.zeros(days)
    for day, push in enumerate(rng.normal(0.0, 0.2, days)):
        market[day] = 0.8 * market[day - 1] + push if day else push
    weeks = 0.4 * rng.standard_t(5.0, size=(n, days // 7 + 1)).clip(-5.0, 5.0)
    return np.asarray(np.repeat(weeks, 7, axis=1)[:, :days] + market, dtype=np.float32)


def _true_quality(traits: Floats, shock: npt.NDArray[np.float32], rng: np.random.Generator) -> Floats:
    """Expected share of good orders of each merchant over 200 shocks drawn from those of the whole market."""
    total = np.zeros(len(traits))
    for push in rng.choice(shock.ravel(), 200):
        cancel, late, defect = _failure_rates(traits[:, 0], traits[:, 1], np.full(len(traits), push, dtype=np.float64))
        total += (1.0 - cancel) * (1.0 - late) * (1.0 - defect) * (1.0 - 0.0015)
    return total / 200.0


def _taste(n: int, rng: np.random.Generator) -> dict[str, npt.NDArray[np.float64]]:
    """Buyers' persistent ways: most are even, one in seven is harsh, one in twenty gives anything five stars."""
    kind = rng.random(n)
    harshness = rng.normal(0.0, 0.15, n)
    harshness = harshness + np.where(kind < 0.14, rng.exponential(0.7, n), 0.0) - np.where(kind > 0.95, 1.5, 0.0)
    return {
        "harshness": harshness,
        "talkativeness": 0.3 + 1.4 * rng.random(n) ** 1.3,
        "activity": (1.0 + rng.pareto(2.2, n)).clip(max=60.0),
        "home": rng.integers(0, len(CATEGORIES), n).astype(float),
    }


def _when(joined: Floats, orders: int, days: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Merchant and second since START of each order, in order of time."""
    opened = np.clip(np.ceil(joined), 0, days - 1).astype(np.int64)
    popularity = np.minimum(rng.lognormal(0.0, 1.3, len(joined)), 25.0) * (days - opened) / days
    merchant = np.repeat(np.arange(len(joined)), rng.multinomial(orders, popularity / popularity.sum()))
    weight = np.exp(rng.normal(0.0, 0.1, days)) * (1.0 + 0.25 * (np.arange(days) % 7 >= 5))
    weight *= 1.0 + 0.9 * (rng.random(days) < 0.02)  # a few days of a campaign
    total = np.concatenate([[0.0], np.cumsum(weight)]) / weight.sum()
    before = total[opened[merchant]]
    day = np.searchsorted(total, before + rng.random(orders) * (1.0 - before), side="right") - 1
    hour = np.searchsorted(np.cumsum(_HOURS) / _HOURS.sum(), rng.random(orders))
    second = np.minimum(day, days - 1) * DAY + hour * 3_600 + rng.integers(0, 3_600, orders)
    in_time = np.argsort(second, kind="stable")
    return merchant[in_time], second[in_time]


def _who(merchant: Ints, category: Ints, home: Floats, activity: Floats, rng: np.random.Generator) -> Ints:
    """The buyer of each order: half of them at home in the merchant's category, some who have bought there before."""
    n = len(merchant)
    total = np.cumsum(activity)
    buyer = np.searchsorted(total, rng.random(n) * total[-1])
    is_home = rng.random(n) < _AT_HOME
    for c in range(len(CATEGORIES)):
        residents = np.flatnonzero(home == c)
        rows = np.flatnonzero(is_home & (category[merchant] == c))
        if len(residents):
            share = np.cumsum(activity[residents])
            buyer[rows] = residents[np.searchsorted(share, rng.random(len(rows)) * share[-1])]
    grouped = np.argsort(merchant, kind="stable")
    again = np.flatnonzero(rng.random(n - 1) < _KNOWN_BUYER) + 1
    again = again[merchant[grouped[again]] == merchant[grouped[again - 1]]]
    repeated = buyer.copy()
    repeated[grouped[again]] = buyer[grouped[again - 1]]
    return np.asarray(np.minimum(repeated, len(home) - 1), dtype=np.int64)


def _values(merchant: Ints, category: Ints, rng: np.random.Generator) -> Ints:
    """Order values in cents: log-normal around the merchant's price level."""
    price = np.array([32.0, 58.0, 28.0, 19.0, 39.0, 24.0, 15.0, 22.0])[category] * rng.lognormal(
        0.0, 0.45, len(category)
    )
    values = np.round(100.0 * price[merchant] * rng.lognormal(0.0, 0.6, len(merchant)))
    return np.asarray(np.maximum(values, 99.0), dtype=np.int64)
