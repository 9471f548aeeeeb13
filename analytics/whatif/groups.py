"""Merchants by a label of their own, such as category or region, and how orders were shifted between them. Knows no world and no lever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LABELS = ("category", "region")  # columns of the frame of counts


@dataclass(frozen=True)
class Groups:
    """names: the labels there are; place: each merchant's position in them, −1 where it is unknown, (merchants,)."""

    names: tuple[str, ...]
    place: NDArray[np.intp]

    def members(self, name: str) -> NDArray[np.bool_]:
        """Whether each merchant has the label: (merchants,)."""
        found: NDArray[np.bool_] = self.place == self.names.index(name)
        return found


@dataclass(frozen=True)
class Sharing:
    """Orders that went to merchants of other labels. label: category or region; name: the one whose share is set; factor: how many times as many orders each
    merchant has, (merchants,)."""

    label: str
    name: str
    factor: NDArray[np.float64]


def groups_of(counts: pd.DataFrame) -> Mapping[str, Groups]:
    """By label, from the frame of `daily_counts`."""
    found = {}
    for label in LABELS:
        place, names = pd.factorize(counts[label].to_numpy(dtype=object), sort=True)
        found[label] = Groups(tuple(map(str, names)), np.asarray(place, dtype=np.intp))
    return found
