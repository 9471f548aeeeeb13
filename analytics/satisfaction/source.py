"""What the satisfaction studies read: statements of `analytics/sql/satisfaction` with a scope's filters bound. Computes nothing.

Large marketplaces are sampled by a hash of the order's, buyer's or rater's id: one in `every`, the same ones each time (by this version of DuckDB). Samples say so.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from analytics.engines.days import local_day
from analytics.errors import InputError
from analytics.metrics.extent import read_extent
from analytics.tables import SQL_FOLDER

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.warehouse import Cursor

ORDER_LIMIT = 200_000  # rows of one regression or curve
CHAIN_LIMIT = 100_000  # of the chain, which fits many
RATING_LIMIT = 300_000
BUYER_LIMIT = 10_000  # rows of one clustering
REPEAT_DAYS = 90
_PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True)
class Sample:
    """Rows read for a study. `total`: how many the scope holds, of which `rows` are about one in `every`."""

    rows: pd.DataFrame
    total: int
    every: int


def last_day(cursor: Cursor) -> date:
    """The last local day of the cursor's data. Raises InputError for an empty warehouse."""
    if cursor.data_up_to is None:
        raise InputError("satisfaction: the warehouse holds no events yet. Load some with `trustdesk ingest`.")
    return local_day(cursor.data_up_to, cursor.time_zone)


def last_repeat_day(cursor: Cursor) -> date:
    """The last day whose orders are all old enough to tell whether their buyer came back within 90 days."""
    return last_day(cursor) - timedelta(days=REPEAT_DAYS + 1)


def answers(cursor: Cursor, scope: Scope) -> pd.DataFrame:
    """Sums by merchant of the answers of a window: merchant_id, order_count, delivered_*, and totals and counts of each answer."""
    return read(cursor, "answers_day", scope)


def monthly_answers(cursor: Cursor, scope: Scope, months: int) -> pd.DataFrame:
    """The same by merchant and calendar month (`month`), of the `months` months that end with the window's last."""
    first = (pd.Period(scope.date_to, "M") - (months - 1)).start_time.date()
    return read(cursor, "answers_month", replace(scope, date_from=first))


def orders(cursor: Cursor, scope: Scope, limit: int = ORDER_LIMIT) -> Sample:
    """Orders placed in a window, about `limit` at most; columns as in `sql/satisfaction/orders.sql`."""
    total = _order_count(cursor, scope)
    every = sample_step(total, limit)
    return Sample(read(cursor, "orders", scope, every=every, up_to=cursor.data_up_to), total, every)


def first_orders(cursor: Cursor, scope: Scope, limit: int = ORDER_LIMIT) -> Sample:
    """Each buyer's first order of a window, about `limit` at most: buyer_id and the instants ordered_at, ended_at, known_bad_at, next_ordered_at.

    `total` counts buyers; of a sample it is its size times `every`.
    """
    every = sample_step(_order_count(cursor, scope), limit)
    rows = read(cursor, "first_orders", scope, every=every, up_to=cursor.data_up_to)
    return Sample(rows, len(rows) * every, every)


def ratings(cursor: Cursor, scope: Scope, limit: int = RATING_LIMIT) -> Sample:
    """All reviews up to the window's end of raters with two or more: buyer_id, merchant_id, reviewed_at, score, is_late, is_disputed, is_returned.

    `total` counts the reviews of all raters.
    """
    total = int(read(cursor, "rating_count", scope)["review_count"].iloc[0])
    every = sample_step(total, limit)
    return Sample(read(cursor, "ratings", scope, every=every), total, every)


def buyers(cursor: Cursor, scope: Scope, limit: int = BUYER_LIMIT) -> Sample:
    """Buyers who ordered in a window, about `limit` at most, and what they did: buyer_id, orders, days_since, spend, order_size, variety, bad_share, review_share, claim_share.

    `total` counts buyers; of a sample it is its size times `every`.
    """
    every = sample_step(_order_count(cursor, scope), limit)
    rows = read(cursor, "buyers", scope, every=every)
    return Sample(rows, len(rows) * every, every)


def merchants(cursor: Cursor, scope: Scope) -> pd.DataFrame:
    """Merchants with their sums of a window: merchant_id, order_count, recent_count (its second half) and the counts that `segments` makes shares of."""
    middle = scope.date_from + (scope.date_to - scope.date_from) / 2
    return read(cursor, "merchants", scope, middle=middle)


def read(cursor: Cursor, name: str, scope: Scope, **more: object) -> pd.DataFrame:
    """A statement of the folder for a scope's merchants and days; `more` are the other parameters that it names."""
    sql = _scoped(name)
    known = {
        "date_from": scope.date_from,
        "date_to": scope.date_to,
        "categories": list(scope.categories),
        "regions": list(scope.regions),
        "tiers": list(scope.tiers),
        "merchants": list(scope.merchants),
        **more,
    }
    return cursor.df(sql, {key: known[key] for key in set(_PARAMETER.findall(sql))})


def sample_step(total: int, limit: int) -> int:
    """One in how many is read, so that about `limit` of `total` are."""
    return max(1, math.ceil(total / limit))


def _order_count(cursor: Cursor, scope: Scope) -> int:
    return int(read(cursor, "order_count", scope)["order_count"].iloc[0])


@cache
def _scoped(name: str) -> str:
    sql = _text(name).replace("{chosen}", _text("chosen_merchants"))
    return sql.replace("{sums}", _text("answer_sums"))


@cache
def _text(name: str) -> str:
    return (SQL_FOLDER / "satisfaction" / f"{name}.sql").read_text(encoding="utf-8")


def recorded(cursor: Cursor) -> dict[str, bool]:
    """Which causes of `drivers` the sources can show at all."""
    counts = read_extent(cursor).counts
    needs = {
        "slow_reply": "question_asked",
        "late_seller": "order_placed.deliver_by",
        "late_other": "order_placed.deliver_by",
        "cancelled": "order_cancelled",
        "price": "order_placed.amount",
        "returned": "return_requested",
        "disputed": "dispute_opened",
    }
    return {cause: counts.get(need, 0) > 0 for cause, need in needs.items()}


def chain_days(cursor: Cursor, scope: Scope, outcome_days: int) -> tuple[date, date, date] | None:
    """(D, first and last day of the orders that follow), the orders' last day as late as the window and 90 days allow; None when the data starts later than 30 days before D."""
    last = min(scope.date_to, last_repeat_day(cursor))
    first = last - timedelta(days=outcome_days - 1)
    day = first - timedelta(days=1)
    begins = read_extent(cursor).first_day
    return None if begins is None or day < begins + timedelta(days=30) else (day, first, last)
