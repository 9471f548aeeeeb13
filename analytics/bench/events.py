"""Files of canonical events for the ingest benchmark, cut from the demo simulator or tiled from it: the same rows at every run.

Knows no warehouse.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from analytics.bench.templates import render
from analytics.demo.generate import generate
from analytics.demo.world import ScaleName
from analytics.engines.duckdb import copy_to, quote
from analytics.warehouse import Warehouse

SEED = 7
SMALL_ROWS = 150_000  # what the small demo surely holds


def write_events(folder: Path, rows: int) -> dict[str, Path]:
    """Write `rows` events, in order of time, once as Parquet and once as CSV; format → folder with the one file events.FORMAT.

    They are the first events of the medium demo (of the small one for up to 150,000); beyond what it holds it is repeated under other ids.
    """
    scale: ScaleName = "small" if rows <= SMALL_ROWS else "medium"
    folders = {name: folder / name for name in ("parquet", "csv")}
    with tempfile.TemporaryDirectory(dir=folder) as simulated:
        generate(Path(simulated), scale=scale, seed=SEED)
        with Warehouse(Path(simulated)).connect() as connection:
            shards = quote(Path(simulated) / "events" / "*.parquet")
            copy_to(connection, render("events", shards=shards, rows=str(rows)), folders["parquet"] / "events.parquet")
            folders["csv"].mkdir()
            files = {name: quote(path / f"events.{name}") for name, path in folders.items()}
            connection.execute(render("as_csv", source=files["parquet"], target=files["csv"]))
    return folders
