"""Simulated rating networks whose ratees' true standing and whose unfair raters are known, one kind of attack each.

Drawn from families that no method assumes: scores with noise around the quality or mostly from the ends of the scale, honest raters who
are lenient or not, scales used widely or timidly, ratees with a few ratings or dozens, on five scales. Attacks as in Hoffman et al. 2009
and Zhang et al. 2012; "unfair" shares as in Whitby et al. 2004. Knows no method.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.trust.credibility.ratings import Floats, Ints, Ratings, pool_ratings

SCALES = ((1, 5), (-10, 10), (0, 10), (0, 100), (1, 10))
DAYS = 365.0
FAIR_DRAWS = 400
Bools = NDArray[np.bool_]
Say = Callable[[Ints, Ints], Floats]


@dataclass(frozen=True)
class Network:
    """truth: the mean rating of fair raters, 0–1 of the scale; is_fraud: of the poor ratees whom attacks serve. Both by place in
    `ratings.ratees`; is_unfair by place in `ratings.raters`.
    """

    ratings: Ratings
    truth: Floats
    is_fraud: Bools
    is_unfair: Bools


@dataclass(frozen=True)
class _Votes:
    rater: Ints
    ratee: Ints
    score: Floats
    time: Floats

    def and_also(self, rater: Ints, ratee: Ints, score: Floats, time: Floats) -> _Votes:
        return _Votes(
            np.r_[self.rater, rater], np.r_[self.ratee, ratee], np.r_[self.score, score], np.r_[self.time, time]
        )


@dataclass(frozen=True)
class _Market:
    """honest: raters below this number are buyers, those above were made for the attack. say: what honest raters rate."""

    quality: Floats
    is_fraud: Bools
    honest: int
    say: Say
    rng: np.random.Generator

    def times(self, n: int) -> Floats:
        return self.rng.random(n) * DAYS

    def bought(self, votes: _Votes, targets: Ints, share: float) -> Ints:
        """Ratees of added votes: `share` of each target's own, rounded up."""
        own = np.bincount(votes.ratee, minlength=len(self.quality))[targets]
        return np.repeat(targets, np.ceil(own * share).astype(int))


def simulate_network(kind: str, seed: int, ratees: int | None = None) -> Network:
    """One network of a kind of KINDS; `ratees`: how many (default: 100 to 300, drawn)."""
    rng = np.random.default_rng([seed, *kind.encode()])
    m = ratees or int(rng.integers(100, 300))
    n = int(m * rng.integers(4, 12))
    is_fraud = rng.random(m) < rng.uniform(0.15, 0.4)
    is_fraud[:6] = [True, True, True, False, False, False]
    quality = np.where(is_fraud, rng.beta(3, 5, m), rng.beta(9, 2.5, m))
    leniency = rng.normal(0, rng.uniform(0, 0.12), n)
    say = _speaker(quality, leniency, rng)
    usual = 2.0 if rng.random() < 0.4 else rng.uniform(8, 30)
    favour = rng.choice([0.0, 0.0, 1.5, -1.0])  # do the good have more ratings, or fewer?
    size = (rng.lognormal(np.log(usual), 1.0, m) * np.exp(favour * (quality - quality.mean()))).astype(int) + 1
    ratee = np.repeat(np.arange(m), size)
    activity = rng.pareto(1.2, n) + 0.3
    rater = rng.choice(n, len(ratee), p=activity / activity.sum())
    market = _Market(quality, is_fraud, n, say, rng)
    votes = _Votes(rater, ratee, say(rater, ratee), market.times(len(ratee)))
    votes, is_unfair = KINDS[kind](market, votes)
    return _network(market, votes, is_unfair, rng)


