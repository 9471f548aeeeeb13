"""How much each canonical table holds, how new it is, and which day data cover. Reads tables only; knows no metric and no page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analytics.tables import SQL_FOLDER

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

LAST_HOUR = timedelta(hours=1)


def table_freshness(cursor: Cursor) -> pd.DataFrame:
    """One row a canonical table, in their order.

    Columns: table_name, row_count, oldest_at and newest_at (UTC; of events, messages and tickets when they happened, of the
    others their latest state; NaT when unknown), load_id (the last load that brought rows; None when the table is empty).
    """
    return cursor.df(_sql())


def last_whole_day(up_to: datetime) -> date:
    """The last day that data up to a local time cover: its last hour counts as its end."""
    return (up_to + LAST_HOUR).date() - timedelta(days=1)


@cache
def _sql() -> str:
    return (SQL_FOLDER / "profiles" / "freshness.sql").read_text(encoding="utf-8")
