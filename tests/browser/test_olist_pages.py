"""Real data in a real browser: Olist loaded by the command, every page without an error, a message or a foreign request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page

from app.bench.browser import served, settle
from app.bench.pages import PAGES
from app.commands import main

OLIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "olist"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.acceptance,
    pytest.mark.skipif(not OLIST.is_dir(), reason=f"the public Olist files are not at {OLIST}"),
]


@pytest.fixture(scope="module")
def olist_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("olist")
    done = CliRunner().invoke(main, ["ingest", "olist", str(OLIST), "--warehouse", str(root / "warehouse")])
    assert done.exit_code == 0, done.output
    with served(root / "warehouse", root / "workspace") as url:
        yield url


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_olist_without_an_error(page: Page, olist_url: str, path: str) -> None:
    page.goto(f"{olist_url}/{path}?lang=en")
    settle(page)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
    assert page.locator("h1").first.inner_text().strip()
