"""What to expect of each merchant: the share of bad orders among those that buyers place in the next 60 days, as a distribution.

An order is bad when it arrives late by the merchant's fault, is cancelled by the merchant, is reviewed with 1 or 2 stars, or is disputed
(unless the dispute was denied or withdrawn): one or several of these, the order counts once. A kind that the source never records is left out
and named. Knows orders as of a day, no page and no truth.

How: bad orders and exposure are summed with recency weights, and brought to the marketplace's level of the last weeks; a young order counts as
exposure by the share of bad orders that have shown by its age. A merchant's prior comes from the marketplace, its category, how it keeps its
shipping limits and its stars; its own orders update it; a ceiling on the precision stands for what changes within the horizon. Half-life, effects,
strength and ceiling are those under which earlier days would have foretold best what is known by now (beta-binomial likelihood): nothing after the
day is read.

Sources: Gelman et al., *Bayesian Data Analysis* (3rd ed., 5.3) for the beta-binomial; Dawid (1984, JRSS A 147) for judging by one's forecasts;
Ibrahim and Chen (2000, Statistical Science 15) for discounted counts. Figures: `docs/decisions/012-what-predicts-bad-orders.md`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

from analytics.engines.days import end_of_day
from analytics.errors import InputError
from analytics.trust.counts import score_day, sql_text

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

MARTS = ("fct_order", "merchant_profile")
HORIZON_DAYS = 60
MATURITY_DAYS = 45  # by this age nearly every bad order has shown
KINDS = ("late_seller", "seller_cancelled", "low_review", "dispute")
HALF_LIVES = (60.0, 120.0, 240.0, math.inf)

_PAST_DAYS = tuple(
    range(0, 120, 30)
)  # the past days learned from: the newest whose outcomes are known, and those before it
_OVERLAP = 0.5  # each order lies in the horizon of two of these days
_RIDGE = 4.0
_LEVEL_HALF_LIFE_DAYS = 15.0  # the marketplace changes within weeks (a carrier, a policy, a season)
_LEVEL_ORDERS = 500.0  # and is heard half with that many recent orders
_CATEGORY_ORDERS = 200.0
_SIGN_ORDERS = 20.0
_USUAL = (120.0, 3.0, 5.0)  # half-life, log strength, log ceiling while there is no past day to learn from
# Of the effects, then of log strength and log ceiling. Nobody is expected worse for shipping earlier, for better stars or for better peers.
_BOUNDS = ((0.0, 1.0), (0.0, 2.0), (-2.0, 0.0), (0.0, 6.5), (2.0, 9.0))


@dataclass(frozen=True)
class OrderHistory:
    """Orders as known at `known_at`, and every merchant that is known, with or without orders.

    Instants are days since 1970 (UTC), NaN for what did not happen. `merchant` is each order's place in `merchant_ids`; `category` each merchant's
    place among the categories, −1 for none. `recorded` are the KINDS that the source records.
    """

    known_at: float
    merchant_ids: tuple[str, ...]
    category: Ints
    merchant: Ints
    ordered: Floats
    late: Floats
    cancelled: Floats
    low_review: Floats
    dispute: Floats
    closed: Floats
    cleared: Floats
    shipped: Floats
    overrun: Floats
    review: Floats
    stars: Floats
    recorded: tuple[str, ...]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The KINDS of bad orders that the source doesn't record."""
        return tuple(kind for kind in KINDS if kind not in self.recorded)

    def is_bad(self, at: float) -> Bools:
        """Which orders were known to be bad at an instant up to `known_at`."""
        disputed = (self.dispute < at) & ~(self.cleared < at)
        found: Bools = (self.late < at) | (self.cancelled < at) | (self.low_review < at) | disputed
        return found

    def chance_bad(self, at: float) -> Floats:
        """1 for orders known to be bad, 0 for others; in between for those of which only an open dispute tells, by how earlier ones were decided."""
        closed, cleared = int((self.closed < at).sum()), int((self.cleared < at).sum())
        is_open = (self.dispute < at) & ~(self.closed < at)
        is_sure = (self.late < at) | (self.cancelled < at) | (self.low_review < at)
        stands = (closed - cleared + 1) / (closed + 2)
        return np.where(is_open & ~is_sure, stands, self.is_bad(at).astype(float))

    @cached_property
    def shown_after(self) -> Floats:
        """Days from an order to its first bad outcome; infinite without one."""
        first = np.fmin(np.fmin(self.late, self.cancelled), np.fmin(self.low_review, self.dispute))
        return np.where(np.isfinite(first), first - self.ordered, np.inf)

    def per_merchant(self, orders: Bools | slice, values: Floats) -> Floats:
        """Sums per merchant of the values of the chosen orders."""
        return np.bincount(self.merchant[orders], values, len(self.merchant_ids)).astype(float)


