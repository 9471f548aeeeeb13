"""Time, memory and disk: what doesn't fit is one clear line, and says which of them it was."""

import time
from datetime import date
from pathlib import Path
from unittest.mock import Mock

import duckdb
import pytest

from analytics.errors import WarehouseError
from analytics.ingest import rebuild
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import all_files
from tests.analytics.small_warehouse import grow, warehouse

__all__ = ["warehouse"]


def test_a_slow_query_is_stopped_and_the_cursor_lives_on(warehouse: Warehouse) -> None:
    with warehouse.cursor(time_limit=0.2) as cursor:
        started = time.monotonic()
        with pytest.raises(WarehouseError, match=r"stopped after 0\.2 s"):
            cursor.rows("select sum(a.range * b.range) from range(1000000) a, range(1000000) b")
        assert time.monotonic() - started < 5
        assert cursor.rows("select 1 as one") == [{"one": 1}]


def test_a_query_larger_than_memory_spills_inside_the_sandbox(warehouse: Warehouse) -> None:
    small = Warehouse(warehouse.root, memory_limit="60MB", threads=1)
    sql = "select count(*) as n from (select range, hash(range) as h from range(6000000) order by h)"
    with small.cursor() as cursor:
        assert cursor.rows(sql) == [{"n": 6_000_000}]
    assert (warehouse.root / "tmp").is_dir(), "nothing was spilled: the query is too small to show it"


def test_a_load_larger_than_memory_spills_in_a_new_warehouse(tmp_path: Path) -> None:
    made = Warehouse(tmp_path / "new", memory_limit="60MB", threads=1)
    with made.folder.locked(), made.connect() as connection:
        sorted_rows = connection.execute(
            "select count(*) from (select hash(range) as h from range(6000000) order by h)"
        )
        assert sorted_rows.fetchall() == [(6_000_000,)]


def test_a_query_that_can_never_fit_is_one_clear_line(warehouse: Warehouse) -> None:
    small = Warehouse(warehouse.root, memory_limit="40MB", threads=1)
    with small.cursor() as cursor, pytest.raises(WarehouseError, match="needs more memory") as caught:
        cursor.rows("select list(range) from range(50000000)")
    assert "\n" not in str(caught.value)


HUNGRY_MART = "select list(range) as numbers from range(50000000) where $as_of is not null"


SPILLING_MART = "select range as n, hash(range) as h from range(6000000) where $as_of is not null"


def test_a_query_that_fills_the_disk_is_not_blamed_on_memory(warehouse: Warehouse) -> None:
    small = Warehouse(warehouse.root, memory_limit="60MB", spill_limit="5MB", threads=1)
    with small.cursor() as cursor, pytest.raises(WarehouseError, match="more than the 5MB of disk") as caught:
        cursor.rows("select * from (select range, hash(range) as h from range(6000000) order by h)")
    assert "memory" not in str(caught.value)
    assert "raise the spill limit" in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException('IO Error: Could not write file "x.tmp": No space left on device'),
        duckdb.OutOfMemoryException("Out of Memory Error: failed to offload data block of size 64.0 KiB"),
    ],
)
@pytest.mark.parametrize("at", ["query", "as of", "load"])
def test_a_full_disk_is_called_that_wherever_it_is_met(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: duckdb.Error, at: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    if at == "load":
        monkeypatch.setattr("analytics.engines.duckdb.copy_to", fail)
        with pytest.raises(
            WarehouseError, match=r"^The disk of .* is full: free some space and load again\. Nothing was"
        ):
            grow(warehouse, tmp_path, 1)
        return
    if at == "as of":
        monkeypatch.setattr("analytics.warehouse.FULL_DAY_ROWS", 0)
        monkeypatch.setattr("analytics.engines.upkeep.Upkeep._whole", fail)
        said = pytest.raises(WarehouseError, match=r"^The disk of .* is full: free some space and try again\.$")
        with said, warehouse.cursor(as_of=date(2024, 2, 1)):
            pass
        return
    with warehouse.cursor() as cursor:
        monkeypatch.setattr(cursor, "connection", Mock(execute=fail))
        with pytest.raises(WarehouseError, match=r"^The disk of .* is full: free some space and try again\.$"):
            cursor.rows("select 1")


def test_a_mart_that_needs_more_memory_says_to_raise_the_limit(warehouse: Warehouse, tmp_path: Path) -> None:
    (warehouse.marts_folder / "15_hungry.sql").write_text(HUNGRY_MART)
    small = Warehouse(warehouse.root, memory_limit="40MB", threads=1, marts_folder=warehouse.marts_folder)
    with pytest.raises(
        WarehouseError, match=r"more than 40MB of memory .*raise the memory limit\. Nothing was changed"
    ):
        rebuild(small)
    said = pytest.raises(WarehouseError, match=r"more memory than the 40MB .*raise the memory limit")
    with said as caught, small.cursor(as_of=date(2024, 2, 1)):
        pass
    assert "\n" not in str(caught.value)


def test_a_mart_that_fills_the_disk_says_so(warehouse: Warehouse) -> None:
    (warehouse.marts_folder / "15_wide.sql").write_text(SPILLING_MART)
    (warehouse.marts_folder / "15_wide.toml").write_text('[upkeep]\nsort = "h"\n')
    before, files = warehouse.snapshot().snapshot_id, all_files(warehouse.root)
    small = Warehouse(
        warehouse.root, memory_limit="60MB", spill_limit="5MB", threads=1, marts_folder=warehouse.marts_folder
    )
    with pytest.raises(
        WarehouseError, match=r"5MB of disk .*raise the spill limit and load again\. Nothing was changed"
    ):
        rebuild(small)
    assert (warehouse.snapshot().snapshot_id, all_files(warehouse.root)) == (before, files)


def test_a_warehouse_says_how_long_its_queries_may_take(warehouse: Warehouse) -> None:
    hasty = Warehouse(warehouse.root, query_seconds=0.2)
    with hasty.cursor() as cursor, pytest.raises(WarehouseError, match=r"stopped after 0\.2 s"):
        cursor.rows("select sum(a.range * b.range) from range(1000000) a, range(1000000) b")
