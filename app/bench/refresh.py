"""`trustdesk bench refresh`: from the start of a day's load to its figures in a fresh cursor, on a copy of the warehouse; the full
rebuild beside it. The warehouse itself is only read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import NoData
from app.services.warehouse import NO_EVENTS, local_day

if TYPE_CHECKING:
    from analytics.snapshots import Manifest
    from analytics.warehouse import Warehouse

LIMIT_SECONDS = 5.0
STEPS = ("read", "merge", "marts", "publish", "visible")


@dataclass(frozen=True)
class RefreshTiming:
    """A load, or the rebuild of all marts. Times are seconds; `visible_s` is opening a cursor on the new snapshot and asking it a metric.

    stored_events: before it. events, new_orders, stored_orders: of the day. is_whole_build: the load made all marts anew.
    """

    what: str
    total_s: float
    limit_s: float
    read_s: float
    merge_s: float
    marts_s: float
    publish_s: float
    visible_s: float
    stored_events: int
    events: int = 0
    new_orders: int = 0
    stored_orders: int = 0
    loaded: int = 0
    is_whole_build: bool = True

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@contextmanager
def writable_copy(given: Warehouse) -> Iterator[Warehouse]:
    """A copy of a warehouse that shares its data files, in the system's temporary folder, gone afterwards.

    Marts that other mart SQL built are built anew first: a load could not follow them. Raises NoData without events.
    """
    from analytics.bench.copies import link_warehouse
    from analytics.ingest import rebuild
    from analytics.warehouse import Warehouse

    if not given.snapshot().data_up_to:
        raise NoData(NO_EVENTS)
    with tempfile.TemporaryDirectory(prefix="trustdesk-bench-") as folder:
        root = Path(folder) / "warehouse"
        link_warehouse(given.root, root)
        copy = Warehouse(root, memory_limit=given.memory_limit, threads=given.threads)
        if copy.needs_rebuild():
            rebuild(copy)
        yield copy


def measure(given: Warehouse, days: int, *, has_rebuild: bool = True) -> Iterator[RefreshTiming]:
    """Yield a row a day loaded, then one for the rebuild. Raises NoData and WarehouseError."""
    with writable_copy(given) as warehouse:
        base = warehouse.folder.current()
        _look(warehouse)  # what Python imports at the first question is not the load's
        for number in range(1, days + 1):
            yield load_day(warehouse, base, number)
        if has_rebuild:
            yield _rebuild(warehouse)


def load_day(warehouse: Warehouse, base: Manifest, number: int) -> RefreshTiming:
    """Make the `number`th day after `base` (not timed) and load it, until a fresh cursor shows it."""
    from analytics.bench.next_day import write_next_day
    from analytics.bench.steps import StepClock
    from analytics.ingest import load

    stored = warehouse.snapshot().tables["events"]
    with tempfile.TemporaryDirectory(dir=warehouse.root.parent) as folder:
        made = write_next_day(warehouse, base, number, Path(folder))
        clock = StepClock()
        result = load(warehouse, "canonical", made.folder, progress=clock)
        clock.begin("visible")
        _look(warehouse)
        total = clock.stop()
    return RefreshTiming(
        f"load of day {number}",
        total,
        LIMIT_SECONDS,
        *_step_seconds(clock.seconds),
        stored_events=stored,
        events=made.events,
        new_orders=made.new_orders,
        stored_orders=made.stored_orders,
        loaded=result.loaded,
        is_whole_build=not warehouse.folder.current().patches,
    )


def _rebuild(warehouse: Warehouse) -> RefreshTiming:
    from analytics.bench.steps import StepClock
    from analytics.ingest import rebuild

    stored = warehouse.snapshot().tables["events"]
    clock = StepClock("marts")
    rebuild(warehouse, progress=clock)
    clock.begin("visible")
    _look(warehouse)
    return RefreshTiming("rebuild", clock.stop(), LIMIT_SECONDS, *_step_seconds(clock.seconds), stored_events=stored)


def _look(warehouse: Warehouse) -> None:
    """Orders of the newest days, from a cursor on the snapshot served now."""
    from analytics.metrics import Scope, compute

    with warehouse.cursor() as cursor:
        assert cursor.data_up_to is not None, "a copy has events"
        last = local_day(cursor.data_up_to, cursor.time_zone)
        compute(cursor, "orders", Scope(last - timedelta(days=1), last))


def _step_seconds(seconds: dict[str, float]) -> tuple[float, float, float, float, float]:
    read, merge, marts, publish, visible = (seconds.get(step, 0.0) for step in STEPS)
    return read, merge, marts, publish, visible