@dataclass(frozen=True)
class OutlookModel:
    """What earlier days taught. `effects`: of the category, of the overrun of shipping limits and of the stars, each on the log odds per
    standard deviation; `strength` of the prior and `ceiling` of the precision in orders; `past_days` learned from (0: usual values)."""

    half_life_days: float
    effects: Floats
    strength: float
    ceiling: float
    past_days: int


@dataclass(frozen=True)
class Outlook:
    """Beta(alpha, beta) of each merchant's share of bad orders in the horizon; arrays of shape (merchants,). `n` counts the known orders."""

    merchant_ids: tuple[str, ...]
    alpha: Floats
    beta: Floats
    n: Ints
    model: OutlookModel

    @property
    def expected(self) -> Floats:
        """Expected share of bad orders, 0–1."""
        return self.alpha / (self.alpha + self.beta)

    def interval(self, coverage: float = 0.95) -> tuple[Floats, Floats]:
        """Central interval of the true share."""
        tail = (1 - coverage) / 2
        low, high = (special.betaincinv(self.alpha, self.beta, level) for level in (tail, 1 - tail))
        return low, high

    def probability_over(self, limit: float) -> Floats:
        """P(the true share is over the limit)."""
        found: Floats = special.betaincc(self.alpha, self.beta, limit)
        return found


def read_orders(cursor: Cursor, *, only_orders: Sequence[str] | None = None) -> OrderHistory:
    """The orders and merchants that a cursor shows (an as-of cursor needs MARTS). Raises InputError when there is no event, or none of the KINDS is
    recorded."""
    day = score_day(cursor)
    orders = cursor.df(sql_text("outlook_orders"), {"orders": None if only_orders is None else list(only_orders)})
    merchants = cursor.df(sql_text("merchants"), {"time_zone": cursor.time_zone})
    history = order_history(orders, merchants, known_at=instant_of(day, cursor.time_zone))
    if not history.recorded:
        raise InputError(
            f"outlook: nothing that makes an order bad is recorded up to {day}. Load deliveries with their promises, "
            "cancellations with their fault, reviews or disputes."
        )
    return history


def instant_of(day: date, time_zone: str) -> float:
    """The end of a local day in days since 1970 (UTC)."""
    return end_of_day(day, time_zone).timestamp() / 86400


def order_history(orders: pd.DataFrame, merchants: pd.DataFrame, *, known_at: float) -> OrderHistory:
    """From the rows of `outlook_orders.sql` and `merchants.sql`."""
    ids = pd.Index(merchants["merchant_id"], dtype="object")
    categories, _ = pd.factorize(pd.Index(merchants["category"], dtype="object"), sort=True)
    column = {name: orders[name].to_numpy(dtype=float, na_value=np.nan) for name in _INSTANTS.values()}
    evidence = {
        "late_seller": bool((orders["has_promise"]).any()),
        "seller_cancelled": bool(orders["has_cancel_fault"].any()),
        "low_review": bool(np.isfinite(column["review_day"]).any()),
        "dispute": bool(np.isfinite(column["dispute_day"]).any()),
    }
    return OrderHistory(
        known_at=known_at,
        merchant_ids=tuple(map(str, ids)),
        category=categories.astype(np.intp),
        merchant=ids.get_indexer(pd.Index(orders["merchant_id"], dtype="object")).astype(np.intp),
        recorded=tuple(kind for kind in KINDS if evidence[kind]),
        **{name: column[source] for name, source in _INSTANTS.items()},
    )


