"""Seller programmes evaluated for all merchants on one day: values, verdicts, distances, probabilities, levels, projection.

Joins the counts of the marts to the pure rules of `judge`; knows no page and no file format. The projection carries today's counts
forward to the next evaluation day: nothing new is assumed to happen, orders and events that will have left the window by then are
dropped, those still too young today enter, ages grow, and points that lapse until then no longer count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.trust.counts import score_day
from analytics.trust.programmes.counts import Counts, read_counts
from analytics.trust.programmes.definition import Clause, SellerProgramme
from analytics.trust.programmes.judge import Bools, Floats, Ints, Verdict, judge_count, judge_mean, judge_rate
from analytics.trust.programmes.ledger import points_on
from analytics.trust.programmes.measures import BUYERS, DUE, MEASURES, MONEY, PENALTIES
from analytics.trust.programmes.probability import peer_prior, probability_over
from analytics.trust.programmes.standing import standing

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

Texts = NDArray[np.object_]


OK, TOO_FEW, IMMATURE, NOT_IN_SOURCE, NOT_APPLICABLE = range(5)
STATUSES = ("ok", "too_few", "immature", "not_in_source", "not_applicable")  # in the order of the numbers above
_STATUS_NAMES = np.array(STATUSES, dtype=object)


@dataclass(frozen=True)
class ClauseResult:
    """One clause of one programme for all merchants; every array has shape (merchants,).

    `state` is the position of `status` in STATUSES; only with ok is there a verdict (`passed` is False in the others).
    value, numerator, denominator, distance and probability are NaN where there is none. `spans` holds the windows, `is_short` who is judged
    by the short one, `is_vacuous` whose rate has nothing to count.
    """

    clause: Clause
    value: Floats
    numerator: Floats
    denominator: Floats
    n: Ints
    state: NDArray[np.int8]
    passed: Bools
    distance: Floats
    is_near: Bools
    probability: Floats
    spans: tuple[tuple[date, date], ...]
    is_short: Bools
    is_vacuous: Bools

    @property
    def status(self) -> Texts:
        return _STATUS_NAMES[self.state]

    @property
    def level(self) -> Texts:
        """The clause's level, or the band that the merchant's points or rating fall into."""
        return self.banded(np.full(len(self.state), self.clause.level, dtype=object))

    def banded(self, level: Texts) -> Texts:
        """`level`, but the band where the merchant's points, or its rating below the limit, fall into one."""
        banded, missed = level.copy(), self.is_judged & ~self.passed
        for band in self.clause.bands:
            banded[(self.numerator >= band.minimum) & (missed | (not self.clause.is_floor))] = band.level_id
        return banded

    @property
    def is_judged(self) -> Bools:
        found: Bools = self.state == OK
        return found

    @property
    def is_silent(self) -> Bools:
        """Whether it denies no level though it has no verdict: it does not apply, or is a rate of nothing (no question was asked, so none
        went unanswered). What is not in the source is no such thing: a level that nobody can check is not held."""
        found: Bools = (self.state == NOT_APPLICABLE) | (self.is_vacuous & (self.state < NOT_IN_SOURCE))
        return found


@dataclass(frozen=True)
class ProgrammeResult:
    """A programme on a day. `level` is the best level that a merchant holds, or a band of its points or rating, else its outcome (pass, fail or
    too_few); `projected_level` is that of the next evaluation day. `outcome`: pass, near, fail or too_few. `tightest` is the position of
    the clause that decided it, −1 where none did."""

    programme: SellerProgramme
    clauses: tuple[ClauseResult, ...]
    outcome: Texts
    level: Texts
    tightest: Ints
    next_evaluation: date
    projected_level: Texts


@dataclass(frozen=True)
class Evaluation:
    """Programmes of all merchants (`merchants`: merchant_id, name, category …) at the end of a local day."""

    day: date
    merchants: pd.DataFrame
    programmes: tuple[ProgrammeResult, ...]


@dataclass(frozen=True)
class Tried:
    """A clause, perhaps with another limit, and what its programme comes to with it: outcome and level of each merchant, (merchants,)."""

    clause: ClauseResult
    outcome: Texts
    level: Texts


@dataclass(frozen=True)
class Prepared:
    """One programme on a day with the counts behind it, to try other limits without reading anything again."""

    day: date
    counts: Counts
    result: ProgrammeResult

    @property
    def merchant_ids(self) -> list[str]:
        """The merchants in the order of every array."""
        return list(self.counts.ids)

    def tried(self, clause: Clause) -> Tried:
        """The programme with this clause in the place of its own of the same id; windows and what is counted must be the same."""
        judged = _with_probability(self.counts, _clause(self.counts, clause, self.day))
        results = tuple(judged if each.clause.clause_id == clause.clause_id else each for each in self.result.clauses)
        outcome, level, _ = standing(self.result.programme, results)
        return Tried(judged, outcome, level)


