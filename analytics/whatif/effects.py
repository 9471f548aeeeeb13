"""Effects of behaviour on outcomes for a whole marketplace: each with its interval, raw difference, overlap, refuters and segments.

Composes the frame, double machine learning and the refuters. Knows no page; a person reads every result as observational.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.stats import chi2

from analytics.errors import InputError
from analytics.whatif.double_ml import Estimate, Fitted, cross_fit, effect_of, problem_of, raw_difference
from analytics.whatif.effect_frame import BEHAVIOURS, Behaviour, Study, prepare, read_orders, share_about, study_of
from analytics.whatif.effect_types import Effect
from analytics.whatif.refute import Refuter, refute

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

OUTSIDE_LIMIT = 0.10
MIN_SEGMENT = 30  # concerned orders
MIN_SEGMENT_MERCHANTS = 5
DIFFERS = 0.01
SegmentKind = Literal["category", "size_band"]


# lever of the lab → lever of the study, and which way it counts
OF_SCORE = {
    "late_seller_rate": ("late_seller_rate", 1.0),
    "seller_cancellation_rate": ("seller_cancellation_rate", 1.0),
    "reply_within_24h_rate": ("slow_reply_rate", -1.0),
}


@dataclass(frozen=True)
class SegmentEffect:
    """The effect in a category or size band, in the outcome's unit, with 95 % interval. n: concerned orders."""

    kind: SegmentKind
    name: str
    value: float
    ci_low: float
    ci_high: float
    n: int


@dataclass(frozen=True)
class FittedEffect:
    """An effect with what speaks for and against it.

    effect: None where `problem` says why (as `problem_of`). raw: difference of plain means with its 95 % interval. orders, concerned, merchants: behind it (merchants:
    with both kinds of orders). rate: share of the lever's orders that are concerned; share: of all orders, that the
    lever is about. outside: share (0–1) of the concerned that
    nothing compares with; above OUTSIDE_LIMIT the interval is wider, by dividing it by the share inside. differs: kinds of segments
    between which the effect differs by more than chance (Cochran's Q, p < 0.01).
    """

    lever: str
    outcome: str
    problem: str | None
    effect: Effect | None = None
    raw: tuple[float, float, float] | None = None
    rate: float | None = None
    share: float = 0.0
    orders: int = 0
    concerned: int = 0
    merchants: int = 0
    outside: float = 0.0
    refuters: tuple[Refuter, ...] = ()
    segments: tuple[SegmentEffect, ...] = ()
    differs: tuple[SegmentKind, ...] = ()

    @property
    def is_outside(self) -> bool:
        """Whether so many concerned orders have nothing to be compared with that the interval is widened."""
        return self.outside > OUTSIDE_LIMIT


def fit_effects(
    cursor: Cursor, seed: int = 1, progress: Callable[[int, int], None] | None = None
) -> tuple[FittedEffect, ...]:
    """All levers and outcomes of a snapshot. `progress` gets how many are done, of how many. Raises InputError for a warehouse without orders
    that are 60 days old, and WarehouseError."""
    orders = read_orders(cursor)
    if orders.empty:
        raise InputError(
            "effects: no order is old enough: 60 days must have passed for its outcomes to be known. Load older data with `trustdesk ingest`."
        )
    return effects_of(orders, seed, progress)


def effects_of(
    orders: pd.DataFrame, seed: int = 1, progress: Callable[[int, int], None] | None = None
) -> tuple[FittedEffect, ...]:
    """The same from a frame as `effect_frame.read_orders` gives."""
    frame = prepare(orders)
    asked = [(behaviour, outcome) for behaviour in BEHAVIOURS for outcome in behaviour.outcomes]
    found: list[FittedEffect] = []
    for behaviour, outcome in asked:
        found.append(fit_one(frame, behaviour, outcome, seed))
        if progress:
            progress(len(found), len(asked))
    return tuple(found)


