"""Does a value pass a limit, and how far is it from failing? Pure functions over arrays, one position a merchant; no database.

Limits are compared as exact fractions of whole numbers: 7 of 100 is not above 7 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.trust.programmes.definition import Cap, Clause

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAR_SHARE = 0.8
BEST_STARS = 5.0


@dataclass(frozen=True)
class Verdict:
    """Per merchant: whether it passes; the distance to the limit (NaN where no number of units breaks or mends the clause); and whether it
    passes but is near the limit. Meaningless where the clause could not be judged."""

    passed: Bools
    distance: Floats
    is_near: Bools


def judge_rate(clause: Clause, bad: Ints, n: Ints, buyers: tuple[Ints, Ints] | None = None) -> Verdict:
    """A rate of n units of which some are bad, with its cap or small-sample rule.

    `distance`: the fewest more bad units (n unchanged) that break the clause, or minus the fewest fewer that mend it. `buyers`, for a cap on
    them: distinct buyers, and the bad units of those who would have to go; further bad units are taken to come from new buyers.
    """
    allowed = _allowed(clause, n)
    if clause.small is not None:
        few = n if clause.small.most is None else np.full_like(n, clause.small.most)
        allowed = np.where(n < clause.small.below, few, allowed)
    room, surplus = allowed - bad, np.maximum(bad - allowed, 0)
    passed = room >= 0
    if clause.cap is not None:
        passed, room, surplus = _with_cap(clause.cap, bad, (passed, room, surplus), buyers)
    more = np.where(bad + room + 1 <= n, room + 1.0, np.nan)
    return Verdict(passed, np.where(passed, more, -surplus.astype(float)), passed & _is_near(bad, room + 1))


def _with_cap(
    cap: Cap, bad: Ints, rate: tuple[Bools, Ints, Ints], buyers: tuple[Ints, Ints] | None
) -> tuple[Bools, Ints, Ints]:
    """The rate's verdict, room and surplus joined with those of the cap."""
    passed, room, surplus = rate
    held, over = (bad, np.maximum(bad - cap.most, 0)) if buyers is None else buyers
    cap_room, cap_passed = cap.most - held, held <= cap.most
    if cap.joined == "and":
        return passed & cap_passed, np.minimum(room, cap_room), np.maximum(surplus, over)
    return passed | cap_passed, np.maximum(room, cap_room), np.minimum(surplus, over)


def _allowed(clause: Clause, n: Ints) -> Ints:
    """The most bad units of n that the rate alone lets pass."""
    limit = 1 - clause.exact_limit if clause.is_floor else clause.exact_limit
    product = n * limit.numerator
    found: Ints = (product - 1 if clause.is_strict else product) // limit.denominator
    return found


def judge_count(clause: Clause, value: Ints) -> Verdict:
    """A plain count or points. Bad units are those that count against: one more under a ceiling, one fewer above a floor."""
    edge = clause.exact_limit
    if clause.is_floor:
        least = math.floor(edge) + 1 if clause.is_strict else math.ceil(edge)
        room = value - least
        distance = np.where(room < value, room + 1.0, np.nan)
        is_near = np.zeros(len(value), dtype=bool)
    else:
        most = math.ceil(edge) - 1 if clause.is_strict else math.floor(edge)
        room = most - value
        distance = room + 1.0
        is_near = _is_near(value, room + 1)
    passed = room >= 0
    return Verdict(passed, np.where(passed, distance, room.astype(float)), passed & is_near)


def judge_mean(clause: Clause, total: Ints, count: Ints, scale: int = 1) -> Verdict:
    """total / (count × scale) against the limit; the distance is value − limit. A mean of stars is near where four fifths of the way from 5
    to the limit are gone."""
    limit = clause.exact_limit
    left, right = total * limit.denominator, count * scale * limit.numerator
    compared = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}
    passed: Bools = compared[clause.operator]
    value = total / np.where(count > 0, count * scale, 1)
    is_near = np.zeros(len(total), dtype=bool)
    if clause.form == "mean" and clause.is_floor:
        is_near = passed & (BEST_STARS - value >= NEAR_SHARE * (BEST_STARS - clause.limit))
    return Verdict(passed, value - clause.limit, is_near)


def _is_near(bad: Ints, more: Ints) -> Bools:
    """With a bad unit there, one more would break the clause, or four fifths of what is allowed are used up."""
    near: Bools = (bad > 0) & ((more <= 1) | (bad >= NEAR_SHARE * (bad + more)))
    return near