def _speaker(quality: Floats, leniency: Floats, rng: np.random.Generator) -> Say:
    noise, is_starry = rng.uniform(0.1, 0.3), rng.random() < 0.5

    def say(rater: Ints, ratee: Ints) -> Floats:
        tilt = leniency[rater % len(leniency)]
        n, q = len(ratee), quality[ratee]
        if not is_starry:
            return np.clip(q + tilt + rng.normal(0, noise, n), 0, 1)
        displeased = np.where(rng.random(n) < 0.5, 0.0, rng.choice([0.25, 0.5, 0.75], n))
        return np.clip(np.where(rng.random(n) < q, 1.0, displeased) + tilt / 2 * (rng.random(n) < 0.5), 0, 1)

    return say


def _network(market: _Market, votes: _Votes, is_unfair: Bools, rng: np.random.Generator) -> Network:
    bend = 2.5 if rng.random() < 1 / 3 else 1.0  # a timid market keeps to the middle of its scale
    low, high = SCALES[rng.integers(len(SCALES))]
    # Raters and ratees are named apart unless the same people do both.
    names = ("u", "u") if is_unfair.size == len(market.quality) else ("b", "s")
    _, first = np.unique(votes.rater * len(market.quality) + votes.ratee, return_index=True)
    ratings = pool_ratings(
        [f"{names[0]}{place:06d}" for place in votes.rater[first]],
        [f"{names[1]}{place:06d}" for place in votes.ratee[first]],
        np.round(low + _bent(votes.score[first], bend) * (high - low)),
        votes.time[first],
        low,
        high,
    )
    everyone = np.repeat(np.arange(len(market.quality)), FAIR_DRAWS)
    fair = _bent(market.say(rng.integers(0, market.honest, len(everyone)), everyone), bend)
    truth = fair.reshape(-1, FAIR_DRAWS).mean(axis=1)
    ratee, rater = (np.array([int(name[1:]) for name in side]) for side in (ratings.ratees, ratings.raters))
    return Network(ratings, truth[ratee], market.is_fraud[ratee], is_unfair[rater])


def _bent(score: Floats, bend: float) -> Floats:
    room = np.where(score > 0.55, 0.45, 0.55)
    return np.asarray(0.55 + room * np.sign(score - 0.55) * np.abs((score - 0.55) / room) ** bend)


Attack = Callable[[_Market, _Votes], tuple[_Votes, Bools]]


