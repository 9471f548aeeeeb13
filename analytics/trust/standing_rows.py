"""Reads what the standing of orders and the attacks on it are made from: orders of a window, merchants, and the score's counts.

The only module of theirs that knows the warehouse.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analytics.engines.days import end_of_day
from analytics.trust.attacks import Evidence
from analytics.trust.counts import daily_counts, score_day, sql_text
from analytics.trust.prior import fit_model
from analytics.trust.programme import default_programme

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

MOST_ORDERS = 400_000  # beyond, a sample of merchants is looked at: an answer must come while somebody waits


def read_orders(cursor: Cursor, kept: tuple[str, ...] = ()) -> tuple[pd.DataFrame, pd.DataFrame, pd.Timestamp]:
    """(orders of the score's window, merchants, the end of the cursor's day): the frames of `stand`.

    With more than MOST_ORDERS orders those of `kept` and of an even sample of the other merchants.
    """
    programme, day = default_programme(), score_day(cursor)
    first = day - timedelta(days=programme.window_days - 1)
    orders = cursor.df(sql_text("standing_orders"), {"date_from": first, "date_to": day})
    merchants = cursor.df(sql_text("merchants"), {"time_zone": cursor.time_zone})
    if len(orders) > MOST_ORDERS:
        chosen = {*merchants["merchant_id"].iloc[:: -(-len(orders) // MOST_ORDERS)], *kept}
        orders, merchants = (
            part[part["merchant_id"].isin(chosen)].reset_index(drop=True) for part in (orders, merchants)
        )
    for column in ("ordered_at", "rated_at"):
        orders[column] = pd.to_datetime(orders[column], utc=True)
    frame = merchants[["merchant_id", "category"]].assign(joined_at=pd.to_datetime(merchants["joined_on"], utc=True))
    return orders, frame, pd.Timestamp(end_of_day(day, cursor.time_zone))


def read_evidence(cursor: Cursor, kept: tuple[str, ...] = ()) -> Evidence:
    """Orders, merchants and counts of the cursor's day, of the merchants of `read_orders`."""
    orders, merchants, at = read_orders(cursor, kept)
    counts = daily_counts(cursor)
    model = fit_model(counts, default_programme())
    counts = counts[counts["merchant_id"].isin(merchants["merchant_id"])].reset_index(drop=True)
    return Evidence(orders, merchants, counts, model, at)
