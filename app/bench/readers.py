"""`trustdesk bench readers`: many readers in threads of one process, as the app has them, while days are loaded one after another; one
reader alone beside them. On a copy of the warehouse; no cache of the app takes part.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace

from app.bench.pages import p95
from app.bench.refresh import load_day, writable_copy
from app.bench.visits import PAGES, WINDOWLESS, Answers, draw_visit, first_answers, visit
from app.services.runtime import Runtime, remembering, snapshot_id, use_runtime
from app.services.warehouse import filter_options
from app.settings import Settings

VISITED = tuple(page for page in PAGES if page not in WINDOWLESS)
VISITS_ALONE = 2 * len(VISITED)


@dataclass(frozen=True)
class ReadersTiming:
    """Visits of random pages by so many readers at once. Times are milliseconds, of visits that ended well; loads in seconds.

    errors: what visits ended with otherwise, and how often. snapshots: how many different ones were read.
    """

    readers: int
    loads: int
    visits: int
    errors: int
    p50_ms: float
    p95_ms: float
    worst_ms: float
    load_median_s: float | None
    snapshots: int
    seed: int
    messages: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass
class _Tally:
    times: list[float] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)
    snapshots: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """Visits that ended, however they did."""
        return len(self.times) + self.messages.total()

    def add(self, done: Future[tuple[str, float]]) -> None:
        error = done.exception()
        if error is not None:
            self.messages[f"{type(error).__name__}: {error}"] += 1
            return
        snapshot, milliseconds = done.result()
        self.snapshots.add(snapshot)
        self.times.append(milliseconds)


def measure(settings: Settings, readers: int, loads: int, seed: int) -> Iterator[ReadersTiming]:
    """Yield one reader alone for two visits a page, then `readers` for as long as the loads take. Raises NoData and WarehouseError."""
    with writable_copy(Runtime(settings).warehouse) as copy:
        runtime = Runtime(replace(settings, warehouse=copy.root))
        warehouse, base, rng = runtime.warehouse, copy.folder.current(), random.Random(seed)
        with use_runtime(runtime):
            visitor = _Visitor()
            for page in VISITED:
                visitor.visit(page, rng.random())  # what Python imports at the first question is nobody's
            alone = _Tally()
            _read(1, visitor, rng, alone, lambda: alone.count < VISITS_ALONE)
            yield _row(1, alone, [], seed)
            together = _Tally()
            with ThreadPoolExecutor(1) as writer:
                loading = writer.submit(lambda: [load_day(warehouse, base, n + 1).total_s for n in range(loads)])
                _read(readers, visitor, rng, together, lambda: not loading.done())
            yield _row(readers, together, loading.result(), seed)


class _Visitor:
    """Visits pages of the snapshot served now, with windows that end on its newest day, as most readers' do."""

    def __init__(self) -> None:
        self._known: dict[str, Answers] = {}

    def visit(self, page: str, chance: float) -> tuple[str, float]:
        """The snapshot and the milliseconds; the first in a snapshot asks for what the filter bar offers, too."""
        start = time.perf_counter()
        snapshot = snapshot_id()
        known = self._known.get(snapshot) or self._known.setdefault(snapshot, first_answers(snapshot))
        with remembering(dict(known)):
            options = filter_options(snapshot)
        visit(page, snapshot, draw_visit(random.Random(chance), options, ends_newest=True), known)
        return snapshot, (time.perf_counter() - start) * 1000


def _read(readers: int, visitor: _Visitor, rng: random.Random, tally: _Tally, goes_on: Callable[[], bool]) -> None:
    """Keep so many visits under way for as long as it goes on."""
    with ThreadPoolExecutor(readers) as pool:

        def begin() -> Future[tuple[str, float]]:
            return pool.submit(visitor.visit, rng.choice(VISITED), rng.random())

        running = {begin() for _ in range(readers)}
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for one in ended:
                tally.add(one)
                if goes_on():
                    running.add(begin())


def _row(readers: int, tally: _Tally, loads: list[float], seed: int) -> ReadersTiming:
    return ReadersTiming(
        readers=readers,
        loads=len(loads),
        visits=tally.count,
        errors=tally.messages.total(),
        p50_ms=statistics.median(tally.times) if tally.times else math.nan,
        p95_ms=p95(tally.times) if tally.times else math.nan,
        worst_ms=max(tally.times, default=math.nan),
        load_median_s=statistics.median(loads) if loads else None,
        snapshots=len(tally.snapshots),
        seed=seed,
        messages=dict(tally.messages),
    )