def _made(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    return votes, np.arange(max(market.honest, votes.rater.max() + 1)) >= market.honest


def _nothing(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    return _made(market, votes)


def _crowd(market: _Market, votes: _Votes, targets: Ints, score: float) -> tuple[_Votes, Bools]:
    """A standing crowd of paid raters, 5 to 15 % of the buyers, spread over the year."""
    rng, size = market.rng, max(int(market.honest * market.rng.uniform(0.05, 0.15)), 1)
    ratee = market.bought(votes, targets, rng.choice([0.25, 0.5, 1.0]))
    rater = market.honest + rng.integers(0, size, len(ratee))
    return _made(market, votes.and_also(rater, ratee, np.full(len(ratee), score), market.times(len(ratee))))


def _ballot_stuffing(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    return _crowd(market, votes, np.flatnonzero(market.is_fraud), 1.0)


def _bad_mouthing(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    good = np.flatnonzero(~market.is_fraud)
    return _crowd(market, votes, market.rng.choice(good, max(3, int(0.3 * len(good))), replace=False), 0.0)


def _sybil(market: _Market, votes: _Votes, each: float = 1.0, honest_each: int = 0) -> tuple[_Votes, Bools]:
    """Accounts of about `each` votes for frauds, in a few days or over the year, and so many honest votes besides."""
    rng = market.rng
    ratee = market.bought(votes, np.flatnonzero(market.is_fraud), rng.choice([0.5, 1.0, 2.0]))
    n = len(ratee)
    accounts = max(int(n / each), 1)
    account = np.arange(n) if each == 1 else rng.integers(0, accounts, n)
    start = rng.random(len(market.quality)) * (DAYS - 5)
    time = start[ratee] + 5 * rng.random(n) if rng.random() < 0.6 else market.times(n)
    attacked = votes.and_also(market.honest + account, ratee, np.ones(n), time)
    if honest_each:
        cover = market.honest + np.repeat(np.arange(accounts), honest_each)
        on = rng.choice(votes.ratee, len(cover))
        attacked = attacked.and_also(cover, on, market.say(cover, on), market.times(len(cover)))
    return _made(market, attacked)


def _sybil_few(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    return _sybil(market, votes, each=market.rng.uniform(2, 4))


def _sybil_one_timers(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    """Nobody ever rates twice: only when votes come can tell them apart."""
    once = replace(votes, rater=np.arange(len(votes.rater)))
    return _sybil(replace(market, honest=len(votes.rater)), once)


def _sybil_camouflage(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    return _sybil(market, votes, each=market.rng.uniform(2, 4), honest_each=2)


def _camouflage(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    """Raters whose votes are honest, but for three in ten that praise a fraud."""
    rng, n = market.rng, int(0.35 * len(votes.ratee))
    rater = market.honest + rng.integers(0, max(market.honest // 10, 1), n)
    lies = rng.random(n) < 0.3
    ratee = np.where(lies, rng.choice(np.flatnonzero(market.is_fraud), n), rng.choice(votes.ratee, n))
    score = np.where(lies, 1.0, market.say(rater, ratee))
    return _made(market, votes.and_also(rater, ratee, score, market.times(n)))


def _ring(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    """5, 10 or 20 frauds who share 5 to 24 raters."""
    rng, frauds = market.rng, np.flatnonzero(market.is_fraud)
    members = rng.choice(frauds, min(len(frauds), int(rng.choice([5, 10, 20]))), replace=False)
    rater, ratee = (side.ravel() for side in np.meshgrid(np.arange(rng.integers(5, 25)), members))
    kept = rng.random(len(rater)) < 0.8
    n = int(kept.sum())
    return _made(market, votes.and_also(market.honest + rater[kept], ratee[kept], np.ones(n), market.times(n)))


def _favours(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
    """The rated rate, and some pairs praise each other whatever they are worth, frauds four times as often."""
    rng, m = market.rng, len(market.quality)
    rater = votes.rater % m
    kept = rater != votes.ratee
    votes = _Votes(rater[kept], votes.ratee[kept], votes.score[kept], votes.time[kept])
    eager = np.where(market.is_fraud, 4.0, 1.0)
    n = int(0.25 * len(votes.rater))
    one, other = (rng.choice(m, n, p=eager / eager.sum()) for _ in range(2))
    one, other = one[one != other], other[one != other]
    time = market.times(len(one))
    praise = _Votes(np.r_[one, other], np.r_[other, one], np.ones(2 * len(one)), np.r_[time, time + 1])
    return praise.and_also(votes.rater, votes.ratee, votes.score, votes.time), market.is_fraud.copy()


def _unfair(share: float) -> Attack:
    """`share` of the buyers say the opposite of what they found, or praise the frauds and run down the others."""

    def attack(market: _Market, votes: _Votes) -> tuple[_Votes, Bools]:
        is_unfair = market.rng.random(market.honest) < share
        partial = market.is_fraud[votes.ratee].astype(float)
        lie = 1 - votes.score if market.rng.random() < 0.5 else partial
        return replace(votes, score=np.where(is_unfair[votes.rater], lie, votes.score)), is_unfair

    return attack


KINDS: Mapping[str, Attack] = {
    "none": _nothing,
    "ballot_stuffing": _ballot_stuffing,
    "bad_mouthing": _bad_mouthing,
    "sybil": _sybil,
    "sybil_few": _sybil_few,
    "sybil_one_timers": _sybil_one_timers,
    "sybil_camouflage": _sybil_camouflage,
    "camouflage": _camouflage,
    "ring": _ring,
    "favours": _favours,
    **{f"unfair_{tenths}0": _unfair(tenths / 10) for tenths in range(1, 7)},
}