def prepare(cursor: Cursor, programme: SellerProgramme) -> Prepared:
    """The programme for every merchant as of the cursor's day, with its counts. InputError when nothing is known by then."""
    day, counts = _read(cursor, [programme])
    return Prepared(day, counts, _programme(counts, programme, day))


def evaluate(cursor: Cursor, programmes: Sequence[SellerProgramme]) -> Evaluation:
    """Every clause of the programmes for every merchant, as of the cursor's day. InputError when nothing is known by then."""
    day, counts = _read(cursor, programmes)
    return Evaluation(day, counts.merchants, tuple(_programme(counts, programme, day) for programme in programmes))


def _read(cursor: Cursor, programmes: Sequence[SellerProgramme]) -> tuple[date, Counts]:
    day = score_day(cursor)
    asked = [(c, d) for p in programmes for c in p.clauses for d in (day, p.schedule.after(day))]
    return day, read_counts(cursor, asked, day)


def _programme(counts: Counts, programme: SellerProgramme, day: date) -> ProgrammeResult:
    results = tuple(_with_probability(counts, _clause(counts, clause, day)) for clause in programme.clauses)
    then = programme.schedule.after(day)
    outcome, level, tightest = standing(programme, results)
    _, projected, _ = standing(programme, tuple(_clause(counts, clause, then) for clause in programme.clauses))
    return ProgrammeResult(programme, results, outcome, level, tightest, then, projected)


def _clause(counts: Counts, clause: Clause, day: date) -> ClauseResult:
    """One clause on a day, without the probability."""
    spans = clause.window.spans(day)
    size = len(counts.merchants)
    nothing = np.zeros(size, dtype=np.int64)
    orders = [counts.measures.get(("order_count", span), nothing) for span in spans] or [nothing]
    is_short = orders[-1] >= clause.window.short_from_orders if len(spans) > 1 else np.zeros(size, dtype=bool)
    measured = _FORMS[clause.form](counts, clause, day, is_short)
    n_orders = np.where(is_short, orders[-1], orders[0])
    cancelled = [counts.measures.get(("cancelled_count", span), nothing) for span in spans] or [nothing]
    n_open = n_orders - np.where(is_short, cancelled[-1], cancelled[0])
    state = _state(counts, clause, measured, n_orders, n_open)
    absent, judged = state >= NOT_IN_SOURCE, state == OK
    has_units = clause.form in ("rate", "mean")
    return ClauseResult(
        clause=clause,
        value=np.where(absent, np.nan, measured.value),
        numerator=np.where(absent, np.nan, measured.numerator),
        denominator=np.where(absent, np.nan, measured.denominator) if has_units else np.full(size, np.nan),
        n=measured.denominator.astype(np.int64) if has_units else n_orders,
        state=state,
        passed=measured.verdict.passed & judged,
        distance=np.where(judged, measured.verdict.distance, np.nan),
        is_near=measured.verdict.is_near & judged,
        probability=np.full(size, np.nan),
        spans=spans,
        is_short=is_short,
        is_vacuous=(measured.denominator == 0) & (clause.form == "rate") & (n_orders >= clause.minimum_orders),
    )


@dataclass(frozen=True)
class _Measured:
    value: Floats
    numerator: Floats
    denominator: Floats
    verdict: Verdict
    is_known: Bools  # False where this merchant's value can't be told
    is_applicable: Bools


def _measured(value: Floats, numerator: Ints, denominator: Ints | None, verdict: Verdict, **marks: Bools) -> _Measured:
    everyone = np.ones(len(value), dtype=bool)
    under = np.full(len(value), np.nan) if denominator is None else denominator.astype(float)
    return _Measured(
        value,
        numerator.astype(float),
        under,
        verdict,
        marks.get("is_known", everyone),
        marks.get("is_applicable", everyone),
    )


def _units(counts: Counts, clause: Clause, names: Iterable[str], day: date, is_short: Bools) -> Ints:
    names = tuple(names)
    found = [counts.of(names, span) for span in clause.window.spans(day)]
    return np.where(is_short, found[-1], found[0])


def _rate(counts: Counts, clause: Clause, day: date, is_short: Bools) -> _Measured:
    n = _units(counts, clause, (clause.denominator,), day, is_short)
    numerator = np.minimum(_units(counts, clause, clause.numerator, day, is_short), n)
    bad = n - numerator if clause.is_floor else numerator
    buyers = None
    if clause.cap is not None and clause.cap.of == "buyers":
        bad_orders = counts.bad_orders[clause.numerator[0]]
        found = [bad_orders.buyers(span, clause.cap.most) for span in clause.window.spans(day)]
        buyers = np.where(is_short, found[-1][0], found[0][0]), np.where(is_short, found[-1][1], found[0][1])
    value = np.where(n > 0, numerator / np.maximum(n, 1), np.nan)
    return _measured(value, numerator, n, judge_rate(clause, bad, n, buyers))


