"""How much each canonical table holds and how new it is. Reads tables only; knows no metric and no page."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analytics.tables import SQL_FOLDER

if TYPE_CHECKING:
    from analytics.warehouse import Cursor


def table_freshness(cursor: Cursor) -> pd.DataFrame:
    """One row a canonical table, in their order.

    Columns: table_name, row_count, oldest_at and newest_at (UTC; of events, messages and tickets when they happened, of the
    others their latest state; NaT when unknown), load_id (the last load that brought rows; None when the table is empty).
    """
    return cursor.df(_sql())


@cache
def _sql() -> str:
    return (SQL_FOLDER / "profiles" / "freshness.sql").read_text(encoding="utf-8")
