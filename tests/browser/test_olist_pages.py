"""Real data in a real browser: Olist loaded by the command, every page without an error, a message or a foreign request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from app.bench.browser import served, settle
from app.bench.pages import PAGES
from tests.acceptance.conftest import NEEDS_OLIST, olist_warehouse

__all__ = ["olist_warehouse"]

pytestmark = [pytest.mark.browser, *NEEDS_OLIST]


@pytest.fixture(scope="module")
def olist_url(olist_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(olist_warehouse, tmp_path_factory.mktemp("olist-workspace")) as url:
        yield url


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_olist_without_an_error(page: Page, olist_url: str, path: str) -> None:
    page.goto(f"{olist_url}/{path}?lang=en")
    settle(page)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
    assert page.locator("h1").first.inner_text().strip()
