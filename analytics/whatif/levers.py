"""What can be changed: a lever's live baseline and bounds in a segment, and the world that a behaviour lever makes.

Behaviour levers change the counts of the segment's merchants, those of the mix too (`mix.py`), policy levers the definition for all (`definition.py`). Knows
worlds and definitions; draws no random number and reads no database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from analytics.errors import InputError
from analytics.trust.programme import Programme, Rate
from analytics.trust.toml_table import did_you_mean
from analytics.whatif.definition import LEAST
from analytics.whatif.mix import mix_levers, shares
from analytics.whatif.scenario import MIX, Lever, LeverKind, Scenario, Segment
from analytics.whatif.usual import NARROWEST, usual_of
from analytics.whatif.world import Mask, World, with_counts

_COLUMNS = {
    "categories": "category",
    "regions": "region",
    "tiers": "tier",
    "size_bands": "size_band",
    "merchants": "merchant_id",
}
_LATE = "late_seller_count"
_APART = 0.5  # score points between the borders of levels, at least
# Denominators that are answers or questions, of which there could be more: how many an order.
ASKED = ("reviewed_order_count", "csat_count", "question_count", "review_count", "nps_count")


@dataclass(frozen=True)
class LeverRange:
    """A lever's present value in a segment and the bounds of its target, in the lever's unit (a rate 0–1, answers an order, score points, days, orders).

    From `usual_low` to `usual_high` the data have merchants of the segment; beyond, an effect is extrapolated. Without a usual range they are the bounds.
    """

    kind: LeverKind
    level: str | None
    baseline: float
    low: float
    high: float
    of: str | None = None
    usual: tuple[float, float] | None = None
    instead_of: str | None = None

    @property
    def name(self) -> str:
        return Lever(self.kind, level=self.level, of=self.of, instead_of=self.instead_of).name

    def target(self, lever: Lever) -> float:
        """The value that the lever asks for; InputError when out of bounds. Exactly the baseline when the change is zero."""
        asked = lever.target if lever.target is not None else self.baseline + (lever.change or 0.0)
        if not self.low <= asked <= self.high:
            is_share = self.kind in ("late_rate", "rate", "good", "bad", "bound", *MIX)
            unit = " Rates are from 0 to 1: two percentage points are 0.02." if is_share else ""
            raise InputError(
                f"lever '{self.name}': {asked:g} is out of bounds, from {self.low:g} to {self.high:g} (now {self.baseline:g}).{unit}"
            )
        return asked

    def beyond(self, target: float) -> float:
        """How far the target lies outside what the data have, in widths of that; 0 within."""
        if self.usual is None or target == self.baseline:
            return 0.0
        low, high = min(self.usual[0], self.baseline), max(self.usual[1], self.baseline)
        return max(low - target, target - high, 0.0) / max(high - low, NARROWEST)


def segment_mask(counts: pd.DataFrame, segment: Segment) -> Mask:
    """Which rows of the counts belong to the segment; InputError for an unknown value or when no merchant matches."""
    inside = np.ones(len(counts), dtype=bool)
    for field in fields(segment):
        wanted, column = getattr(segment, field.name), counts[_COLUMNS[field.name]]
        if not wanted:
            continue
        known = {str(value) for value in column.dropna().unique()}
        for value in wanted:
            if value not in known:
                hint = did_you_mean(value, known if len(known) <= 50 or field.name != "merchants" else ())
                raise InputError(f"segment: {field.name}: no merchant with '{value}'.{hint}")
        inside &= column.isin(list(wanted)).to_numpy(dtype=bool)
    if not inside.any():
        raise InputError(f"segment: no merchant matches {segment.describe()}. Widen it.")
    return inside


def ranges(world: World, inside: Mask) -> tuple[LeverRange, ...]:
    """Every lever that this segment has, behaviour first, then the mix: baselines and bounds. One that the source lacks is not among them."""
    found: list[LeverRange] = []
    programme = world.model.programme
    late = [rate.rate_id for rate in world.model.rates if rate.numerator == _LATE]
    for rate in world.model.rates:
        if world.base[inside, world.model.rates.index(rate)].sum() > 0:
            is_late = [rate.rate_id] == late and not _counts_lateness_twice(world)
            lever = Lever("late_rate") if is_late else Lever("rate", of=rate.rate_id)
            found.append(range_of(world, inside, lever))
    for rate in world.model.rates:
        if rate.denominator in ASKED and world.base[inside, world.model.rates.index(rate)].sum() > 0:
            found.append(range_of(world, inside, Lever("coverage", of=rate.rate_id)))
    found += [range_of(world, inside, lever) for lever in mix_levers(world, inside)]
    found += [range_of(world, inside, Lever("score_limit", level=level.level_id)) for level in programme.levels[:-1]]
    found += [
        range_of(world, inside, Lever(kind)) for kind in ("score_limit", "half_life_days", "window_days", "min_n")
    ]
    for kind in ("weight", "good", "bad"):
        found += [range_of(world, inside, Lever(kind, of=rate.rate_id)) for rate in world.model.rates]
    found += [
        range_of(world, inside, Lever("bound", of=world.model.rates[line.column].rate_id)) for line in world.model.lines
    ]
    return tuple(found)


def range_of(world: World, inside: Mask, lever: Lever) -> LeverRange:
    """The lever's baseline and bounds. InputError with what is missing where the source or the definition lacks it."""
    programme = world.model.programme
    match lever.kind:
        case "late_rate" | "rate":
            return _rate_range(world, inside, lever, _rate_column(world, lever))
        case "coverage":
            return _coverage_range(world, inside, lever, _rate_column(world, lever))
        case "score_limit":
            return _limit_range(programme, lever.level, world.limit)
        case "half_life_days":
            return LeverRange(lever.kind, None, programme.half_life_days, 1.0, 730.0)
        case "window_days":
            shortest = max((rate.maturity_days for rate in programme.rates), default=0) + 1
            return LeverRange(lever.kind, None, float(programme.window_days), float(shortest), 730.0)
        case "min_n":
            most = float(world.n.max(initial=1))
            return LeverRange(lever.kind, None, float(programme.min_n), 1.0, max(most, float(programme.min_n)))
        case "carrier_share" | "category_share" | "region_share":
            baseline, low, high, usual = shares(world, inside, lever)
            return LeverRange(lever.kind, None, baseline, low, high, lever.of, usual, lever.instead_of)
        case _:
            return _rule_range(world, lever, world.model.rates[_rate_column(world, lever)])


