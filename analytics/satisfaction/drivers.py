"""What drives satisfaction: what befell an order against what the buyer said or did, confounders adjusted. Pure functions over a frame of orders.

Each cause stands raw (the plain difference between orders with and without it) beside adjusted: the same merchant in the same month, at a like price,
the other causes held constant; errors clustered by merchant. A cause is adjusted for what comes before or beside it, never for what follows from it: a dispute follows
from lateness, so lateness is not adjusted for it, but the dispute is for lateness. Observational: what nobody recorded (how strict a buyer is, say) stays in the figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.satisfaction.regression import Slope, can_compare, codes, least_squares

Floats = NDArray[np.float64]

MIN_N = 20  # orders with a cause, and without it
OUTCOMES: Mapping[str, str] = MappingProxyType({"rating": "stars", "positive": "rate", "repeat": "rate"})
FIRST = ("slow_reply", "late_seller", "late_other", "cancelled", "price")
AFTER = ("returned", "disputed")  # what may follow from the first
CAUSES = (*FIRST, *AFTER)


@dataclass(frozen=True)
class Driver:
    """One cause: outcome with it less outcome without it, in stars or share; for `price`, what a doubling of the order's price goes with.

    n: orders with the cause; share: of all that count (None for price). moves: adjusted times share, what the cause moves the whole outcome by.
    status: ok, too_few (orders with or without it), not_in_source, or not_told (it hardly varies within merchants). raw and adjusted are None unless ok.
    """

    cause: str
    n: int
    share: float | None
    raw: Slope | None
    adjusted: Slope | None
    moves: float | None
    status: str


@dataclass(frozen=True)
class Drivers:
    """mean: of the outcome over `orders` orders of `merchants` merchants. status: ok, or too_few (fewer than 40 orders with the outcome)."""

    outcome: str
    unit: str
    mean: float | None
    orders: int
    merchants: int
    drivers: tuple[Driver, ...]
    status: str


def with_measures(orders: pd.DataFrame) -> pd.DataFrame:
    """Adds the outcomes `rating`, `positive` and `repeat` (NaN where unknown) and `price`: log₂ of the amount over its currency's and category's median (0 where unknown)."""
    amount = pd.to_numeric(orders["amount"]).where(orders["amount"] > 0)
    typical = amount.groupby([orders["currency"].fillna(""), orders["category"]]).transform("median")
    score = orders["score"].astype(float)
    return orders.assign(
        rating=score,
        positive=(score >= 4).astype(float).where(score.notna()),
        repeat=orders["is_repeat"].astype(float),
        price=(amount / typical).map(math.log2, na_action="ignore").clip(-4, 4).fillna(0.0),
    )


def drivers_of(orders: pd.DataFrame, outcome: str, *, in_source: Mapping[str, bool] | None = None) -> Drivers:
    """The causes of an outcome (a key of OUTCOMES), in the order of CAUSES, of orders as `source.orders` gives them. in_source: causes that the source can't show (False)."""
    frame = with_measures(orders)
    frame = frame[frame[outcome].notna()].reset_index(drop=True)
    merchant = codes(frame["merchant_id"])
    merchants = int(merchant.max()) + 1 if len(frame) else 0
    if len(frame) < 2 * MIN_N:
        mean = float(frame[outcome].mean()) if len(frame) else None
        return Drivers(outcome, OUTCOMES[outcome], mean, len(frame), merchants, (), "too_few")
    y = frame[outcome].to_numpy(dtype=np.float64)
    statuses = {cause: _status(frame, y, cause, in_source or {}) for cause in CAUSES}
    usable = [cause for cause in CAUSES if statuses[cause] == "ok"]
    first = _fit(frame, y, [cause for cause in usable if cause in FIRST], merchant)
    every = _fit(frame, y, usable, merchant)
    found = []
    for cause in CAUSES:
        n, share = _prevalence(frame, cause)
        if statuses[cause] != "ok":
            found.append(Driver(cause, n, share, None, None, None, statuses[cause]))
            continue
        fits = first if cause in FIRST else every
        adjusted = fits[cause]
        raw = _raw(y, _values(frame, cause), merchant)
        if not np.isfinite(adjusted.ci_low):
            found.append(Driver(cause, n, share, raw, None, None, "not_told"))
            continue
        found.append(Driver(cause, n, share, raw, adjusted, None if share is None else adjusted.value * share, "ok"))
    return Drivers(outcome, OUTCOMES[outcome], float(y.mean()), len(frame), merchants, tuple(found), "ok")


def _values(frame: pd.DataFrame, cause: str) -> Floats:
    values = pd.to_numeric(frame[cause]).to_numpy(dtype=np.float64, na_value=np.nan)
    found: Floats = np.nan_to_num(values, nan=0.0)
    return found


def _prevalence(frame: pd.DataFrame, cause: str) -> tuple[int, float | None]:
    values = _values(frame, cause)
    if cause == "price":
        return int((values != 0).sum()), None
    return int(values.sum()), float(values.mean())


def _status(frame: pd.DataFrame, y: Floats, cause: str, in_source: Mapping[str, bool]) -> str:
    if not in_source.get(cause, True):
        return "not_in_source"
    n, _ = _prevalence(frame, cause)
    if n < MIN_N or (cause != "price" and len(frame) - n < MIN_N):
        return "too_few"
    with_cause = np.ones(len(y), dtype=bool) if cause == "price" else _values(frame, cause) > 0
    return "ok" if can_compare(y, with_cause) else "too_few"


def _fit(frame: pd.DataFrame, y: Floats, causes: list[str], merchant: NDArray[np.int64]) -> dict[str, Slope]:
    """Adjusted slopes: merchant and month as fixed effects (a merchant has one category, so the category is held constant too)."""
    if not causes:
        return {}
    x = np.column_stack([_values(frame, cause) for cause in causes])
    fit = least_squares(y, x, merchant, [merchant, codes(frame["month"])])
    return {cause: fit.slope(place) for place, cause in enumerate(causes)}


def _raw(y: Floats, values: Floats, merchant: NDArray[np.int64]) -> Slope:
    return least_squares(y, np.column_stack([np.ones(len(y)), values]), merchant).slope(1)
