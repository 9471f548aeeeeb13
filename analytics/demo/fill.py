"""A simulated marketplace goes into a warehouse the way real files do. Knows nothing of how it is simulated."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from analytics.demo.generate import generate
from analytics.demo.world import ScaleName
from analytics.errors import WarehouseError
from analytics.ingest.loads import LoadResult, Progress, clear_errors, load
from analytics.warehouse import Warehouse


def fill(
    warehouse: Warehouse,
    scale: ScaleName,
    seed: int,
    *,
    reporting_time_zone: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> LoadResult:
    """Simulate a marketplace and load it, replacing an earlier demo; its truth tables go to truth/ in the warehouse.

    The shards lie in a temporary folder inside the warehouse and pass through the canonical source like any others;
    the seed also makes buyers' pseudonyms repeatable. Raises WarehouseError, before anything is simulated, when the
    warehouse holds real data; also when it is being written or the disk is full.
    """
    if warehouse.exists() and not warehouse.snapshot().is_demo:
        raise WarehouseError(f"{warehouse.root} holds real data: give the demo its own folder with --warehouse.")

    def tell(stage: str, share: float) -> None:
        if progress:
            progress(Progress(stage, round(100 * share), 100, ""))

    with clear_errors(warehouse):
        warehouse.root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=warehouse.root, prefix="demo-") as folder:
            made = Path(folder)
            generate(made, scale=scale, seed=seed, progress=tell)
            result = load(
                warehouse,
                "canonical",
                made,
                reporting_time_zone=reporting_time_zone,
                is_demo=True,
                seed=seed,
                progress=progress,
            )
            shutil.rmtree(warehouse.root / "truth", ignore_errors=True)
            shutil.move(made / "truth", warehouse.root / "truth")
    return result
