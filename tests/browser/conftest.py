"""A served demo and a headless browser for tests of what only a browser shows. On CI a missing browser is a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.bench import browser as driver
from app.errors import AppError

expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        driver.chromium_path()
    except AppError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with driver.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def app_url(demo_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with driver.served(demo_warehouse, tmp_path_factory.mktemp("workspace")) as url:
        yield url


@pytest.fixture(scope="session")
def watch() -> driver.Watch:
    return driver.Watch()


@pytest.fixture(scope="session")
def tab(chromium: Browser, watch: driver.Watch) -> Iterator[Page]:
    """One tab for all tests: a new one would compile the app's scripts anew, which costs more than a page does."""
    context = chromium.new_context(locale="en-US")
    tab = context.new_page()
    tab.set_default_timeout(30_000)
    watch.attach(tab)
    yield tab
    context.close()


@pytest.fixture
def page(tab: Page, watch: driver.Watch) -> Iterator[Page]:
    """A visitor at 1440 × 900 of whom nothing is remembered, whose console and requests are watched; a test fails if the page misbehaved.

    A test that has a server of its own asks for it before this: the visitor leaves before the server does.
    """
    watch.console.clear()
    watch.foreign.clear()
    tab.set_viewport_size({"width": 1440, "height": 900})
    yield tab
    tab.evaluate("try { localStorage.clear(), sessionStorage.clear() } catch { /* no page was opened */ }")
    tab.context.clear_cookies()
    tab.goto("about:blank")
    assert watch.console == [], "console errors"
    assert watch.foreign == [], "requests to other hosts"
