"""The lab held against what came: changes of the past predicted from the data before them, and compared with the data after.

Two kinds of cases. `late_rate`: a merchant's late rate did change; the lab is told the new rate and predicts the score from the day before. `score_limit`: a border moved on the day before;
the lab predicts how many merchants come to lie below it, and the same move on the day after says how many did. Sees no more of a day than was known at its end. Knows no page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from analytics.errors import InputError
from analytics.metrics.intervals import wilson
from analytics.trust.counts import daily_counts
from analytics.trust.programme import Programme, default_programme
from analytics.whatif.lab import WhatifResult
from analytics.whatif.outcomes import Outcome
from analytics.whatif.scenario import Lever, Scenario, Segment
from analytics.whatif.simulate import simulate

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

Open = Callable[[date], AbstractContextManager["Cursor"]]
CaseKind = Literal["late_rate", "score_limit"]
LEAST_CHANGE = 0.02  # of a late rate that counts as changed
BORDER_MOVES = (-2.0, 2.0)  # score points


@dataclass(frozen=True)
class Case:
    """One past change. `predicted`, its 95 % interval and `realised` are changes: of a score in points, or of merchants below a border. `n`: orders of
    the merchant on the day before, or merchants with a score."""

    kind: CaseKind
    subject: str
    day_before: date
    day_after: date
    predicted: float
    ci_low: float
    ci_high: float
    realised: float
    n: int

    @property
    def error(self) -> float:
        """Predicted less realised."""
        return self.predicted - self.realised

    @property
    def is_inside(self) -> bool:
        """Whether what came lies in the interval."""
        return self.ci_low - 1e-9 <= self.realised <= self.ci_high + 1e-9


@dataclass(frozen=True)
class Record:
    """Cases of one kind together. `unchanged_error` is the mean absolute error of predicting no change; the coverage has a 95 % Wilson interval, and `nominal` is what
    the intervals claim. Cases of one day share its merchants: they are fewer than they look."""

    kind: CaseKind
    cases: int
    days: int
    mean_error: float
    unchanged_error: float
    coverage: float
    coverage_low: float
    coverage_high: float
    nominal: float


@dataclass(frozen=True)
class Backtest:
    """`left_out`: changes beyond what the lab lets a lever do, so that it predicts nothing."""

    cases: tuple[Case, ...]
    records: tuple[Record, ...]
    left_out: int
    horizon_days: int


def backtest(
    open_cursor: Open,
    first: date,
    last: date,
    *,
    horizon_days: int = 60,
    pairs: int = 3,
    most: int = 12,
    programme: Programme | None = None,
) -> Backtest:
    """Predicts from `pairs` past days what came `horizon_days` later, up to `last`; `most` merchants a pair, those whose late rate changed most.

    InputError where the data from `first` are too short for a single pair.
    """
    programme = programme or default_programme()
    cases: list[Case] = []
    left_out = 0
    for step in range(pairs):
        after = last - timedelta(days=step * horizon_days)
        before = after - timedelta(days=horizon_days)
        if before - timedelta(days=horizon_days) < first:
            break
        with open_cursor(before) as then, open_cursor(after) as now:
            cases += _moved_borders(then, now, programme, before, after)
            found, without = _changed_rates(then, now, programme, (before, after), most)
            cases, left_out = cases + found, left_out + without
    if not cases:
        raise InputError(
            "The data are too short to look back {days} days: load a longer past, or ask for a shorter horizon.",
            days=horizon_days,
        )
    kinds: tuple[CaseKind, ...] = ("score_limit", "late_rate")
    records = tuple(
        _record(kind, of_kind, programme.coverage)
        for kind in kinds
        if (of_kind := [case for case in cases if case.kind == kind])
    )
    return Backtest(tuple(cases), records, left_out, horizon_days)


def _moved_borders(then: Cursor, now: Cursor, programme: Programme, before: date, after: date) -> list[Case]:
    cases = []
    for subject, rule in _moves(programme):
        predicted, came = (simulate(cursor, rule, programme=programme) for cursor in (then, now))
        realised = _outcome(came, "merchants_below_limit").change
        cases.append(_case("score_limit", subject, (before, after), predicted, realised, "merchants_below_limit"))
    return cases


def _moves(programme: Programme) -> Iterator[tuple[str, Scenario]]:
    """Each border moved either way, as far as its neighbours leave room."""
    for place, level in enumerate(programme.levels[:-1]):
        above = programme.levels[place - 1].minimum if place else 100.0
        for move in BORDER_MOVES:
            target = level.minimum + move
            if programme.levels[place + 1].minimum < target < above:
                lever = Lever("score_limit", target=target, level=level.level_id)
                yield f"{level.level_id} {level.minimum:g} → {target:g}", Scenario(name="moved", levers=(lever,))


def _changed_rates(
    then: Cursor, now: Cursor, programme: Programme, days: tuple[date, date], most: int
) -> tuple[list[Case], int]:
    rate = next((rate for rate in programme.rates if rate.numerator == "late_seller_count"), None)
    if rate is None:
        return [], 0
    old, new = (_rates(cursor, programme, rate.rate_id) for cursor in (then, now))
    scores = simulate(now, Scenario(name="as it is"), programme=programme).scores.set_index("merchant_id")
    both = old.add_suffix("_before").join(new.add_suffix("_after"), how="inner")
    both = both.join(scores[["score_before", "status"]])
    both["moved"] = (both["rate_after"] - both["rate_before"]).abs()
    chosen = both[(both["status"] == "ok") & (both["moved"] >= LEAST_CHANGE)].sort_values("moved", ascending=False)
    cases: list[Case] = []
    left_out = 0
    for merchant_id, row in chosen.head(most).iterrows():
        asked = Scenario(
            name="changed",
            segment=Segment(merchants=(str(merchant_id),)),
            levers=(Lever("late_rate", target=float(row["rate_after"])),),
        )
        try:
            predicted = simulate(then, asked, programme=programme)
        except InputError:
            left_out += 1  # beyond what had been seen by then, or without a score
            continue
        realised = float(row["score_before"]) - _outcome(predicted, "mean_score").baseline
        cases.append(_case("late_rate", str(merchant_id), days, predicted, realised, "mean_score"))
    return cases, left_out


def _rates(cursor: Cursor, programme: Programme, rate_id: str) -> pd.DataFrame:
    """By merchant, of those with at least min_n deliveries in the window: the late rate, 0–1."""
    counts = daily_counts(cursor, programme).set_index("merchant_id")
    late, all_ = counts[f"{rate_id}.numerator"], counts[f"{rate_id}.denominator"]
    return pd.DataFrame({"rate": late / all_})[all_ >= programme.min_n]


def _case(
    kind: CaseKind, subject: str, days: tuple[date, date], predicted: WhatifResult, realised: float, outcome: str
) -> Case:
    found = _outcome(predicted, outcome)
    inside = predicted.scores[predicted.scores["is_in_segment"] & (predicted.scores["status"] == "ok")]
    n = len(inside) if kind == "score_limit" else int(inside["n"].sum())
    return Case(kind, subject, *days, found.change, found.ci_low, found.ci_high, realised, n)


def _outcome(result: WhatifResult, name: str) -> Outcome:
    """The one of the scenario's segment."""
    (found,) = (each for each in result.outcomes if each.outcome == name and each.group == {"merchants": "segment"})
    return found


def _record(kind: CaseKind, cases: list[Case], nominal: float) -> Record:
    hits = np.array([float(sum(case.is_inside for case in cases))])
    bounds = wilson(hits, np.array([float(len(cases))]))
    return Record(
        kind=kind,
        cases=len(cases),
        days=len({case.day_after for case in cases}),
        mean_error=float(np.mean([abs(case.error) for case in cases])),
        unchanged_error=float(np.mean([abs(case.realised) for case in cases])),
        coverage=float(hits[0] / len(cases)),
        coverage_low=float(bounds[0][0]),
        coverage_high=float(bounds[1][0]),
        nominal=nominal,
    )
