"""Olist's real orders, loaded once for all that ask them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.metrics import Scope
from analytics.warehouse import Cursor, Warehouse
from app.commands import main
from tests.conftest import made_once

OLIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "olist"
EVER = Scope(date(2016, 1, 1), date(2018, 12, 31))
NEEDS_OLIST = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not OLIST.is_dir(), reason=f"the public Olist files are not at {OLIST}"),
]


@pytest.fixture(scope="session")
def olist_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Olist as the command loads it, once a run."""

    def make(root: Path) -> None:
        result = CliRunner().invoke(main, ["ingest", "olist", str(OLIST), "--warehouse", str(root)])
        assert result.exit_code == 0, result.output

    return made_once(tmp_path_factory, "olist", make)


@pytest.fixture(scope="session")
def cursor(olist_warehouse: Path) -> Iterator[Cursor]:
    with Warehouse(olist_warehouse).cursor() as opened:
        yield opened
