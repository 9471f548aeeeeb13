"""The small demo as pages read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.metrics import Scope
from app.filters import default_filters
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.services.warehouse import filter_options
from app.settings import load_settings


def runtime(warehouse: Path) -> Runtime:
    """A runtime on a warehouse, without the encoder of texts."""
    return Runtime(load_settings({}, overrides={"warehouse": str(warehouse), "encoder": False}))


@pytest.fixture(scope="module")
def demo(demo_warehouse: Path) -> Iterator[str]:
    """The snapshot of the small demo; services inside read it."""
    with use_runtime(runtime(demo_warehouse)):
        yield snapshot_id()


@pytest.fixture(scope="module")
def scope(demo: str) -> Scope:
    return default_filters(filter_options(demo)).scope()
