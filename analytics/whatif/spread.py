"""Sampling uncertainty of a what-if: scores drawn from merchants' posteriors, the same draws before and after.

There is one posterior of a merchant's true rates, that of the world as it is; draws of it are made once for a segment. A behaviour lever moves the drawn true
rates themselves (`true_rates.py`), a coverage lever draws what more or fewer answers would have said. Rules that need other counts (window, half-life) have the
posterior of these counts. Orders with another carrier shift their merchant's true rates; those that go to another
merchant are drawn as answers to come. Knows worlds, no scenario and no database.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analytics.trust.joint import Joint, joint_of
from analytics.trust.posterior import Draws, chunks, merchant_keys, normals, points_draws, points_of, rate_errors
from analytics.whatif.moves import Move, mixed_columns, moves_of, served_after, shared_moves
from analytics.whatif.true_rates import Counts, counts_of, draw_true_rates
from analytics.whatif.world import Orders, World

# Merchants of a group that are drawn; of more, so many are and intervals are scaled (m out of n: Bickel, Götze and van Zwet, 1997).
MOST_DRAWN = {"segment": 1000, "others": 300}
EVERY = 8  # one draw in so many tells what another spread over merchants would come to
_LEARNERS = 400  # merchants of the segment that tell the distribution of a rate, and as many of the others
_OTHERS = 20.0  # merchants that all others together weigh as much as
_FEWEST = 100  # merchants that tell of a group
_KEPT = 24  # draws of rates or points: a changed mix asks for both of a dozen rates
Places = NDArray[np.intp]


@dataclass
class GroupDraws:
    """Scores of a group of merchants drawn in the world as it is. `places` (m,) of the world's merchants are drawn, of `size` that the group has."""

    world: World
    places: Places
    size: int
    keys: NDArray[np.uint64]
    draws: int
    seed: int
    before: Draws = field(init=False)
    median_before: Draws = field(init=False)
    _joint: Joint = field(init=False)
    _kept: OrderedDict[Hashable, Draws] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._joint = _joint(self.world, self.places)
        self.before = np.zeros((len(self.places), self.draws), dtype=np.float32)
        for column in range(len(self.world.model.rates)):
            self.before += self._drawn(self.world, self._joint, column)
        self.median_before = medians(self.before)

    def after(self, ruled: World, mixed: World, world: World, *, is_drawn: bool = False) -> Draws:
        """The same merchants' draws (m, draws) under other rules (`ruled`), with another mix of orders (`mixed`) and other behaviour on top (`world`); `before`
        itself where nothing differs. `is_drawn`: with the differences between carriers drawn too, which else are as estimated."""
        return self._after(ruled, mixed, world, 1, is_drawn=is_drawn, is_otherwise=False)

    def otherwise(self, ruled: World, mixed: World, world: World) -> Draws:
        """One in EVERY draws of `after`, had behaviour changed with the other spread over merchants (`Move.otherwise`)."""
        return self._after(ruled, mixed, world, EVERY, is_drawn=False, is_otherwise=True)

    def _after(
        self, ruled: World, mixed: World, world: World, every: int, *, is_drawn: bool, is_otherwise: bool
    ) -> Draws:
        found = self._under(ruled)
        found = found if every == 1 else found[:, ::every]
        mix = mixed_columns(mixed, self.places)
        if mix:
            found = np.clip(found, 0, 100)
        for column in mix:
            self._mix(found, ruled, mixed, column, every, is_drawn=is_drawn)
        for move in shared_moves(mixed, self.places):
            rates = self._true_rates(ruled, move.column)[:, ::every]
            found = np.clip(found + self._change(ruled, mixed, move, rates, every), 0, 100)
        everyone = np.arange(len(self.places))
        for move in moves_of(mixed, world, self.places):
            rates = self._true_rates(ruled, move.column)[:, ::every]
            if move.column in mix:
                rates = np.clip(rates + self._shift(mixed, move.column, everyone, is_drawn)[:, ::every], 0, 1)
            turned = replace(move, rule=move.otherwise) if is_otherwise else move
            found = np.clip(found + self._change(mixed, world, turned, rates, every), 0, 100)
        return found

    def _mix(self, found: Draws, ruled: World, mixed: World, column: int, every: int, *, is_drawn: bool) -> None:
        """Adds what another mix of orders gains by a rate to the drawn scores, in place: of those merchants alone whose orders change over."""
        assert mixed.mixing is not None
        rates, points = self._true_rates(ruled, column), self._rate_points(ruled, column)
        touched = np.flatnonzero(mixed.mixing.moved[self.places, column])
        for part in chunks(len(touched)):
            rows = touched[part]
            moved = rates[rows, ::every] + self._shift(mixed, column, rows, is_drawn)[:, ::every]
            gained = points_of(np.clip(moved, 0, 1, out=moved), ruled.model, column)
            gained -= points[rows, ::every]
            gained += found[rows]
            found[rows] = np.clip(gained, 0, 100, out=gained)

    def _shift(self, mixed: World, column: int, rows: Places, is_drawn: bool) -> Draws:
        """What another mix of orders adds to the true rates of some of the merchants drawn, (rows, draws), or (rows, 1) where it is the same in all draws."""
        mixing = mixed.mixing
        assert mixing is not None
        found, places = mixing.contrast, self.places[rows]
        delta = found.delta[places, column, None]
        if is_drawn:
            name = mixed.model.rates[column].rate_id
            generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(43, column)))
            common = generator.standard_normal(self.draws) * found.pooled_error[column]
            delta = delta + common * found.leaning[places, column, None]
            if found.own_error[places, column].any():
                delta += (
                    normals(self.keys[rows], f"{name}.carriers", self.draws) * found.own_error[places, column, None]
                )
        return np.asarray(mixing.moved[places, column, None] * delta, dtype=np.float32)

    def _gained(self, ruled: World, column: int, rates: Draws, moved: Draws) -> Draws:
        """The points that rates (m, draws) earn more where they are moved."""
        return points_of(moved, ruled.model, column) - points_of(rates.copy(), ruled.model, column)

    def _under(self, ruled: World) -> Draws:
        """Draws under other rules: rates with other counts or priors are drawn anew, others scaled."""
        columns = _differing(self.world, ruled, self.places)
        old, new = self.world.model.max_points, ruled.model.max_points
        scaled = [column for column in range(len(new)) if column not in columns and new[column] != old[column]]
        if not columns and not scaled:
            return self.before
        drawn = self.before.copy()
        for column in scaled:
            drawn += self._earned(column) * np.float32(new[column] / old[column] - 1)
        joint = _joint(ruled, self.places) if columns else self._joint
        for column in columns:
            drawn += self._drawn(ruled, joint, column) - self._earned(column)
        return drawn

    def _change(self, ruled: World, world: World, move: Move, rates: Draws, every: int) -> Draws:
        """What a behaviour lever adds to the points of its rate, (m, draws), of one draw in `every`; `rates` are the true ones before it."""
        column, model = move.column, ruled.model
        if move.answers is not None:
            noise = normals(self.keys, f"{model.rates[column].rate_id}.answers", self.draws)[:, ::every]
            later = served_after(ruled, world, self.places, move, rates, noise)
            return points_of(later, world.model, column) - ruled.points[self.places, column, None].astype(np.float32)
        factor, shift = move.rule
        return self._gained(ruled, column, rates, np.clip(rates * np.float32(factor) + np.float32(shift), 0, 1))

    def _true_rates(self, ruled: World, column: int) -> Draws:
        """True rates (m, draws) of a column; kept, since a slider asks again and again."""
        rules = ruled.model.programme
        key = ("rates", column, rules.window_days, rules.half_life_days, rules.min_n)
        return self._keep(key, lambda: self._draw_rates(ruled, column))

    def _rate_points(self, ruled: World, column: int) -> Draws:
        """The points (m, draws) that true rates earn."""
        rates, rules, rate = self._true_rates(ruled, column), ruled.model.programme, ruled.model.rates[column]
        counted = (rules.window_days, rules.half_life_days, rules.min_n)
        key = ("earned", column, *counted, rate.good, rate.bad, ruled.model.max_points[column])
        return self._keep(key, lambda: points_of(rates.copy(), ruled.model, column))

    def _draw_rates(self, ruled: World, column: int) -> Draws:
        joint, everyone = _joint(ruled, self.places), slice(0, len(self.places))
        (errors,) = rate_errors(joint, self.keys, ruled.model, self.draws, everyone, (column,))
        others = np.setdiff1d(np.flatnonzero(ruled.has_score), self.places)
        mine, theirs = (_evenly(places, ruled.n) for places in (self.places, others))
        weight = np.ones(len(mine) + len(theirs))
        weight[len(mine) :] = min(1.0, _OTHERS / max(len(theirs), 1))
        members, learners = (_counts(ruled, places, column) for places in (self.places, np.append(mine, theirs)))
        generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(41, column)))
        return draw_true_rates(members, learners, weight, special.ndtr(errors), generator)

    def _earned(self, column: int) -> Draws:
        """The points of a rate in the world as it is."""
        return self._keep(("points", column), lambda: self._drawn(self.world, self._joint, column))

    def _keep(self, key: Hashable, make: Callable[[], Draws]) -> Draws:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _drawn(self, world: World, joint: Joint, column: int) -> Draws:
        found = np.empty((len(self.places), self.draws), dtype=np.float32)
        for rows in chunks(len(self.places)):
            (found[rows],) = points_draws(joint, self.keys, world.model, self.draws, rows, (column,))
        return found


