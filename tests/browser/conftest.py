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


@pytest.fixture
def watch() -> driver.Watch:
    return driver.Watch()


@pytest.fixture
def page(chromium: Browser, watch: driver.Watch) -> Iterator[Page]:
    """A fresh visitor at 1440 × 900 whose console and requests are watched; a test fails if the page misbehaved."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(30_000)
    watch.attach(page)
    yield page
    context.close()
    assert watch.console == [], "console errors"
    assert watch.foreign == [], "requests to other hosts"
