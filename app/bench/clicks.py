"""`trustdesk bench clicks`: the Overview under a visitor's clicks, in a real browser, and under many visitors who click without pause.

A window or category is drawn at random and asked for once, so that no cache of the app answers. Knows no figure.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from app.bench.browser import chromium, served, settle
from app.bench.pages import p95
from app.bench.sessions import Session, visiting
from app.bench.visits import WINDOW_LENGTHS
from app.services.runtime import snapshot_id
from app.services.warehouse import filter_options

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from app.filters import FilterOptions

LONGEST_MS = 120_000
ROW_HEIGHT = 35  # of a table's header and rows, in pixels


@dataclass(frozen=True)
class ClickTiming:
    """One kind of click, `runs` times, in milliseconds: in a browser until the page is repainted, of sessions until the script's end."""

    what: str
    visitors: int
    runs: int
    median_ms: float
    p95_ms: float
    worst_ms: float
    seed: int

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(warehouse: Path, *, runs: int, visitors: int, seconds: float, seed: int) -> Iterator[ClickTiming]:
    """Yield one browser's loads and clicks, then one visitor without a browser, then `visitors` at once for `seconds`. Raises NoData."""
    options, rng = filter_options(snapshot_id()), random.Random(seed)

    def row(what: str, count: int, times: list[float]) -> ClickTiming:
        return ClickTiming(what, count, len(times), statistics.median(times), p95(times), max(times), seed)

    with tempfile.TemporaryDirectory() as folder, served(warehouse, Path(folder)) as url:
        with chromium() as browser:
            page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US").new_page()
            page.set_default_timeout(LONGEST_MS)
            _load(page, url)
            yield row("browser: warm load", 1, [_load(page, url) for _ in range(runs)])
            for what, change in _browser_clicks(page, url, options, rng).items():
                yield row(f"browser: {what}", 1, [change() for _ in range(runs)])
        for count in (1, visitors):
            times = _clicking(url, options, count, seconds, rng)
            yield row("sessions: click to script end", count, times)


def draw_window(rng: random.Random, options: FilterOptions, *, back: int) -> tuple[date, date]:
    """A window of some 7, 30 or 90 days that ends up to `back` days before the newest; neither end is the first of a month, so that an
    arrow key moves it by a day."""
    last = options.default_to - timedelta(days=rng.randint(0, back))
    first = last - timedelta(days=rng.choice(WINDOW_LENGTHS) - 1 - rng.randint(0, 3))
    first = max(first, options.data_from + timedelta(days=1))
    return first + timedelta(days=first.day == 1), last - timedelta(days=last.day == 1)


def _load(page: Page, url: str, query: str = "") -> float:
    start = time.perf_counter()
    page.goto(f"{url}/?lang=en{query}")
    settle(page, timeout=LONGEST_MS)
    return (time.perf_counter() - start) * 1000


def _browser_clicks(page: Page, url: str, options: FilterOptions, rng: random.Random) -> dict[str, Callable[[], float]]:
    """Each begins on a page of a window of its own, loaded before the clock starts."""
    span = (options.default_to - options.data_from).days // 2

    def opened(back: int) -> None:
        first, last = draw_window(rng, options, back=back)
        _load(page, url, f"&from={first}&to={last}")

    def window(back: int, end: str) -> float:
        opened(back)
        day = page.get_by_test_id("stSidebar").get_by_role(
            "spinbutton", name=f"day, Dates ({options.time_zone}) {end} date"
        )
        day.press("ArrowDown")  # taken over when the field is left
        return _repainted(page, page.locator("h1").first.click)

    def category() -> float:
        opened(span)
        board = page.get_by_test_id("stDataFrame").filter(visible=True).first
        board.scroll_into_view_if_needed()
        page.wait_for_timeout(500)  # the table is a canvas that is drawn after it is scrolled to
        box = board.bounding_box() or {"x": 0.0, "y": 0.0}
        row = rng.randrange(min(len(options.categories), 5))
        return _repainted(page, lambda: page.mouse.click(box["x"] + 60, box["y"] + ROW_HEIGHT * (row + 1.5)))

    return {
        "window begins on another day": lambda: window(0, "start"),
        "window ends on another day": lambda: window(span, "end"),
        "category": category,
    }


def _repainted(page: Page, click: Callable[[], object]) -> float:
    """Until the address has become that of what was clicked and the page is settled."""
    before, start = page.url, time.perf_counter()
    click()
    page.wait_for_url(lambda url: url != before)
    settle(page, timeout=LONGEST_MS)
    return (time.perf_counter() - start) * 1000


def _clicking(url: str, options: FilterOptions, visitors: int, seconds: float, rng: random.Random) -> list[float]:
    """Every click's milliseconds, of visitors who each click on from the end of one script until the time is up."""

    def click_on(chance: float) -> list[float]:
        own = random.Random(chance)
        with visiting(url) as session:
            until = time.monotonic() + seconds
            found = []
            while time.monotonic() < until:
                found.append(_click(session, options, own))
            return found

    with ThreadPoolExecutor(visitors) as pool:
        return [each for times in pool.map(click_on, [rng.random() for _ in range(visitors)]) for each in times]


def _click(session: Session, options: FilterOptions, rng: random.Random) -> float:
    if options.categories and rng.random() < 1 / 2:
        return session.choose("Category", rng.choice(options.categories))
    return session.choose_window(*draw_window(rng, options, back=0))
