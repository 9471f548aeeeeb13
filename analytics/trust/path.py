"""Path to green: the smallest change of a merchant's rates that lifts its level, with a given probability, within some days.

Only orders still to come can change. Over the days the merchant sells as much as it did of late; what it has sold fades as the score has it,
and a lever is the rate of its new orders in one respect, no better than the best twentieth of merchants. What a rate truly is, is known only so
well: a lever moves everything that it may be by one share of the way to the best, and nothing away from it. Rates that nobody moves stay what they are. Counts and a fitted model in, no database; peers stay as they are, and so do the borders of the levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from analytics.errors import InputError
from analytics.trust.bounded import heard
from analytics.trust.joint import Joint, joint
from analytics.trust.posterior import beta_quantiles, credit, merchant_keys, normals
from analytics.trust.prior import Floats, TrustModel, recent
from analytics.trust.programme import Evaluated
from analytics.trust.score import score_from_counts

DAYS = 90
CONFIDENCE = 0.8
_BEST = 0.05  # a lever goes no further than the rate that this share of merchants keeps
_DRAWS = 2000
_SLIGHT = 0.1  # points: what brings less is no lever
_STEPS = 16  # of the bisection: a hundred-thousandth of the way


@dataclass(frozen=True)
class Lever:
    """One rate of the orders to come: `now` (the estimate given all of the merchant's orders, also those that other rates count), `best` (of the
    best twentieth of merchants), and the `target` that the path asks for, all 0–1. `orders` are expected in the days (questions, reviews, … of the rate's denominator)."""

    rate_id: str
    label: str
    direction: str
    now: float
    best: float
    target: float
    orders: float


@dataclass(frozen=True)
class Step:
    """A change of one or more levers, and how likely (0–1) the level is reached with it. Not `is_reachable`: not within the days even where
    every lever is as good as its best; `levers` and `probability` are those of that."""

    levers: tuple[Lever, ...]
    probability: float
    is_reachable: bool


@dataclass(frozen=True)
class Path:
    """How a merchant gets from `level`, by the score on the day, to `next_level`, which starts at `minimum` score points and is given at the next
    evaluation from `given_from` on: past the margin by which levels are held. All probabilities are of reaching `given_from`; `unchanged` is that of
    going on as it does. `alone`: each lever by itself, those that reach it first, the smallest change of them first; `together`: few levers that do
    it jointly, none of which can be left out, each the same share of its way to the best; None where one lever does, or nothing can be moved.
    `evaluated_on` is the first evaluation once the days are over, the first that the path counts on."""

    merchant_id: str
    score: float
    level: str
    next_level: str | None
    minimum: float | None
    given_from: float | None
    days: int
    confidence: float
    unchanged: float
    alone: tuple[Step, ...]
    together: Step | None
    evaluated_on: date | None = None


def path_to_next_level(
    counts: pd.DataFrame, model: TrustModel, merchant_id: str, *, days: int = DAYS, confidence: float = CONFIDENCE
) -> Path | None:
    """The path of one merchant of `daily_counts`; None where it has no score yet. At the highest level there is nothing to reach."""
    own = counts[counts["merchant_id"] == merchant_id]
    if own.empty:
        raise InputError(f"merchant '{merchant_id}' is not in the warehouse.")
    scored = score_from_counts(own, model).iloc[0]
    if scored["status"] != "ok":
        return None
    above = [level for level in model.programme.levels if level.minimum > scored["score"]]
    score, level = float(scored["score"]), str(scored["level"])
    if not above:
        return Path(merchant_id, score, level, None, None, None, days, confidence, 1.0, (), None)
    given_from = min(above[-1].minimum + model.programme.evaluated.margin, 100.0)
    future = _Future(own, model, days, _best(counts, model), given_from)
    alone = sorted((future.least([column], confidence) for column in future.movable()), key=_rank)
    together = None if any(step.is_reachable for step in alone) else future.fewest(confidence)
    return Path(
        merchant_id=merchant_id,
        score=score,
        level=level,
        next_level=above[-1].level_id,
        minimum=above[-1].minimum,
        given_from=given_from,
        days=days,
        confidence=confidence,
        unchanged=future.probability({}),
        alone=tuple(alone),
        together=together,
        evaluated_on=_first_evaluation(own["as_of"].iloc[0] + timedelta(days=days), model.programme.evaluated),
    )


def _first_evaluation(day: date, evaluated: Evaluated) -> date:
    """The first evaluation day that is not before `day`."""
    return evaluated.schedule.after(max(day, evaluated.first) - timedelta(days=1))


def _rank(step: Step) -> tuple[bool, float, str]:
    lever = step.levers[0]
    share = abs(lever.target - lever.now) / max(abs(lever.best - lever.now), 1e-12)
    return (not step.is_reachable, share if step.is_reachable else -step.probability, lever.rate_id)


def _best(counts: pd.DataFrame, model: TrustModel) -> Floats:
    """What the best twentieth of merchants with a score keeps, per rate."""
    means = _means(joint(counts[counts["n"] >= model.programme.min_n], model))
    share = np.array([_BEST if rate.direction == "lower" else 1 - _BEST for rate in model.rates])
    return np.array([np.quantile(means[:, i], share[i]) for i in range(len(model.rates))])


def _means(joints: Joint) -> Floats:
    found: Floats = joints.alpha / (joints.alpha + joints.beta)
    return found


class _Future:
    """One merchant after the days: what is left of its orders, how many come, and chance, the same for every change that is tried."""

    def __init__(self, own: pd.DataFrame, model: TrustModel, days: int, best: Floats, given_from: float) -> None:
        self.model, self.given_from = model, given_from
        self._fade(own, days)
        joints = joint(own, model)
        self.now = _means(joints)[0]
        lower = np.array([rate.direction == "lower" for rate in model.rates])
        self.best = np.where(lower, np.minimum(best, self.now), np.maximum(best, self.now))
        key = merchant_keys(own["merchant_id"].tolist(), own["as_of"].iloc[0].isoformat(), 0)
        self.true = _true_rates(joints, model, key)
        self.chance = [_chances(key, f"{rate.rate_id}|path") for rate in model.rates]
        waiting = [_chances(key, f"{rate.rate_id}|path waiting") for rate in model.rates]
        columns = range(len(model.rates))
        self.old = [
            self.kept[i] + self.waiting[i] * _happened(self.true[i], self.effective_waiting[i], waiting[i])
            for i in columns
        ]
        self.unmoved = [self._share(self.true[i], i) for i in columns]
        self._tried: dict[tuple[int, float], Floats] = {}

    def _fade(self, own: pd.DataFrame, days: int) -> None:
        programme = self.model.programme
        ages = np.arange(programme.window_days)
        weight = 0.5 ** (ages / programme.half_life_days)
        tenure = own["tenure_days"].iloc[0]
        sold = ages < (programme.window_days if np.isnan(tenure) else max(tenure, 1))
        row = self.model.rows(own["category"])[0]
        size = len(self.model.rates)
        self.kept, self.kept_of, self.waiting, self.effective_waiting = np.zeros((4, size))
        self.new, self.effective, self.orders = np.zeros((3, size))
        self.strength = self.model.strength[row]
        self.mean = self.model.mean[row]
        left = 0.5 ** (days / programme.half_life_days)
        for i, rate in enumerate(self.model.rates):
            counted, n = (float(values[0]) for values in recent(own, rate))
            judged = sold & (ages >= rate.maturity_days)
            daily = n / weight[judged].sum() if judged.any() else 0.0
            coming = (ages >= rate.maturity_days) & (ages < days)
            self.kept[i], self.kept_of[i] = counted * left, n * left
            self.waiting[i], self.effective_waiting[i] = _effective(daily, left * weight[: rate.maturity_days])
            self.new[i], self.effective[i] = _effective(daily, weight[coming])
            self.orders[i] = daily * days

    def movable(self) -> list[int]:
        """The rates that have orders to come and something to gain."""
        gain = np.abs(credit(self.best, self.model) - credit(self.now, self.model)) * np.array(self.model.max_points)
        return [i for i in range(len(self.now)) if self.orders[i] > 0 and gain[i] > _SLIGHT]

    def probability(self, shares: Mapping[int, float]) -> float:
        """How likely the score is at `given_from` or above when rates of new orders (by column) go these shares (0–1) of their ways to the best.
        Never falls with a share."""
        size = len(self.model.rates)
        counted = np.empty((_DRAWS, size))
        for i in range(size):
            came = self._came(i, shares[i]) if i in shares else self.unmoved[i]
            counted[:, i] = self.old[i] + self.new[i] * came
        total = np.broadcast_to(self.kept_of + self.waiting + self.new, counted.shape)
        mean, strength = (np.broadcast_to(part, counted.shape) for part in (self.mean, self.strength))
        believed = heard(self.model.lines, counted, total, mean, strength)
        points = credit((mean * strength + believed) / (strength + total), self.model) @ np.array(self.model.max_points)
        return float((points >= self.given_from).mean())

    def _came(self, i: int, share: float) -> Floats:
        """The shares of new orders where a rate goes this share of its way: kept, since levers are tried in many combinations."""
        if (i, share) not in self._tried:
            self._tried[i, share] = self._share(self._moved(i, share), i)
        return self._tried[i, share]

    def _moved(self, i: int, share: float) -> Floats:
        """Draws of a true rate that has gone this share of its way to the best; where it is better already it stays."""
        true = self.true[i]
        bounded = np.minimum if self.model.rates[i].direction == "lower" else np.maximum
        moved: Floats = true + share * (bounded(self.best[i], true) - true)
        return moved

    def _share(self, true: Floats, i: int) -> Floats:
        """The share that new orders happen to have where their true rate is `true`."""
        return _happened(true, self.effective[i], self.chance[i])

    def least(self, columns: list[int], confidence: float) -> Step:
        """The least share of the way that reaches the level, by bisection: the probability never falls with it."""
        low, high = 0.0, 1.0
        if self.probability(dict.fromkeys(columns, high)) < confidence:
            return self._said(columns, 1.0, is_reachable=False)
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if self.probability(dict.fromkeys(columns, middle)) >= confidence:
                high = middle
            else:
                low = middle
        return self._said(columns, high, is_reachable=True)

    def fewest(self, confidence: float) -> Step | None:
        """The levers that bring most, one after the other until the level can be reached, without those that the others then make needless; then
        the least share of their ways. None without levers."""
        chosen: list[int] = []
        left = self.movable()
        while left and (not chosen or self.probability(dict.fromkeys(chosen, 1.0)) < confidence):
            chosen.append(max(left, key=lambda i: (self._gain([*chosen, i]), -i)))
            left.remove(chosen[-1])
        for i in sorted(chosen, key=lambda i: self._gain([i])):
            others = [other for other in chosen if other != i]
            if others and self.probability(dict.fromkeys(others, 1.0)) >= confidence:
                chosen = others
        return self.least(chosen, confidence) if chosen else None

    def _gain(self, columns: list[int]) -> float:
        """Points that these levers earn at their best, beside what they earn now, with what is left of old orders."""
        total = 0.0
        for i in columns:
            new = self.mean[i] * self.strength[i] + self.kept[i] + self.waiting[i] * self.now[i]
            of = self.strength[i] + self.kept_of[i] + self.waiting[i] + self.new[i]
            rates = np.tile(self.now, (2, 1))
            rates[:, i] = (new + self.new[i] * np.array([self.now[i], self.best[i]])) / of
            before, after = (credit(rates, self.model) @ np.array(self.model.max_points)).tolist()
            total += after - before
        return total

    def _said(self, columns: list[int], share: float, *, is_reachable: bool) -> Step:
        levers = tuple(
            Lever(
                rate_id=self.model.rates[i].rate_id,
                label=self.model.rates[i].label,
                direction=self.model.rates[i].direction,
                now=float(self.now[i]),
                best=float(self.best[i]),
                target=float((1 - share) * self.now[i] + share * self.best[i]),
                orders=float(self.orders[i]),
            )
            for i in columns
        )
        return Step(levers, self.probability(dict.fromkeys(columns, share)), is_reachable)


def _effective(daily: float, weight: Floats) -> tuple[float, float]:
    """Weighted orders of days that bring `daily` each, and how many orders of one weight would scatter as much (Kish, 1965)."""
    total = daily * float(weight.sum())
    return total, total**2 / max(daily * float((weight**2).sum()), 1e-12)


def _chances(key: NDArray[np.uint64], name: str) -> Floats:
    """Draws of how well things go, uniform on 0–1, the same for every change that is tried."""
    found: Floats = special.ndtr(normals(key, name, _DRAWS)[0].astype(float))
    return found


def _happened(true: Floats, effective: float, chance: Floats) -> Floats:
    """The share that so many orders happen to have where their true rate is `true`: a Beta of its mean and variance, which rises with the rate; of less
    than one order what such Betas tend to, all or nothing. By the exact inverse: where few bad orders are to be expected, the mean of
    `beta_quantiles` is half the rate."""
    if effective < 1:
        return (chance > 1 - true).astype(float)
    inside = np.clip(true, 1e-6, 1 - 1e-6)
    found: Floats = special.betaincinv(inside * effective, (1 - inside) * effective, chance)
    return found


def _true_rates(joints: Joint, model: TrustModel, key: NDArray[np.uint64]) -> list[Floats]:
    """Draws of one merchant's true rates, per rate (draws,), joined by its conduct."""
    conduct = normals(key, "conduct|path", _DRAWS)
    found = []
    for i, rate in enumerate(model.rates):
        loading = joints.loading[0, i]
        own = normals(key, f"{rate.rate_id}|path true", _DRAWS)
        error = np.float32(joints.widening) * (
            np.float32(loading) * conduct + np.float32(np.sqrt(max(1 - loading**2, 0.0))) * own
        )
        found.append(beta_quantiles(joints.alpha[:, i], joints.beta[:, i], error)[0].astype(float))
    return found
