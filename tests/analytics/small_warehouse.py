"""A warehouse of a few events, and more of them."""

from pathlib import Path

import pytest

from analytics.ingest import load
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import make_warehouse, write_events


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = make_warehouse(tmp_path)
    load(made, "canonical", write_events(tmp_path / "first"))
    return made


def grow(warehouse: Warehouse, tmp_path: Path, count: int) -> list[str]:
    """Load `count` more events one by one; the snapshot ids."""
    ids = []
    for number in range(count):
        row = f"x{number},2024-03-0{number + 1} 10:00:00,order_placed,m1,ann,ox{number},1,EUR,,"
        ids.append(load(warehouse, "canonical", write_events(tmp_path / f"more{number}", (row,))).snapshot_id)
    return ids


def count_events(warehouse: Warehouse, snapshot_id: str | None = None) -> int:
    with warehouse.cursor(snapshot_id) as cursor:
        return int(cursor.rows("select count(*) as n from events")[0]["n"])
