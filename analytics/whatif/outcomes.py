"""What a scenario comes to: figures of a group of merchants before and after, and how far each is known.

Two kinds of uncertainty are kept apart: that of merchants' true rates (sampling, from draws) and that of an effect's size (parameter). Knows arrays of scores
and worlds; knows no scenario file and no page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analytics.trust.posterior import Draws
from analytics.whatif.spread import EVERY, Drawn, medians
from analytics.whatif.world import Floats, Mask, World

if TYPE_CHECKING:
    from analytics.whatif.apply import Applied

Numbers = NDArray[np.floating[Any]]
Statistic = Callable[["Pair"], float | Floats]
NORMAL = 1.959964  # standard errors on either side of a nominal 95 % interval


@dataclass(frozen=True)
class Outcome:
    """One figure before and after. `group` says whom it is of. Intervals are of the change (95 %, or the programme's coverage): sampling_low … sampling_high for
    what is not known of merchants' true rates, effect_low … effect_high for what is not known of an effect, or of how a change is spread over merchants (both equal the change where there is none of it),
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
        if self.median is None:
            return np.asarray(medians(self.scores) if self.scores.ndim > 1 else np.median(self.scores), dtype=float)
        return np.asarray(self.median, dtype=float)


@dataclass(frozen=True)
class Pair:
    """The same merchants before and after. Masks are numbers, 1 where it holds, of the scores' shape: to weigh and to add up."""

    old: Side
    new: Side

    @cached_property
    def below(self) -> Numbers:
        return _numbers(self.new.scores < self.new.limit)

    @cached_property
    def down(self) -> Numbers:
        return _numbers((self.old.scores >= self.old.limit) & (self.new.scores < self.new.limit))

    @cached_property
    def touched(self) -> Numbers:
        return _numbers((self.old.scores >= self.old.limit) != (self.new.scores >= self.new.limit))


@dataclass(frozen=True)
class Measure:
    """`statistic`: its value after a change, merchants along axis 0; NaN where it can't be told (a share of nobody). `baseline`: its value before, None where that
    is the statistic of no change. `is_total`: it grows with the number of merchants."""

    outcome: str
    statistic: Statistic
    is_total: bool
    baseline: float | None
    group: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class People:
    """What outcomes need of each merchant, (merchants,): orders, order value by currency (major units), whether new, whether small."""

    orders: Floats
    gmv: Mapping[str, Floats]
    is_new: Mask
    is_small: Mask


def measures(people: People, places: NDArray[np.intp]) -> list[Measure]:
    """The outcomes of the scored merchants at `places`, in the order of pages."""
    one = np.ones(len(places))
    found = [
        Measure("median_score", lambda pair: pair.new.middle(), False, None),
        Measure("mean_score", lambda pair: np.mean(pair.new.scores, axis=0, dtype=float), False, None),
        Measure("merchants_below_limit", lambda pair: _weighed(one, pair.below), True, None),
        Measure("merchants_crossing_down", lambda pair: _weighed(one, pair.down), True, 0.0),
        Measure("merchants_crossing_up", lambda pair: _weighed(one, pair.touched - pair.down), True, 0.0),
        Measure("orders_touched", _touched(people.orders[places]), True, 0.0),
    ]
    for name, mask in (("new_share_hit", people.is_new[places]), ("small_share_hit", people.is_small[places])):
        found.append(Measure(name, _share_hit(mask), False, float(mask.mean())))
    for currency, amounts in people.gmv.items():
        if amounts[places].any():
            found.append(Measure("gmv_touched", _touched(amounts[places]), True, 0.0, {"currency": currency}))
    return found


def point_values(
    before: World, after: World, places: NDArray[np.intp], people: People
) -> dict[str, tuple[float, float]]:
    """Outcome → (before, after) of the scored merchants at `places`, without draws; gmv_touched by currency, `gmv_touched.EUR`. What can't be told is left out."""
    old, pair = _told(before, after, places)
    found = {}
    for measure in measures(people, places):
        name = ".".join((measure.outcome, *measure.group.values()))
        value = float(measure.statistic(pair))
        if not np.isnan(value):
            found[name] = (_baseline(measure, old), value)
    return found


def group_outcomes(
    applied: Applied, drawn: Drawn, places: NDArray[np.intp], people: People, group: Mapping[str, str]
) -> list[Outcome]:
    """The outcomes of the scored merchants at `places`, of whom `drawn` has all or some; label and assumptions are left empty."""
    before, after = applied.before, applied.after
    later = drawn.after(applied.ruled, applied.mixed, after)
    median = drawn.median_before if later is drawn.before else medians(later)
    old = Side(drawn.before, before.limit, drawn.median_before)
    draws, unchanged = Pair(old, Side(later, after.limit, median)), Pair(old, old)
    few = (
        [later[:, ::EVERY], drawn.otherwise(applied.ruled, applied.mixed, after)]
        if applied.is_behaviour_changed
        else []
    )
    spreads = [Pair(Side(drawn.before[:, ::EVERY], before.limit), Side(each, after.limit)) for each in few]
    loose = None
    if applied.mixed.mixing is not None:
        loose = Pair(old, Side(drawn.after(applied.ruled, applied.mixed, after, is_drawn=True), after.limit))
    was, whole = _told(before, after, places)
    own, kept = _told(before, after, drawn.places)
    ratio = drawn.size / len(drawn.places)
    tail = (1 - before.model.programme.coverage) / 2
    found = []
    for all_, some in zip(measures(people, places), measures(people, drawn.places), strict=True):
        value = float(all_.statistic(whole))
        if np.isnan(value):
            continue
        baseline = _baseline(all_, was)
        spread = np.asarray(some.statistic(draws), dtype=float)
        spread = (spread - _at_rest(some, unchanged))[~np.isnan(spread)]
        off = float(some.statistic(kept)) - _baseline(some, own)
        ends = _ends(spread, off, value - baseline, ratio, tail, is_total=all_.is_total)
        told = _outcome(all_.outcome, {**group, **all_.group}, baseline, value, ends)
        if loose is not None:
            extra = np.asarray(some.statistic(loose), dtype=float) - np.asarray(some.statistic(draws), dtype=float)
            told = _with_drawn(told, extra * (ratio if all_.is_total else 1.0), tail)
        found.append(_shifted(told, _shift(some, spreads) * (ratio if all_.is_total else 1.0)))
    for name in ("false_flags", "missed"):
        told = _flags(name, draws, kept, ratio, tail, group)
        if loose is not None:
            extra = _wrong(name, loose.new, kept.new) - _wrong(name, draws.new, kept.new)
            told = _with_drawn(told, extra * ratio, tail)
        found.append(told)
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


def _with_drawn(outcome: Outcome, extra: Floats, tail: float) -> Outcome:
    """With the interval of what drawn differences between carriers change of the outcome, draw by draw (draws,)."""
    known = extra[~np.isnan(extra)]
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (0.0, 0.0)
    told = with_parameter(outcome, outcome.change + min(float(low), 0.0), outcome.change + max(float(high), 0.0))
    lowest = min(-outcome.baseline, outcome.change)  # no outcome falls below 0
    return replace(told, effect_low=max(told.effect_low, lowest), ci_low=max(told.ci_low, lowest))


def _shift(measure: Measure, spreads: list[Pair]) -> float:
    """How much more the statistic is, on the mean of draws, where a change is spread otherwise over merchants; `spreads` is empty where nothing is spread."""
    if not spreads:
        return 0.0
    rule, otherwise = (np.asarray(measure.statistic(each), dtype=float) for each in spreads)
    known = (otherwise - rule)[~np.isnan(otherwise - rule)]
    return float(known.mean()) if len(known) else 0.0


def _shifted(outcome: Outcome, shift: float) -> Outcome:
    """With what a change that is spread otherwise over merchants would come to: the interval of both ways together."""
    low, high = min(shift, 0.0), max(shift, 0.0)
    return replace(
        outcome,
        effect_low=outcome.effect_low + low,
        effect_high=outcome.effect_high + high,
        ci_low=outcome.ci_low + low,
        ci_high=outcome.ci_high + high,
    )


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


def _flags(name: str, drawn: Pair, told: Pair, ratio: float, tail: float, group: Mapping[str, str]) -> Outcome:
    """How many merchants are expected to be flagged (below the limit) while their true score is not, or to be missed the other way round: over draws of true scores."""
    wrong = [_wrong(name, *sides) * ratio for sides in ((drawn.old, told.old), (drawn.new, told.new))]
    before, after = (float(each.mean()) for each in wrong)
    ends = _ends((wrong[1] - wrong[0]) / ratio, (after - before) / ratio, after - before, ratio, tail, is_total=True)
    return _outcome(name, group, before, after, ends)


def _wrong(name: str, draws: Side, points: Side) -> Floats:
    """How many are flagged wrongly, or missed, in each draw: (draws,)."""
    is_flagged = points.scores < points.limit
    flagged = _weighed(_numbers(is_flagged, float), bad := _numbers(draws.scores < draws.limit))
    found = is_flagged.sum() - flagged if name == "false_flags" else _weighed(np.ones(len(bad)), bad) - flagged
    return np.asarray(found, dtype=float)


def _told(before: World, after: World, places: NDArray[np.intp]) -> tuple[Pair, Pair]:
    """Points of the merchants at `places` with no change, and with it."""
    old = Side(before.score[places], before.limit)
    return Pair(old, old), Pair(old, Side(after.score[places], after.limit))


def _baseline(measure: Measure, unchanged: Pair) -> float:
    return float(_at_rest(measure, unchanged))


def _at_rest(measure: Measure, unchanged: Pair) -> float | Floats:
    return measure.statistic(unchanged) if measure.baseline is None else measure.baseline


def _numbers(mask: NDArray[np.bool_], kind: type | None = None) -> Numbers:
    """1 where it holds: exact for points (merchants,), single precision for draws (merchants, draws), which are many."""
    return mask.astype(kind or (np.float32 if mask.ndim > 1 else float))


def _weighed(weights: Numbers, numbers: Numbers) -> Floats:
    return np.asarray(weights.astype(numbers.dtype) @ numbers, dtype=float)


def _touched(weights: Floats) -> Statistic:
    return lambda pair: _weighed(weights, pair.touched)


def _share_hit(mask: Mask) -> Statistic:
    def share(pair: Pair) -> Floats:
        all_ = _weighed(np.ones(len(mask)), pair.down)
        with np.errstate(invalid="ignore"):
            found: Floats = _weighed(mask.astype(float), pair.down) / all_
        return found

    return share
