"""One Spark session for all tests that need one; without pyspark or Java they are skipped, and on CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from analytics.engines.spark import open_session
from analytics.errors import WarehouseError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def session() -> Iterator[SparkSession]:
    opened = open_session("local[2]", {"spark.sql.shuffle.partitions": "2"})
    try:
        started = opened.__enter__()
    except WarehouseError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    yield started
    opened.__exit__(None, None, None)
