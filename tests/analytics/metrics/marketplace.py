"""A tiny marketplace in memory for the tests of marts and metrics: rows in, marts built by the shipped SQL, a cursor out.

It stands in for the warehouse and must stay as plain as possible: no file, no ingest, no cache.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from analytics.memo import T
from analytics.tables import SQL_FOLDER, stored_columns

Row = dict[str, Any]


def at(text: str) -> datetime:
    """'2024-03-01' or '2024-03-01 13:30' as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class MemoryCursor:
    """What metrics need of the warehouse's cursor."""

    connection: duckdb.DuckDBPyConnection
    time_zone: str = "UTC"
    snapshot_id: str = "fixture"
    as_of: date | None = None
    data_up_to: datetime | None = None

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        return make()

    def df(self, sql: str, params: Mapping[str, object] | None = None) -> pd.DataFrame:
        return self.connection.execute(sql, dict(params or {})).df()

    def rows(self, sql: str, params: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        cursor = self.connection.execute(sql, dict(params or {}))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def mart_names() -> list[str]:
    return sorted(path.name for path in (SQL_FOLDER / "marts").glob("*.sql"))


def build(tables: Mapping[str, Sequence[Row]], *, time_zone: str = "UTC", as_of: date | None = None) -> MemoryCursor:
    """Fill the canonical tables, run every mart in order, give a cursor over them."""
    connection = duckdb.connect(config={"threads": "1"})  # so few rows keep no second one busy
    for name, columns in stored_columns().items():
        connection.execute(f"create table {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
        rows = tables.get(name, ())
        if rows:
            unknown = {key for row in rows for key in row} - set(columns)
            assert not unknown, f"{name} has no column {sorted(unknown)}"
            connection.register(
                "incoming", pd.DataFrame([[row.get(c) for c in columns] for row in rows], columns=list(columns))
            )
            connection.execute(f"insert into {name} select * from incoming")
            connection.unregister("incoming")
    bound: object = "infinity"
    if as_of is not None:
        bound = datetime.combine(as_of + timedelta(days=1), datetime.min.time(), tzinfo=ZoneInfo(time_zone))
    for file_name in mart_names():
        sql = (SQL_FOLDER / "marts" / file_name).read_text(encoding="utf-8")
        params = {key: value for key, value in {"as_of": bound, "time_zone": time_zone}.items() if f"${key}" in sql}
        name = file_name.removesuffix(".sql").split("_", 1)[1]
        connection.execute(f"create table {name} as {sql}", params)
    horizon = connection.execute(
        "select epoch(max(occurred_at)) from events where occurred_at < $as_of", {"as_of": bound}
    ).fetchall()
    seconds = horizon[0][0]
    return MemoryCursor(
        connection,
        time_zone=time_zone,
        as_of=as_of,
        data_up_to=None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC),
    )


_numbers = itertools.count(1)


def event(kind: str, when: str, merchant_id: str = "m1", **values: Any) -> Row:
    return {
        "event_id": f"e{next(_numbers)}",
        "kind": kind,
        "occurred_at": at(when),
        "merchant_id": merchant_id,
        **values,
    }


def order(
    order_id: str,
    when: str,
    *,
    merchant_id: str = "m1",
    buyer_id: str | None = "b1",
    amount: float = 10,
    currency: str = "EUR",
    then: Iterable[tuple[str, str] | tuple[str, str, Mapping[str, Any]]] = (),
    **placed: Any,
) -> list[Row]:
    """An order of one line and what happened to it: then=[(kind, when, {columns})]."""
    rows = [
        event(
            "order_placed", when, merchant_id, order_id=order_id, line_id="1", product_id="p1", buyer_id=buyer_id,
            quantity=1, amount=amount, currency=currency, **placed,
        )
    ]  # fmt: skip
    for kind, moment, *rest in then:
        values: dict[str, Any] = dict(rest[0]) if rest else {}
        row = event(kind, moment, merchant_id, order_id=order_id, buyer_id=buyer_id, **values)
        if kind == "review_posted" and "event_id" not in values:
            row["event_id"] = f"r{next(_numbers)}|{order_id}|{merchant_id}"
        rows.append(row)
    return rows


def merchant(
    merchant_id: str, category: str | None = "toys", region: str | None = "north", tier: str | None = "gold"
) -> Row:
    return {
        "merchant_id": merchant_id, "name": merchant_id.upper(), "category": category, "region": region, "tier": tier,
        "joined_at": at("2020-01-01"), "updated_at": at("2020-01-01"),
    }  # fmt: skip
