"""How far opinions are believed: what a rate says beyond what the merchant's facts predict counts up to a bound, in both directions.

Whoever was wronged can have it judged; whoever lies can't. Over merchants the share of bad reviews follows lateness, cancellations, returns and disputes
along a line, fitted so that a minority can't bend it. With m the peers' rate, s their strength, d what the line expects beyond m, and of the merchant's own
reviews x bad and g not, the posterior mean lies between

    m + max(d, 0) · x / (s + x) + min(d, 0) − bound     and     m + min(d, 0) · g / (s + g) + max(d, 0) + bound

so that a merchant without reviews stays at its peers, a bad review or a worse fact never lowers its rate and a good one never raises it. Arrays in, arrays out:
knows no database and no merchant. Decision 019 has the figures.

Sources: Srivatsa, Xiong and Liu (2005, TrustGuard), facts beside feedback; Nosko and Tadelis (2015), effective positives; Huber (1964), bounded influence;
Lawson and Hanson (1974), non-negative least squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from analytics.trust.programme import Bound, Rate

Floats = NDArray[np.float64]
FEWEST = 20  # merchants with reviews: fewer tell no line, and nothing is bounded
_STEPS = 15  # of the reweighting; the fifth moves the third digit no more


@dataclass(frozen=True)
class Line:
    """What `facts` (columns of the model's rates) tell of the rate of `column`: level + slopes · (what each is beyond the peers'). `bound` is of a rate, 0–1."""

    column: int
    facts: tuple[int, ...]
    level: float
    slopes: tuple[float, ...]
    bound: float

    def expected(self, means: Floats, mean: Floats) -> Floats:
        """The rate (merchants,) that facts of posterior `means` predict beside peers of `mean`; both (merchants, rates)."""
        beyond = (means - mean)[:, list(self.facts)] @ np.array(self.slopes)
        found: Floats = np.clip(mean[:, self.column] + self.level + beyond, 0.0, 1.0)
        return found

    def believed(self, expected: Floats, x: NDArray[np.floating[Any]], n: Floats, m: Floats, s: Floats) -> Floats:
        """What is believed of `x` of `n` beside a prior of mean `m` and strength `s` where facts predict the rate `expected`; shapes that go together."""
        beyond, own = expected - m, (m * s + x) / (s + n)
        above, below = np.maximum(beyond, 0), np.minimum(beyond, 0)
        bounded = np.clip(
            own,
            m + above * (x / (s + x)) + below - self.bound,
            m + below * ((n - x) / (s + n - x)) + above + self.bound,
        )
        changed = np.clip(bounded * (s + n) - m * s, 0.0, n)
        found: Floats = np.where(bounded == own, x, changed)  # what is not bounded stays to the last digit
        return found


def fit_lines(
    bounds: Sequence[Bound], rates: Sequence[Rate], counted: Floats, total: Floats, mean: Floats, strength: Floats
) -> tuple[Line, ...]:
    """The lines of the merchants that tell them; counts and their peers' priors as in `heard`. Nothing is bounded where the source doesn't
    record what has to be (`where_recorded`), or where fewer than FEWEST merchants have reviews."""
    place = {rate.rate_id: column for column, rate in enumerate(rates)}
    found = []
    for bound in bounds:
        column = place.get(bound.rate)
        if column is None or bound.where_recorded not in place or (total[:, column] > 0).sum() < FEWEST:
            continue
        facts = tuple(place[fact] for fact in bound.facts if fact in place)
        signs = np.array([1.0 if rates[fact].direction == rates[column].direction else -1.0 for fact in facts])
        beyond = (mean * strength + counted) / (strength + total) - mean
        told = total[:, column] / (strength[:, column] + total[:, column])
        columns = np.column_stack([np.ones(len(told)), beyond[:, list(facts)] * signs])
        level, slopes = _robust(columns * told[:, None], beyond[:, column])
        found.append(Line(column, facts, level, tuple((slopes * signs).tolist()), bound.bound))
    return tuple(found)


def heard(lines: Sequence[Line], counted: Floats, total: Floats, mean: Floats, strength: Floats) -> Floats:
    """The numerators (merchants, rates) that are believed: `counted` of `total` but in bounded rates, where the posterior means become the bounded ones.

    `mean` and `strength` are each merchant's priors, of the same shape.
    """
    if not lines:
        return counted
    means, believed = (mean * strength + counted) / (strength + total), counted.astype(float)
    for line in lines:
        own = (each[:, line.column] for each in (counted, total, mean, strength))
        believed[:, line.column] = line.believed(line.expected(means, mean), *own)
    return believed


def _robust(columns: Floats, y: Floats) -> tuple[float, Floats]:
    """Level and slopes of 0 or more by Huber's weights at one robust deviation; the first column is the level's, of either sign."""
    count = columns.shape[1]
    rows = np.vstack([columns.T, y])
    weight, left, found, middle = np.ones(len(y)), np.empty(len(y)), np.zeros(count), 0.0
    for _ in range(_STEPS):
        root = _root(rows, weight)
        small, right = root[:, :count], root[:, count]
        down, up, *slopes = optimize.nnls(np.column_stack([-small[:, 0], small]), right)[0]
        found = np.array([up - down, *slopes])
        np.abs(np.subtract(y, found @ rows[:count], out=left), out=left)
        middle = _median(left, middle)
        spread = max(1.4826 * middle, 1e-6)
        np.divide(spread, np.maximum(left, 1e-9, out=weight), out=weight)
        np.minimum(1.0, weight, out=weight)
    return float(found[0]), found[1:]


def _root(rows: Floats, weight: Floats) -> Floats:
    """A square matrix that has the same least squares as the weighted rows: a root of their cross products, at one scale since their sizes differ."""
    products = np.empty((len(rows), len(rows)))
    for place, row in enumerate(rows):
        products[place, place:] = products[place:, place] = rows[place:] @ (row * weight)
    scale = np.sqrt(np.diag(products))
    size = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(products / np.outer(size, size))
    root: Floats = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T * scale
    return root


def _median(values: Floats, near: float) -> float:
    """The median; sooner where it lies within a tenth of `near`, as only values about there are put in order."""
    low, high = 0.9 * near, 1.1 * near
    about = values[(values >= low) & (values <= high)]
    first, last = (place - np.count_nonzero(values < low) for place in ((len(values) - 1) // 2, len(values) // 2))
    if first < 0 or last >= len(about):
        return float(np.median(values))
    about.partition([first, last])
    return float(about[first] + about[last]) / 2
