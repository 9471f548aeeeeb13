"""Loads data into the warehouse: a source's files, or a simulated marketplace. Knows no page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from analytics.ingest import Progress

Report = Callable[[str, float | None], None]


def load_path(
    source: str,
    path: Path,
    *,
    mapping: Path | None = None,
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


def load_demo(scale: str, seed: int, progress: Report | None = None) -> dict[str, object]:
    """Simulates a marketplace and loads it; the result of `load_path`, with scale and seed.

    Raises WarehouseError when the warehouse holds real data, or the disk is full.
    """
    from analytics.demo import write_demo
    from analytics.ingest import load

    runtime = get_runtime()
    root = runtime.warehouse.root
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix="demo-") as folder:
        write_demo(Path(folder), scale=scale, seed=seed, progress=progress)
        result = load(
            runtime.warehouse,
            "canonical",
            Path(folder),
            reporting_time_zone=runtime.settings.time_zone or None,
            is_demo=True,
            seed=seed,
            progress=_told(progress),
        )
    return {**asdict(result), "source": "demo", "scale": scale, "seed": seed}


def _told(report: Report | None) -> Callable[[Progress], None] | None:
    if report is None:
        return None

    def tell(progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else None
        report(f"{progress.step} {progress.detail}".rstrip(), share)

    return tell