_INSTANTS = {
    "ordered": "ordered_day",
    "late": "late_day",
    "cancelled": "cancelled_day",
    "low_review": "low_review_day",
    "dispute": "dispute_day",
    "closed": "closed_day",
    "cleared": "cleared_day",
    "shipped": "shipped_day",
    "overrun": "overrun_days",
    "review": "review_day",
    "stars": "stars",
}


def outlook(history: OrderHistory, model: OutlookModel | None = None) -> Outlook:
    """The outlook of every merchant at `history.known_at`; the model is learned from the history's own past when none is given."""
    model = model or fit_outlook(history)
    evidence = _evidence(history, history.known_at, model.half_life_days)
    mean, precision = _predict(evidence, model.effects, model.strength, model.ceiling)
    n = np.bincount(history.merchant, minlength=len(history.merchant_ids))
    return Outlook(history.merchant_ids, mean * precision, (1 - mean) * precision, n, model)


def fit_outlook(history: OrderHistory) -> OutlookModel:
    """Learn from the past days whose horizon has passed and matured by `known_at`."""
    days = list(_past_days(history))
    if not days:
        half_life, strength, ceiling = _USUAL
        return OutlookModel(half_life, np.zeros(_SIGNS), math.exp(strength), math.exp(ceiling), 0)
    later = [later_orders(history, day) for day in days]
    fits = []
    for half_life in HALF_LIVES:
        told = [_Told(_evidence(history, day, half_life), *outcome) for day, outcome in zip(days, later, strict=True)]
        fits.append((*_maximum(told), half_life))
    _, found, half_life = min(fits, key=lambda fit: fit[0])
    return OutlookModel(half_life, found[:-2], math.exp(found[-2]), math.exp(found[-1]), len(days))


def later_orders(history: OrderHistory, day: float) -> tuple[Floats, Floats]:
    """Bad orders and orders per merchant of the horizon that begins at an instant, as known at `history.known_at`."""
    is_later = (history.ordered >= day) & (history.ordered < day + HORIZON_DAYS)
    bad = history.is_bad(history.known_at)[is_later].astype(float)
    return history.per_merchant(is_later, bad), history.per_merchant(is_later, np.ones(int(is_later.sum())))


def exposure(history: OrderHistory, at: float) -> Floats:
    """For each order the part of its possible bad outcomes that would have shown by an instant, 0–1; 0 for orders placed later.

    The delays are those of orders of at least 60 days, by what was known at the instant; with few of them, all or nothing at 30 days.
    """
    age = at - history.ordered
    delays = np.sort(history.shown_after[(age >= 60) & history.is_bad(at)])
    if len(delays) < 30:
        return (age >= 30).astype(float)
    found: Floats = np.searchsorted(delays, age, side="right") / len(delays)
    return found


_SIGNS = 3


@dataclass(frozen=True)
class _Evidence:
    """Per merchant, at an instant: recency-weighted bad orders, at the marketplace's present level, and exposure, and the signs
    (merchants, _SIGNS); the log odds of that level."""

    bad: Floats
    exposed: Floats
    signs: Floats
    level: float


@dataclass(frozen=True)
class _Told:
    """A past day: its evidence, and what came."""

    evidence: _Evidence
    bad: Floats
    orders: Floats


def _past_days(history: OrderHistory) -> Iterator[float]:
    first = float(history.ordered.min()) if len(history.ordered) else history.known_at
    newest = history.known_at - HORIZON_DAYS - MATURITY_DAYS
    return (newest - back for back in _PAST_DAYS if newest - back > first + HORIZON_DAYS)