@dataclass(frozen=True)
class SomeDraws:
    """Draws of those of a group that still have a score after a change: `rows` (m,) of `whole`, of `size` that there are."""

    whole: GroupDraws
    rows: NDArray[np.bool_]
    size: int

    @property
    def places(self) -> Places:
        return self.whole.places[self.rows]

    @property
    def before(self) -> Draws:
        return self.whole.before[self.rows]

    @property
    def median_before(self) -> Draws:
        return np.median(self.before, axis=0)

    def after(self, ruled: World, mixed: World, world: World, *, is_drawn: bool = False) -> Draws:
        """As of the whole group."""
        return self.whole.after(ruled, mixed, world, is_drawn=is_drawn)[self.rows]

    def otherwise(self, ruled: World, mixed: World, world: World) -> Draws:
        """As of the whole group."""
        return self.whole.otherwise(ruled, mixed, world)[self.rows]


Drawn = GroupDraws | SomeDraws


def among(drawn: GroupDraws, places: Places) -> Drawn | None:
    """The draws of those at `places`, some of the group; None where too few of them were drawn."""
    rows = np.isin(drawn.places, places)
    if len(places) == drawn.size:
        return drawn
    return SomeDraws(drawn, rows, len(places)) if rows.sum() >= min(len(places), _FEWEST) else None


