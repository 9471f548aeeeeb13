"""Attack 11: the moves of a search for the worst evidence that a budget can buy. Knows no search and no score.

After Gunes et al. (IJCAI 2019), who let a derivative-free optimiser choose what an attacker injects: an Injection is a
point of a bounded space that a random or evolutionary search may draw, mutate, cross and apply.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.bench.attacks import forged
from analytics.bench.attacks.forged import Forgery, forge
from analytics.bench.attacks.market import DAY, Floats, Ints, Market
from analytics.bench.attacks.truth import Attacked, Truth

MOVES: dict[str, tuple[float, float]] = {
    "praise": (0.0, 1.0),  # share of the budget for five stars at the attacker's own shop; the rest slanders rivals
    "reuse": (1.0, 10.0),  # orders an account makes on average
    "bought": (0.0, 1.0),  # share of the accounts that were honest buyers'
    "burst": (0.0, 1.0),  # share of the orders inside one burst of two days
    "at": (0.0, 1.0),  # where in the market's time the burst lies
    "value": (0.0, 1.0),  # up to which quantile of the shop's usual order values
    "copied": (0.0, 1.0),  # share of the texts that are near-duplicates
    "worded": (0.0, 1.0),  # share of the ratings that have a text
    "restraint": (0.0, 0.5),  # share of the ratings one star less extreme: four and two stars
}


@dataclass(frozen=True)
class Injection:
    """`budget` forged orders for one merchant, and against its rivals; every other field is bounded by MOVES."""

    attacker: int
    rivals: tuple[int, ...]
    budget: int
    praise: float = 1.0
    reuse: float = 1.0
    bought: float = 0.0
    burst: float = 0.5
    at: float = 0.5
    value: float = 0.4
    copied: float = 0.25
    worded: float = 0.5
    restraint: float = 0.0

    def __post_init__(self) -> None:
        """ValueError for a budget below one, a move out of its bounds, or slander without a rival."""
        if self.budget < 1:
            raise ValueError(f"the budget must be one order or more, not {self.budget}")
        for name, (low, high) in MOVES.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must lie between {low} and {high}, not {getattr(self, name)}")
        if not self.rivals and self.praised < self.budget:
            raise ValueError("an injection without rivals must praise only (praise = 1)")

    @property
    def praised(self) -> int:
        """How many of the orders praise."""
        return round(self.praise * self.budget)

    def moved(self, rng: np.random.Generator, step: float = 0.15) -> Injection:
        """A neighbour: every move shifted by a normal step (a share of its range) and kept within its bounds."""
        told = self._moves()
        for name in self._free():
            low, high = MOVES[name]
            told[name] = float(np.clip(told[name] + rng.normal(0.0, step) * (high - low), low, high))
        return Injection(self.attacker, self.rivals, self.budget, **told)

    def crossed(self, other: Injection, rng: np.random.Generator) -> Injection:
        """A child that has each move from one parent or the other; attacker, rivals and budget are the first's."""
        told, theirs = self._moves(), other._moves()
        told |= {name: theirs[name] for name in self._free() if rng.random() < 0.5}
        return Injection(self.attacker, self.rivals, self.budget, **told)

    def apply(self, market: Market, rng: np.random.Generator) -> Attacked:
        """The market with exactly `budget` orders more, and the truth about them."""
        praise = np.arange(self.budget) < self.praised
        merchant = np.full(self.budget, self.attacker)
        if not praise.all():
            merchant[~praise] = rng.choice(np.array(self.rivals), int((~praise).sum()))
        bought, new = forged.accounts(market, max(1, round(self.budget / self.reuse)), self.bought, rng)
        pool = rng.permutation(np.concatenate([bought, new]))
        buyer = pool[np.arange(self.budget) % len(pool)]
        mild = rng.random(self.budget) < self.restraint
        stars = np.where(praise, np.where(mild, 4, 5), np.where(mild, 2, 1))
        when, value = self._when(market, merchant, rng), self._values(market, merchant, rng)
        forgery = Forgery(merchant, buyer, when, stars, value)
        after, added = forge(market, forgery, rng, copied=self.copied, worded=self.worded)
        truth = Truth(
            "injection",
            attackers=np.array([self.attacker]),
            victims=np.unique(merchant[~praise]),
            raters=np.unique(buyer),
            added=added,
            false_ratings=added,
        )
        return Attacked(after, truth)

    def _moves(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in MOVES}

    def _free(self) -> list[str]:
        return [name for name in MOVES if self.rivals or name != "praise"]

    def _when(self, market: Market, merchant: Ints, rng: np.random.Generator) -> Ints:
        second = np.zeros(len(merchant), dtype=np.int64)
        last = (market.end - market.start).total_seconds()
        burst = self.at * (last - 20 * DAY)
        for one in np.unique(merchant).tolist():
            rows = np.flatnonzero(merchant == one)
            first, last = forged.life(market, one)
            at = float(np.clip((burst - first) / max(last - first, 1.0), 0.0, 1.0))
            second[rows] = forged.times(first, last, rng.random(len(rows)), rng.random(len(rows)), at, self.burst)
        return second

    def _values(self, market: Market, merchant: Ints, rng: np.random.Generator) -> Ints:
        value = np.zeros(len(merchant), dtype=np.int64)
        for one in np.unique(merchant).tolist():
            rows = np.flatnonzero(merchant == one)
            u: Floats = rng.random(len(rows))
            value[rows] = forged.usual_values(market, one, u, self.value)
        return value


def random_injection(attacker: int, rivals: tuple[int, ...], budget: int, rng: np.random.Generator) -> Injection:
    """A point of the move set drawn evenly within MOVES; without rivals it praises only."""
    told = {name: float(rng.uniform(low, high)) for name, (low, high) in MOVES.items()}
    if not rivals:
        told["praise"] = 1.0
    return Injection(attacker, rivals, budget, **told)
