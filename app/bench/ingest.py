"""`trustdesk bench ingest`: a file of events into an empty warehouse, beside the engine alone, pandas and Polars.

Every run is a process of its own, so that none finds another's memory or modules. Starting it is not counted.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.errors import AppError

WAYS = ("ours", "limit", "pandas", "polars")
RUNS = 3
ERROR = re.compile(r"[\w.]*(Error|Exception)\b")


@dataclass(frozen=True)
class IngestTiming:
    """One way to take in one format. Times are seconds; rates are of the best run, and so are `steps`.

    ours_as_multiple: our rows a second as a multiple of this way's. status: ok, or "not installed" with nothing measured.
    """

    way: str
    format: str
    status: str
    rows: int | None = None
    rows_per_second: float | None = None
    seconds_best: float | None = None
    seconds_median: float | None = None
    peak_memory_mib: float | None = None
    ours_as_multiple: float | None = None
    steps: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(rows: int, *, threads: int, memory_limit: str, runs: int = RUNS) -> Iterator[IngestTiming]:
    """Yield a row a way and format. Raises AppError when a way fails."""
    from analytics.bench.events import write_events

    with tempfile.TemporaryDirectory(prefix="trustdesk-bench-") as folder:
        for name, source in write_events(Path(folder), rows).items():
            file = source / f"events.{name}"
            found = _runs(file, threads, memory_limit, runs)
            fastest = {way: min(times, key=lambda run: run["seconds"]) for way, times in found.items() if times}
            speed = {way: run["rows"] / run["seconds"] for way, run in fastest.items()}
            for way, times in found.items():
                if not times:
                    yield IngestTiming(way, name, "not installed")
                    continue
                yield IngestTiming(
                    way,
                    name,
                    "ok",
                    rows=fastest[way]["rows"],
                    rows_per_second=speed[way],
                    seconds_best=fastest[way]["seconds"],
                    seconds_median=statistics.median(run["seconds"] for run in times),
                    peak_memory_mib=max(run["peak_memory_mib"] for run in times),
                    ours_as_multiple=speed["ours"] / speed[way],
                    steps=fastest[way]["steps"],
                )


def _runs(file: Path, threads: int, memory_limit: str, runs: int) -> dict[str, list[dict[str, Any]]]:
    """The ways take turns, so that a slow moment of the machine does not fall on one of them alone."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(runs):
        for way, times in found.items():
            if way != "polars" or find_spec("polars") is not None:
                times.append(_run(way, file, threads, memory_limit))
    return found


def _run(way: str, file: Path, threads: int, memory_limit: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=file.parent.parent) as out:
        done = subprocess.run(
            [sys.executable, "-m", "analytics.bench.ways", way, str(file), out, str(threads), memory_limit],
            capture_output=True,
            text=True,
            env={**os.environ, "POLARS_MAX_THREADS": str(threads)},
        )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if ERROR.match(line)] or [f"exit status {done.returncode}"]
        raise AppError("{way} could not take in {file}: {reason}", way=way, file=file.name, reason=said[-1])
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