def _evidence(history: OrderHistory, at: float, half_life_days: float) -> _Evidence:
    known = slice(None) if at >= history.known_at else history.ordered < at
    age = at - history.ordered[known]
    weight = 0.5 ** (age / half_life_days)
    seen, is_bad = exposure(history, at)[known], history.chance_bad(at)[known]
    bad = history.per_merchant(known, weight * is_bad)
    exposed = np.maximum(history.per_merchant(known, weight * seen), bad)
    share = _share(bad, exposed)
    recent = 0.5 ** (age / _LEVEL_HALF_LIFE_DAYS)
    now = float(((recent * is_bad).sum() + _LEVEL_ORDERS * share) / ((recent * seen).sum() + _LEVEL_ORDERS))
    overrun, stars = history.overrun[known], history.stars[known]
    has_overrun = (history.shipped[known] < at) & np.isfinite(overrun)
    has_stars = (history.review[known] < at) & np.isfinite(stars)
    signs = [
        _category_sign(bad, exposed, history.category, share),
        _sign(history, known, np.where(has_overrun, np.clip(overrun, -3, 3), 0), weight * has_overrun),
        _sign(history, known, np.where(has_stars, stars, 0), weight * has_stars),
    ]
    level = float(special.logit(now))
    drift = math.exp(level - float(special.logit(share)))
    return _Evidence(np.minimum(bad * drift, exposed), exposed, np.array(signs).T, level)


def _share(bad: Floats, exposed: Floats) -> float:
    return float((bad.sum() + 0.5) / (exposed.sum() + 5.0))  # 10 % where nothing is known yet


def _category_sign(bad: Floats, exposed: Floats, category: Ints, share: float) -> Floats:
    """Log of the category's share over the marketplace's, shrunken to 0."""
    place = np.where(category < 0, category.max(initial=-1) + 1, category)
    mine, of = np.bincount(place, bad), np.bincount(place, exposed)
    found: Floats = np.log((mine + _CATEGORY_ORDERS * share) / (of + _CATEGORY_ORDERS) / share)[place]
    return found


def _sign(history: OrderHistory, known: Bools | slice, value: Floats, weight: Floats) -> Floats:
    """A weighted mean per merchant, shrunken to the marketplace's, in standard deviations from it."""
    total, of = history.per_merchant(known, value * weight), history.per_merchant(known, weight)
    usual = total.sum() / max(of.sum(), 1e-9)
    away = (total + _SIGN_ORDERS * usual) / (of + _SIGN_ORDERS) - usual
    many = of > 5
    spread = math.sqrt(float((away[many] ** 2).mean())) if many.any() else 0.0
    return np.asarray(away / spread if spread > 0 else np.zeros(len(away)))


def _predict(evidence: _Evidence, effects: Floats, strength: float, ceiling: float) -> tuple[Floats, Floats]:
    """Mean and precision (alpha + beta) of each merchant's share."""
    prior = special.expit(evidence.level + evidence.signs @ effects)
    precision = strength + evidence.exposed
    mean = (strength * prior + evidence.bad) / precision
    return mean, 1 / (1 / precision + 1 / ceiling)


def _maximum(told: Sequence[_Told]) -> tuple[float, Floats]:
    """(penalised negative log likelihood, effects and logs of strength and ceiling) at its best."""
    chosen = [(one, one.orders > 0) for one in told]

    def loss(values: Floats) -> float:
        effects, (strength, ceiling) = values[:-2], np.exp(values[-2:])
        total = _RIDGE * float((effects**2).sum())
        total += 0.05 * float((values[-2] - _USUAL[1]) ** 2 + (values[-1] - _USUAL[2]) ** 2)
        for one, has in chosen:
            mean, precision = _predict(one.evidence, effects, strength, ceiling)
            alpha, beta = (mean * precision)[has], ((1 - mean) * precision)[has]
            bad, good = one.bad[has], (one.orders - one.bad)[has]
            total -= _OVERLAP * float((special.betaln(alpha + bad, beta + good) - special.betaln(alpha, beta)).sum())
        return total

    start = np.array([0.0] * _SIGNS + [_USUAL[1], _USUAL[2]])
    found = optimize.minimize(loss, start, method="L-BFGS-B", bounds=_BOUNDS)
    return float(found.fun), np.asarray(found.x)
