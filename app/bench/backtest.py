"""`trustdesk bench backtest`: bad orders of the next 60 days, foretold at many past days from what was known then, by ours and by published methods.

Each day is read through the warehouse's as-of door; what came later is read from the newest snapshot and only judges.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import betaincc

from analytics.bench.backtest import (
    BORDER,
    FEWEST_LATER,
    MEASURES,
    PEERS,
    RANKS,
    WINDOW_DAYS,
    Forecast,
    Judged,
    judge,
    read_counts,
    resamples,
)
from analytics.bench.newcomers import (
    Known,
    from_outcome,
    from_probability,
    from_share,
    limit_calibration,
    newcomer_rows,
    true_shares,
)
from analytics.trust import MARTS as SCORE_MARTS
from analytics.trust import daily_counts, default_programme, fit_model, score_from_counts
from analytics.trust.outlook import (
    HORIZON_DAYS,
    MARTS,
    MATURITY_DAYS,
    OrderHistory,
    Outlook,
    instant_of,
    later_orders,
    outlook,
    read_orders,
)
from analytics.trust.programmes import evaluate, presets
from analytics.warehouse import Warehouse
from app.errors import AppError, InputFileError

OURS, SCORE = "trustdesk", "trust_score"
FIRST_DAYS = 150  # days of orders before the first as-of day
LIMIT = 1.5  # the limit of P(share > limit), in shares of the marketplace as known on the day
LIMITS = (1.0, LIMIT, 2.0)
MIN_N = 20
Row = dict[str, object]


@dataclass(frozen=True)
class Backtest:
    """What was said and what came. `later` is the newest history; `outlooks` are ours, a day of `days` each."""

    days: tuple[date, ...]
    judged: tuple[Judged, ...]
    outlooks: tuple[Outlook, ...]
    later: OrderHistory


def measure(
    warehouse: Warehouse,
    *,
    every: int,
    date_from: date | None,
    date_to: date | None,
    orders: Path | None,
    number: int,
    seed: int,
) -> Iterator[Row]:
    """A row that says what was judged, one a day, then one a measure and method, with 95 % intervals over merchants and what ours is ahead by."""
    only = None if orders is None else _order_ids(orders)
    test = run_backtest(warehouse, every, date_from, date_to, only)
    yield {
        "record": "data",
        "snapshot_id": warehouse.snapshot().snapshot_id,
        "seed": seed,
        "merchants": len({place for day in test.judged for place in day.merchant.tolist()}),
        "orders": int(sum(day.orders.sum() for day in test.judged)),
        "bad": int(sum(day.bad.sum() for day in test.judged)),
        "left_out": test.later.left_out,
        "days": len(test.days),
        "date_from": test.days[0],
        "date_to": test.days[-1],
        "horizon_days": HORIZON_DAYS,
        "fewest_later_orders": FEWEST_LATER,
        "bad_above_quantile": BORDER,
        "limit_times_usual": LIMIT,
    }
    yield from (_day_row(*each) for each in zip(test.days, test.judged, test.outlooks, strict=True))
    weights = resamples(len(test.later.merchant_ids), number, seed)
    yield from score_rows(test.judged, weights)
    yield from truth_rows(warehouse, test.later, weights)


def run_backtest(
    warehouse: Warehouse,
    every: int,
    date_from: date | None = None,
    date_to: date | None = None,
    only: Sequence[str] | None = None,
) -> Backtest:
    """Foretell and judge at every day of the calendar that orders follow. Raises AppError when the data are too short."""
    with warehouse.cursor(time_limit=None) as cursor:
        later, zone = read_orders(cursor, only_orders=only), cursor.time_zone
    days = _calendar(later, every, date_from, date_to)
    found = []
    for day in days:
        with warehouse.cursor(as_of=day, marts={*MARTS, *SCORE_MARTS}, time_limit=None) as cursor:
            known = read_orders(cursor, only_orders=only)
            counts = daily_counts(cursor)
        ours, forecasts, limit = foretell(known)
        forecasts[SCORE] = _by_score(counts, known)
        bad, orders = _later(later, known, instant_of(day, zone))
        if orders.sum() > 0:
            found.append((day, _at_places(judge(bad, orders, forecasts, limit), known, later), ours))
    if not found:
        raise AppError("No merchant known on a day had an order in the {days} days after it.", days=HORIZON_DAYS)
    judged_days, judged, outlooks = zip(*found, strict=True)
    return Backtest(judged_days, judged, outlooks, later)


def foretell(known: OrderHistory) -> tuple[Outlook, dict[str, Forecast], float]:
    """Ours, every method's forecast, and the limit of the day."""
    counts = read_counts(known)
    ours = outlook(known)
    forecasts = {OURS: Forecast(ours.expected, ours.alpha + ours.beta)}
    forecasts |= {name: method(counts) for name, method in PEERS.items()}
    return ours, forecasts, LIMIT * counts.usual


def _by_score(counts: pd.DataFrame, known: OrderHistory) -> Forecast:
    """The trust score as a rank: points lost. Merchants below its least number of orders have no score; their points still tell."""
    model = fit_model(counts, default_programme())
    scored = score_from_counts(counts, model).set_index("merchant_id").reindex(list(known.merchant_ids))
    points = scored.filter(like="contribution.").sum(axis=1).to_numpy(dtype=float)
    return Forecast(1 - points / 100, np.full(len(points), np.inf))


