"""A cursor over day marts made from arrays: orders and late ones by merchant and day, and nothing else."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.analytics.metrics.marketplace import MemoryCursor

FIRST_DAY = date(2026, 1, 5)  # a Monday
KINDS = ("any_event", "order_placed", "order_delivered")
FIELDS = ("buyer", "fault", "carrier", "tracking", "ship_by", "deliver_by", "amount")


def name(merchant: int) -> str:
    return f"m{merchant:04d}"


def cursor_of(
    orders: NDArray[np.float64], late: NDArray[np.float64] | None = None, *, last_at: datetime | None = None
) -> MemoryCursor:
    """Marts of (merchants, days) counts from FIRST_DAY on; `late` through the merchant's fault, of the orders. A day has a row where it has
    an order. last_at: the wall-clock time of the latest event (default: the last day's last minute)."""
    merchants, days = np.nonzero(orders > 0)
    hit = np.zeros(len(days)) if late is None else late[merchants, days]
    frame = pd.DataFrame(
        {
            "merchant_id": [name(int(merchant)) for merchant in merchants],
            "day": [FIRST_DAY + timedelta(days=int(day)) for day in days],
            "order_count": orders[merchants, days].astype("int64"),
            "delivery_due_count": orders[merchants, days].astype("int64"),
            "late_seller_count": hit.astype("int64"),
            "disputed_count": hit.astype("int64"),
        }
    )
    last_day = FIRST_DAY + timedelta(days=orders.shape[1] - 1)
    last_at = last_at or datetime.combine(last_day, datetime.min.time()) + timedelta(hours=23, minutes=59)
    extent = pd.DataFrame({"kind": [*KINDS, "dispute_opened"]}).assign(
        event_count=1, first_at=datetime.combine(FIRST_DAY, datetime.min.time()), last_at=last_at
    )
    extent = extent.assign(**{f"{field}_count": 1 for field in FIELDS})
    connection = duckdb.connect(config={"threads": "2"})
    connection.execute("set timezone = 'UTC'")
    connection.register("day_rows", frame)
    connection.register("extent_rows", extent)
    connection.execute("create table merchant_day as select * replace (cast(day as date) as day) from day_rows")
    connection.execute(
        "create table marketplace_day as select day, sum(columns(* exclude (merchant_id, day))) from merchant_day group by day"
    )
    connection.execute(
        "create table source_extent as select * replace (first_at::timestamptz as first_at, last_at::timestamptz as last_at) from extent_rows"
    )
    connection.execute(
        "create table merchant_profile as select distinct merchant_id, 'Toys' as category, "
        "case when merchant_id < 'm0100' then 'north' else 'south' end as region, null as tier from merchant_day"
    )
    return MemoryCursor(connection)
