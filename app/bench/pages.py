"""`trustdesk bench pages`: from a real browser, time from click to repainted and from address to loaded, per page."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.bench.browser import chromium, served, settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

# url paths of the pages; the overview is the app's root.
PAGES = (
    "",
    "trust",
    "satisfaction",
    "merchant",
    "issues",
    "reply_desk",
    "chat",
    "performance",
    "knowledge",
    "whatif",
    "data",
    "settings",
)


@dataclass(frozen=True)
class PageTiming:
    """Milliseconds in a browser. ``load_empty`` is one figure: the first visit after the server starts."""

    page: str
    load_empty: float
    load_warm_median: float
    load_warm_p95: float
    repaint_median: float
    repaint_p95: float
    runs: int

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def p95(values: list[float]) -> float:
    """The 95th percentile by linear interpolation; the maximum for fewer than two values."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def measure(warehouse: Path, *, runs: int = 10) -> Iterator[PageTiming]:
    """Yield the timing of each page of the served warehouse, one visitor at a time."""
    with tempfile.TemporaryDirectory() as folder, served(warehouse, Path(folder)) as url, chromium() as browser:
        for path in PAGES:
            page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US").new_page()
            empty = _load(page, f"{url}/{path}")
            warm = [_load(page, f"{url}/{path}") for _ in range(runs)]
            repaint = [_change_comparison(page, index) for index in range(runs)]
            yield PageTiming(
                page=path or "overview",
                load_empty=empty,
                load_warm_median=statistics.median(warm),
                load_warm_p95=p95(warm),
                repaint_median=statistics.median(repaint),
                repaint_p95=p95(repaint),
                runs=runs,
            )
            page.context.close()


def _load(page: Page, url: str) -> float:
    start = time.perf_counter()
    page.goto(url)
    settle(page)
    return (time.perf_counter() - start) * 1000


def _change_comparison(page: Page, index: int) -> float:
    """Choose another comparison in the sidebar, as a reader would, and wait until the page is repainted."""
    box = page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").first
    if not box.count():
        return _rerun(page)
    box.locator("input").click()
    option = page.get_by_role("option").nth(index % 3)
    option.wait_for()
    start = time.perf_counter()
    option.click()
    page.wait_for_timeout(30)
    settle(page)
    return (time.perf_counter() - start) * 1000


def _rerun(page: Page) -> float:
    """A page without the filters is run again by its own key."""
    page.keyboard.press("Escape")
    start = time.perf_counter()
    page.keyboard.press("r")
    page.wait_for_timeout(30)
    settle(page)
    return (time.perf_counter() - start) * 1000
