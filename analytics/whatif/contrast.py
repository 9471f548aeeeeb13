"""How much more often something befalls an order with one carrier than with others at the same merchant. Arrays in, arrays out.

A merchant's orders with the one are compared with its own with the others, so that what differs between merchants (goods, places, care) is no difference of
carriers. Differences are pooled by how many orders tell them (Cochran 1954, Biometrics 10; Mantel and Haenszel 1959, JNCI 22); how much merchants' own
differences scatter beyond chance is told by moments (DerSimonian and Laird 1986, Controlled Clinical Trials 7), and a merchant's own counts as far as
its orders tell it (Morris 1983, JASA 78).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.whatif.carriers import Side

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_PULL = 20.0  # orders of the marketplace's rate that a merchant's own weighs against, for the size of chance alone


@dataclass(frozen=True)
class Contrast:
    """delta: the difference of a rate (the one carrier's minus the others'), (merchants, columns). pooled_error: what the segment's pooled difference may be off
    (standard error), (columns,), and how far a merchant leans on it, 0–1, `leaning`. own_error: what is not known of a merchant's own difference beyond
    that, like delta. compared: merchants of the segment that used both, (columns,). is_told: whether any merchant at all did, (columns,)."""

    delta: Floats
    pooled_error: Floats
    leaning: Floats
    own_error: Floats
    compared: NDArray[np.intp]
    is_told: Mask


def contrast(one: Side, others: Side, inside: Mask, pull_merchants: float) -> Contrast:
    """Differences for the merchants of a segment (`inside`). As many merchants of the segment as `pull_merchants` are heard half, the whole marketplace half:
    a segment that never used both rests on the others."""
    n, m = one.base, others.base
    both = n * m
    weight = np.divide(both, n + m, out=np.zeros_like(n), where=both > 0)
    own = _share(one.plain, n) - _share(others.plain, m)
    x, units = one.plain + others.plain, n + m
    rate = (x + _PULL * _share(x.sum(axis=0), units.sum(axis=0))) / (units + _PULL)
    chance = rate * (1 - rate)  # weight × the variance of a merchant's difference by chance
    whole = weight.sum(axis=0)
    average = _share((weight * own).sum(axis=0), whole)
    scatter = _scatter(weight, own - average, chance)
    mine = weight * inside[:, None]
    heard = _share(mine.sum(axis=0) ** 2, (mine**2).sum(axis=0))
    share = heard / (heard + pull_merchants)
    part = share * _share(mine, mine.sum(axis=0)) + (1 - share) * _share(weight, whole)
    pooled = (part * own).sum(axis=0)
    by_chance = np.divide(chance, weight, out=np.full_like(n, np.inf), where=weight > 0)
    variance = np.where(part > 0, part**2 * (np.where(weight > 0, by_chance, 0.0) + scatter), 0.0).sum(axis=0)
    leaning = np.where(weight > 0, 1.0 - scatter / np.maximum(scatter + by_chance, 1e-300), 1.0)
    return Contrast(
        delta=pooled + (1 - leaning) * (own - pooled),
        pooled_error=np.sqrt(variance),
        leaning=leaning,
        own_error=np.sqrt(scatter * leaning),
        compared=np.asarray((mine > 0).sum(axis=0), dtype=np.intp),
        is_told=whole > 0,
    )


def _scatter(weight: Floats, off: Floats, chance: Floats) -> Floats:
    """The variance of merchants' true differences, (columns,); 0 where they scatter no more than by chance."""
    whole = weight.sum(axis=0)
    used = weight > 0
    expected = (chance * used * (1 - _share(weight, whole))).sum(axis=0)
    found = (weight * off**2).sum(axis=0) - expected
    return np.maximum(_share(found, whole - _share((weight**2).sum(axis=0), whole)), 0.0)


def _share(part: Floats, whole: Floats) -> Floats:
    """part / whole, 0 where there is nothing."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


@dataclass(frozen=True)
class Mixing:
    """Orders that go with another carrier. carrier: who gains them, or loses them where `parcels` fall from the first to the second figure of the segment.
    moved: the share of a merchant's units that change over, below 0 where they leave the carrier, (merchants, columns); units: how many, plain;
    added: what their cases are more, plain."""

    carrier: str
    parcels: tuple[float, float]
    moved: Floats
    units: Floats
    added: Floats
    contrast: Contrast

    def change(self, column: int) -> tuple[float, float]:
        """How many more units of a column's numerator the segment has, and the standard error of that."""
        units, found = self.units[:, column], self.contrast
        common = float((units * found.leaning[:, column]).sum() * found.pooled_error[column])
        own = float(np.sqrt(((units * found.own_error[:, column]) ** 2).sum()))
        return float(self.added[:, column].sum()), float(np.hypot(common, own))