def group_draws(
    world: World, ids: NDArray[np.object_], day: str, members: Places, most: int, *, seed: int, draws: int
) -> GroupDraws:
    """Draws of the merchants at `members`, at most `most` of them, spread evenly over their numbers of orders."""
    places = members
    if len(members) > most:
        by_size = members[np.argsort(world.n[members], kind="stable")]
        places = np.sort(by_size[np.linspace(0, len(members) - 1, most).round().astype(np.intp)])
    keys = merchant_keys(ids[places].tolist(), day, seed)
    return GroupDraws(world, places, len(members), keys, draws, seed)


def medians(scores: Draws | NDArray[np.float64]) -> Draws:
    """The median over merchants of each draw, (draws,); whole rows are put in order, which takes half as long as to look for their middles."""
    ordered = np.sort(np.ascontiguousarray(scores.T), axis=1)
    count = len(scores)
    return np.asarray(ordered[:, [(count - 1) // 2, count // 2]].mean(axis=1))


def _joint(world: World, places: Places) -> Joint:
    return joint_of(world.heard[places], world.total[places], world.rows[places], world.model)


def _counts(world: World, places: Places, column: int) -> Counts:
    mean, strength = (each[world.rows[places], column] for each in (world.model.mean, world.model.strength))
    counted, total, squares = (each[places, column] for each in (world.counted, world.total, world.squares))
    return counts_of(counted, total, squares, mean, strength)


def _evenly(places: Places, n: Orders) -> Places:
    """At most _LEARNERS of them, spread evenly over their numbers of orders."""
    by_size = places[np.argsort(n[places], kind="stable")]
    if len(places) <= _LEARNERS:
        return by_size
    return by_size[np.linspace(0, len(places) - 1, _LEARNERS).round().astype(np.intp)]


def _differing(old: World, new: World, places: Places) -> list[int]:
    """Rates that are drawn otherwise in the new world: other counts, other priors, another scale."""

    def is_other(column: int) -> bool:
        ends = [(model.rates[column].good, model.rates[column].bad) for model in (old.model, new.model)]
        if ends[0] != ends[1]:
            return True
        pairs: Iterable[tuple[NDArray[np.float64], NDArray[np.float64]]] = (
            (old.heard[places, column], new.heard[places, column]),
            (old.total[places, column], new.total[places, column]),
            (old.model.mean[:, column], new.model.mean[:, column]),
            (old.model.strength[:, column], new.model.strength[:, column]),
        )
        return not all(np.array_equal(one, other) for one, other in pairs)

    return [column for column in range(len(new.model.rates)) if is_other(column)]
