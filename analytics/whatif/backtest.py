"""The lab held against what came: changes of the past predicted from the data before them, and compared with the data after.

Three kinds of cases. `late_rate`: a merchant's late rate did change; the lab is told the new rate and predicts the score from the day before. `score_limit`: a border moved on the day before;
the lab predicts how many merchants come to lie below it, and the same move on the day after says how many did. `rule`: the same of another rule, below the second lowest border. Sees no more of
a day than was known at its end. Knows no page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from analytics.errors import InputError
from analytics.metrics.intervals import wilson
from analytics.trust.programme import Programme, default_programme
from analytics.whatif.definition import values_of
from analytics.whatif.lab import Lab, WhatifResult
from analytics.whatif.outcomes import Outcome
from analytics.whatif.scenario import Lever, Scenario, Segment
from analytics.whatif.simulate import make_lab

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

Open = Callable[[date], AbstractContextManager["Cursor"]]
CaseKind = Literal["score_limit", "rule", "late_rate"]
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
        with open_cursor(before) as earlier, open_cursor(after) as later:
            then, now = (make_lab(cursor, programme=programme) for cursor in (earlier, later))
            cases += _moved_rules(then, now, (before, after))
            found, without = _changed_rates(then, now, (before, after), most)
            cases, left_out = cases + found, left_out + without
    if not cases:
        raise InputError(
            "The data are too short to look back {days} days: load a longer past, or ask for a shorter horizon.",
            days=horizon_days,
        )
    records = tuple(
        _record(kind, of_kind, programme.coverage)
        for kind in get_args(CaseKind)
        if (of_kind := [case for case in cases if case.kind == kind])
    )
    return Backtest(tuple(cases), records, left_out, horizon_days)


def _moved_rules(then: Lab, now: Lab, days: tuple[date, date]) -> list[Case]:
    cases = []
    for kind, subject, lever in (*_borders(then.programme), *_rules(then)):
        predicted, came = (lab.run(Scenario(name="moved", levers=(lever,))) for lab in (then, now))
        realised = _outcome(came, "merchants_below_limit").change
        cases.append(_case(kind, subject, days, predicted, realised, "merchants_below_limit"))
    return cases


def _borders(programme: Programme) -> Iterator[tuple[CaseKind, str, Lever]]:
    """Each border moved either way, as far as its neighbours leave room."""
    for place, level in enumerate(programme.levels[:-1]):
        above = programme.levels[place - 1].minimum if place else 100.0
        for move in BORDER_MOVES:
            target = level.minimum + move
            if programme.levels[place + 1].minimum < target < above:
                lever = Lever("score_limit", target=target, level=level.level_id)
                yield "score_limit", f"{level.level_id} {level.minimum:g} → {target:g}", lever


def _rules(lab: Lab) -> Iterator[tuple[CaseKind, str, Lever]]:
    """Half the half-life, half the window (where it outlasts what is judged late), and of the rate with most points half as many again, and half as wide a scale."""
    programme, rate = lab.programme, max(lab.world.model.rates, key=lambda rate: rate.points, default=None)
    changed = [Lever("half_life_days", target=programme.half_life_days / 2)]
    if (window := programme.window_days // 2) > max(each.maturity_days for each in programme.rates):
        changed.append(Lever("window_days", target=float(window)))
    if rate is not None:
        changed.append(Lever("weight", target=min(rate.points * 1.5, 50.0), of=rate.rate_id))
        changed.append(Lever("bad", target=(rate.good + rate.bad) / 2, of=rate.rate_id))
    values = values_of(programme)
    for lever in changed:
        yield "rule", f"{lever.name} {values[lever.kind, lever.of, lever.level]:g} → {lever.target:g}", lever


def _changed_rates(then: Lab, now: Lab, days: tuple[date, date], most: int) -> tuple[list[Case], int]:
    rate = next((rate for rate in then.world.model.rates if rate.numerator == "late_seller_count"), None)
    if rate is None or now.world.column(rate.rate_id) is None:
        return [], 0
    scores = now.run(Scenario(name="as it is")).scores.set_index("merchant_id")
    old, new = _rates(then, rate.rate_id), _rates(now, rate.rate_id)
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
            predicted = then.run(asked)
        except InputError:
            left_out += 1  # beyond what had been seen by then, or without a score
            continue
        realised = float(row["score_before"]) - _outcome(predicted, "mean_score").baseline
        cases.append(_case("late_rate", str(merchant_id), days, predicted, realised, "mean_score"))
    return cases, left_out


def _rates(lab: Lab, rate_id: str) -> pd.DataFrame:
    """By merchant, of those with at least min_n deliveries in the window: the late rate, 0–1."""
    column = lab.world.column(rate_id)
    late, all_ = lab.world.plain[:, column], lab.world.base[:, column]
    enough = all_ >= lab.programme.min_n
    return pd.DataFrame(
        {"rate": late[enough] / all_[enough]}, index=pd.Index(lab.merchants[enough], name="merchant_id")
    )


def _case(
    kind: CaseKind, subject: str, days: tuple[date, date], predicted: WhatifResult, realised: float, outcome: str
) -> Case:
    found = _outcome(predicted, outcome)
    inside = predicted.scores[predicted.scores["is_in_segment"] & (predicted.scores["status"] == "ok")]
    n = int(inside["n"].sum()) if kind == "late_rate" else len(inside)
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
