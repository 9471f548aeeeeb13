"""Runs the suite's attacks against the methods and measures what its gates ask. Knows attacks, truth and methods; prints nothing.

`measure_gate` gives figures of one seed; means over seeds and verdicts are the caller's. A level is a fifth of the merchants by the same method on the clean market.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from analytics.bench.attack_times import outcomes, seen_at
from analytics.bench.attacks import scenarios
from analytics.bench.attacks.gates import GATES, PEERS, Gate
from analytics.bench.attacks.injection import Injection, random_injection
from analytics.bench.attacks.market import Market, marketplace
from analytics.bench.attacks.truth import Attacked, Truth
from analytics.trust.credibility.order_standing import stand
from analytics.trust.order_methods import METHODS, OURS, Method, Scored
from analytics.trust.rings import find_rings, ring_members
from analytics.trust.turns import turns

LIMIT = 0.10
SURE = 0.95  # P(rate > limit) from which a merchant is flagged
LEVELS = (0.2, 0.4, 0.6, 0.8)
MOST_ACCOUNTS = 1024
SEARCHED_MERCHANTS = 4
STEP_DAYS = 10
LAST_SEEN_DAYS = 4.0  # after a bad phase, when the outcomes of its last orders are seen
PARENTS, GENERATIONS = 4, 3


@dataclass(frozen=True)
class Figure:
    """One measured value of one seed; size is None where the attack has none."""

    gate: int
    attack: str
    size: float | None
    method: str
    measure: str
    unit: str
    value: float


@dataclass(frozen=True)
class Trial:
    """One gate on one seed: the clean market, its scores by method, and the seed's chance."""

    gate: Gate
    market: Market
    clean: Mapping[str, Scored]
    seed: int

    def rng(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.gate.number])

    def figure(self, size: float | None, method: str, measure: str, unit: str, value: float) -> Figure:
        return Figure(self.gate.number, self.gate.attack, size, method, measure, unit, float(value))

    def scored(self, market: Market) -> dict[str, Scored]:
        return {name: scored_by(method, market) for name, method in METHODS.items()}


def measure_gate(gate: Gate, seed: int, merchants: int = 300) -> list[Figure]:
    """All figures of a gate on one market (`merchants`, or 2,000 and more of them for a gate that says large)."""
    market = marketplace(seed, merchants=max(merchants, 2_000) if gate.market == "large" else merchants)
    clean = {name: scored_by(method, market) for name, method in METHODS.items()}
    return list(_MEASURES[gate.attack](Trial(gate, market, clean, seed)))


def scored_by(method: Method, market: Market) -> Scored:
    """A market's scores by a method."""
    return method(market.orders, market.merchants, market.end, LIMIT)


def percentiles(scored: Scored) -> pd.Series[float]:
    """Each merchant's rank among all, 0–100, ties in the middle."""
    return scored.score.rank(pct=True) * 100


def _shifts(trial: Trial, size: float | None, after: Mapping[str, Scored], who: np.ndarray) -> Iterator[Figure]:
    """What an attack did to the scores of some merchants."""
    for name, now in after.items():
        before = trial.clean[name]
        was, is_now = percentiles(before).reindex(who), percentiles(now).reindex(who)
        yield trial.figure(size, name, "score_mae", "score", (now.score - before.score).reindex(who).abs().mean())
        yield trial.figure(size, name, "rank_gain", "percentiles", (is_now - was).mean())
        entries = int(((is_now > 90) & (was <= 90)).sum())
        yield trial.figure(size, name, "top_decile_entries", "merchants", entries)


def _ballot_stuffing(trial: Trial) -> Iterator[Figure]:
    for size in trial.gate.sizes:
        attacked = scenarios.ballot_stuffing(trial.market, size, trial.rng())
        yield from _shifts(trial, size, trial.scored(attacked.market), attacked.truth.attackers)


def _bad_mouthing(trial: Trial) -> Iterator[Figure]:
    for size in trial.gate.sizes:
        attacked = scenarios.bad_mouthing(trial.market, size, trial.rng())
        for name, now in trial.scored(attacked.market).items():
            fall = (percentiles(trial.clean[name]) - percentiles(now)).reindex(attacked.truth.victims).mean()
            yield trial.figure(size, name, "percentile_drop", "percentiles", fall)


