"""A made day loads whole into a copy of the warehouse, and the warehouse that was given stays as it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from analytics.bench.copies import link_warehouse
from analytics.bench.next_day import day_size, write_next_day
from analytics.ingest import load
from analytics.warehouse import Warehouse


def files(root: Path) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(root).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file() and "readers" not in path.parts
    }


def test_days_add_to_a_copy_and_the_given_warehouse_stays(demo_warehouse: Path, tmp_path: Path) -> None:
    before = files(demo_warehouse)
    copy = Warehouse(tmp_path / "copy")
    link_warehouse(demo_warehouse, copy.root)
    base = copy.folder.current()
    first = base.tables["events"][0].path
    assert (copy.root / first).stat().st_ino == (demo_warehouse / first).stat().st_ino
    stored = copy.snapshot().tables["events"]
    for number in (1, 2):
        day = write_next_day(copy, base, number, tmp_path / f"day{number}")
        assert day.events == day_size(base) == round(stored / 1000)
        assert 0.15 < day.new_orders / (day.new_orders + day.stored_orders) < 0.5
        result = load(copy, "canonical", day.folder)
        assert (result.loaded, result.quarantined, result.duplicate) == (day.events, 0, 0)
        assert copy.snapshot().tables["events"] == stored + number * day.events
    now = copy.snapshot()
    assert base.data_up_to is not None
    assert now.data_up_to is not None
    assert base.data_up_to + timedelta(days=1) < now.data_up_to <= base.data_up_to + timedelta(days=2)
    with copy.cursor() as cursor:
        sql = (
            "select count(distinct order_id) as orders from fct_order "
            "where starts_with(order_id, 'next2-') and order_date > $day"
        )
        assert cursor.rows(sql, {"day": base.data_up_to.date()}) == [{"orders": day.new_orders}]
    assert files(demo_warehouse) == before
