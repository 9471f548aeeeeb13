"""Levels with hysteresis: what a merchant's level is after a run of evaluations, so that it doesn't flutter around a border.

For each border, the last of the remembered evaluations that was decisive tells the side: one whose score cleared the border by
`margin` points, or the `in_a_row`-th in a row on one side. Where none was, the last score does. So a level is a function of the last
`remembers` scores alone: a replay from any earlier day gives the same. Evaluations without a score decide nothing and break no row.
Pure: arrays and a definition in, levels out; knows no warehouse. With margin 0 and in_a_row 1 a level is what the last score says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analytics.trust.programme import Evaluated, Programme

Floats = NDArray[np.float64]
Levels = NDArray[np.object_]


def evaluation_days(evaluated: Evaluated, first: date, last: date, count: int) -> list[date]:
    """The last `count` evaluation days from `first` to `last`, both included, oldest first. Local days."""
    days: list[date] = []
    day = evaluated.schedule.after(last)
    earliest = max(first, evaluated.first)
    while len(days) < count and (day := evaluated.schedule.before(day)) >= earliest:
        days.append(day)
    return days[::-1]


def levels_held(scores: Floats, programme: Programme) -> Levels:
    """The level of each merchant after the last of the given evaluations; None where it has no score there.

    scores: (evaluations, merchants), oldest first, 0–100, NaN where a merchant had none. Only the last `remembers` are looked at.
    """
    recent = scores[-programme.evaluated.remembers :]
    held = np.full(scores.shape[1], programme.levels[-1].level_id, dtype=object)
    for level in reversed(programme.levels[:-1]):
        held[_is_above(recent, level.minimum, programme.evaluated)] = level.level_id
    held[np.isnan(scores[-1])] = None
    return held


def level_after(scores: Sequence[float], programme: Programme) -> str | None:
    """`levels_held` of one merchant."""
    level: str | None = levels_held(np.array(scores, dtype=float)[:, None], programme)[0]
    return level


def evaluations_until(scores: Sequence[float], score: float, level_id: str, programme: Programme) -> int:
    """At how many more evaluations, if all find `score`, a level is held that the last `scores` of one merchant (oldest first, NaN without) do not
    give yet; `score` is at the level's minimum or above. 0 where they give it."""
    order = [level.level_id for level in programme.levels]
    seen = list(scores)
    for count in range(programme.evaluated.remembers + 1):
        held = level_after(seen, programme) if seen else None
        if held is not None and order.index(held) <= order.index(level_id):
            return count
        seen.append(score)
    return programme.evaluated.remembers


def _is_above(scores: Floats, border: float, rules: Evaluated) -> NDArray[np.bool_]:
    """Whether each merchant counts as at or above a border: (merchants,). Borders nest: above a higher one is above every lower one."""
    above = np.zeros(scores.shape[1], dtype=np.int64)  # length of the present run at or above the border
    below = np.zeros_like(above)
    side = np.zeros(scores.shape[1], dtype=np.int8)  # what the last decisive evaluation said: 1, −1, or 0 for none yet
    for score in scores:
        has = ~np.isnan(score)
        is_up = score >= border
        above = np.where(has, np.where(is_up, above + 1, 0), above)
        below = np.where(has, np.where(is_up, 0, below + 1), below)
        side[has & is_up & ((score >= border + rules.margin) | (above >= rules.in_a_row))] = 1
        side[has & ~is_up & ((score < border - rules.margin) | (below >= rules.in_a_row))] = -1
    found: NDArray[np.bool_] = (side == 1) | ((side == 0) & (scores[-1] >= border))
    return found
