"""A day of events that could come next, made from a warehouse's last 24 hours. Knows no page; changes no warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analytics.bench.templates import render
from analytics.engines.duckdb import copy_to, quote
from analytics.engines.marts import instant
from analytics.snapshots import Manifest
from analytics.warehouse import Warehouse, create_table_views

MOST_EVENTS = 100_000
SHARE_OF_STORED = 0.001


@dataclass(frozen=True)
class NextDay:
    """`folder` is a source of the canonical shape. `stored_orders`: those that were placed earlier and to which something happens now."""

    folder: Path
    events: int
    new_orders: int
    stored_orders: int


def day_size(manifest: Manifest) -> int:
    """How many events a made day has at most: 100,000, or a thousandth of those stored."""
    stored = sum(part.rows for part in manifest.tables["events"])
    return max(1, min(MOST_EVENTS, round(stored * SHARE_OF_STORED)))


def write_next_day(warehouse: Warehouse, base: Manifest, number: int, folder: Path) -> NextDay:
    """Write the `number`th day after the snapshot `base` to `folder`. Instants that a day promises move with it."""
    prefix = quote(f"next{number}-")
    file = folder / "events.parquet"
    with warehouse.connect() as connection:
        create_table_views(connection, warehouse.root, base.tables)
        slots = {"until": instant(base.data_up_to), "days": str(number), "rows": str(day_size(base))}
        copy_to(connection, render("next_day", prefix=prefix, **slots), file)
        counts = connection.execute(render("next_day_counts", prefix=prefix, file=quote(file))).fetchall()[0]
    return NextDay(folder, *(int(count) for count in counts))
