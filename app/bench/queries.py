"""`trustdesk bench queries`: every page's questions for random windows and filters, the headline figures three ways, and what it costs to
open a snapshot or an as-of day. Milliseconds; no cache of the app takes part.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from app.bench.pages import p95
from app.bench.visits import PAGES, SUMS, WINDOWLESS, Answers, Visit, ask, draw_visit, first_answers, visit
from app.filters import FilterOptions
from app.services.runtime import Runtime, get_runtime, remembering, snapshot_id, use_runtime
from app.services.warehouse import cursor, filter_options

if TYPE_CHECKING:
    from analytics.bench.headlines import Headlines
    from analytics.metrics import Scope

P = ParamSpec("P")
R = TypeVar("R")
Timed = tuple[str, list[float], int | None]

FEW = 3  # what no window changes is asked so often
OPENINGS = 5
FRAME_ROWS = 10_000_000  # with more events a frame of them does not fit


@dataclass(frozen=True)
class QueryTiming:
    """One thing that was asked `runs` times. Times are milliseconds. `agree`: in how many runs a peer's figures were those of the marts."""

    what: str
    runs: int
    p50_ms: float
    p95_ms: float
    worst_ms: float
    seed: int
    agree: int | None = None

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(windows: int, seed: int, pages: Sequence[str] = ()) -> Iterator[QueryTiming]:
    """Yield a row for opening a snapshot and an as-of day, for each page (or those named), and for each way to the headline figures.

    Raises NoData.
    """
    snapshot = snapshot_id()
    known, options = _first(snapshot)
    rng = random.Random(seed)
    draw = partial(draw_visit, rng, options)
    for what, times, agree in chain(
        _openings(snapshot, options, rng),
        _pages(pages or tuple(PAGES), snapshot, windows, known, draw),
        _headlines(snapshot, windows, draw),
    ):
        yield _row(what, times, seed, agree)


def measure_grown(
    times: float, windows: int, seed: int, pages: Sequence[str] = (), tell: Callable[[str], None] = print
) -> Iterator[QueryTiming]:
    """Yield a row for each page's questions of sums (see SUMS), and one for the headline figures, on marts of `times` the events.

    They are made in the system's temporary folder, and gone afterwards; `tell` gets a line with their size. Raises NoData, WarehouseError.
    """
    from analytics.bench.grown import grow
    from analytics.bench.headlines import from_marts

    given = get_runtime()
    snapshot_id()  # or NoData
    with tempfile.TemporaryDirectory(prefix="trustdesk-bench-") as folder:
        root = Path(folder) / "warehouse"
        grown = grow(given.warehouse, root, times, seed)
        tell(f"x{times:g}: {grown.merchant_days:,} merchant-days, {grown.orders:,} orders")
        with use_runtime(Runtime(replace(given.settings, warehouse=root))):
            snapshot = snapshot_id()
            known, options = _first(snapshot)
            draw = partial(draw_visit, random.Random(seed), options)
            for page in pages or tuple(SUMS):
                questions, left_out = SUMS[page]
                ask(questions, snapshot, draw(), known)  # what Python imports at the first question is not the page's
                asked = [_ms(ask, questions, snapshot, draw(), known) for _ in range(windows)]
                yield _row(f"x{times:g} page: {page}" + (f" ({left_out})" if left_out else ""), asked, seed)
            with cursor(snapshot) as opened:
                asked = [_ms(from_marts, opened, scope) for scope in _unfiltered(windows, draw)]
            yield _row(f"x{times:g} headlines: marts", asked, seed)


def _first(snapshot: str) -> tuple[Answers, FilterOptions]:
    known = first_answers(snapshot)
    with remembering(dict(known)):
        return known, filter_options(snapshot)


def _row(what: str, times: list[float], seed: int, agree: int | None = None) -> QueryTiming:
    return QueryTiming(what, len(times), statistics.median(times), p95(times), max(times), seed, agree)


def _unfiltered(windows: int, draw: Callable[[], Visit]) -> list[Scope]:
    return [replace(draw().scope, categories=(), regions=(), tiers=(), merchants=()) for _ in range(windows)]


def _openings(snapshot: str, options: FilterOptions, rng: random.Random) -> Iterator[Timed]:
    from analytics.trust import MARTS, daily_counts
    from analytics.warehouse import Warehouse

    used = get_runtime().warehouse

    def open_anew(as_of: date | None, marts: Collection[str] | None = None) -> None:
        fresh = Warehouse(used.root, memory_limit=used.memory_limit, threads=used.threads)
        with fresh.cursor(snapshot, as_of=as_of, marts=marts) as opened:
            if marts:
                daily_counts(opened)
        fresh.folder.release(snapshot)

    span = (options.default_to - options.data_from).days
    days = [options.default_to - timedelta(days=rng.randint(1, max(span // 2, 1))) for _ in range(OPENINGS)]
    yield "open: snapshot", [_ms(open_anew, None) for _ in range(OPENINGS)], None
    yield "open: filters", [_ms(first_answers, snapshot) for _ in range(FEW)], None
    yield "open: the counts behind scores as of a day", [_ms(open_anew, day, MARTS) for day in days], None
    yield "open: snapshot as of a day", [_ms(open_anew, day) for day in days], None


def _pages(
    pages: Sequence[str], snapshot: str, windows: int, known: Answers, draw: Callable[[], Visit]
) -> Iterator[Timed]:
    for page in pages:
        visit(page, snapshot, draw(), known)  # what Python imports at the first question is not the page's
        runs = min(windows, FEW) if page in WINDOWLESS else windows
        yield f"page: {page}", [_ms(visit, page, snapshot, draw(), known) for _ in range(runs)], None


def _headlines(snapshot: str, windows: int, draw: Callable[[], Visit]) -> Iterator[Timed]:
    from analytics.bench.headlines import from_events, from_frame, from_marts, read_frame

    scopes = _unfiltered(windows, draw)
    with cursor(snapshot) as opened:
        ways: dict[str, Callable[[Scope], Headlines]] = {
            "marts": partial(from_marts, opened),
            "SQL over the events": partial(from_events, opened),
        }
        if get_runtime().warehouse.snapshot(snapshot).tables["events"] < FRAME_ROWS:
            milliseconds, frame = _timed(read_frame, opened)
            yield "headlines: pandas, reading the events", [milliseconds], None
            ways["pandas"] = partial(from_frame, frame, data_up_to=opened.data_up_to)
        expected: list[Headlines] = []
        for way, ask in ways.items():
            answers = [_timed(ask, scope) for scope in scopes]
            expected = expected or [found for _, found in answers]
            agree = sum(found.is_like(other) for (_, found), other in zip(answers, expected, strict=True))
            yield f"headlines: {way}", [milliseconds for milliseconds, _ in answers], agree


def _ms(ask: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    return _timed(ask, *args, **kwargs)[0]


def _timed(ask: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> tuple[float, R]:
    """Milliseconds, and the answer."""
    start = time.perf_counter()
    found = ask(*args, **kwargs)
    return (time.perf_counter() - start) * 1000, found