def _mean(counts: Counts, clause: Clause, day: date, is_short: Bools) -> _Measured:
    n = _units(counts, clause, (clause.denominator,), day, is_short)
    total = _units(counts, clause, clause.numerator, day, is_short)
    return _measured(np.where(n > 0, total / np.maximum(n, 1), np.nan), total, n, judge_mean(clause, total, n))


def _count(counts: Counts, clause: Clause, day: date, is_short: Bools) -> _Measured:
    value = _units(counts, clause, clause.numerator, day, is_short)
    return _measured(value.astype(float), value, None, judge_count(clause, value))


def _money(counts: Counts, clause: Clause, day: date, is_short: Bools) -> _Measured:
    minor = _units(counts, clause, (clause.currency,), day, is_short)
    verdict = judge_mean(clause, minor, np.ones_like(minor), scale=100)
    return _measured(minor / 100, minor, None, verdict, is_applicable=counts.has_sold[clause.currency])


def _age(counts: Counts, clause: Clause, day: date, is_short: Bools) -> _Measured:
    column = "joined_date" if clause.since == "joined" else "first_order_date"
    age = (pd.Timestamp(day) - pd.to_datetime(counts.merchants[column])).dt.days.to_numpy(dtype=float)
    is_known = ~np.isnan(age)
    days = np.where(is_known, age, 0).astype(np.int64)
    verdict = judge_mean(clause, days, np.ones_like(days))
    return _measured(age.astype(float), days, None, verdict, is_known=is_known)


def _points(counts: Counts, clause: Clause, day: date, is_short: Bools) -> _Measured:
    points = points_on(counts.penalties, clause, day, counts.ids)
    return _measured(points.astype(float), points, None, judge_count(clause, points))


def _rating(counts: Counts, clause: Clause, day: date, is_short: Bools) -> _Measured:
    rules = clause.rating
    assert rules is not None
    shipped = _units(counts, clause, ("shipped_count",), day, is_short)
    lost = points_on(counts.penalties, clause, day, counts.ids)
    rating: Ints = np.clip(rules.start - lost + rules.bonus * (shipped // rules.bonus_orders), 0, rules.highest)
    return _measured(rating.astype(float), rating, None, judge_mean(clause, rating, np.ones_like(rating)))


def _unrecorded(counts: Counts, clause: Clause, day: date, is_short: Bools) -> _Measured:
    nothing = np.zeros(len(counts.merchants), dtype=np.int64)
    return _measured(nothing.astype(float), nothing, None, judge_count(clause, nothing))


_FORMS = {
    "rate": _rate,
    "mean": _mean,
    "count": _count,
    "money": _money,
    "age": _age,
    "points": _points,
    "rating": _rating,
    "unrecorded": _unrecorded,
}


def _state(counts: Counts, clause: Clause, measured: _Measured, n_orders: Ints, n_open: Ints) -> NDArray[np.int8]:
    """`n_open`: orders that were not cancelled, which can still become due."""
    state = np.full(len(n_orders), OK, dtype=np.int8)
    if clause.form in ("rate", "mean"):
        is_empty = measured.denominator == 0
        state[is_empty] = TOO_FEW
        if clause.denominator in DUE:
            state[is_empty & (n_open > 0)] = IMMATURE
    state[n_orders < clause.minimum_orders] = TOO_FEW
    state[~measured.is_known] = NOT_IN_SOURCE if clause.since == "joined" else TOO_FEW
    state[~measured.is_applicable] = NOT_APPLICABLE
    if not _is_recorded(clause, counts):
        state[:] = NOT_IN_SOURCE
    return state


def _is_recorded(clause: Clause, counts: Counts) -> bool:
    """Whether the source records what the clause counts: its denominator, and at least one of several summed numerators."""
    held = counts.recorded
    if clause.form == "unrecorded":
        return False
    if clause.form in ("points", "rating"):
        return PENALTIES.is_recorded(held)
    if clause.form == "money":
        return MONEY.is_recorded(held)
    if clause.form == "age":
        return True
    if clause.cap is not None and clause.cap.of == "buyers" and not BUYERS.is_recorded(held):
        return False
    has_under = not clause.denominator or MEASURES[clause.denominator].is_recorded(held)
    return has_under and any(MEASURES[name].is_recorded(held) for name in clause.numerator)


def _with_probability(counts: Counts, result: ClauseResult) -> ClauseResult:
    clause = result.clause
    if clause.form != "rate" or not _is_recorded(clause, counts):
        return result
    n = result.n.astype(float)
    good_or_bad = np.nan_to_num(result.numerator)
    bad = n - good_or_bad if clause.is_floor else good_or_bad
    limit = float(1 - clause.exact_limit) if clause.is_floor else clause.limit
    mean, strength = peer_prior(bad, n, counts.categories)
    key = (counts.categories + 1.0) * (n.max(initial=0) + 1) ** 2 + n * (n.max(initial=0) + 1) + bad
    _, first, same = np.unique(key, return_index=True, return_inverse=True)  # many merchants share counts and category
    distinct = probability_over(limit, bad[first], n[first], mean[first], strength[first])
    return replace(result, probability=distinct[same])
