"""Headline figures of a window three ways: from the marts, by SQL over the events, and by pandas over the events in memory.

The three must agree where orders have one merchant, one currency and one delivery, as in the demo. Knows no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.bench.templates import render
from analytics.metrics import Scope, compute, compute_many

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

METRICS = ("orders", "late_seller_rate", "rating_mean")


@dataclass(frozen=True)
class Headlines:
    """Counts of a window of local days, and its GMV in main units, all currencies added up (only to compare the ways)."""

    orders: int
    due: int
    late: int
    reviews: int
    stars: int
    gmv: float
    merchants: int

    def is_like(self, other: Headlines) -> bool:
        """Whether every figure is the same, GMV to the cent."""
        mine, others = (
            (x.orders, x.due, x.late, x.reviews, x.stars, x.merchants, round(x.gmv, 2)) for x in (self, other)
        )
        return mine == others


def from_marts(cursor: Cursor, scope: Scope) -> Headlines:
    """As pages compute them."""
    found = compute_many(cursor, METRICS, scope)
    (orders,), (late,), (rating,) = (found[name] for name in METRICS)
    gmv = [result for result in compute(cursor, "gmv", scope, by=("merchant",)) if result.value is not None]
    return Headlines(
        orders=int(orders.numerator or 0),
        due=int(late.denominator or 0),
        late=int(late.numerator or 0),
        reviews=int(rating.denominator or 0),
        stars=int(rating.numerator or 0),
        gmv=sum(result.value or 0.0 for result in gmv),
        merchants=len({result.group["merchant"] for result in gmv}),
    )


def from_events(cursor: Cursor, scope: Scope) -> Headlines:
    """By SQL over the events themselves."""
    window = {"time_zone": cursor.time_zone, "date_from": scope.date_from, "date_to": scope.date_to}
    orders = cursor.df(render("headlines"), {**window, "data_up_to": cursor.data_up_to})
    reviews = cursor.rows(render("headline_reviews"), window)[0]
    return _summed(orders, int(reviews["reviews"]), int(reviews["stars"] or 0))


def read_frame(cursor: Cursor) -> pd.DataFrame:
    """The events that the figures need, with `day`, their day of the reporting zone."""
    frame = cursor.df(render("headline_events"))
    frame["amount"] = frame["amount"].astype(float)
    frame["day"] = frame["occurred_at"].dt.tz_convert(cursor.time_zone).dt.tz_localize(None).dt.normalize()
    return frame.sort_values("occurred_at", ignore_index=True)


def from_frame(frame: pd.DataFrame, scope: Scope, data_up_to: object) -> Headlines:
    """By pandas over `read_frame`, which is sorted by time."""
    start = int(frame["day"].searchsorted(pd.Timestamp(scope.date_from)))
    later = frame.iloc[start:]
    key = ["merchant_id", "order_id"]
    placed = later[(later["kind"] == "order_placed") & (later["day"] < _after(scope.date_to))]
    orders = placed.groupby(key, sort=False).agg(
        currency=("currency", "max"),
        gmv=("amount", "sum"),
        ship_by_at=("ship_by_at", "min"),
        deliver_by_at=("deliver_by_at", "min"),
    )
    wanted = later[later["order_id"].isin(placed["order_id"])]
    for kind, name in (("order_shipped", "shipped_at"), ("order_delivered", "delivered_at")):
        orders = orders.join(wanted[wanted["kind"] == kind].groupby(key)["occurred_at"].min().rename(name))
    delivered = wanted[wanted["kind"] == "order_delivered"]
    orders = orders.join(delivered.groupby(key)["fault"].min())
    is_due = orders["delivered_at"].notna() & (orders["deliver_by_at"] <= data_up_to)
    assumed = np.where(orders["shipped_at"] > orders["ship_by_at"], "seller", "carrier")
    fault = orders["fault"].where(orders["fault"].notna(), assumed)
    is_late = is_due & (orders["delivered_at"] > orders["deliver_by_at"]) & (fault == "seller")
    counted = orders.assign(orders=1, due=is_due.astype(int), late=is_late.astype(int)).reset_index()
    reviews = later[(later["kind"] == "review_posted") & (later["day"] < _after(scope.date_to))]["score"]
    return _summed(
        counted.groupby(["merchant_id", "currency"], as_index=False)[["orders", "due", "late", "gmv"]].sum(),
        len(reviews),
        int(reviews.sum()),
    )


def _after(last: date) -> pd.Timestamp:
    return pd.Timestamp(last + timedelta(days=1))


def _summed(by_merchant: pd.DataFrame, reviews: int, stars: int) -> Headlines:
    return Headlines(
        orders=int(by_merchant["orders"].sum()),
        due=int(by_merchant["due"].sum()),
        late=int(by_merchant["late"].sum()),
        reviews=reviews,
        stars=stars,
        gmv=float(by_merchant["gmv"].astype(float).sum()),
        merchants=int(by_merchant["merchant_id"].nunique()),
    )
