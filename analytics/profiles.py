"""Who sells on the marketplace and when it traded: what filters offer and where windows end.

Reads marts only; knows no metric and no page.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analytics.tables import SQL_FOLDER

if TYPE_CHECKING:
    from analytics.warehouse import Cursor


def merchant_profiles(cursor: Cursor) -> pd.DataFrame:
    """One row a merchant, most orders first, then by id.

    Columns: merchant_id, name, category, region, tier (all four None when unknown but the id), joined_at (UTC),
    first_order_date, size_band, order_count (of all time).
    """
    return cursor.df(_sql("merchants"))


def order_days(cursor: Cursor) -> tuple[date, date] | None:
    """First and last day of the reporting zone with an order; None when there is none."""
    row = cursor.rows(_sql("order_days"))[0]
    return (row["first_day"], row["last_day"]) if row["first_day"] is not None else None


@cache
def _sql(name: str) -> str:
    return (SQL_FOLDER / "profiles" / f"{name}.sql").read_text(encoding="utf-8")