def change_behaviour(world: World, inside: Mask, moves: Iterable[tuple[Lever, float, float]]) -> World:
    """The world with the segment's rates and coverages moved, each lever from its baseline to its target: expected counts, so no longer whole numbers; itself
    where every lever stands at its baseline. Priors are fitted once, after all of them.

    A rate going down shrinks every merchant's numerators by one factor; going up, what is left of its denominators. Either way the segment's rate is the
    target, the order of merchants is kept, no count leaves 0 … denominator, and recency-weighted counts change by the same factor as plain ones.
    A coverage scales numerators and denominators alike: more answers that say the same.
    """
    moved = [(lever, baseline, target) for lever, baseline, target in moves if target != baseline]
    if not moved:
        return world
    answers = ("total", "squares", "base") if any(lever.kind == "coverage" for lever, _, _ in moved) else ()
    arrays = {name: getattr(world, name).copy(order="F") for name in ("counted", "plain", *answers)}
    columns = []
    for lever, baseline, target in moved:
        columns.append(column := _rate_column(world, lever))
        if lever.kind == "coverage":
            for array in arrays.values():
                array[inside, column] *= target / baseline
            continue
        for numerator, denominator in (("counted", "total"), ("plain", "base")):
            old = arrays[numerator][inside, column]
            if target < baseline:
                arrays[numerator][inside, column] = old * (target / baseline)
            else:
                all_ = arrays.get(denominator, getattr(world, denominator))[inside, column]
                arrays[numerator][inside, column] = all_ - (all_ - old) * ((1 - target) / (1 - baseline))
    return with_counts(world, sorted({*columns}), **arrays)


def default_limit(programme: Programme, scenario: Scenario) -> float:
    """Where crossings are counted before any lever moves it: the first moved level's border, else the scenario's limit, else the border of
    the second lowest level."""
    for lever in scenario.levers:
        if lever.level is not None:
            return _limit_range(programme, lever.level, 0.0).baseline
    return programme.levels[-2].minimum if scenario.limit is None else scenario.limit


def rate_of(world: World, lever: Lever) -> Rate:
    """The rate that a behaviour lever changes."""
    return world.model.rates[_rate_column(world, lever)]


