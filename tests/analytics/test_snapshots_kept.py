"""Snapshots: roll-back, collection, one writer, readers that go on."""

import multiprocessing
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pytest

from analytics.errors import AnalyticsError, WarehouseError
from analytics.ingest import load
from analytics.snapshots import KEPT_SNAPSHOTS
from analytics.warehouse import OPEN_SNAPSHOTS, Warehouse
from tests.analytics.ingest.folders import EVENTS, all_files, make_warehouse, write_events
from tests.analytics.small_warehouse import count_events, grow, warehouse

__all__ = ["warehouse"]


def test_rollback_checks_the_files_while_no_load_can_drop_them(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = warehouse.snapshot().snapshot_id
    (served,) = grow(warehouse, tmp_path, 1)
    lock = warehouse.folder.locked

    def after_a_load() -> AbstractContextManager[None]:
        (warehouse.root / "snapshots" / f"{old}.json").unlink()
        return lock()

    monkeypatch.setattr(warehouse.folder, "locked", after_a_load)
    with pytest.raises(WarehouseError, match="There is no snapshot"):
        warehouse.rollback(old)
    assert warehouse.snapshot().snapshot_id == served


def test_rollback_serves_the_older_snapshot_and_the_newer_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    old = warehouse.snapshot().snapshot_id
    (new,) = grow(warehouse, tmp_path, 1)
    assert count_events(warehouse) == len(EVENTS) + 1
    warehouse.rollback(old)
    assert count_events(warehouse) == len(EVENTS)
    assert [snapshot.snapshot_id for snapshot in warehouse.snapshots()] == [new, old]
    with pytest.raises(WarehouseError, match="There is no snapshot 'nonsense'"):
        warehouse.rollback("nonsense")


def test_only_the_newest_snapshots_are_kept_and_no_file_of_theirs_is_lost(tmp_path: Path) -> None:
    writer = make_warehouse(tmp_path)
    load(writer, "canonical", write_events(tmp_path / "first"))
    grow(writer, tmp_path, KEPT_SNAPSHOTS + 2)
    kept = writer.snapshots()
    assert len(kept) == KEPT_SNAPSHOTS
    named = {path for snapshot in kept for path in writer.folder.read(snapshot.snapshot_id).paths()}
    manifests = {f"snapshots/{snapshot.snapshot_id}.json" for snapshot in kept}
    assert all_files(writer.root) == named | manifests | {"CURRENT", "buyer.key"}
    for place, snapshot in enumerate(kept):
        assert count_events(writer, snapshot.snapshot_id) == len(EVENTS) + KEPT_SNAPSHOTS + 2 - place


def test_a_snapshot_that_is_being_read_is_not_collected(warehouse: Warehouse, tmp_path: Path) -> None:
    reader = Warehouse(warehouse.root, marts_folder=warehouse.marts_folder)
    with reader.cursor() as cursor:
        grow(warehouse, tmp_path, KEPT_SNAPSHOTS + 1)
        assert cursor.rows("select count(*) as n from events") == [{"n": len(EVENTS)}]
        assert cursor.snapshot_id in {snapshot.snapshot_id for snapshot in warehouse.snapshots()}


def test_a_second_writer_is_refused_at_once_and_readers_go_on(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = write_events(tmp_path / "second", ("e9,2024-02-09,order_placed,m1,ann,o9,1,EUR,,",))
    with warehouse.folder.writing():
        with pytest.raises(WarehouseError, match=r"Another process is writing to .*: wait"):
            load(Warehouse(warehouse.root), "canonical", folder)
        assert count_events(warehouse) == len(EVENTS)


def _hold_the_lock(root: Path, held: "multiprocessing.synchronize.Event") -> None:
    with Warehouse(root).folder.writing():
        held.set()
        time.sleep(60)


def test_the_lock_of_a_killed_writer_is_free(warehouse: Warehouse, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=_hold_the_lock, args=(warehouse.root, held))
    process.start()
    assert held.wait(120)
    with pytest.raises(WarehouseError, match="Another process"):
        grow(warehouse, tmp_path, 1)
    process.kill()
    process.join()
    grow(warehouse, tmp_path, 1)


def test_twenty_readers_see_no_error_while_loads_run(warehouse: Warehouse, tmp_path: Path) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []
    seen: set[int] = set()

    def read() -> None:
        while not stop.is_set():
            try:
                with warehouse.cursor() as cursor:
                    events = cursor.rows("select count(*) as n from events where kind = 'order_placed'")[0]["n"]
                    assert cursor.rows("select sum(order_count) as n from order_total")[0]["n"] == events
                    seen.add(events)
            except (AnalyticsError, duckdb.Error, AssertionError, OSError) as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(20)]
    for reader in readers:
        reader.start()
    grow(warehouse, tmp_path, KEPT_SNAPSHOTS + 3)
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures, failures[:3]
    assert len(seen) > 1, "the readers saw only one snapshot: nothing was tested"


def test_a_running_cursor_keeps_its_files_however_many_snapshots_are_opened_meanwhile(tmp_path: Path) -> None:
    writer, reader = make_warehouse(tmp_path), Warehouse(tmp_path / "warehouse")
    row = "{0},2024-02-01,order_placed,m1,ann,{0},1.00,EUR,,".format
    load(writer, "canonical", write_events(tmp_path / "first", (row("a0"),)))
    first = reader.snapshot().snapshot_id
    with reader.cursor() as running:
        for number in range(1, OPEN_SNAPSHOTS + 2):
            load(writer, "canonical", write_events(tmp_path / f"in{number}", (row(f"a{number}"),)))
            with reader.cursor() as cursor:
                cursor.rows("select 1")
        assert running.rows("select count(*) as n from events") == [{"n": 1}]
        assert first in writer.folder.snapshot_ids()
    load(writer, "canonical", write_events(tmp_path / "last", (row("z"),)))
    assert first not in writer.folder.snapshot_ids(), "no longer in use"
