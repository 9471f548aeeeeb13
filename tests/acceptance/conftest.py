"""Olist's real orders, loaded once for all that ask them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from analytics.ingest import load
from analytics.metrics import Scope
from analytics.warehouse import Cursor, Warehouse

OLIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "olist"
EVER = Scope(date(2016, 1, 1), date(2018, 12, 31))
NEEDS_OLIST = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not OLIST.is_dir(), reason=f"the public Olist files are not at {OLIST}"),
]


@pytest.fixture(scope="session")
def cursor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cursor]:
    warehouse = Warehouse(tmp_path_factory.mktemp("olist") / "warehouse")
    load(warehouse, "olist", OLIST)
    with warehouse.cursor() as opened:
        yield opened
