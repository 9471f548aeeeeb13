"""Small marketplaces for the tests of trust and what-if: frames of counts, and a cursor over hand-made marts. Drawn ones: `analytics.bench.rated_markets`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
import pandas as pd

from analytics.bench.rated_markets import DAY
from analytics.memo import T
from analytics.trust import Programme, default_programme
from analytics.trust.programme import MEASURES
from analytics.trust.rows import source_of


@dataclass
class FakeCursor:
    """A warehouse cursor over tables of an in-memory database."""

    connection: duckdb.DuckDBPyConnection
    as_of: date | None = None
    data_up_to: datetime | None = datetime(2024, 6, 30, 22, 30, tzinfo=UTC)
    time_zone: str = "UTC"
    snapshot_id: str = "snapshot-1"

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        return make()

    def df(self, sql: str, params: Mapping[str, object] | None = None) -> pd.DataFrame:
        return self.connection.execute(sql, params or None).df()


def cursor_over(
    days: list[dict[str, object]], merchants: list[dict[str, object]], *, as_of: date | None = None
) -> FakeCursor:
    """`days`: rows of merchant_day (measures that are not given are 0); `merchants`: rows of merchant_profile. order_measure has none."""
    connection = duckdb.connect()
    measures = ", ".join(f"{name} bigint default 0" for name in (*MEASURES, "review_score_sum"))
    connection.execute(f"create table merchant_day (merchant_id varchar, day date, {measures})")
    connection.execute(
        "create table merchant_profile (merchant_id varchar, name varchar, category varchar, region varchar, tier varchar,"
        " joined_at timestamptz, first_order_date date, size_band varchar)"
    )
    connection.execute(
        "create table merchant_day_amount (merchant_id varchar, day date, currency varchar, gmv_minor bigint)"
    )
    connection.execute(
        "create table order_measure (grain varchar, merchant_id varchar, order_id varchar, order_date date, carrier varchar,"
        f" {', '.join(f'{name} bigint default 0' for name in MEASURES if source_of(name) == 'orders')})"
    )
    for table, rows in (("merchant_day", days), ("merchant_profile", merchants)):
        for row in rows:
            names, marks = ", ".join(row), ", ".join("?" for _ in row)
            connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))
    return FakeCursor(connection, as_of)


def counts_of(rows: list[dict[str, object]], programme: Programme | None = None) -> pd.DataFrame:
    """A frame of counts: keys `RATE=(numerator, denominator)`, of today (no discount), and merchant attributes; rates that are not
    given are 0 of 0."""
    programme = programme or default_programme()
    filled = []
    for number, row in enumerate(rows):
        values: dict[str, object] = {
            "merchant_id": row.get("merchant_id", f"m{number:04d}"),
            "name": row.get("name", f"Merchant {number}"),
            "category": row.get("category", "toys"),
            "region": row.get("region", "north"),
            "tier": row.get("tier", "standard"),
            "size_band": row.get("size_band", "50-199"),
            "joined_on": row.get("joined_on", date(2020, 1, 1)),
            "tenure_days": row.get("tenure_days", 1000.0),
            "as_of": DAY,
            "n": row.get("n", 100),
        }
        for rate in programme.rates:
            numerator, denominator = row.get(rate.rate_id, (0, 0))  # type: ignore[misc]
            values |= {
                f"{rate.rate_id}.numerator": float(numerator),
                f"{rate.rate_id}.denominator": float(denominator),
                f"{rate.rate_id}.recent_numerator": float(numerator),
                f"{rate.rate_id}.recent_denominator": float(denominator),
                f"{rate.rate_id}.square_denominator": float(denominator),
                f"{rate.rate_id}.evidence": float(denominator),
            }
        filled.append(values)
    return pd.DataFrame(filled)
