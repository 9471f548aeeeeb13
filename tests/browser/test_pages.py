"""Every page, as a person meets it: it renders, says nothing to other hosts, and logs no error."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.bench.browser import settle
from app.bench.pages import PAGES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_renders_without_an_error(page: Page, app_url: str, path: str, language: str) -> None:
    page.goto(f"{app_url}/{path}?lang={language}")
    settle(page)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
    heading = page.locator("h1, h2").first.inner_text()
    assert heading.strip()
    has_chinese = any("一" <= character <= "鿿" for character in heading)
    assert has_chinese == (language == "zh-Hans")
