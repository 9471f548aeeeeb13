"""A copy of a warehouse whose sums by day and month are those of the same merchants and days with other many events.

Only the additive marts are made anew; events, orders, profiles and whatever else is stored stay the source's, so that an as-of day, a list of rows or what is counted from
orders says nothing of the other size. Knows no page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from analytics.bench.copies import link_warehouse
from analytics.bench.templates import render
from analytics.engines.duckdb import build_marts, quote
from analytics.engines.marts import Mart, read_marts
from analytics.errors import WarehouseError
from analytics.ingest.loads import clear_errors
from analytics.warehouse import Warehouse, create_views

MOST = 1000
# What the additive marts are made of, with the id of a row that belongs to no order.
FACTS = {
    "order_measure": "order_id",
    "fct_order_amount": "order_id",
    "fct_review": "event_id",
    "fct_survey": "event_id",
    "fct_question": "event_id",
    "fct_ticket": "ticket_id",
    "fct_penalty": "event_id",
}


@dataclass(frozen=True)
class Grown:
    """A grown warehouse: its days of merchants that have a row, and the orders on them."""

    warehouse: Warehouse
    merchant_days: int
    orders: int


def is_size(times: float) -> bool:
    """Whether a warehouse can be grown so many times: a whole number up to MOST, or a share between 0 and 1."""
    return 0 < times < 1 or (1 <= times <= MOST and times == math.floor(times))


def grow(source: Warehouse, root: Path, times: float, seed: int) -> Grown:
    """Make `root` a copy of the current snapshot with `times` the events in its additive marts (see is_size); the source is only read.

    From 1 on each merchant's day counts `times` over, and gives copies to the empty days that follow it, as far as they go: any sum over a merchant's whole time
    is exactly `times` the stored one. Below 1 each order stays by that chance, with all that belongs to it. Raises WarehouseError, also when the stored
    marts are another version's, and ValueError when `times` is no size.
    """
    if not is_size(times):
        raise ValueError(f"can't grow {times} times")
    if source.needs_rebuild():
        raise WarehouseError(
            f"The marts of {source.root} were built by another version: build them anew with `trustdesk build` first."
        )
    copy = Warehouse(root, memory_limit=source.memory_limit, spill_limit=source.spill_limit, threads=source.threads)
    with clear_errors(copy):
        link_warehouse(source.root, root)
        return _grow(copy, times, seed)


def _grow(copy: Warehouse, times: float, seed: int) -> Grown:
    """The copy's own additive marts in place of the stored ones."""
    stored = copy.folder.current()
    grown_id = f"{stored.snapshot_id}x{times:g}"  # another snapshot: nothing that is kept by id is mistaken for its
    marts = tuple(mart for mart in read_marts(copy.marts_folder) if mart.upkeep.form == "additive")
    write_to = copy.root / "marts" / grown_id
    with copy.connect() as connection:
        create_views(connection, copy.root, stored, "before")
        if times < 1:
            for fact, own_id in FACTS.items():
                slots = {"share": repr(times), "seed": quote(str(seed))}
                connection.execute(render("thinned", fact=fact, own_id=own_id, **slots))
        else:
            connection.execute(render("spread", copies=str(int(times))))
            marts = tuple(_grown(mart) for mart in marts)
        built = build_marts(connection, marts, as_of=None, time_zone=stored.time_zone, write_to=write_to)
        merchant_days, orders = connection.execute(render("grown_counts")).fetchall()[0]
    files = {
        name: tuple(path.relative_to(copy.root).as_posix() for path in paths) for name, paths in built.files.items()
    }
    patches = {name: patch for name, patch in stored.patches.items() if name not in files}
    with copy.folder.locked():
        copy.folder.publish(replace(stored, snapshot_id=grown_id, marts={**stored.marts, **files}, patches=patches))
    return Grown(copy, int(merchant_days), int(orders or 0))


def _grown(mart: Mart) -> Mart:
    """The mart that sums the grown days, or that is them; months are made from days by their own SQL."""
    if mart.name == "marketplace_day":
        return replace(mart, sql=render("grown_marketplace"))
    if "day" not in mart.upkeep.key:
        return mart
    others = "".join(f"grown.{name}, " for name in mart.upkeep.key if name not in ("merchant_id", "day"))
    return replace(mart, sql=render("grown_days", mart=mart.name, others=others, key=", ".join(mart.upkeep.key)))
