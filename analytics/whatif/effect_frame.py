"""From orders to what an effect is estimated from: who is concerned, what else they differ in, how they ended. Pure, but for `read_orders`.

The frame's columns are those of `sql/whatif/effect_orders.sql`. A merchant's history is that of its orders placed at least 30 days earlier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.tables import SQL_FOLDER

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROW_LIMIT = 600_000  # orders read
FIT_LIMIT = 120_000  # orders that one effect is fitted on
LAG_DAYS = 30.0
UNKNOWN = -99.0  # below all that can be known, so that a tree can tell it apart
STARS, DISPUTE, REPEAT = "stars", "dispute", "repeat"
_CODED = ("category", "region", "carrier")
_KNOWN_BEFORE = ("month", "log_price", "line_count", "promised_days", "prior_orders")
_HISTORY = {
    "prior_late": "is_late",
    "prior_cancelled": "is_cancelled",
    "prior_disputed": "is_disputed",
    "prior_stars": "stars",
}


@dataclass(frozen=True)
class Behaviour:
    """A lever of behaviour: the orders that it is about, those among them that it concerns, and what else is known before it happens."""

    lever: str
    about: str
    concerned: str
    known: tuple[str, ...]
    outcomes: tuple[str, ...] = (STARS, DISPUTE, REPEAT)


BEHAVIOURS = (
    Behaviour("late_seller_rate", "is_about_delivery", "is_late_seller", (*_CODED, *_KNOWN_BEFORE)),
    Behaviour("slow_reply_rate", "is_asked", "is_slow_reply", (*_CODED[:2], *_KNOWN_BEFORE, "is_asked_overdue")),
    Behaviour(
        "slow_refund_rate",
        "is_returned",
        "is_slow_refund",
        (*_CODED, "return_fault", *_KNOWN_BEFORE, "is_late"),
        (DISPUTE, REPEAT),
    ),
    Behaviour("seller_cancellation_rate", "is_about_cancelling", "is_cancelled_seller", (*_CODED[:2], *_KNOWN_BEFORE)),
)
LEVERS = tuple(one.lever for one in BEHAVIOURS)


@dataclass(frozen=True)
class Study:
    """Orders (n,) of one lever and outcome. y: outcome, no NaN; t: 1 where concerned, else 0; x: confounders (n, k), the first `coded` of
    which are codes of categories, UNKNOWN where not known; merchant: codes, places in `names`; category and size_band: words."""

    lever: str
    outcome: str
    y: Floats
    t: Floats
    x: Floats
    coded: int
    merchant: Ints
    names: NDArray[np.object_]
    category: NDArray[np.object_]
    size_band: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.y)

    def rows(self, chosen: NDArray[np.bool_] | Ints) -> Study:
        """Only some orders."""
        return Study(
            self.lever,
            self.outcome,
            self.y[chosen],
            self.t[chosen],
            self.x[chosen],
            self.coded,
            self.merchant[chosen],
            self.names,
            self.category[chosen],
            self.size_band[chosen],
        )


def read_orders(cursor: Cursor, limit: int = ROW_LIMIT) -> pd.DataFrame:
    """The frame of a snapshot; of a large marketplace one merchant in several, so that about `limit` orders are read. Raises WarehouseError."""
    total = int(cursor.rows(_sql("effect_order_count"))[0]["order_count"])
    return cursor.df(_sql("effect_orders"), {"every": max(1, math.ceil(total / limit))})


def prepare(orders: pd.DataFrame) -> pd.DataFrame:
    """The frame with what is known before each order, and which lever it is about. Rows in any order; the index is made anew."""
    frame = orders.sort_values(["merchant_id", "ordered_day"], kind="stable", ignore_index=True)
    price = pd.Series(np.log(np.maximum(frame["amount"].to_numpy(dtype=float), 0.01)), index=frame.index)
    known = {
        "log_price": price - price.groupby(frame["currency"]).transform("median"),
        "month": np.floor((frame["ordered_day"] - frame["ordered_day"].min()) / 30.4),
        "is_about_delivery": frame["is_due"] & (frame["is_late_seller"] | ~frame["is_late"]),
        "is_about_cancelling": frame["is_cancelled_seller"] | ~frame["is_cancelled"],
    }
    return frame.assign(**known, **_history(frame))


def study_of(frame: pd.DataFrame, behaviour: Behaviour, outcome: str, limit: int = FIT_LIMIT, seed: int = 1) -> Study:
    """The orders of a lever whose outcome is known. Of more than `limit`, all concerned ones and a random part of the others: the effect
    among those concerned does not depend on how many of the others are compared."""
    column = _column(behaviour, outcome)
    rows = frame[frame[behaviour.about] & frame[column].notna()]
    concerned = rows[behaviour.concerned].to_numpy(dtype=bool)
    if len(rows) > limit:
        share = max(limit - int(concerned.sum()), limit // 2) / max(int((~concerned).sum()), 1)
        chosen = concerned | (np.random.default_rng(seed).random(len(rows)) < share)
        rows, concerned = rows[chosen], concerned[chosen]
    coded = [name for name in behaviour.known if rows[name].dtype.kind not in "bif"]
    names = [*coded, *(name for name in behaviour.known if name not in coded), *_HISTORY]
    columns = [
        pd.factorize(rows[name], sort=True)[0].astype(float) if name in coded else rows[name].to_numpy(dtype=float)
        for name in names
    ]
    merchant, merchants = pd.factorize(rows["merchant_id"])
    return Study(
        behaviour.lever,
        outcome,
        rows[column].to_numpy(dtype=float),
        concerned.astype(float),
        np.nan_to_num(np.column_stack(columns), nan=UNKNOWN),
        len(coded),
        np.asarray(merchant, dtype=np.int64),
        np.asarray(merchants, dtype=object),
        rows["category"].to_numpy(dtype=object),
        rows["size_band"].to_numpy(dtype=object),
    )


def share_about(frame: pd.DataFrame, behaviour: Behaviour, outcome: str) -> float:
    """Of all orders with a known outcome, the share (0–1) that the lever is about."""
    is_known = frame[_column(behaviour, outcome)].notna()
    return float(frame.loc[is_known, behaviour.about].mean()) if is_known.any() else 0.0


def _column(behaviour: Behaviour, outcome: str) -> str:
    if behaviour.lever == "slow_refund_rate" and outcome == DISPUTE:
        return "is_disputed_after_return"
    return {STARS: "stars", DISPUTE: "is_disputed", REPEAT: "repeat_60d"}[outcome]


def _history(frame: pd.DataFrame) -> dict[str, Floats]:
    """Means over the merchant's orders placed up to 30 days before, NaN without any; `prior_orders` is log(1 + how many)."""
    merchant = np.asarray(pd.factorize(frame["merchant_id"])[0], dtype=float)
    day = frame["ordered_day"].to_numpy(dtype=float)
    span = float(day.max() - day.min()) + LAG_DAYS + 1.0 if len(day) else 1.0
    place = merchant * span * 2 + (day - (day.min() if len(day) else 0.0))
    first = np.searchsorted(place, merchant * span * 2)
    last = np.maximum(np.searchsorted(place, place - LAG_DAYS), first)
    found: dict[str, Floats] = {"prior_orders": np.log1p(last - first)}
    for name, column in _HISTORY.items():
        values = frame[column].to_numpy(dtype=float)
        total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
        count = np.concatenate([[0.0], np.cumsum(~np.isnan(values))])
        n = count[last] - count[first]
        found[name] = np.where(n > 0, (total[last] - total[first]) / np.where(n > 0, n, 1.0), np.nan)
    return found


def _sql(name: str) -> str:
    return (SQL_FOLDER / "whatif" / f"{name}.sql").read_text(encoding="utf-8")
