"""The chain trust → satisfaction → loyalty: what buyers of merchants of each trust level experienced and did afterwards. Pure functions.

The level is that of a past day D, from what was known then; orders were placed after D and their buyers had 90 days to come back: nothing of an outcome can have entered the
level. Raw means stand beside means adjusted for category, month, price and how often the buyer had ordered before, set to the average of all orders
(marginal standardisation of a linear model); errors are clustered by merchant. Observational: merchants of different levels sell different things to different people,
and only what is recorded is held constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.satisfaction.drivers import with_measures
from analytics.satisfaction.regression import Fit, Slope, absorb, can_compare, codes, least_squares

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OUTCOME_DAYS = 60  # orders of so many days after D are followed
MIN_ORDERS = 50  # of a band, to say anything
MIN_MERCHANTS = 10  # of a band: fewer do not show how merchants of it differ
POINTS = 10.0  # slopes are for so many points of the trust score
NO_SCORE = "no_score"
# outcome → (unit, link it stands for)
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "rating": "stars",
        "positive": "rate",
        "effective": "rate",
        "bad": "rate",
        "repeat": "rate",
        "merchant_repeat": "rate",
    }
)
LINKS = ("rating", "positive", "effective", "bad", "repeat", "merchant_repeat")


@dataclass(frozen=True)
class Band:
    """One outcome of one trust level: raw and adjusted mean, None where it has fewer than 50 orders or ten merchants, or too few
    to tell its share from that of all (see `can_compare`). n: orders."""

    band: str
    outcome: str
    unit: str
    n: int
    merchants: int
    raw: Slope | None
    adjusted: Slope | None


@dataclass(frozen=True)
class Link:
    """What 10 points of trust go with: the outcome's difference raw, adjusted, and (for coming back) with the experience of the order held constant as well."""

    outcome: str
    unit: str
    raw: Slope | None
    adjusted: Slope | None
    given_experience: Slope | None


@dataclass(frozen=True)
class Chain:
    """day: D; orders are those of `orders_from` to `orders_to`. experience: what a bad order goes with in coming back within 90 days, raw and adjusted (satisfaction → loyalty).

    status: ok, too_short (the data does not reach from D over the orders to 90 days later) or too_few (no two levels with enough orders).
    """

    status: str
    day: date | None
    orders_from: date | None
    orders_to: date | None
    orders: int
    merchants: int
    bands: tuple[Band, ...]
    links: tuple[Link, ...]
    experience: Link | None


def chain_of(
    orders: pd.DataFrame, scores: pd.DataFrame, levels: Sequence[str], day: date, orders_from: date, orders_to: date
) -> Chain:
    """The chain of orders (see `source.orders`) placed after `day`.

    scores: merchant_id, score (NaN without one) and level (None without one) as of `day`; levels: best first.
    """
    frame = _prepared(orders, scores)
    merchants = int(frame["merchant_id"].nunique())
    names = [*levels, NO_SCORE]
    bands = tuple(band for outcome in OUTCOMES for band in _bands(frame, outcome, names))
    told = {band.band for band in bands if band.adjusted is not None and band.band != NO_SCORE}
    status = "ok" if len(told) >= 2 else "too_few"
    links = tuple(_link(frame, outcome) for outcome in LINKS)
    return Chain(
        status,
        day,
        orders_from,
        orders_to,
        len(frame),
        merchants,
        bands,
        links,
        _experience(frame) if len(frame) else None,
    )


def too_short() -> Chain:
    """The chain of a source that does not reach far enough."""
    return Chain("too_short", None, None, None, 0, 0, (), (), None)


