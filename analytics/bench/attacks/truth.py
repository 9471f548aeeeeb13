"""What is known of an attack and must not be read by a score: who attacks whom with which orders. Knows no score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analytics.bench.attacks.market import Ints, Market


def nobody() -> Ints:
    """No ids at all."""
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Truth:
    """Sorted ids, empty where a field does not apply.

    attackers: merchants that gain by it; victims: merchants that it harms; raters: buyers who lie.
    added: orders that the clean market lacks; changed: orders of the clean market of which a column differs;
    false_ratings: orders whose rating is a lie (a real sale rated untruly, or no sale at all).
    rings: members of each ring; successors: new merchant_id of each one that came back;
    bad_periods: merchant_id, from_at, to_at (UTC, end exclusive) of phases of deliberate bad conduct;
    groups: named sets of merchants that a measure compares.
    """

    attack: str
    attackers: Ints = field(default_factory=nobody)
    victims: Ints = field(default_factory=nobody)
    raters: Ints = field(default_factory=nobody)
    added: Ints = field(default_factory=nobody)
    changed: Ints = field(default_factory=nobody)
    false_ratings: Ints = field(default_factory=nobody)
    rings: tuple[Ints, ...] = ()
    successors: Mapping[int, int] = field(default_factory=dict)
    bad_periods: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["merchant_id", "from_at", "to_at"]))
    groups: Mapping[str, Ints] = field(default_factory=dict)


@dataclass(frozen=True)
class Attacked:
    """A market after an attack, and the truth about it. The clean market stays as it was."""

    market: Market
    truth: Truth
