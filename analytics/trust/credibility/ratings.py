"""Who rated whom, as arrays: one vote a pair of rater and ratee, in an order that does not depend on the order of the rows.

Knows no file, and nothing of who is to be believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Ratings:
    """Votes by (rater, ratee), sorted. `rater` and `ratee` are places in `raters` and `ratees` (sorted ids).

    score: 0 (the scale's low end) to 1, the mean of what the pair's ratings say. time: of the pair's first rating, in any
    unit, NaN where unknown. count: ratings behind the vote. low, high: the scale in the input's unit.
    """

    raters: tuple[str, ...]
    ratees: tuple[str, ...]
    rater: Ints
    ratee: Ints
    score: Floats
    time: Floats
    count: Floats
    low: float
    high: float

    def per_rater(self, weights: Floats | None = None) -> Floats:
        """Sum over each rater's votes; their number without weights. Shape (raters,)."""
        return np.bincount(self.rater, weights, len(self.raters)).astype(float)

    def per_ratee(self, weights: Floats | None = None) -> Floats:
        """Sum over each ratee's votes; their number without weights. Shape (ratees,)."""
        return np.bincount(self.ratee, weights, len(self.ratees)).astype(float)


def pool_ratings(
    raters: Sequence[str],
    ratees: Sequence[str],
    scores: Floats,
    times: Floats,
    low: float,
    high: float,
    *,
    known_raters: Sequence[str] = (),
    known_ratees: Sequence[str] = (),
) -> Ratings:
    """One vote a pair: a buyer who rates a shop ten times is one voice, not ten. All four of one length; scores within low … high.

    `known_raters` and `known_ratees` have a place even if none of these votes is theirs. Several scores of one pair at one time are one rating, their mean, so that neither a repeated row nor the order of rows matters.
    """
    rater_ids, rater = _places(raters, known_raters)
    ratee_ids, ratee = _places(ratees, known_ratees)
    scaled = (np.asarray(scores, dtype=float) - low) / (high - low)
    order = np.lexsort((scaled, times, ratee, rater))
    rater, ratee, scaled, times = rater[order], ratee[order], scaled[order], np.asarray(times, dtype=float)[order]
    same_pair = (np.diff(rater) == 0) & (np.diff(ratee) == 0)
    same_time = same_pair & ((np.diff(times) == 0) | (np.isnan(times[1:]) & np.isnan(times[:-1])))
    first = np.flatnonzero(np.r_[True, ~same_time])
    at_once = np.add.reduceat(scaled, first) / np.diff(np.r_[first, len(scaled)])
    begins = np.flatnonzero(np.r_[True, ~same_pair][first])
    count = np.diff(np.r_[begins, len(first)]).astype(float)
    pair = first[begins]
    return Ratings(
        raters=rater_ids,
        ratees=ratee_ids,
        rater=rater[pair].astype(np.int64),
        ratee=ratee[pair].astype(np.int64),
        score=np.round(np.add.reduceat(at_once, begins) / count, 9),
        time=times[pair],
        count=count,
        low=low,
        high=high,
    )


def _places(names: Sequence[str], known: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    ids = sorted({*names, *known})
    place = {name: number for number, name in enumerate(ids)}
    return tuple(ids), np.fromiter((place[name] for name in names), np.int64, len(names))
