"""Runs a scenario: the counts changed, the score recomputed by the same pure function, and who crosses the limit.

Differences are between two runs on the same random numbers. Knows the score and the levers; knows no page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.trust.counts import daily_counts, score_day, sql_text
from analytics.trust.posterior import Draws
from analytics.trust.prior import TrustModel, fit_model
from analytics.trust.programme import Programme, default_programme
from analytics.trust.score import draw_scores, score_from_counts
from analytics.whatif import levers as lever_rules
from analytics.whatif.levers import LeverRange, Mask
from analytics.whatif.scenario import Scenario, Segment, check_levers

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

Floats = NDArray[np.float64]
Statistic = Callable[["_Side", "_Side"], float | Floats]

EVERYONE = Segment()
EXACT, ASSUMPTION = "exact", "assumption"
SEGMENT = "Merchants: {segment}. Those without a score are not counted."
WINDOW = "Orders of the last {days} days, as they were; nothing is forecast."
ONLY_LATENESS = (
    "Only deliveries late by the merchant's fault change, in proportion for every merchant of the segment; reviews, shipping, "
    "disputes and the number of orders stay as they are."
)
PEERS_REFITTED = (
    "Peers' rates are estimated anew from the changed counts, so merchants outside the segment may move a little."
)
LIMIT_MOVES = "The limit moves from {before:g} to {after:g}; no merchant changes what it does."
SAME_DRAWS = "The interval of a change comes from {draws} draws of every merchant's true rates (seed {seed}), the same draws before and after."
TEXTS = (SEGMENT, WINDOW, ONLY_LATENESS, PEERS_REFITTED, LIMIT_MOVES, SAME_DRAWS)


@dataclass(frozen=True)
class Assumption:
    """A sentence that a result is conditional on: an English text with {named} values, so that a page can translate it."""

    text: str
    values: Mapping[str, str | float]

    def __str__(self) -> str:
        return self.text.format(**self.values)


@dataclass(frozen=True)
class Outcome:
    """One figure before and after. `group` says whom it is of; the interval is of the change (95 %, or the programme's coverage).
    Units: score points, merchants, orders, late deliveries, or major units of the currency named in the group."""

    outcome: str
    group: Mapping[str, str]
    baseline: float
    value: float
    change: float
    ci_low: float
    ci_high: float
    label: str
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class WhatifResult:
    """`scores`: one row a merchant: merchant_id, name, is_in_segment, n, status, score_before, score_after, level_before, level_after.
    `crossings`: the rows of those whose score crosses the limit, with `direction` (up or down), largest change first."""

    outcomes: tuple[Outcome, ...]
    crossings: pd.DataFrame
    scores: pd.DataFrame
    assumptions: tuple[Assumption, ...]
    limit_before: float
    limit_after: float
    as_of: date
    seed: int
    draws: int
    snapshot_id: str


@dataclass(frozen=True)
class _Side:
    """Scores of some merchants, points or draws (merchants, draws), and the limit they are held against."""

    scores: Floats | Draws
    limit: float


@dataclass(frozen=True)
class _World:
    """Counts, the model fitted to them, and the limit: the marketplace as it is, or as a scenario has it."""

    counts: pd.DataFrame
    model: TrustModel
    limit: float


def lever_ranges(
    cursor: Cursor, segment: Segment = EVERYONE, *, programme: Programme | None = None
) -> tuple[LeverRange, ...]:
    """Live baselines and bounds of the levers for a segment: the late rate (where the source records it), the borders of the levels
    and the action limit."""
    programme = programme or default_programme()
    counts = daily_counts(cursor, programme)
    model = fit_model(counts, programme)
    inside = lever_rules.segment_mask(counts, segment)
    ranges = [lever_rules.score_limit_range(programme, level.level_id, 0.0) for level in programme.levels[:-1]]
    ranges.append(lever_rules.score_limit_range(programme, None, programme.levels[-2].minimum))
    if any(rate.numerator == "late_seller_count" for rate in model.rates):
        ranges.insert(0, lever_rules.late_rate_range(counts, model, inside))
    return tuple(ranges)


def simulate(cursor: Cursor, scenario: Scenario, *, programme: Programme | None = None) -> WhatifResult:
    """Runs the scenario on the cursor's snapshot and day. InputError: see `segment_mask` and `LeverRange.target`."""
    if scenario.snapshot_id is not None and scenario.snapshot_id != cursor.snapshot_id:
        raise InputError(
            f"scenario '{scenario.name}' belongs to snapshot {scenario.snapshot_id}, this is {cursor.snapshot_id}. "
            "Open that snapshot, or remove snapshot_id to ask it of this one."
        )
    programme = programme or default_programme()
    counts = daily_counts(cursor, programme)
    day = score_day(cursor)
    amounts = cursor.df(sql_text("amounts"), {"day": day, "window_days": programme.window_days})
    return simulate_counts(counts, amounts, scenario, programme, cursor.snapshot_id)


def simulate_counts(
    counts: pd.DataFrame, amounts: pd.DataFrame, scenario: Scenario, programme: Programme, snapshot_id: str
) -> WhatifResult:
    """The pure part of `simulate`: `counts` as `daily_counts` gives them, `amounts` with merchant_id, currency, gmv_minor."""
    check_levers(scenario)
    inside = lever_rules.segment_mask(counts, scenario.segment)
    before = _World(counts, fit_model(counts, programme), lever_rules.default_limit(programme, scenario))
    after = _changed(before, scenario, inside)
    scores = _scores(before, after, inside)
    if not (inside & (scores["status"] == "ok").to_numpy()).any():
        raise InputError(f"segment: none of the {inside.sum()} merchants of {scenario.segment.describe()} has a score.")
    assumptions = _assumptions(before, after, scenario)
    label = ASSUMPTION if any(lever.kind == "late_rate" for lever in scenario.levers) else EXACT
    outcomes = _outcomes(before, after, scores, amounts, scenario, (label, tuple(map(str, assumptions))))
    return WhatifResult(
        outcomes=tuple(outcomes),
        crossings=_crossings(scores, before.limit, after.limit),
        scores=scores,
        assumptions=assumptions,
        limit_before=before.limit,
        limit_after=after.limit,
        as_of=counts["as_of"].iloc[0],
        seed=scenario.seed,
        draws=scenario.draws,
        snapshot_id=snapshot_id,
    )


def _changed(before: _World, scenario: Scenario, inside: Mask) -> _World:
    counts, programme, limit = before.counts, before.model.programme, before.limit
    for lever in scenario.levers:
        if lever.kind == "late_rate":
            target = lever_rules.late_rate_range(counts, before.model, inside).target(lever)
            counts = lever_rules.change_late_rate(counts, before.model, inside, target)
        else:
            limit = lever_rules.score_limit_range(programme, lever.level, limit).target(lever)
            if lever.level is not None:
                programme = lever_rules.move_limit(programme, lever.level, limit)
    model = fit_model(counts, programme, left_out=before.model.left_out)
    return _World(counts, model, limit)


def _scores(before: _World, after: _World, inside: Mask) -> pd.DataFrame:
    old, new = score_from_counts(before.counts, before.model), score_from_counts(after.counts, after.model)
    frame = before.counts[["merchant_id", "name"]].copy()
    frame["is_in_segment"] = inside
    frame["n"], frame["status"] = old["n"], old["status"]
    frame["score_before"], frame["score_after"] = old["score"], new["score"]
    frame["level_before"], frame["level_after"] = old["level"], new["level"]
    return frame


def _crossings(scores: pd.DataFrame, limit_before: float, limit_after: float) -> pd.DataFrame:
    """NaN compares false on both sides, so merchants without a score never cross."""
    was_in, is_in = scores["score_before"] >= limit_before, scores["score_after"] >= limit_after
    was_out, is_out = scores["score_before"] < limit_before, scores["score_after"] < limit_after
    crossing = scores[(was_in & is_out) | (was_out & is_in)].copy()
    crossing["direction"] = np.where(crossing["score_after"] < limit_after, "down", "up")
    size = (crossing["score_after"] - crossing["score_before"]).abs()
    order = pd.DataFrame({"size": -size, "merchant_id": crossing["merchant_id"]}).sort_values(["size", "merchant_id"])
    return crossing.loc[order.index].reset_index(drop=True)


def _down(old: _Side, new: _Side) -> NDArray[np.bool_]:
    return (old.scores >= old.limit) & (new.scores < new.limit)


def _up(old: _Side, new: _Side) -> NDArray[np.bool_]:
    return (old.scores < old.limit) & (new.scores >= new.limit)


def _outcomes(
    before: _World,
    after: _World,
    scores: pd.DataFrame,
    amounts: pd.DataFrame,
    scenario: Scenario,
    notes: tuple[str, tuple[str, ...]],
) -> list[Outcome]:
    scored = (scores["status"] == "ok").to_numpy()
    inside = scores["is_in_segment"].to_numpy(dtype=bool)
    drawn = _drawn(before, after, scenario, np.flatnonzero(scored))
    outcomes: list[Outcome] = []
    for name, members in (("segment", inside), ("others", ~inside)):
        if not (members & scored).any():
            continue
        points = [
            _Side(scores.loc[members & scored, column].to_numpy(), world.limit)
            for column, world in (("score_before", before), ("score_after", after))
        ]
        chosen = members[scored]
        draws = [_Side(array[chosen], world.limit) for array, world in zip(drawn, (before, after), strict=True)]
        tail = (1 - before.model.programme.coverage) / 2
        group = {"merchants": name}
        for outcome, extra, statistic in _statistics(scores[members & scored], amounts):
            baseline, value = (float(statistic(points[0], side)) for side in points)
            change = value - baseline
            spread = np.asarray(statistic(draws[0], draws[1]), dtype=float) - statistic(draws[0], draws[0])
            low, high = np.quantile(spread, [tail, 1 - tail])
            interval = min(change, float(low)), max(change, float(high))
            outcomes.append(Outcome(outcome, group | extra, baseline, value, change, *interval, *notes))
    if any(lever.kind == "late_rate" for lever in scenario.levers):
        old, new = (lever_rules.late_orders(world.counts, before.model, inside) for world in (before, after))
        outcomes.append(
            Outcome("late_orders", {"merchants": "segment"}, old, new, new - old, new - old, new - old, *notes)
        )
    return outcomes


def _drawn(before: _World, after: _World, scenario: Scenario, rows: NDArray[np.intp]) -> tuple[Draws, Draws]:
    old = draw_scores(before.counts.iloc[rows], before.model, seed=scenario.seed, draws=scenario.draws)
    if after.counts is before.counts:
        return old, old
    return old, draw_scores(after.counts.iloc[rows], after.model, seed=scenario.seed, draws=scenario.draws)


def _statistics(merchants: pd.DataFrame, amounts: pd.DataFrame) -> list[tuple[str, dict[str, str], Statistic]]:
    """(outcome, further group, its value once `a` has become `b`); merchants run along axis 0. The value before is that of no change,
    statistic(a, a): zero for crossings and for what they touch."""
    orders = merchants["n"].to_numpy(dtype=float)
    found: list[tuple[str, dict[str, str], Statistic]] = [
        ("median_score", {}, lambda _, b: _median(b)),
        ("mean_score", {}, lambda _, b: _mean(b)),
        ("merchants_below_limit", {}, lambda _, b: (b.scores < b.limit).sum(axis=0)),
        ("merchants_crossing_down", {}, lambda a, b: _down(a, b).sum(axis=0)),
        ("merchants_crossing_up", {}, lambda a, b: _up(a, b).sum(axis=0)),
        ("orders_touched", {}, _touched(orders)),
    ]
    mine = amounts[amounts["merchant_id"].isin(merchants["merchant_id"])]
    for currency, rows in mine.groupby("currency"):
        by_merchant = rows.groupby("merchant_id")["gmv_minor"].sum().reindex(merchants["merchant_id"]).fillna(0.0)
        found.append(("gmv_touched", {"currency": str(currency)}, _touched(by_merchant.to_numpy() / 100)))
    return found


def _touched(weights: Floats) -> Statistic:
    return lambda a, b: weights @ (_down(a, b) | _up(a, b))


def _median(side: _Side) -> Floats:
    return np.asarray(np.median(side.scores, axis=0), dtype=float)


def _mean(side: _Side) -> Floats:
    return np.asarray(np.mean(side.scores, axis=0, dtype=float), dtype=float)


def _assumptions(before: _World, after: _World, scenario: Scenario) -> tuple[Assumption, ...]:
    said = [
        Assumption(SEGMENT, {"segment": scenario.segment.describe()}),
        Assumption(WINDOW, {"days": before.model.programme.window_days}),
    ]
    for lever in scenario.levers:
        if lever.kind == "late_rate":
            said += [Assumption(ONLY_LATENESS, {}), Assumption(PEERS_REFITTED, {})]
        else:
            said.append(Assumption(LIMIT_MOVES, {"before": before.limit, "after": after.limit}))
    said.append(Assumption(SAME_DRAWS, {"draws": scenario.draws, "seed": scenario.seed}))
    return tuple(said)