def score_effects(effects: tuple[FittedEffect, ...]) -> tuple[Effect, ...]:
    """The effects that were told, of the rates of the trust score on the mean of all orders: spread over those that the lever is not about, and of
    answers within a day instead of slow ones, so with the other sign."""
    found: list[Effect] = []
    for rate, (lever, sign) in OF_SCORE.items():
        for one in effects:
            if one.lever == lever and one.effect is not None:
                low, high = sorted(sign * one.share * end for end in (one.effect.ci_low, one.effect.ci_high))
                value = sign * one.share * one.effect.per_unit
                found.append(Effect(rate, one.outcome, value, low, high, one.effect.label))
    return tuple(found)


def score_problems(effects: tuple[FittedEffect, ...]) -> tuple[tuple[str, str, str], ...]:
    """Of the same rates, those that could not be told: rate of the score, outcome, problem."""
    return tuple(
        (rate, one.outcome, one.problem)
        for rate, (lever, _sign) in OF_SCORE.items()
        for one in effects
        if one.lever == lever and one.problem is not None
    )


def fit_one(frame: pd.DataFrame, behaviour: Behaviour, outcome: str, seed: int = 1) -> FittedEffect:
    """One lever and outcome, from a frame as `effect_frame.prepare` gives."""
    study = study_of(frame, behaviour, outcome, seed=seed)
    problem = problem_of(study)
    fitted = cross_fit(study, seed) if problem is None else None
    estimate = effect_of(fitted) if fitted else None
    concerned = int(study.t.sum())
    if fitted is None or estimate is None:
        return FittedEffect(behaviour.lever, outcome, problem or "too_few", orders=len(study), concerned=concerned)
    segments = _segments(study, fitted)
    about = frame[behaviour.about]
    return FittedEffect(
        behaviour.lever,
        outcome,
        None,
        _effect(behaviour.lever, outcome, estimate),
        raw_difference(study),
        float(frame.loc[about, behaviour.concerned].mean()),
        share_about(frame, behaviour, outcome),
        len(study),
        concerned,
        estimate.merchants,
        estimate.outside,
        refute(study, estimate, seed),
        segments,
        tuple(kind for kind in ("category", "size_band") if _differs([one for one in segments if one.kind == kind])),
    )


def _effect(lever: str, outcome: str, estimate: Estimate) -> Effect:
    wider = 1.0 / (1.0 - estimate.outside) if estimate.outside > OUTSIDE_LIMIT else 1.0
    low, high = (estimate.value + (end - estimate.value) * wider for end in (estimate.ci_low, estimate.ci_high))
    return Effect(lever, outcome, estimate.value, low, high, "observational")


def _segments(study: Study, fitted: Fitted) -> tuple[SegmentEffect, ...]:
    found: list[SegmentEffect] = []
    kinds: tuple[SegmentKind, ...] = ("category", "size_band")
    for kind in kinds:
        values = getattr(study, kind)
        for name in sorted(set(values), key=_in_order):
            estimate = effect_of(fitted, np.asarray(values == name, dtype=bool))
            if estimate and estimate.n >= MIN_SEGMENT and estimate.merchants >= MIN_SEGMENT_MERCHANTS:
                ends = estimate.value, estimate.ci_low, estimate.ci_high
                found.append(SegmentEffect(kind, str(name), *ends, estimate.n))
    return tuple(found)


def _in_order(name: str) -> tuple[int, str]:
    """Size bands by their lower end, words by the alphabet."""
    first = name.partition("-")[0].rstrip("+")
    return (int(first) if first.isdigit() else 0, name)


def _differs(segments: list[SegmentEffect]) -> bool:
    """Cochran's Q over the segments' effects; their standard errors are taken from the intervals, which are at least as wide as normal ones."""
    if len(segments) < 2:
        return False
    value = np.array([one.value for one in segments])
    weight = 1.0 / np.maximum(np.array([(one.ci_high - one.ci_low) / 3.92 for one in segments]), 1e-9) ** 2
    distance = float((weight * (value - np.average(value, weights=weight)) ** 2).sum())
    return bool(chi2.sf(distance, len(segments) - 1) < DIFFERS)
