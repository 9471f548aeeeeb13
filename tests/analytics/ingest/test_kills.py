"""A load that is killed at any instant: the old snapshot is served, or the new one, and the load can be run again to the same end."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import pandas as pd
import pytest

from analytics.demo.generate import generate
from analytics.ingest import load, marts
from analytics.warehouse import Warehouse

# Its processes begin with all that a load imports, so that none of their time, in which they are killed, goes by before the load.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def run(root: Path, source: Path, begun: Event) -> None:
    """A load in a process of its own."""
    marts.FULL_BUILD_ROWS = 0  # small as it is, the load is followed, as that of a day into a large warehouse
    begun.set()
    load(Warehouse(root), "canonical", source)


@dataclass(frozen=True)
class Case:
    """A warehouse with most events of every third merchant of the small demo, a folder with their last, and what the warehouse holds before and after."""

    warehouse: Path
    last_events: Path
    seconds: float
    before: str
    after: str


def held(root: Path) -> str:
    """All that is served, as one word: every table and mart with its rows, whatever their order."""
    warehouse = Warehouse(root)
    manifest = warehouse.folder.current()
    with warehouse.cursor() as cursor:
        names = sorted({*manifest.tables, *manifest.marts, *manifest.views})
        counted = {
            name: cursor.rows(f"select count(*) as n, sum(hash(row_of)) as digest from {name} as row_of")[0]
            for name in names
        }
    return repr(counted)


def start(root: Path, source: Path) -> BaseProcess:
    begun = PROCESSES.Event()
    process = PROCESSES.Process(target=run, args=(root, source, begun))
    process.start()
    assert begun.wait(120)
    return process


@pytest.fixture(scope="module", autouse=True)
def follow_every_load() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(marts, "FULL_BUILD_ROWS", 0)
        yield


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("kills")
    made, last = folder / "made", folder / "last"
    generate(made, scale="small", seed=7)
    last.mkdir()
    shards = sorted(made.rglob("events*.parquet")) or sorted((made / "events").rglob("*.parquet"))
    events = pd.concat([pd.read_parquet(path) for path in shards])
    events = events[events["merchant_id"].isin(sorted(events["merchant_id"].unique())[::3])]
    border = events["occurred_at"].quantile(0.97)
    for path in shards:
        path.unlink()
    events[events["occurred_at"] <= border].to_parquet(shards[0])
    events[events["occurred_at"] > border].to_parquet(last / "events.parquet")
    root = folder / "warehouse"
    load(Warehouse(root), "canonical", made)
    before = held(root)
    whole = folder / "whole"
    shutil.copytree(root, whole)
    process, begun = start(whole, last), time.monotonic()
    process.join()
    seconds = time.monotonic() - begun
    assert process.exitcode == 0
    assert Warehouse(whole).folder.current().patches, "the load was not followed"
    return Case(root, last, seconds, before, held(whole))


def kill_at_random(case: Case, folder: Path, times: int) -> None:
    """Loads killed one after the other, five of them in one warehouse unless one is published: what they leave lies in the way of the next, and of the load that then runs to its end."""
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    moments, ends = random.Random(seed), {"old": 0, "new": 0}
    told: list[str] = []
    for number in range(1, times + 1):
        root = folder / "warehouse"
        if not told:
            shutil.copytree(case.warehouse, root)
        moment = moments.uniform(0, case.seconds * 1.1)
        told.append(f"{moment:.3f} s")
        process = start(root, case.last_events)
        time.sleep(moment)
        process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        found = held(root)
        assert found in (case.before, case.after), f"a third state after {told}, seed {seed}"
        ends["old" if found == case.before else "new"] += 1
        if found == case.before and number % 5:
            continue
        result = load(Warehouse(root), "canonical", case.last_events)
        assert result.loaded == (0 if found == case.after else result.read)
        assert held(root) == case.after, f"the load run again ends elsewhere after {told}, seed {seed}"
        assert not (root / "staging").exists()
        shutil.rmtree(root)
        told.clear()
    print(ends)


def test_ten_kills_leave_the_old_or_the_new(case: Case, tmp_path: Path) -> None:
    assert case.before != case.after
    kill_at_random(case, tmp_path, 10)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_kills_leave_the_old_or_the_new(case: Case, tmp_path: Path) -> None:
    kill_at_random(case, tmp_path, 200)
