"""A load that is killed at any instant leaves the last snapshot served, whole, and the next load clean."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analytics.ingest import load
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import EVENTS_HEADER, all_files, make_warehouse, write_events

SCRIPT = """
import sys
from pathlib import Path
from analytics.ingest import load
from analytics.warehouse import Warehouse
warehouse = Warehouse(Path(sys.argv[1]), marts_folder=Path(sys.argv[2]))
print("ready", flush=True)
print(load(warehouse, "canonical", Path(sys.argv[3]), progress=lambda p: print(p.step, flush=True)).snapshot_id, flush=True)
"""
ROWS = 20_000
ROOT = Path(__file__).resolve().parents[3]


def many_events(folder: Path, prefix: str) -> Path:
    rows = tuple(
        f"{prefix}{n},2024-0{n % 6 + 1}-15 10:00:00,order_placed,m{n % 9},b{n % 99},o{n},1.00,EUR,,"
        for n in range(ROWS)
    )
    return write_events(folder, rows, EVENTS_HEADER)


def state(warehouse: Warehouse) -> tuple[str, int, int]:
    """The snapshot served, its events, and the orders that its mart counts."""
    with Warehouse(warehouse.root, marts_folder=warehouse.marts_folder).cursor() as cursor:
        events = cursor.rows("select count(*) as n from events")[0]["n"]
        orders = cursor.rows("select sum(order_count)::bigint as n from order_total")[0]["n"]
        return cursor.snapshot_id, events, orders


@pytest.mark.parametrize("step", ["ready", "read", "merge", "marts", "publish"])
def test_a_killed_load_loses_nothing(tmp_path: Path, step: str) -> None:
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", many_events(tmp_path / "good", "a"))
    before = state(warehouse)
    more = many_events(tmp_path / "more", "b")
    for attempt in range(2):
        arguments = [sys.executable, "-c", SCRIPT, str(warehouse.root), str(warehouse.marts_folder), str(more)]
        process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == step:
                break
        time.sleep(random.Random(f"{step}{attempt}").uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        acknowledged = [line for line in process.stdout if line.startswith("2")]
        process.wait()
        process.stdout.close()
        after = state(warehouse)
        if after[0] == before[0]:
            assert after == before
            assert not acknowledged
        else:
            assert after[1:] == (2 * ROWS, 2 * ROWS), "a new snapshot is whole"
    final = load(warehouse, "canonical", more)
    assert final.loaded + final.duplicate == ROWS
    assert state(warehouse)[1:] == (2 * ROWS, 2 * ROWS)
    named = {path for snapshot in warehouse.snapshots() for path in warehouse.folder.read(snapshot.snapshot_id).paths()}
    manifests = {f"snapshots/{snapshot.snapshot_id}.json" for snapshot in warehouse.snapshots()}
    assert all_files(warehouse.root) <= named | manifests | {"CURRENT", "buyer.key"}
