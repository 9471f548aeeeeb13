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
PAGES = ("", "trust", "satisfaction", "merchant", "issues", "reply", "whatif", "data", "settings")


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
            repaint = [_change_window(page, index) for index in range(runs)]
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


def _change_window(page: Page, index: int) -> float:
    """Click another comparison in the filters, which every page shows, and wait until it is repainted."""
    choices = page.get_by_test_id("stSidebar").get_by_test_id("stButtonGroup").first.locator("button")
    choice = choices.nth((index + 1) % choices.count())
    start = time.perf_counter()
    choice.click()
    page.wait_for_timeout(30)
    settle(page)
    return (time.perf_counter() - start) * 1000
