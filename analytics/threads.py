"""Tickets and what was written in them, as rows: what the issue pages and the themes command read.

Knows no model and no page; what a text means is llm's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analytics.metrics import Scope
from analytics.tables import SQL_FOLDER

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

TICKET_LIMIT = 5_000
MESSAGE_LIMIT = 100_000
_EVERY_STATUS: dict[str, object] = {"is_open": False, "ticket_ids": []}
_EVERYWHERE: dict[str, object] = {
    "date_from": None,
    "date_to": None,
    "categories": [],
    "regions": [],
    "tiers": [],
    "merchants": [],
}


def tickets(cursor: Cursor, scope: Scope, *, limit: int = TICKET_LIMIT) -> pd.DataFrame:
    """Tickets opened in the window by local day, newest first, `limit` at most; instants are UTC.

    Columns: ticket_id, merchant_id, merchant_name, category, region, tier, opened_by, order_id, opened_at, channel, subject,
    status, priority, resolved_at, csat_score, message_count, last_message_at, last_author, first_desk_reply_at,
    last_desk_reply_at, last_asked_at (the newest message of a merchant or buyer), total_count (of all of them, without the limit).
    """
    return cursor.df(_sql("tickets"), _parameters(cursor, scope) | _EVERY_STATUS | {"row_limit": limit})


def open_tickets(cursor: Cursor, *, limit: int = TICKET_LIMIT) -> pd.DataFrame:
    """Tickets of any day that are not resolved, newest first; the columns of `tickets`."""
    asked = _EVERYWHERE | {"time_zone": cursor.time_zone, "is_open": True, "ticket_ids": [], "row_limit": limit}
    return cursor.df(_sql("tickets"), asked)


def named_tickets(cursor: Cursor, ticket_ids: Sequence[str]) -> pd.DataFrame:
    """These tickets, those that exist; the columns of `tickets`."""
    ids = list(ticket_ids) or [""]
    asked = _EVERYWHERE | {"time_zone": cursor.time_zone, "is_open": False, "ticket_ids": ids, "row_limit": len(ids)}
    return cursor.df(_sql("tickets"), asked)


def messages(cursor: Cursor, ticket_ids: Sequence[str]) -> pd.DataFrame:
    """All messages of these tickets, by ticket and time: ticket_id, merchant_id, message_id, sent_at (UTC), author, text."""
    return cursor.df(_sql("messages"), {"ticket_ids": list(ticket_ids)})


def written(cursor: Cursor, scope: Scope, *, limit: int = MESSAGE_LIMIT) -> pd.DataFrame:
    """What merchants and buyers wrote in the window, oldest first: message_id, ticket_id, merchant_id, sent_at, author, text."""
    return cursor.df(_sql("written"), _parameters(cursor, scope) | {"row_limit": limit})


def reviewed(cursor: Cursor, scope: Scope, *, limit: int = MESSAGE_LIMIT) -> pd.DataFrame:
    """What buyers wrote in reviews of the window, oldest first: event_id, merchant_id, order_id, reviewed_at, review_date, score, text."""
    asked = {name: value for name, value in _parameters(cursor, scope).items() if name != "time_zone"}
    return cursor.df(_sql("reviewed"), asked | {"row_limit": limit})


@cache
def _sql(name: str) -> str:
    return (SQL_FOLDER / "threads" / f"{name}.sql").read_text(encoding="utf-8")


def _parameters(cursor: Cursor, scope: Scope) -> dict[str, object]:
    return {
        "time_zone": cursor.time_zone,
        "date_from": scope.date_from,
        "date_to": scope.date_to,
        "categories": list(scope.categories),
        "regions": list(scope.regions),
        "tiers": list(scope.tiers),
        "merchants": list(scope.merchants),
    }
