"""The marketplace as arrays: counts behind every rate, the fitted score, and what a score becomes when counts or the definition change.

The same formulas as `analytics.trust.score` on prepared arrays, so that a lever costs milliseconds; only what a change touches is fitted anew. Knows no
lever, no database and no random number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.trust import bounded
from analytics.trust.prior import FEWEST, TrustModel, fit_model, fit_proportions, max_points, tallies
from analytics.trust.programme import Programme
from analytics.whatif.carriers import Carriers
from analytics.whatif.contrast import Mixing
from analytics.whatif.groups import Groups, Sharing, groups_of

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Orders = NDArray[np.int64] | Floats  # expected ones are no whole numbers


def _nothing() -> None:
    """A source of which nothing is known by carrier."""


@dataclass(frozen=True)
class World:
    """The marketplace as it is, or as a scenario has it. Arrays of shape (merchants, rates of the model) unless said otherwise.

    counted, total: recency-weighted numerators and denominators. squares: the denominators by squared weights. late, due: plain numerators and denominators.
    n, tenure (days, NaN unknown), rows (row of the model's priors): (merchants,). heard: numerators as far as they are believed. points: what each rate
    earns. score: (merchants,), NaN without one. limit: where crossings are counted, in score points. carriers: gives the same counts by carrier, None where
    the source has none. mixing: the orders that go with another carrier than they did, sharing: those that go to other merchants, if any. groups: merchants by
    category and by region.
    """

    model: TrustModel
    limit: float
    counted: Floats
    total: Floats
    squares: Floats
    plain: Floats
    base: Floats
    n: Orders
    tenure: Floats
    rows: NDArray[np.intp]
    heard: Floats
    points: Floats
    score: Floats
    carriers: Callable[[], Carriers | None] = _nothing
    mixing: Mixing | None = None
    groups: Mapping[str, Groups] = field(default_factory=dict)
    sharing: Sharing | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether orders go with other carriers, or to other merchants, than they did."""
        return self.mixing is not None or self.sharing is not None

    @property
    def has_score(self) -> Mask:
        """Whether each merchant has a score: (merchants,)."""
        found: Mask = self.n >= self.model.programme.min_n if self.model.rates else np.zeros(len(self.n), dtype=bool)
        return found

    def column(self, rate_id: str) -> int | None:
        """The position of a rate in use, None for one that the source doesn't record or the definition doesn't score."""
        return next((place for place, rate in enumerate(self.model.rates) if rate.rate_id == rate_id), None)


def make_world(counts: pd.DataFrame, programme: Programme, *, left_out: Collection[str] | None = None) -> World:
    """The world of the frame of `daily_counts` (with plain counts); the limit is the border of the second lowest level."""
    model = fit_model(counts, programme, left_out=left_out)
    counted, total = tallies(counts, model.rates)
    squares, plain, base = (
        _columns(counts, model, name) for name in ("square_denominator", "numerator", "denominator")
    )
    nothing = np.zeros(0)
    world = World(
        model=model,
        limit=programme.levels[-2].minimum,
        counted=np.asfortranarray(counted),
        total=np.asfortranarray(total),
        squares=squares,
        plain=np.minimum(plain, base),
        base=base,
        n=counts["n"].to_numpy(dtype=np.int64),
        tenure=counts["tenure_days"].to_numpy(dtype=float),
        rows=model.rows(counts["category"]),
        heard=nothing,
        points=nothing,
        score=nothing,
        groups=groups_of(counts),
    )
    return _scored(world, range(len(model.rates)))


def with_counts(world: World, columns: Collection[int], **arrays: Floats) -> World:
    """The world with other counts (`counted`, `total`, `squares`, `plain`, `base`; `n`) of the rates of `columns`: their priors are fitted anew, and the lines
    that bound opinions where they depend on them."""
    changed = replace(world, **arrays)  # type: ignore[arg-type]
    return _scored(replace(changed, model=_refitted(changed, columns)), columns)


def with_programme(world: World, programme: Programme) -> World:
    """The world under another definition of the same counts: points, borders, ends of the credit scale, how far opinions are believed.

    Who gets a score tells the priors, so another min_n, window or half-life needs `make_world` of counts read for it.
    """
    before = world.model
    rates = tuple(rate for rate in programme.rates if rate.rate_id not in before.left_out)
    bounds = {each.rate: each.bound for each in programme.bounds}
    lines = tuple(replace(line, bound=bounds[rates[line.column].rate_id]) for line in before.lines)
    points = tuple(max_points(programme, before.left_out))
    model = replace(before, programme=programme, rates=rates, max_points=points, lines=lines)
    return _scored(replace(world, model=model), range(len(rates)))


def levels_of(world: World) -> NDArray[np.object_]:
    """The level id of each merchant's score, None without one: (merchants,)."""
    levels = world.model.programme.levels[::-1]
    names = np.array([None, *(level.level_id for level in levels)], dtype=object)
    borders = np.array([level.minimum for level in levels])
    with np.errstate(invalid="ignore"):
        place = np.searchsorted(borders, world.score, side="right")
    found: NDArray[np.object_] = names[np.where(np.isnan(world.score), 0, place)]
    return found


def _columns(counts: pd.DataFrame, model: TrustModel, name: str) -> Floats:
    found = np.zeros((len(counts), len(model.rates)), order="F")
    for column, rate in enumerate(model.rates):
        found[:, column] = counts[f"{rate.rate_id}.{name}"]
    return found


def _scored(world: World, columns: Collection[int]) -> World:
    """With what is believed, the points and the scores of counts, priors and rules as they are now; only rates of `columns` differ from before."""
    model, touched = world.model, {*columns}
    heard, points = (
        array.copy(order="F") if array.size else np.zeros(world.counted.shape, order="F")
        for array in (world.heard, world.points)
    )
    for column in touched:
        heard[:, column] = world.counted[:, column]
    for line in model.lines:
        if touched & {line.column, *line.facts}:
            touched.add(line.column)
            heard[:, line.column] = _believed(world, line)
    for column in touched:
        rate = model.rates[column]
        mean, strength = model.mean[world.rows, column], model.strength[world.rows, column]
        posterior = (mean * strength + heard[:, column]) / (strength + world.total[:, column])
        points[:, column] = np.clip((posterior - rate.bad) / (rate.good - rate.bad), 0, 1) * model.max_points[column]
    score = np.where(world.has_score, points.sum(axis=1), np.nan)
    return replace(world, heard=heard, points=points, score=score)


def _believed(world: World, line: bounded.Line) -> Floats:
    """The numerators of a bounded rate that are believed, (merchants,)."""
    columns = [*line.facts, line.column]
    last = len(columns) - 1
    alone = replace(line, column=last, facts=tuple(range(last)))
    mean, strength = _priors(world, columns, slice(None))
    return bounded.heard((alone,), world.counted[:, columns], world.total[:, columns], mean, strength)[:, last]


def _priors(world: World, columns: list[int], merchants: slice | NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Prior means and strengths of some rates and merchants, (merchants, columns)."""
    rows = world.rows[merchants]
    return world.model.mean[:, columns].T[:, rows].T, world.model.strength[:, columns].T[:, rows].T


def _refitted(world: World, columns: Collection[int]) -> TrustModel:
    """The model with the priors of some rates fitted to the world's counts as `fit_model` does. How the rates of a merchant go together stays as it was:
    a lever doesn't change what kinds of merchants there are."""
    model = world.model
    is_peer = world.n >= model.programme.min_n
    peers = np.flatnonzero(is_peer) if is_peer.sum() >= FEWEST else np.arange(len(world.n))
    group = np.where(world.rows == len(model.categories), -1, world.rows)[peers]
    mean, strength = model.mean.copy(), model.strength.copy()
    for column in columns:
        counted, total, squares = (array[peers, column] for array in (world.counted, world.total, world.squares))
        effective = np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1.0), 0.0)
        mean[:, column], strength[:, column] = fit_proportions(
            counted, total, effective, group, len(model.categories), model.programme.prior
        )
    model = replace(model, mean=mean, strength=strength)
    return replace(model, lines=_lines(replace(world, model=model), peers, columns))


def _lines(world: World, peers: NDArray[np.intp], columns: Collection[int]) -> tuple[bounded.Line, ...]:
    """The lines that bound opinions, fitted anew where they depend on the rates of `columns`."""
    model, bounds = world.model, world.model.programme.bounds
    changed = {model.rates[column].rate_id for column in columns}
    if not any(changed & {each.rate, *each.facts} for each in bounds):
        return model.lines
    named = {name for each in bounds for name in (each.rate, *each.facts, each.where_recorded)}
    used = [column for column, rate in enumerate(model.rates) if rate.rate_id in named]
    counted, total = (array[:, used][peers] for array in (world.counted, world.total))
    mean, strength = _priors(world, used, peers)
    found = bounded.fit_lines(bounds, [model.rates[column] for column in used], counted, total, mean, strength)
    return tuple(
        replace(line, column=used[line.column], facts=tuple(used[fact] for fact in line.facts)) for line in found
    )
