"""`trustdesk build`: the marts of the current data anew, in DuckDB or in Spark, published as a new snapshot.

Knows no command and no page; neither engine changes what a mart holds.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from analytics.engines import spark
from analytics.ingest.loads import Report, rebuild
from analytics.warehouse import Warehouse

PARTITIONS_PER_THREAD = 8  # Spark's default, 200 in all, is for clusters: a small build would be mostly overhead
Engine = Literal["duckdb", "spark"]


@dataclass(frozen=True)
class BuildResult:
    """What was built: rows of each mart, and the wall-clock seconds that it took, Spark's own start included."""

    engine: Engine
    snapshot_id: str
    marts: Mapping[str, int]
    seconds: float


def build(
    warehouse: Warehouse,
    engine: Engine,
    *,
    master: str | None = None,
    time_zone: str | None = None,
    progress: Report | None = None,
) -> BuildResult:
    """Build and publish the marts of the current data. `master` is Spark's URL (default: this machine's threads).

    `time_zone` becomes the reporting zone (default: as it is). Raises InputError or WarehouseError; then the snapshot
    before is served on.
    """
    start = time.monotonic()
    if engine == "duckdb":
        snapshot_id = rebuild(warehouse, time_zone=time_zone, progress=progress)
    else:
        warehouse.folder.current()  # an empty warehouse is said before Spark starts
        with spark.open_session(*_place(warehouse, master)) as session:
            by_spark = partial(spark.build_snapshot, session)
            snapshot_id = rebuild(warehouse, time_zone=time_zone, progress=progress, build=by_spark)
    return BuildResult(engine, snapshot_id, count_rows(warehouse, snapshot_id), round(time.monotonic() - start, 3))


def count_rows(warehouse: Warehouse, snapshot_id: str) -> Mapping[str, int]:
    """The rows of each mart of a snapshot, as a reader finds them."""
    manifest = warehouse.folder.read(snapshot_id)
    names = (*manifest.marts, *manifest.views)
    with warehouse.cursor(snapshot_id, time_limit=None) as cursor:
        return {name: int(cursor.rows(f'SELECT count(*) AS n FROM "{name}"')[0]["n"]) for name in names}


def _place(warehouse: Warehouse, master: str | None) -> tuple[str, Mapping[str, str]]:
    """Where Spark runs and its settings there: on this machine it spills beside the warehouse, in partitions for its cores."""
    if master is not None:
        return master, {}
    settings = {
        "spark.local.dir": str(warehouse.folder.scratch()),
        "spark.sql.shuffle.partitions": str(PARTITIONS_PER_THREAD * warehouse.threads),
    }
    return f"local[{warehouse.threads}]", settings
