"""What a scenario comes to: figures of a group of merchants before and after, and how far each is known.

Two kinds of uncertainty are kept apart: that of merchants' true rates (sampling, from draws) and that of an effect's size (parameter). Knows arrays of scores
and worlds; knows no scenario file and no page.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.trust.posterior import Draws
from analytics.whatif.spread import GroupDraws
from analytics.whatif.world import Floats, Mask, World

Statistic = Callable[["Side", "Side"], float | Floats]


@dataclass(frozen=True)
class Outcome:
    """One figure before and after. `group` says whom it is of. Intervals are of the change (95 %, or the programme's coverage): sampling_low … sampling_high for
    what is not known of merchants' true rates, effect_low … effect_high for what is not known of an effect (both equal the change where there is none of it),
    ci_low … ci_high for both. Units: score points, merchants, orders, units of a rate's numerator, shares 0–1, or major units of the currency in the group.
    """

    outcome: str
    group: Mapping[str, str]
    baseline: float
    value: float
    change: float
    ci_low: float
    ci_high: float
    label: str
    assumptions: tuple[str, ...]
    sampling_low: float
    sampling_high: float
    effect_low: float
    effect_high: float

    def widened(self, times: float) -> Outcome:
        """With intervals so many times as wide about the change."""
        ends = ("ci_low", "ci_high", "sampling_low", "sampling_high", "effect_low", "effect_high")
        wide: dict[str, float] = {end: self.change + times * (getattr(self, end) - self.change) for end in ends}
        return replace(self, **wide)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Side:
    """Scores of some merchants, points or draws (merchants, draws), and the limit they are held against."""

    scores: Floats | Draws
    limit: float
    median: Floats | Draws | None = None

    def middle(self) -> Floats:
        """The median over merchants, unless it is known already."""
        found = np.median(self.scores, axis=0) if self.median is None else self.median
        return np.asarray(found, dtype=float)


@dataclass(frozen=True)
class Measure:
    """`statistic(a, b)`: its value once scores `a` have become `b`, merchants along axis 0; the value before is that of no change, statistic(a, a), or
    `baseline`. NaN where it can't be told (a share of nobody). `is_total`: it grows with the number of merchants."""

    outcome: str
    statistic: Statistic
    is_total: bool
    group: Mapping[str, str]
    baseline: float | None = None


@dataclass(frozen=True)
class People:
    """What outcomes need of each merchant, (merchants,): orders, order value by currency (major units), whether new, whether small."""

    orders: Floats
    gmv: Mapping[str, Floats]
    is_new: Mask
    is_small: Mask


def measures(people: People, places: NDArray[np.intp]) -> list[Measure]:
    """The outcomes of the scored merchants at `places`, in the order of pages."""
    found = [
        Measure("median_score", lambda _, b: b.middle(), False, {}),
        Measure("mean_score", lambda _, b: np.mean(b.scores, axis=0, dtype=float), False, {}),
        Measure("merchants_below_limit", lambda _, b: (b.scores < b.limit).sum(axis=0), True, {}),
        Measure("merchants_crossing_down", lambda a, b: _down(a, b).sum(axis=0), True, {}),
        Measure("merchants_crossing_up", lambda a, b: _up(a, b).sum(axis=0), True, {}),
        Measure("orders_touched", _touched(people.orders[places]), True, {}),
    ]
    for name, mask in (("new_share_hit", people.is_new[places]), ("small_share_hit", people.is_small[places])):
        found.append(Measure(name, _share_hit(mask), False, {}, float(mask.mean())))
    for currency, amounts in people.gmv.items():
        if amounts[places].any():
            found.append(Measure("gmv_touched", _touched(amounts[places]), True, {"currency": currency}))
    return found


def point_values(
    before: World, after: World, places: NDArray[np.intp], people: People
) -> dict[str, tuple[float, float]]:
    """Outcome → (before, after) of the scored merchants at `places`, without draws; gmv_touched by currency, `gmv_touched.EUR`. What can't be told is left out."""
    sides = Side(before.score[places], before.limit), Side(after.score[places], after.limit)
    found = {}
    for measure in measures(people, places):
        name = ".".join((measure.outcome, *measure.group.values()))
        value = float(measure.statistic(*sides))
        if not np.isnan(value):
            found[name] = (_baseline(measure, sides[0]), value)
    return found


def group_outcomes(
    before: World, after: World, drawn: GroupDraws, places: NDArray[np.intp], people: People, group: Mapping[str, str]
) -> list[Outcome]:
    """The outcomes of the scored merchants at `places`, of whom `drawn` has all or some; label and assumptions are left empty."""
    sides = Side(before.score[places], before.limit), Side(after.score[places], after.limit)
    later = drawn.after(after)
    old = Side(drawn.before, before.limit, drawn.median_before)
    new = Side(later, after.limit, drawn.median_before if later is drawn.before else np.median(later, axis=0))
    told = Side(before.score[drawn.places], before.limit), Side(after.score[drawn.places], after.limit)
    ratio = drawn.size / len(drawn.places)
    tail = (1 - before.model.programme.coverage) / 2
    found = []
    for whole, some in zip(measures(people, places), measures(people, drawn.places), strict=True):
        value = float(whole.statistic(*sides))
        if np.isnan(value):
            continue
        baseline = _baseline(whole, sides[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            spread = np.asarray(some.statistic(old, new), dtype=float)
        if some.baseline is None:
            spread = spread - some.statistic(old, old)
            off = float(some.statistic(*told)) - _baseline(some, told[0])
        else:
            spread, off = spread[~np.isnan(spread)] - some.baseline, float(some.statistic(*told)) - some.baseline
        ends = _ends(spread, off, value - baseline, ratio, tail, is_total=whole.is_total)
        found.append(_outcome(whole.outcome, {**group, **whole.group}, baseline, value, ends))
    found.append(_flags("false_flags", (old, new), told, ratio, tail, group))
    found.append(_flags("missed", (old, new), told, ratio, tail, group))
    return found


def behaviour_outcome(outcome: str, group: Mapping[str, str], baseline: float, value: float) -> Outcome:
    """A figure that the lever itself sets: nothing about it is uncertain."""
    return _outcome(outcome, group, baseline, value, (value - baseline, value - baseline))


def with_parameter(outcome: Outcome, low: float, high: float) -> Outcome:
    """The outcome with the interval of its effect, and both kinds of uncertainty together (independent, so their squares add up)."""
    change = outcome.change
    down = np.hypot(change - outcome.sampling_low, change - low)
    up = np.hypot(outcome.sampling_high - change, high - change)
    return replace(outcome, effect_low=low, effect_high=high, ci_low=change - float(down), ci_high=change + float(up))


def _outcome(name: str, group: Mapping[str, str], baseline: float, value: float, ends: tuple[float, float]) -> Outcome:
    change = value - baseline
    low, high = ends
    return Outcome(name, group, baseline, value, change, low, high, "", (), low, high, change, change)


def _ends(
    spread: Floats, off: float, change: float, ratio: float, tail: float, *, is_total: bool
) -> tuple[float, float]:
    """The interval of a change from draws of some merchants. What the drawn ones' draws are off their own points is carried to all; the scatter of a total grows with
    the root of the number, that of a mean shrinks with it."""
    if not len(spread):
        return change, change
    low, high = np.quantile(spread, [tail, 1 - tail])
    if ratio > 1:
        middle = float(spread.mean())
        scale, root = (ratio, np.sqrt(ratio)) if is_total else (1.0, 1 / np.sqrt(ratio))
        low, high = (change + (middle - off) * scale + (end - middle) * root for end in (low, high))
    return min(change, float(low)), max(change, float(high))


def _flags(
    name: str, drawn: tuple[Side, Side], told: tuple[Side, Side], ratio: float, tail: float, group: Mapping[str, str]
) -> Outcome:
    """How many merchants are expected to be flagged (below the limit) while their true score is not, or to be missed the other way round: over draws of true scores."""
    wrong = []
    for draws, points in zip(drawn, told, strict=True):
        is_flagged, is_bad = (points.scores < points.limit)[:, None], draws.scores < draws.limit
        wrong.append((is_flagged & ~is_bad if name == "false_flags" else ~is_flagged & is_bad).sum(axis=0) * ratio)
    before, after = (float(each.mean()) for each in wrong)
    ends = _ends((wrong[1] - wrong[0]) / ratio, (after - before) / ratio, after - before, ratio, tail, is_total=True)
    return _outcome(name, group, before, after, ends)


def _baseline(measure: Measure, side: Side) -> float:
    return float(measure.statistic(side, side)) if measure.baseline is None else measure.baseline


def _down(old: Side, new: Side) -> NDArray[np.bool_]:
    return (old.scores >= old.limit) & (new.scores < new.limit)


def _up(old: Side, new: Side) -> NDArray[np.bool_]:
    return (old.scores < old.limit) & (new.scores >= new.limit)


def _touched(weights: Floats) -> Statistic:
    return lambda a, b: weights @ (_down(a, b) | _up(a, b))


def _share_hit(mask: Mask) -> Statistic:
    def share(old: Side, new: Side) -> float | Floats:
        hit = _down(old, new)
        with np.errstate(invalid="ignore"):
            found: Floats = np.asarray(mask @ hit.astype(np.float32) / hit.sum(axis=0), dtype=float)
        return found

    return share
