"""`trustdesk bench scores`: seconds that the scores of all merchants take on random days, from the marts; and what a replay of the demo says of
their intervals and probabilities.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from app.services.runtime import get_runtime, snapshot_id
from app.services.warehouse import filter_options


def measure_time(days: int, seed: int) -> Iterator[dict[str, object]]:
    """Rows for the newest day and for random as-of days: opening (the marts of that day) and scoring, apart. Raises NoData."""
    options = filter_options(snapshot_id())
    rng, span = random.Random(seed), (options.default_to - options.data_from).days
    yield _timed("newest day", [None] * days)
    asked = [options.default_to - timedelta(days=rng.randint(1, max(span // 2, 1))) for _ in range(days)]
    yield _timed("as of a day", list(asked))


def _timed(what: str, days: Sequence[date | None]) -> dict[str, object]:
    from analytics.trust import MARTS, score_merchants
    from analytics.warehouse import Warehouse

    used = get_runtime().warehouse
    opening, scoring, merchants = [], [], 0
    for day in days:
        fresh = Warehouse(used.root, memory_limit=used.memory_limit, threads=used.threads)
        start = time.perf_counter()
        with fresh.cursor(snapshot_id(), as_of=day, marts=MARTS) as opened:
            middle = time.perf_counter()
            merchants = len(score_merchants(opened))
            scoring.append(time.perf_counter() - middle)
        opening.append(middle - start)
        fresh.folder.release(snapshot_id())
    return {
        "what": f"time: {what}",
        "merchants": merchants,
        "open_s": statistics.median(opening),
        "score_s": statistics.median(scoring),
        "worst_score_s": max(scoring),
    }


def measure_truth(markets: int, lives: int, seed: int) -> Iterator[dict[str, object]]:
    """Rows of coverage by size of merchant and of calibration, over small demo marketplaces of seeds from `seed` on."""
    from analytics.bench.scores import Coverage, judge
    from analytics.trust import default_programme

    for found in judge("small", range(seed, seed + markets), lives, default_programme()):
        if isinstance(found, Coverage):
            yield {
                "what": f"interval: {found.band} orders",
                "merchants": found.merchants,
                "covered": found.covered,
                "width": found.width,
                "rmse": found.rmse,
            }
        else:
            yield {"what": f"P(rate beyond {found.limit})", "merchants": found.judgements, "ece": found.error}
