"""What the warehouse records about the matter of a ticket: the orders that it names and the merchant's penalties, as rows.

Knows no ticket's words, no model and no page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analytics.tables import SQL_FOLDER

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

PENALTY_LIMIT = 50


def orders_named(cursor: Cursor, merchant_id: str, order_ids: Sequence[str]) -> pd.DataFrame:
    """The orders among `order_ids` that this merchant has, by id; those of other merchants are left out.

    Columns: order_id, currency, amount_minor and refunded_minor (1/100 of the currency's unit), placed_on, ship_by, shipped_on,
    deliver_by, delivered_on, cancelled_on, refunded_on, charged_back_on (days of the reporting zone), deliver_by_time, delivered_time
    (its wall clock), carrier,
    is_delivered_late, late_fault, dispute_outcome, dispute_fault.
    """
    parameters = {"time_zone": cursor.time_zone, "merchant_id": merchant_id, "order_ids": list(order_ids)}
    return cursor.df(_sql("orders"), parameters)


def penalties_of(cursor: Cursor, merchant_id: str, *, limit: int = PENALTY_LIMIT) -> pd.DataFrame:
    """The merchant's penalties, newest first: penalty_id, issued_on, clause, points, expires_on, appealed_on, lifted_on, order_id."""
    parameters = {"time_zone": cursor.time_zone, "merchant_id": merchant_id, "row_limit": limit}
    return cursor.df(_sql("penalties"), parameters)


def buyers_behind(cursor: Cursor, merchant_id: str, order_ids: Sequence[str], since: date) -> int:
    """How many different buyers placed those of the `order_ids` that are this merchant's, from the day `since` of the reporting zone on."""
    parameters = {
        "time_zone": cursor.time_zone,
        "merchant_id": merchant_id,
        "order_ids": list(order_ids),
        "since": since,
    }
    return int(cursor.df(_sql("proof"), parameters)["buyer_count"].iloc[0])


@cache
def _sql(name: str) -> str:
    return (SQL_FOLDER / "desk" / f"{name}.sql").read_text(encoding="utf-8")
