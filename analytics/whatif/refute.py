"""Attempts to refute an effect: what must be nothing is nothing, and what must not matter does not. Pure functions over a Study.

As in Sharma and Kiciman 2020 (DoWhy): a placebo treatment, a random common cause, a subset of the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analytics.whatif.double_ml import Estimate, cross_fit, effect_of, problem_of
from analytics.whatif.effect_frame import Study

RefuterName = Literal["placebo", "random_cause", "subset"]
LIMIT = 40_000  # orders that a refuter is fitted on
SUBSET = 0.7  # of the merchants
_STRICTER = 2.576 / 1.96  # a placebo fails beyond a 99 % interval, else one in twenty would by chance


@dataclass(frozen=True)
class Refuter:
    """What a refuter found, in the outcome's unit. passed: None where too little was left to tell.

    placebo: who is concerned was shuffled within merchants: the effect must be zero. random_cause: a confounder of pure chance was added, and
    subset: merchants were left out: the effect must stay within both intervals' reach of what it was.
    """

    name: RefuterName
    value: float | None
    passed: bool | None


def refute(study: Study, estimate: Estimate, seed: int) -> tuple[Refuter, ...]:
    """All three, each on at most LIMIT orders."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(31,)))
    part = study if len(study) <= LIMIT else study.rows(rng.random(len(study)) < LIMIT / len(study))
    noise = rng.random((len(part), 1))
    is_in = rng.random(int(study.merchant.max()) + 1) < SUBSET
    return (
        _placebo(_shuffled(part, rng), seed),
        _same("random_cause", replace(part, x=np.hstack([part.x, noise])), estimate, seed),
        _same("subset", part.rows(is_in[part.merchant]), estimate, seed),
    )


def _shuffled(study: Study, rng: np.random.Generator) -> Study:
    """Who is concerned drawn anew within each merchant, with as many as there were."""
    drawn = np.lexsort((rng.random(len(study)), study.merchant))
    t = np.empty(len(study))
    t[np.lexsort((np.arange(len(study)), study.merchant))] = study.t[drawn]
    return replace(study, t=t)


def _placebo(study: Study, seed: int) -> Refuter:
    found = _estimate(study, seed)
    if found is None:
        return Refuter("placebo", None, None)
    half = (found.ci_high - found.ci_low) / 2
    return Refuter("placebo", found.value, abs(found.value) <= half * _STRICTER)


def _same(name: RefuterName, study: Study, estimate: Estimate, seed: int) -> Refuter:
    found = _estimate(study, seed)
    if found is None:
        return Refuter(name, None, None)
    reach = math.hypot(estimate.ci_high - estimate.ci_low, found.ci_high - found.ci_low) / 2
    return Refuter(name, found.value, abs(found.value - estimate.value) <= reach)


def _estimate(study: Study, seed: int) -> Estimate | None:
    return effect_of(cross_fit(study, seed)) if problem_of(study) is None else None
