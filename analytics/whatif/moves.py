"""What a behaviour lever makes of a merchant's true rate, and what more or fewer answers make of a served one. Arrays of worlds in and out; draws nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.trust import bounded
from analytics.trust.posterior import Draws
from analytics.whatif.world import Floats, World

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Move:
    """Of a rate's column: true rates become factor × rate + shift (`rule`), or `otherwise`: the same change of the whole segment with another spread over
    merchants. Of a coverage, and of merchants that orders go to: there are `answers` times as many (one number, or each merchant's own, (merchants, 1)), and rates stay."""

    column: int
    rule: tuple[float, float] = (1.0, 0.0)
    otherwise: tuple[float, float] = (1.0, 0.0)
    answers: float | Floats | None = None


def moves_of(old: World, new: World, places: Places) -> list[Move]:
    """What changed of the group's rates between two worlds under one set of rules."""
    found = (_move(old, new, places, column) for column in range(len(new.model.rates)))
    return [move for move in found if move is not None]


def _move(old: World, new: World, places: Places, column: int) -> Move | None:
    """What changed of the group's counts of a rate between two worlds under one set of rules; None where nothing did.

    A rate is moved as `levers.change_behaviour` moves counts. The other way is that of the other direction: what is counted grows or shrinks by one factor
    for all, or what is left does.
    """
    was, now = old.counted[places, column].sum(), new.counted[places, column].sum()
    all_, later = old.total[places, column].sum(), new.total[places, column].sum()
    if later != all_:
        return Move(column, answers=float(later / all_))
    if np.array_equal(old.counted[places, column], new.counted[places, column]):
        return None
    counted = (float(now / was), 0.0) if was > 0 else None
    left = (float((all_ - now) / (all_ - was)), 1.0 - float((all_ - now) / (all_ - was))) if all_ > was else None
    rule, otherwise = (counted, left) if now < was else (left, counted)
    assert rule is not None  # a rate that falls was above 0, one that rises below 1
    return Move(column, rule, otherwise or rule)


def shared_moves(mixed: World, places: Places) -> list[Move]:
    """What orders that go to other merchants do to the group: more or fewer of all that is counted, rates as they are."""
    if mixed.sharing is None or (mixed.sharing.factor[places] == 1).all():
        return []
    times = mixed.sharing.factor[places, None]
    return [Move(column, answers=times) for column in range(len(mixed.model.rates))]


def mixed_columns(mixed: World, places: Places) -> list[int]:
    """The rates of which another mix of orders moves some of the group."""
    if mixed.mixing is None:
        return []
    moved, delta = mixed.mixing.moved[places], mixed.mixing.contrast.delta[places]
    return [column for column in range(len(mixed.model.rates)) if (moved[:, column] * delta[:, column]).any()]


def served_after(old: World, new: World, places: Places, move: Move, rates: Draws, noise: Draws) -> Draws:
    """The rates (merchants, draws) that would be served with `move.answers` times as many answers: those to come follow the true `rates`, those that are
    left out are picked by chance (`noise`, standard normals)."""
    assert move.answers is not None
    column, times = move.column, np.asarray(move.answers)
    fewer, more = np.minimum(times, 1), np.maximum(times, 1) - 1
    x, n, squares = (each[places, column, None] for each in (old.counted, old.total, old.squares))
    share = np.where(n > 0, x / np.where(n > 0, n, 1.0), 0.0)
    mean, strength = (each[new.rows[places], column, None] for each in (new.model.mean, new.model.strength))
    left_out = fewer * (1 - fewer) * squares * share * (1 - share)
    own = (more * squares, left_out, fewer * x, more * n, times * n, mean * strength, strength + times * n)
    to_come, left_out, kept, answers, most, prior, whole = (each.astype(np.float32) for each in own)  # as the draws are
    counted = 1 - rates
    counted *= rates
    counted *= to_come
    counted += left_out
    np.sqrt(counted, out=counted)
    counted *= noise
    counted += kept
    counted += answers * rates
    np.clip(counted, 0, most, out=counted)
    for line in (line for line in new.model.lines if line.column == column):
        counted = _believed(new, line, places, counted)
    counted += prior
    counted /= whole
    return counted


def _believed(world: World, line: bounded.Line, places: Places, counted: Draws) -> Draws:
    """What is believed of drawn numerators (merchants, draws) of a bounded rate; what bounds it is as in the world."""
    rows = world.rows[places]
    mean, strength = world.model.mean[rows], world.model.strength[rows]
    means = (mean * strength + world.counted[places]) / (strength + world.total[places])
    own = (each[:, line.column, None] for each in (world.total[places], mean, strength))
    return np.asarray(line.believed(line.expected(means, mean)[:, None], counted, *own), dtype=np.float32)
