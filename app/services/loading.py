"""Loads data into the warehouse: a source's files, or a simulated marketplace. Knows no page."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.errors import AppError
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from analytics.ingest import ColumnMap, Progress

Report = Callable[[str, float | None], None]
Scale = Literal["small", "medium", "large"]


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


def load_demo(scale: Scale, seed: int, progress: Report | None = None) -> dict[str, object]:
    """Simulates a marketplace and loads it; the result of `load_path`, with scale and seed.

    What is true of it (which only tests may read) goes to truth/ in the warehouse. Raises WarehouseError when the warehouse
    is being written or the disk is full, and AppError when it holds real data.
    """
    from analytics.demo import generate
    from analytics.ingest import load

    runtime = get_runtime()
    root = runtime.warehouse.root
    if runtime.warehouse.exists() and not runtime.warehouse.snapshot().is_demo:
        raise AppError("{root} holds real data: give the demo a folder of its own.", root=root)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix="demo-") as folder:
        made = Path(folder)
        generate(made, scale=scale, seed=seed, progress=progress)
        result = load(
            runtime.warehouse,
            "canonical",
            made,
            reporting_time_zone=runtime.settings.time_zone or None,
            is_demo=True,
            seed=seed,
            progress=_told(progress),
        )
        shutil.rmtree(root / "truth", ignore_errors=True)
        shutil.move(made / "truth", root / "truth")
    return {**asdict(result), "source": "demo", "scale": scale, "seed": seed}


def _told(report: Report | None) -> Callable[[Progress], None] | None:
    if report is None:
        return None

    def tell(progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else None
        report(f"{progress.step} {progress.detail}".rstrip(), share)

    return tell
