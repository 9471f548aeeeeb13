"""One Spark session for all tests that need one, without pyspark or Java skipped and on CI failed; a tiny warehouse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analytics.engines.spark import open_session
from analytics.errors import WarehouseError
from analytics.ingest import load
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import write_events

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Most of the time went into Java compiling, ever better, what runs but a few times: the quick compiler alone will do.
BRIEF_LIFE = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
MART = """
select merchant_id, cast(min(occurred_at) at time zone $time_zone as date) as first_day, cast(count(*) as bigint) as event_count
from events
where occurred_at < $as_of
group by merchant_id
"""


@pytest.fixture(scope="session")
def session() -> Iterator[SparkSession]:
    opened = open_session(
        "local[2]", {"spark.sql.shuffle.partitions": "2", "spark.driver.extraJavaOptions": BRIEF_LIFE}
    )
    try:
        started = opened.__enter__()
    except WarehouseError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    yield started
    opened.__exit__(None, None, None)


@pytest.fixture
def event_total(tmp_path: Path) -> Warehouse:
    """Four events of one merchant, and one mart over them."""
    marts = tmp_path / "sql"
    marts.mkdir()
    (marts / "10_event_total.sql").write_text(MART)
    warehouse = Warehouse(tmp_path / "warehouse", marts_folder=marts)
    load(warehouse, "canonical", write_events(tmp_path / "source"), time_zone="UTC")
    return warehouse
