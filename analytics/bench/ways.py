"""Ways to take in one file of events: ours, and the peers and limit beside it. `python -m analytics.bench.ways` runs one in a process
of its own and prints its figures as JSON.

The peers check the contract's values as a careful script would. They leave out what ours does besides: pseudonyms of buyers, quarantine with
file, line and reason, conflicts, snapshots, files by month, and every mart but orders and GMV by merchant and day.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.bench.steps import StepClock, peak_memory_mib
from analytics.bench.templates import render
from analytics.engines.duckdb import quote
from analytics.ingest import load
from analytics.tables import TABLES, Column
from analytics.warehouse import Warehouse

TIMES = ("occurred_at", "ship_by_at", "deliver_by_at", "expires_at")
FREE_OF_MERCHANT = ("view", "cart", "csat_answered", "nps_answered")
OF_AN_ORDER = (
    "order_placed",
    "order_cancelled",
    "order_shipped",
    "order_delivered",
    "tracking_scanned",
    "return_requested",
    "refund_paid",
    "dispute_opened",
    "dispute_closed",
    "chargeback",
)
FIVE_STARS = ("review_posted", "dsr_rated", "csat_answered")
LONGEST_ID = 200
CONTROL = r"[\x00-\x1f\x7f]"
CURRENCY = "[A-Z]{3}"
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

Way = Callable[[Path, Path, int, str], tuple[int, StepClock]]


def ours(file: Path, out: Path, threads: int, memory_limit: str) -> tuple[int, StepClock]:
    """The whole load into an empty warehouse: steps read (with the contract), merge (duplicates, parts), marts, publish."""
    warehouse = Warehouse(out / "warehouse", memory_limit=memory_limit, threads=threads)
    clock = StepClock()
    result = load(warehouse, "canonical", file.parent, progress=clock)
    clock.stop()
    return result.loaded, clock


def limit(file: Path, out: Path, threads: int, memory_limit: str) -> tuple[int, StepClock]:
    """The engine alone under the same limits: the file into a table in memory, unchecked."""
    columns = ", ".join(f"{c.name}: {quote(c.physical_type)}" for c in TABLES["events"].columns)
    with Warehouse(out, memory_limit=memory_limit, threads=threads).connect() as connection:
        clock = StepClock()
        connection.execute(render(f"limit_{file.suffix[1:]}", file=quote(file), columns=columns))
        clock.stop()
        return int(connection.table("events").count("*").fetchall()[0][0]), clock


def with_pandas(file: Path, out: Path, threads: int, memory_limit: str) -> tuple[int, StepClock]:
    """pandas: read and parse, check, drop duplicates, orders and GMV by merchant and day, Parquet."""
    clock = StepClock()
    frame = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, dtype=_text_columns())
    for name in TIMES:
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601", errors="coerce")
    frame["amount"] = pd.to_numeric(frame["amount"])
    clock.begin("contract")
    kept = frame[~_broken_rows(frame)]
    clock.begin("merge")
    kept = kept.drop_duplicates("event_id")
    clock.begin("marts")
    placed = kept[kept["kind"] == "order_placed"]
    daily = placed.groupby(["merchant_id", placed["occurred_at"].dt.date]).agg(
        orders=("order_id", "nunique"), gmv=("amount", "sum")
    )
    clock.begin("write")
    kept.to_parquet(out / "events.parquet", compression="zstd")
    daily.reset_index().to_parquet(out / "merchant_day.parquet", compression="zstd")
    clock.stop()
    return len(kept), clock


def _text_columns() -> dict[str, str]:
    return {column.name: "str" for column in TABLES["events"].columns if column.physical_type == "VARCHAR"}


def _broken_rows(frame: pd.DataFrame) -> pd.Series[bool]:
    kind, score = frame["kind"], frame["score"]
    broken = (
        (frame["merchant_id"].isna() & ~kind.isin(FREE_OF_MERCHANT))
        | (frame["order_id"].isna() & kind.isin(OF_AN_ORDER))
        | (frame["amount"].notna() & frame["currency"].isna())
        | (kind.isin(FIVE_STARS) & ~score.between(1, 5))
        | ((kind == "nps_answered") & ~score.between(0, 10))
    )
    for column in TABLES["events"].columns:
        for fault in _faults(frame[column.name], column):
            broken |= fault
    return broken


def _faults(values: pd.Series[Any], column: Column) -> Iterator[pd.Series[bool]]:
    if column.is_required:
        yield values.isna()
    if column.allowed:
        yield values.notna() & ~values.isin(column.allowed)
    if column.minimum is not None:
        yield values < column.minimum
    if column.maximum is not None:
        yield values > column.maximum
    if column.kind == "id":
        yield (values.str.len() > LONGEST_ID) | values.str.contains(CONTROL, na=False)
    elif column.kind == "currency":
        yield values.notna() & ~values.str.fullmatch(CURRENCY, na=False)
    elif column.kind == "time":
        yield (values < EARLIEST) | (values > _tomorrow())


def with_polars(file: Path, out: Path, threads: int, memory_limit: str) -> tuple[int, StepClock]:
    """Polars: the same as with pandas, one step after the other (POLARS_MAX_THREADS says how many threads)."""
    import polars as pl

    clock = StepClock()
    if file.suffix == ".parquet":
        frame = pl.read_parquet(file)
    else:
        kinds = {"integer": pl.Int64, "amount": pl.Float64, "boolean": pl.Boolean}
        frame = pl.read_csv(file, schema={c.name: kinds.get(c.kind, pl.String) for c in TABLES["events"].columns})
        frame = frame.with_columns(pl.col(*TIMES).str.to_datetime(time_zone="UTC", strict=False))
    clock.begin("contract")
    kept = frame.filter(~_broken(pl))
    clock.begin("merge")
    kept = kept.unique("event_id", keep="first", maintain_order=True)
    clock.begin("marts")
    placed = kept.filter(pl.col("kind") == "order_placed")
    daily = placed.group_by("merchant_id", pl.col("occurred_at").dt.date()).agg(
        pl.col("order_id").n_unique().alias("orders"), pl.col("amount").sum().alias("gmv")
    )
    clock.begin("write")
    kept.write_parquet(out / "events.parquet", compression="zstd")
    daily.write_parquet(out / "merchant_day.parquet", compression="zstd")
    clock.stop()
    return len(kept), clock


def _broken(pl: Any) -> Any:
    kind, score = pl.col("kind"), pl.col("score")
    broken = [
        pl.col("merchant_id").is_null() & ~kind.is_in(FREE_OF_MERCHANT),
        pl.col("order_id").is_null() & kind.is_in(OF_AN_ORDER),
        pl.col("amount").is_not_null() & pl.col("currency").is_null(),
        kind.is_in(FIVE_STARS) & ~score.is_between(1, 5).fill_null(False),
        (kind == "nps_answered") & ~score.is_between(0, 10).fill_null(False),
    ]
    for column in TABLES["events"].columns:
        broken += _polars_faults(pl.col(column.name), column)
    return pl.any_horizontal(fault.fill_null(False) for fault in broken)


def _polars_faults(values: Any, column: Column) -> Iterator[Any]:
    if column.is_required:
        yield values.is_null()
    if column.allowed:
        yield ~values.is_in(column.allowed)
    if column.minimum is not None:
        yield values < column.minimum
    if column.maximum is not None:
        yield values > column.maximum
    if column.kind == "id":
        yield (values.str.len_chars() > LONGEST_ID) | values.str.contains(CONTROL)
    elif column.kind == "currency":
        yield ~values.str.contains(f"^{CURRENCY}$")
    elif column.kind == "time":
        yield (values < EARLIEST) | (values > _tomorrow())


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


WAYS: dict[str, Way] = {"ours": ours, "limit": limit, "pandas": with_pandas, "polars": with_polars}


def main(way: str, file: str, out: str, threads: str, memory_limit: str) -> None:
    """Run one way and print what it took: rows, seconds, steps, peak_memory_mib."""
    rows, clock = WAYS[way](Path(file), Path(out), int(threads), memory_limit)
    steps = {name: seconds for name, seconds in clock.seconds.items() if name}
    figures = {"rows": rows, "seconds": sum(steps.values()), "steps": steps, "peak_memory_mib": peak_memory_mib()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
