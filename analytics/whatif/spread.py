"""Sampling uncertainty of a what-if: scores drawn from merchants' posteriors, the same draws before and after.

Draws of the world as it is are made once for a segment; a scenario draws only the rates that it changes. What other rates of a merchant tell of a changed
one stays as it was: a lever changes an outcome, not what kind of merchant it is. A behaviour lever moves the drawn true rates themselves. Knows worlds, no scenario and no database.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analytics.trust.joint import Joint, joint_of
from analytics.trust.posterior import Draws, chunks, merchant_keys, points_draws
from analytics.whatif.world import World

# Merchants of a group that are drawn; of more, so many are and intervals are scaled (m out of n: Bickel, Götze and van Zwet, 1997).
MOST_DRAWN = {"segment": 1000, "others": 300}
Places = NDArray[np.intp]


@dataclass
class GroupDraws:
    """Scores of a group of merchants drawn in the world as it is. `places` (m,) of the world's merchants are drawn, of `size` that the group has."""

    world: World
    places: Places
    size: int
    keys: NDArray[np.uint64]
    draws: int
    before: Draws = field(init=False)
    median_before: Draws = field(init=False)
    _joint: Joint = field(init=False)
    _points: dict[int, Draws] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._joint = _joint(self.world, self.places)
        self.before = np.zeros((len(self.places), self.draws), dtype=np.float32)
        for column in range(len(self.world.model.rates)):
            self.before += self._drawn(self.world, self._joint, column)
        self.median_before = np.median(self.before, axis=0)

    def after(self, world: World) -> Draws:
        """The same merchants' draws (m, draws) in another world; `before` itself where nothing differs."""
        columns = _differing(self.world, world, self.places)
        old, new = self.world.model.max_points, world.model.max_points
        scaled = [column for column in range(len(new)) if column not in columns and new[column] != old[column]]
        if not columns and not scaled:
            return self.before
        drawn = self.before.copy()
        for column in scaled:
            drawn += self._earned(column) * np.float32(new[column] / old[column] - 1)
        joint = _joint(world, self.places) if columns else self._joint
        for column in columns:
            drawn -= self._earned(column)
            moved = _moved(self.world, world, self.places, column)
            drawn += (
                self._drawn(world, joint, column) if moved is None else self._drawn(world, self._joint, column, moved)
            )
        return drawn

    def _earned(self, column: int) -> Draws:
        """The points of a rate in the world as it is; kept, once a scenario asked."""
        with self._lock:
            if column not in self._points:
                self._points[column] = self._drawn(self.world, self._joint, column)
            return self._points[column]

    def _drawn(self, world: World, joint: Joint, column: int, moved: tuple[float, float] = (1.0, 0.0)) -> Draws:
        found = np.empty((len(self.places), self.draws), dtype=np.float32)
        for rows in chunks(len(self.places)):
            (found[rows],) = points_draws(joint, self.keys, world.model, self.draws, rows, (column,), moved)
        return found


def group_draws(
    world: World, ids: NDArray[np.object_], day: str, members: Places, most: int, *, seed: int, draws: int
) -> GroupDraws:
    """Draws of the merchants at `members`, at most `most` of them, spread evenly over their numbers of orders."""
    places = members
    if len(members) > most:
        by_size = members[np.argsort(world.n[members], kind="stable")]
        places = np.sort(by_size[np.linspace(0, len(members) - 1, most).round().astype(np.intp)])
    keys = merchant_keys(ids[places].tolist(), day, seed)
    return GroupDraws(world, places, len(members), keys, draws)


def _joint(world: World, places: Places) -> Joint:
    return joint_of(world.heard[places], world.total[places], world.rows[places], world.model)


def _moved(old: World, new: World, places: Places, column: int) -> tuple[float, float] | None:
    """What a behaviour lever made of a true rate, factor × rate + shift; None where it left the group's counts of the rate alone."""
    was, now, all_ = old.counted[places, column], new.counted[places, column], old.total[places, column]
    if np.array_equal(was, now) or not np.array_equal(all_, new.total[places, column]):
        return None
    if now.sum() < was.sum():
        return float(now.sum() / was.sum()), 0.0
    factor = float((all_ - now).sum() / (all_ - was).sum())
    return factor, 1.0 - factor


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