def _rate_range(world: World, inside: Mask, lever: Lever, column: int) -> LeverRange:
    """Baseline: the segment's numerators over its denominators. Bounds: from the best rate there is to the worst of any merchant with at
    least min_n units, so that the lever stays within what has been seen. Usual: the middle nine tenths of the segment's merchants."""
    plain, base = world.plain[:, column], world.base[:, column]
    if not base[inside].sum() > 0:
        kinds = "deliveries" if world.model.rates[column].denominator == "delivery_due_count" else "cases of it"
        raise InputError(f"lever '{lever.name}': the segment has no {kinds} in the window. Widen it.")
    baseline = float(plain[inside].sum() / base[inside].sum())
    enough = base >= world.model.programme.min_n
    seen = plain[enough] / base[enough] if enough.any() else np.array([baseline])
    usual = usual_of(plain[enough] / base[enough], inside[enough])
    if world.model.rates[column].direction == "lower":
        low, high = 0.0, max(float(seen.max()), baseline)
    else:
        low, high = min(float(seen.min()), baseline), 1.0
    return LeverRange(lever.kind, None, baseline, low, min(high, 1.0), lever.of, usual)


def _coverage_range(world: World, inside: Mask, lever: Lever, column: int) -> LeverRange:
    """Baseline: answers an order in the segment. Bounds: from none to what the most answered merchant with at least min_n orders has."""
    rate = world.model.rates[column]
    if rate.denominator not in ASKED:
        raise InputError(f"lever '{lever.name}': every order counts for this rate, so there is no coverage to change.")
    base, orders = world.base[:, column], world.n.astype(float)
    if not base[inside].sum() > 0:
        raise InputError(f"lever '{lever.name}': the segment has no answers in the window. Widen it.")
    baseline = float(base[inside].sum() / orders[inside].sum())
    enough = orders >= world.model.programme.min_n
    seen = base[enough] / orders[enough] if enough.any() else np.array([baseline])
    usual = usual_of(seen, np.ones(len(seen), dtype=bool))
    return LeverRange(lever.kind, None, baseline, 0.0, max(float(seen.max()), baseline), lever.of, usual)


def _limit_range(programme: Programme, level: str | None, limit: float) -> LeverRange:
    """Baseline and bounds of a border: a level's stays apart from its neighbours', the action limit between 0 and 100."""
    if level is None:
        return LeverRange("score_limit", None, limit, 0.0, 100.0)
    movable = [item.level_id for item in programme.levels[:-1]]
    if level not in movable:
        raise InputError(
            f"lever 'score_limit': level '{level}' has no border that moves.{did_you_mean(level, movable)}"
        )
    position = movable.index(level)
    now = programme.levels[position].minimum
    low = min(programme.levels[position + 1].minimum + _APART, now)
    high = max(programme.levels[position - 1].minimum - _APART, now) if position else 100.0
    return LeverRange("score_limit", level, now, low, high)


def _rule_range(world: World, lever: Lever, rate: Rate) -> LeverRange:
    """A rate's points, the ends of its credit scale (they never meet), or how far it is believed."""
    programme, is_lower = world.model.programme, rate.direction == "lower"
    if lever.kind == "bound":
        bound = next((each.bound for each in programme.bounds if each.rate == rate.rate_id), None)
        if bound is None:
            raise InputError(f"lever '{lever.name}': the definition doesn't bound this rate.")
        return LeverRange(lever.kind, None, bound, 0.0, 1.0, lever.of)
    if lever.kind == "weight":
        return LeverRange(lever.kind, None, rate.points, LEAST, 100.0 - LEAST * len(programme.rates), lever.of)
    is_upper = (lever.kind == "bad") == is_lower
    other = rate.good if lever.kind == "bad" else rate.bad
    low, high = (other + LEAST, 1.0) if is_upper else (0.0, other - LEAST)
    return LeverRange(lever.kind, None, getattr(rate, lever.kind), low, high, lever.of)


def _rate_column(world: World, lever: Lever) -> int:
    """The rate that the lever is of; a definition that counts lateness in another way too can't be changed by the late rate alone."""
    if lever.kind == "late_rate":
        if _counts_lateness_twice(world):
            raise InputError(
                "lever 'late_rate': the programme also scores delivered_late_count, which this lever doesn't change."
            )
        found = [place for place, rate in enumerate(world.model.rates) if rate.numerator == _LATE]
        if len(found) != 1:
            raise InputError(
                f"lever 'late_rate': expected one rate of late_seller_count in the score, found {len(found)}. "
                "The source has no deliveries with a promised day, or the programme doesn't score them."
            )
        return found[0]
    column = world.column(str(lever.of))
    if column is None:
        missing = str(lever.of) in world.model.left_out
        hint = "" if missing else did_you_mean(str(lever.of), [rate.rate_id for rate in world.model.rates])
        why = "the source doesn't record this rate" if missing else "no rate of this name in the score"
        raise InputError(f"lever '{lever.name}': {why}.{hint}")
    return column


def _counts_lateness_twice(world: World) -> bool:
    return any(rate.numerator == "delivered_late_count" for rate in world.model.rates)
