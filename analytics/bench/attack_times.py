"""When things about a market's orders are seen: the market as known at an instant, and the stream of outcomes. Knows no attack and no score.

Orders of the simulated market bear no time at which lateness or a dispute's end is seen; it is taken to be the days below after the order.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analytics.bench.attacks.market import DAY, Market
from analytics.trust.order_methods import LOW

DELIVERED_DAYS, CANCELLED_DAYS, JUDGED_DAYS = 4.0, 0.5, 10.0


def seen_at(market: Market, at: pd.Timestamp) -> Market:
    """The market as it is known at an instant: orders until then, ratings given and outcomes seen until then."""
    orders = market.orders[market.orders["ordered_at"] < at].copy()
    silent = ~(orders["rated_at"] < at)
    orders.loc[silent, "rating"] = pd.NA
    orders.loc[silent, "rated_at"] = pd.NaT
    orders["text"] = orders["text"].where(~silent, None)
    age = (at - orders["ordered_at"]).dt.total_seconds() / DAY
    orders["late"] &= age >= DELIVERED_DAYS
    orders["cancelled"] &= age >= CANCELLED_DAYS
    orders["disputed"] &= age >= JUDGED_DAYS
    known = market.merchants[market.merchants["joined_at"] <= at]
    orders = orders[orders["merchant_id"].isin(known["merchant_id"])].reset_index(drop=True)
    return replace(market, orders=orders, merchants=known.reset_index(drop=True), end=at)


def outcomes(market: Market) -> pd.DataFrame:
    """Each order's outcome when it is seen (the frame of `turns`)."""
    orders, day = market.orders, pd.Timedelta(days=1)
    failed = orders["late"] | orders["cancelled"] | orders["disputed"]
    low = (orders["rating"].fillna(5).astype(float) <= LOW) & ~failed
    known_at = orders["ordered_at"] + DELIVERED_DAYS * day
    known_at = known_at.mask(failed & ~orders["late"], orders["ordered_at"] + JUDGED_DAYS * day)
    known_at = known_at.mask(orders["cancelled"], orders["ordered_at"] + CANCELLED_DAYS * day)
    known_at = known_at.mask(low, orders["rated_at"])
    frame = pd.DataFrame({"merchant_id": orders["merchant_id"], "known_at": known_at, "is_bad": failed | low})
    return frame[frame["known_at"] < market.end]