def _sybil(trial: Trial) -> Iterator[Figure]:
    for size in trial.gate.sizes:
        attacked = scenarios.sybil(trial.market, int(size), trial.rng())
        yield from _shifts(trial, size, trial.scored(attacked.market), attacked.truth.attackers)
    chosen = scenarios.pick_merchants(trial.market, SEARCHED_MERCHANTS, trial.rng(), 0.0, 0.5)
    needed = {
        name: np.array([accounts_needed(trial, name, method, merchant) for merchant in chosen.tolist()])
        for name, method in METHODS.items()
    }
    for name, counts in needed.items():
        ratio = float(np.median(counts / needed["mean"]))
        yield trial.figure(None, name, "accounts_to_gain_a_level", "accounts", float(np.median(counts)))
        yield trial.figure(None, name, "accounts_to_gain_a_level_ratio", "times the mean's", ratio)


def accounts_needed(trial: Trial, name: str, method: Method, merchant: int) -> float:
    """Accounts of one order each until the merchant's score reaches the next level; twice MOST_ACCOUNTS when so many don't do."""
    clean = trial.clean[name].score
    above = [border for border in clean.quantile(LEVELS) if border > clean.loc[merchant]]
    if not above:
        return 2.0 * MOST_ACCOUNTS

    def is_enough(accounts: int) -> bool:
        attacked = scenarios.sybil(trial.market, accounts, trial.rng(), merchant=merchant)
        return bool(scored_by(method, attacked.market).score.loc[merchant] >= above[0])

    low, high = 0, MOST_ACCOUNTS
    if not is_enough(high):
        return 2.0 * MOST_ACCOUNTS
    while high - low > max(1, low // 8):
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return float(high)


def _whitewashing(trial: Trial) -> Iterator[Figure]:
    attacked = scenarios.whitewashing(trial.market, trial.rng(), **trial.gate.arguments)  # type: ignore[arg-type]
    joined = attacked.market.merchants.set_index("merchant_id")["joined_at"]
    passed = {name: {} for name in METHODS}  # type: dict[str, dict[int, tuple[float, int]]]
    above = dict.fromkeys(METHODS, -1.0)
    for day in range(STEP_DAYS, (trial.market.end - trial.market.start).days + 1, STEP_DAYS):
        at = trial.market.start + pd.Timedelta(days=day)
        young = [m for m in attacked.truth.attackers.tolist() if joined.loc[m] < at]
        if not young:
            continue
        seen = seen_at(attacked.market, at)
        orders = seen.orders["merchant_id"].value_counts().reindex(young, fill_value=0)
        young = [merchant for merchant in young if orders.loc[merchant] > 0]
        for name, method in METHODS.items():
            now = scored_by(method, seen)
            median = float(now.score.median())
            for merchant in young:
                above[name] = max(above[name], float(now.score.loc[merchant]) - now.prior)
                if now.score.loc[merchant] > median + 1e-9:  # newcomers that wait tie at their prior
                    age = (at - joined.loc[merchant]) / pd.Timedelta(days=1)
                    passed[name].setdefault(merchant, (age, int(orders.loc[merchant])))
    for name, found in passed.items():
        days = [age for age, _ in found.values()]
        yield trial.figure(None, name, "share_that_passes", "share", len(found) / len(attacked.truth.attackers))
        yield trial.figure(None, name, "days_to_pass", "days, or 50 orders whichever is met", min(days, default=365.0))
        count = [n for _, n in found.values()]
        yield trial.figure(
            None, name, "orders_to_pass", "orders, or 30 days whichever is met", min(count, default=365.0)
        )
        yield trial.figure(None, name, "score_above_prior", "score", above[name])


def _oscillation(trial: Trial) -> Iterator[Figure]:
    attacked = scenarios.oscillation(trial.market, trial.rng(), **trial.gate.arguments)  # type: ignore[arg-type]
    alarms = turns(outcomes(attacked.market))
    span = trial.gate.arguments["bad_days"]
    days = np.array([_days_until(alarms, row) for row in attacked.truth.bad_periods.itertuples()])
    told = np.minimum(days, float(str(span)) + LAST_SEEN_DAYS)
    yield trial.figure(None, OURS, "days_to_detect", "days", told.mean())
    yield trial.figure(None, OURS, "share_detected", "share", np.isfinite(days).mean())
    others = ~alarms["merchant_id"].isin(attacked.truth.attackers)
    years = (len(trial.market.merchants) - len(attacked.truth.attackers)) * (
        (trial.market.end - trial.market.start).days / 365
    )
    yield trial.figure(None, OURS, "other_alarms", "a merchant and year", others.sum() / years)
    after = trial.scored(attacked.market)
    for name, now in after.items():
        yield trial.figure(
            None, name, "percentile", "percentiles", percentiles(now).reindex(attacked.truth.attackers).mean()
        )


def _days_until(alarms: pd.DataFrame, period: object) -> float:
    merchant, first, last = (getattr(period, name) for name in ("merchant_id", "from_at", "to_at"))
    last += pd.Timedelta(days=LAST_SEEN_DAYS)
    mine = alarms[(alarms["merchant_id"] == merchant) & (alarms["at"] >= first) & (alarms["at"] < last)]
    return float((mine["at"].min() - first) / pd.Timedelta(days=1)) if len(mine) else np.inf


def _camouflage(trial: Trial) -> Iterator[Figure]:
    for size in trial.gate.sizes:
        attacked = scenarios.camouflage(trial.market, trial.rng(), lying=size)
        yield from _shifts(trial, size, trial.scored(attacked.market), attacked.truth.attackers)


def _value_imbalance(trial: Trial) -> Iterator[Figure]:
    attacked = scenarios.value_imbalance(trial.market, trial.rng(), **trial.gate.arguments)  # type: ignore[arg-type]
    who = attacked.truth.attackers
    for name, now in trial.scored(attacked.market).items():
        yield trial.figure(None, name, "percentile", "percentiles", percentiles(now).reindex(who).mean())
    frame = stand(attacked.market.orders, attacked.market.merchants, attacked.market.end).by_merchant
    frame = frame.set_index("merchant_id")
    yield trial.figure(None, OURS, "value_score", "score", frame["value_score"].reindex(who).mean())
    yield trial.figure(None, OURS, "score", "score", frame["score"].reindex(who).mean())
    yield trial.figure(None, OURS, "share_named", "share of attackers", frame["is_imbalanced"].reindex(who).mean())
    yield trial.figure(
        None, OURS, "others_named", "share of others", frame.loc[~frame.index.isin(who), "is_imbalanced"].mean()
    )


def _collusion_ring(trial: Trial) -> Iterator[Figure]:
    for size in trial.gate.sizes:
        attacked = scenarios.collusion_ring(trial.market, int(size), trial.rng())
        named, true = ring_members(find_rings(reviews(attacked))), set(attacked.truth.attackers.astype(str))
        hit = len(named & true)
        yield trial.figure(size, OURS, "recall", "share of ring members", hit / len(true))
        yield trial.figure(size, OURS, "precision", "share of named members", hit / len(named) if named else 0.0)
        yield from _shifts(trial, size, trial.scored(attacked.market), attacked.truth.attackers)


def reviews(attacked: Attacked) -> pd.DataFrame:
    """The rated orders of a market as the ring finder reads them; merchants' and buyers' numbers as text, told apart."""
    orders = attacked.market.orders
    rated = orders[orders["rating"].notna()]
    told = rated.merge(attacked.market.merchants[["merchant_id", "category"]], on="merchant_id")
    buyers = "buyer " + told["buyer_id"].astype(str)
    return told.assign(merchant_id=told["merchant_id"].astype(str), buyer_id=buyers)


def _unfair_buyers(trial: Trial) -> Iterator[Figure]:
    quality = trial.market.merchants.set_index("merchant_id")["true_quality"]
    for size in (0.0, *trial.gate.sizes):
        market = scenarios.unfair_buyers(trial.market, size, trial.rng()).market if size else trial.market
        tau = {
            name: float(kendalltau(now.score.reindex(quality.index), quality).statistic)
            for name, now in trial.scored(market).items()
        }
        for name, value in tau.items():
            yield trial.figure(size, name, "kendall_tau", "tau", value)
        lead = tau[OURS] - max(tau[peer] for peer in PEERS)
        yield trial.figure(size, OURS, "kendall_tau_lead", "tau over the best peer", lead)


def _newcomers(trial: Trial) -> Iterator[Figure]:
    truth: Truth = scenarios.newcomers(trial.market, LIMIT).truth
    quality = trial.market.merchants.set_index("merchant_id")["true_quality"]
    for name, now in trial.clean.items():
        is_flagged = now.chance > SURE
        share = {group: float(is_flagged.reindex(ids).mean()) for group, ids in truth.groups.items()}
        for group in ("good_small", "good_large"):
            yield trial.figure(None, name, f"false_flag_rate_{group[5:]}", "share of truly good", share[group])
        for group in ("bad_small", "bad_large"):
            unsure = now.chance.reindex(truth.groups[group]).between(1 - SURE, SURE)
            yield trial.figure(None, name, f"miss_rate_{group[4:]}", "share of truly bad", 1 - share[group])
            yield trial.figure(None, name, f"unsure_rate_{group[4:]}", "share of truly bad", unsure.mean())
        # With no false flag above 500 orders the ratio is that of one half: a rate of zero can't be divided by.
        base = max(share["good_large"], 0.5 / max(len(truth.groups["good_large"]), 1))
        yield trial.figure(
            None, name, "false_flag_ratio", "rate under 50 orders over rate above 500", share["good_small"] / base
        )
        is_truly_bad = (quality.reindex(now.chance.index) < 1 - LIMIT).to_numpy(dtype=float)
        error = calibration_error(now.chance.to_numpy(dtype=float), is_truly_bad)
        yield trial.figure(None, name, "expected_calibration_error", "share", error)


def calibration_error(chance: np.ndarray, happened: np.ndarray, bins: int = 10) -> float:
    """Mean distance between probability and frequency over ten equal bins, by how many fall into each."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    n = np.bincount(place, minlength=bins)
    return float(np.abs(np.bincount(place, chance, bins) - np.bincount(place, happened, bins)).sum() / n.sum())


def _injection(trial: Trial) -> Iterator[Figure]:
    for size in trial.gate.sizes:
        for name in ("mean", "eb", OURS):
            best, found = _worst(trial, name, int(size))
            yield trial.figure(size, name, "worst_rank_gain", "percentiles", best)
            yield trial.figure(size, name, "worst_praise_share", "share of the budget", found.praise)


def _worst(trial: Trial, name: str, budget: int) -> tuple[float, Injection]:
    """The injection that a small evolutionary search finds worst for a method, and the attacker's gain in rank."""
    rng = trial.rng()
    attacker = int(scenarios.pick_merchants(trial.market, 1, rng, 0.0, 0.5)[0])
    was = percentiles(trial.clean[name])
    near = was.sort_values()
    rivals = tuple(int(str(m)) for m in near[near > was.loc[attacker]].index[:3])

    def gain(injection: Injection) -> float:
        now = scored_by(METHODS[name], injection.apply(trial.market, np.random.default_rng(trial.seed)).market)
        return float(percentiles(now).loc[attacker] - was.loc[attacker])

    found = [(gain(one), one) for one in (random_injection(attacker, rivals, budget, rng) for _ in range(2 * PARENTS))]
    for _ in range(GENERATIONS):
        parents: Sequence[tuple[float, Injection]] = sorted(found, key=lambda pair: -pair[0])[:PARENTS]
        children = [parent.crossed(parents[int(rng.integers(PARENTS))][1], rng).moved(rng) for _, parent in parents]
        found = [*parents, *((gain(child), child) for child in children)]
    return max(found, key=lambda pair: pair[0])


_MEASURES: Mapping[str, Callable[[Trial], Iterator[Figure]]] = {
    "ballot_stuffing": _ballot_stuffing,
    "bad_mouthing": _bad_mouthing,
    "sybil": _sybil,
    "whitewashing": _whitewashing,
    "oscillation": _oscillation,
    "camouflage": _camouflage,
    "value_imbalance": _value_imbalance,
    "collusion_ring": _collusion_ring,
    "unfair_buyers": _unfair_buyers,
    "newcomers": _newcomers,
    "injection": _injection,
}
assert set(_MEASURES) == {gate.attack for gate in GATES}