def _prepared(orders: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    frame = with_measures(orders).merge(
        scores[["merchant_id", "score", "level"]].rename(columns={"score": "trust"}), on="merchant_id", how="left"
    )
    is_positive = frame["positive"].fillna(0.0)
    return frame.assign(
        band=frame["level"].where(frame["level"].notna(), NO_SCORE).astype(str),
        effective=is_positive.where(frame["is_delivered"].astype(bool)),
        bad=frame["is_bad"].astype(float),
        merchant_repeat=frame["is_merchant_repeat"].astype(float),
        once=(frame["prior_count"] == 1).astype(float),
        twice=(frame["prior_count"] == 2).astype(float),
        often=(frame["prior_count"] >= 3).astype(float),
    )


def _held(frame: pd.DataFrame) -> tuple[Floats, list[Ints]]:
    """What is held constant: columns, and fixed effects of category and month."""
    columns = frame[["price", "once", "twice", "often"]].to_numpy(dtype=np.float64)
    return columns, [codes(frame["category"]), codes(frame["month"])]


def _bands(frame: pd.DataFrame, outcome: str, names: Sequence[str]) -> list[Band]:
    rows = frame[frame[outcome].notna()].reset_index(drop=True)
    sizes = {name: int((rows["band"] == name).sum()) for name in names}
    shops = {name: int(rows.loc[rows["band"] == name, "merchant_id"].nunique()) for name in names}
    y = rows[outcome].to_numpy(dtype=np.float64)
    told = [
        name
        for name in names
        if sizes[name] >= MIN_ORDERS
        and shops[name] >= MIN_MERCHANTS
        and can_compare(y, (rows["band"] == name).to_numpy(dtype=bool))
    ]
    rows = rows[rows["band"].isin(told)].reset_index(drop=True)
    raw, adjusted = _means(rows, outcome, told) if told else ({}, {})
    return [
        Band(name, outcome, OUTCOMES[outcome], sizes[name], shops[name], raw.get(name), adjusted.get(name))
        for name in names
    ]


def _means(rows: pd.DataFrame, outcome: str, told: Sequence[str]) -> tuple[dict[str, Slope], dict[str, Slope]]:
    y = rows[outcome].to_numpy(dtype=np.float64)
    members: Floats = np.column_stack([rows["band"].eq(name).to_numpy(dtype=np.float64) for name in told]).astype(float)
    merchant = codes(rows["merchant_id"])
    counts = members.sum(axis=0)
    plain = least_squares(y, members, merchant)
    raw = {name: _counted(plain.slope(place), counts[place]) for place, name in enumerate(told)}
    held, groups = _held(rows)
    # Taken out of everything and set back to the overall mean, the columns with a constant give the means at average circumstances.
    everything = np.column_stack([y, members, held])
    inside = absorb(everything, groups) + everything.mean(axis=0)
    x = np.column_stack([np.ones(len(rows)), inside[:, 2:]])  # the first level is the reference
    fit = least_squares(inside[:, 0], x, merchant)
    centre = x.mean(axis=0)
    adjusted = {}
    for place, name in enumerate(told):
        weights = centre.copy()
        weights[1 : len(told)] = 0.0
        if place:
            weights[place] = 1.0
        adjusted[name] = _counted(fit.combine(np.where(_is_told(fit), weights, 0.0)), counts[place])
    return raw, adjusted


def _members(cause: pd.Series[float]) -> NDArray[np.bool_]:
    """Those with a 0/1 cause; of a cause with many values, all."""
    values = cause.to_numpy(dtype=np.float64)
    found: NDArray[np.bool_] = values == 1.0 if np.isin(values, (0.0, 1.0)).all() else np.ones(len(values), dtype=bool)
    return found


def _is_told(fit: Fit) -> NDArray[np.bool_]:
    return np.isfinite(fit.coefficients)


def _counted(slope: Slope, n: float) -> Slope:
    return Slope(slope.value, slope.ci_low, slope.ci_high, int(n))


def _link(frame: pd.DataFrame, outcome: str) -> Link:
    rows = frame[frame[outcome].notna() & frame["trust"].notna()].reset_index(drop=True)
    is_loyalty = outcome in ("repeat", "merchant_repeat")
    raw, adjusted = _slopes(rows, outcome, "trust", POINTS)
    given = _slopes(rows, outcome, "trust", POINTS, ("bad", "is_good_review"))[1] if is_loyalty else None
    return Link(outcome, OUTCOMES[outcome], raw, adjusted, given)


def _experience(frame: pd.DataFrame) -> Link:
    rows = frame[frame["repeat"].notna()].reset_index(drop=True)
    raw, adjusted = _slopes(rows, "repeat", "bad", 1.0)
    return Link("experience", "rate", raw, adjusted, None)


def _slopes(
    rows: pd.DataFrame, outcome: str, cause: str, scale: float, more: Sequence[str] = ()
) -> tuple[Slope | None, Slope | None]:
    """Raw and adjusted slope of an outcome on `scale` units of a cause; None where there is too little."""
    y = rows[outcome].to_numpy(dtype=np.float64)
    is_enough = len(rows) >= MIN_ORDERS and rows["merchant_id"].nunique() >= MIN_MERCHANTS
    if not is_enough or rows[cause].nunique() < 2 or not can_compare(y, _members(rows[cause])):
        return None, None
    rows = rows.assign(is_good_review=rows["positive"].fillna(0.0))
    x = rows[cause].to_numpy(dtype=np.float64) / scale
    merchant = codes(rows["merchant_id"])
    raw = least_squares(y, np.column_stack([np.ones(len(rows)), x]), merchant).slope(1)
    held, groups = _held(rows)
    also = rows[list(more)].to_numpy(dtype=np.float64).reshape(len(rows), len(more))
    adjusted = least_squares(y, np.column_stack([x, held, also]), merchant, groups).slope(0)
    return raw, adjusted if np.isfinite(adjusted.ci_low) else None