def score_rows(judged: Sequence[Judged], weights: np.ndarray) -> Iterator[Row]:
    """A row a measure and method. `ours_ahead` is positive where ours is better; intervals are of the same resamples."""
    for measure_id, (measured, is_higher_better) in MEASURES.items():
        ours = measured(judged, OURS, weights)
        for method in (OURS, *PEERS, *((SCORE,) if measure_id in RANKS else ())):
            found = measured(judged, method, weights)
            ahead = ours - found if is_higher_better else found - ours
            yield {
                "record": "score",
                "measure": measure_id,
                "method": method,
                **_with_interval("value", found),
                **(_with_interval("ours_ahead", ahead) if method != OURS else {}),
            }


def truth_rows(warehouse: Warehouse, newest: OrderHistory, weights: np.ndarray) -> Iterator[Row]:
    """On a demo, where the true share is known: calibration of P(true share > limit) at three limits, and who is flagged wrongly by number of orders."""
    truth = true_shares(warehouse.root, newest.merchant_ids)
    if truth is None:
        return
    share, replays = truth
    counts = read_counts(newest)
    ours, forecasts, limit = foretell(newest)
    for times in LIMITS:
        for method in (OURS, "beta", "beta_forgetting", "empirical_bayes"):
            at = times * counts.usual
            over = _over(forecasts[method], at)
            yield {"record": "limit", "method": method, "limit": at, **limit_calibration(over, share, at, weights)}
    verdicts = {
        OURS: from_probability(ours.probability_over(limit)),
        "empirical_bayes": from_probability(_over(forecasts["empirical_bayes"], limit)),
        "observed share": from_share(counts.bad, counts.orders, limit, MIN_N),
        **_programme_verdicts(warehouse, newest),
    }
    placed = newest.ordered > newest.known_at - WINDOW_DAYS
    orders = newest.per_merchant(placed, np.ones(int(placed.sum()))).astype(np.intp)
    for row in newcomer_rows(Known(share, replays, orders), verdicts, limit, weights):
        yield {"limit": limit, **row} if row["record"] == "newcomers" else row


def _over(forecast: Forecast, limit: float) -> np.ndarray:
    return np.asarray(betaincc(forecast.mean * forecast.precision, (1 - forecast.mean) * forecast.precision, limit))


def _programme_verdicts(warehouse: Warehouse, newest: OrderHistory) -> dict[str, np.ndarray]:
    with warehouse.cursor(time_limit=None) as cursor:
        evaluation = evaluate(cursor, list(presets().values()))
    place = pd.Index(evaluation.merchants["merchant_id"]).get_indexer(pd.Index(newest.merchant_ids))
    return {
        found.programme.programme_id: from_outcome(np.where(place < 0, "too_few", found.outcome[place]))
        for found in evaluation.programmes
    }


def _with_interval(name: str, values: np.ndarray) -> dict[str, float]:
    """The sample's value (the first) and the central 95 % of the resamples."""
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    prefix = "" if name == "value" else f"{name}_"
    return {name: float(values[0]), f"{prefix}ci_low": float(low), f"{prefix}ci_high": float(high)}


def _day_row(day: date, judged: Judged, ours: Outlook) -> Row:
    return {
        "record": "day",
        "as_of": day,
        "merchants": len(judged.merchant),
        "ranked": int(judged.is_ranked.sum()),
        "orders": int(judged.orders.sum()),
        "came": float(judged.bad.sum() / judged.orders.sum()),
        "foretold": float((judged.mean[OURS] * judged.orders).sum() / judged.orders.sum()),
        "limit": judged.limit,
        "half_life_days": ours.model.half_life_days,
        "strength": ours.model.strength,
        "ceiling": ours.model.ceiling,
        "effects": ours.model.effects.tolist(),
        "past_days": ours.model.past_days,
    }


def _later(later: OrderHistory, known: OrderHistory, at: float) -> tuple[np.ndarray, np.ndarray]:
    """Bad orders and orders that came within the horizon, of the merchants known on the day."""
    places = _places(known, later)
    bad, orders = later_orders(later, at)
    return bad[places], orders[places]


def _places(known: OrderHistory, later: OrderHistory) -> np.ndarray:
    place: Mapping[str, int] = {name: number for number, name in enumerate(later.merchant_ids)}
    return np.array([place[name] for name in known.merchant_ids], dtype=np.intp)


def _at_places(judged: Judged, known: OrderHistory, later: OrderHistory) -> Judged:
    return replace(judged, merchant=_places(known, later)[judged.merchant])


def _calendar(later: OrderHistory, every: int, date_from: date | None, date_to: date | None) -> tuple[date, ...]:
    if not len(later.ordered):
        raise AppError("There is no order to judge by: load some with `trustdesk ingest` or `trustdesk demo`.")
    epoch = date(1970, 1, 1)
    first = date_from or epoch + timedelta(days=int(later.ordered.min()) + FIRST_DAYS)
    last = epoch + timedelta(days=int(later.known_at) - HORIZON_DAYS - MATURITY_DAYS - 1)
    last = min(last, date_to or last)
    days = [first + timedelta(days=step) for step in range(0, (last - first).days + 1, every)]
    if not days:
        raise AppError(
            "A day must have {before} days of orders before it and {after} after it; there is none: the first would be {first}, the last {last}.",
            before=FIRST_DAYS,
            after=HORIZON_DAYS + MATURITY_DAYS,
            first=first,
            last=last,
        )
    return tuple(days)


def _order_ids(path: Path) -> list[str]:
    """The column order_id of a CSV file."""
    if not path.is_file():
        raise InputFileError("There is no {path}: give a CSV file with a column order_id.", path=path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            if "order_id" not in (rows.fieldnames or ()):
                raise InputFileError("{path} has no column order_id.", path=path)
            return [row["order_id"] for row in rows]
    except UnicodeDecodeError as error:
        raise InputFileError(
            "{path} is not UTF-8 at byte {byte}: save it as UTF-8.", path=path, byte=error.start
        ) from error
