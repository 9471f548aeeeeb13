"""Loads data into the warehouse, a source's files or a simulated marketplace, and builds marts anew. Knows no page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from analytics.ingest import ColumnMap, Correction, Progress

Report = Callable[[str, float | None], None]
Scale = Literal["small", "medium", "large"]
Engine = Literal["duckdb", "spark"]


def load_path(
    source: str,
    path: Path,
    *,
    mapping: Path | ColumnMap | None = None,
    time_zone: str | None = None,
    reporting_time_zone: str | None = None,
    progress: Report | None = None,
) -> dict[str, object]:
    """Loads a source's files: source, read, loaded, duplicate, conflict, quarantined, snapshot_id, notes.

    `progress` is told the step and its share done. Raises InputError and WarehouseError; then nothing was changed.
    """
    from analytics.ingest import load

    runtime = get_runtime()
    result = load(
        runtime.warehouse,
        source,
        path,
        mapping=mapping,
        time_zone=time_zone,
        reporting_time_zone=reporting_time_zone or runtime.settings.time_zone or None,
        progress=_told(progress),
    )
    return asdict(result)


def replay_rows(
    corrections: Sequence[Correction] | None, called: str, progress: Report | None = None
) -> dict[str, object]:
    """Tries quarantined rows again, corrected or (None) all as they are; the result of `load_path`. `called`: what it is listed as."""
    from analytics.ingest import replay

    return asdict(replay(get_runtime().warehouse, corrections, called=called, progress=_told(progress)))


def load_demo(scale: Scale, seed: int, progress: Report | None = None) -> dict[str, object]:
    """Simulates a marketplace and loads it; the result of `load_path`, with scale and seed.

    What is true of it (which only tests and benchmarks may read) goes to truth/ in the warehouse. Raises WarehouseError when the warehouse
    holds real data, is being written, or the disk is full.
    """
    from analytics.demo import fill

    runtime = get_runtime()
    result = fill(
        runtime.warehouse,
        scale,
        seed,
        reporting_time_zone=runtime.settings.time_zone or None,
        progress=_told(progress),
    )
    return {**asdict(result), "source": "demo", "scale": scale, "seed": seed}


def build_marts(
    engine: Engine, *, master: str | None = None, time_zone: str | None = None, progress: Report | None = None
) -> dict[str, object]:
    """Builds and publishes the marts of the current data anew: engine, snapshot_id, marts (rows of each), seconds.

    `progress` is told the step and its share done. Raises InputError and WarehouseError; then nothing was changed.
    """
    from analytics.ingest import build

    warehouse = get_runtime().warehouse
    return asdict(build(warehouse, engine, master=master, time_zone=time_zone, progress=_told(progress)))


def _told(report: Report | None) -> Callable[[Progress], None] | None:
    if report is None:
        return None

    def tell(progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else None
        report(f"{progress.step} {progress.detail}".rstrip(), share)

    return tell
