"""The trust score from counts: a pure function of a frame of counts and a fitted model.

What the score pages, the commands and the what-if lab share; no database, no clock. Formulas and sources: `docs/trust-score.md`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.trust.joint import joint
from analytics.trust.posterior import Draws, chunks, credit, merchant_keys, posterior, score_draws
from analytics.trust.prior import TrustModel

_THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class TrustScore:
    """One merchant's score on a day of the reporting time zone. Score, level, interval and contributions (component → points,
    adding up to the score) are given when `status` is `ok`; else it is `too_few`, `new` or `not_in_source`. `n` counts the orders
    of the window. `left_out` names the rates that the source doesn't record."""

    merchant_id: str
    as_of: date
    score: float | None
    level: str | None
    ci_low: float | None
    ci_high: float | None
    n: int
    status: str
    contributions: Mapping[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def score_from_counts(counts: pd.DataFrame, model: TrustModel) -> pd.DataFrame:
    """Scores of all merchants of the frame of `daily_counts`, in its order and with its index.

    Columns: merchant_id, n, status, score (NaN unless status is ok), level (None unless ok), `contribution.COMPONENT` for every
    component and `points.RATE` for every rate in use (0 to its max_points). Contributions and points are given for every merchant;
    the score, where there is one, is the correctly rounded sum (math.fsum) of the contributions.
    """
    points = credit(posterior(counts, model).mean, model) * np.array(model.max_points)
    frame = pd.DataFrame({"merchant_id": counts["merchant_id"], "n": counts["n"], "status": _status(counts, model)})
    contributions = {
        component.component_id: _sums(
            points[:, [i for i, rate in enumerate(model.rates) if rate.component_id == component.component_id]]
        )
        for component in model.programme.components
    }
    score = _sums(np.array(list(contributions.values()), dtype=float).T)
    has_score = (frame["status"] == "ok").to_numpy()
    frame["score"] = np.where(has_score, score, np.nan)
    frame["level"] = pd.Series(
        [model.programme.level_of(value) if ok else None for value, ok in zip(score, has_score, strict=True)],
        index=frame.index,
        dtype="object",
    )
    for component_id, values in contributions.items():
        frame[f"contribution.{component_id}"] = values
    for column, rate in enumerate(model.rates):
        frame[f"points.{rate.rate_id}"] = points[:, column]
    return frame


def draw_scores(counts: pd.DataFrame, model: TrustModel, *, seed: int, draws: int) -> Draws:
    """Scores drawn from the posteriors of the given merchants, shape (merchants, draws); see `analytics.trust.posterior`."""
    drawn = np.zeros((len(counts), draws), dtype=np.float32)
    if len(counts):
        keys = merchant_keys(counts["merchant_id"].tolist(), _day(counts).isoformat(), seed)
        joints = joint(counts, model)
        for rows in chunks(len(counts)):
            drawn[rows] = score_draws(joints, keys, model, draws, rows)
    return drawn


def trust_scores(counts: pd.DataFrame, model: TrustModel, *, seed: int = 0) -> list[TrustScore]:
    """Scores with intervals, one per merchant in the frame's order.

    The interval is the central part (`coverage`) of the score's posterior. The score is that of the posterior means; where the
    ends of the credit scale bend the posterior away from it, the interval is widened to hold it.
    """
    if not len(counts):
        return []
    programme, as_of = model.programme, _day(counts)
    scored = score_from_counts(counts, model)
    rows = np.flatnonzero((scored["status"] == "ok").to_numpy())
    low, high = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    if len(rows):
        low[rows], high[rows] = _intervals(counts.iloc[rows], model, seed)
    score = scored["score"].to_numpy()
    low, high = np.fmin(low, score), np.fmax(np.fmin(high, 100.0), score)
    names = [component.component_id for component in programme.components]
    parts = scored[[f"contribution.{name}" for name in names]].to_numpy().tolist()
    ends = zip(score.tolist(), low.tolist(), high.tolist(), parts, strict=True)
    told = zip(scored["merchant_id"].tolist(), scored["n"].tolist(), scored["status"], scored["level"], strict=True)
    results = []
    for (merchant_id, n, status, level), (points, lowest, highest, own) in zip(told, ends, strict=True):
        if status == "ok":
            found = TrustScore(
                merchant_id=merchant_id,
                as_of=as_of,
                score=points,
                level=level,
                ci_low=lowest,
                ci_high=highest,
                n=n,
                status=status,
                contributions=dict(zip(names, own, strict=True)),
                left_out=model.left_out,
            )
        else:
            found = TrustScore(merchant_id, as_of, None, None, None, None, n, status, left_out=model.left_out)
        results.append(found)
    return results


def _intervals(counts: pd.DataFrame, model: TrustModel, seed: int) -> NDArray[np.float64]:
    """Low and high ends (2, merchants) of the central part of the drawn scores; chunks of merchants in threads, which numpy lets run."""
    keys = merchant_keys(counts["merchant_id"].tolist(), _day(counts).isoformat(), seed)
    tail = (1 - model.programme.coverage) / 2
    joints = joint(counts, model)

    def ends(rows: slice) -> NDArray[np.float64]:
        drawn = score_draws(joints, keys, model, model.programme.draws, rows)
        return np.asarray(np.quantile(drawn, [tail, 1 - tail], axis=1, overwrite_input=True), dtype=float)

    with ThreadPoolExecutor(_THREADS) as pool:
        return np.concatenate(list(pool.map(ends, chunks(len(counts)))), axis=1)


def _status(counts: pd.DataFrame, model: TrustModel) -> NDArray[np.object_]:
    programme = model.programme
    is_new = (counts["tenure_days"] < programme.new_days).to_numpy(dtype=bool)
    short = np.where(is_new, "new", "too_few")
    status = np.where(counts["n"].to_numpy() >= programme.min_n, "ok", short).astype(object)
    return status if model.rates else np.where(status == "ok", "not_in_source", status).astype(object)


def _sums(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Correctly rounded row sums, so that a sum doesn't depend on the order of its parts."""
    return np.array([math.fsum(row) for row in values.tolist()], dtype=float)


def _day(counts: pd.DataFrame) -> date:
    day = counts["as_of"].iloc[0]
    assert isinstance(day, date)
    return day
