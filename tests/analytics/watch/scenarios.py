"""Held-out daily panels with planted incidents, and daily series with a future, to judge anomaly detection and forecasts.

It knows no detector and no forecaster, and imports nothing of the product. Counts are a compound Cox process: clusters of orders arrive
with a lognormal AR(1) intensity around drifting weekday profiles, slow growth, holidays and campaigns that all merchants share; rates are
binomial around an autocorrelated logit-normal rate. The README beside this file says what each panel is and how it is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Size = Literal["plain", "moderate", "subtle"]
Shape = Literal["spike", "surge", "outage", "jump", "ramp"]

DAYS = 540
WATCHED_DAYS = 180  # incidents lie in the last 180 days; what comes before is history
FUTURE_DAYS = 28
GRACE_DAYS = 2  # an alarm this long after an incident's end still finds it
TINY = 1.0  # mean a day below which a merchant is tiny

# How far an incident's last week (or all of it, when shorter) stands from what was expected, in standard deviations of the same measure over
# the merchant's undisturbed windows of that length. Between two bands nothing is planted, so that a label is never a matter of rounding.
BANDS: dict[Size, tuple[float, float]] = {"plain": (6.0, np.inf), "moderate": (3.8, 5.5), "subtle": (2.0, 3.3)}
AIM: dict[Size, tuple[float, float]] = {"plain": (6.5, 9.0), "moderate": (4.1, 5.2), "subtle": (2.3, 3.0)}
LARGEST_FACTOR = 12.0
LARGEST_RATE = 0.7


@dataclass(frozen=True)
class Incident:
    """One merchant's own incident; both days belong to it. `deviation` is what `size` is read from (see BANDS), signed.

    `direction` is that of the panel's numerator (count panels) or rate (rate panels)."""

    merchant_id: str
    first_day: date
    last_day: date
    direction: int
    kind: Shape
    size: Size
    deviation: float


@dataclass(frozen=True)
class Panel:
    """`counts`: merchant_id, day, numerator, denominator (None for a count metric), one row a merchant and day with data; an absent row is
    a day without data, not a zero. `quiet_merchants` have no incident; `tiny_merchants`, some of them, have less than one event a day."""

    kind: str
    counts: pd.DataFrame
    incidents: tuple[Incident, ...]
    quiet_merchants: tuple[str, ...]
    tiny_merchants: tuple[str, ...]
    watched_from: date


@dataclass(frozen=True)
class Series:
    """Two frames of day, numerator, denominator (None for a count): what a forecaster may see, and the 28 days it is judged on."""

    kind: str
    history: pd.DataFrame
    future: pd.DataFrame


@dataclass(frozen=True)
class Judgement:
    """Found and missed incidents, and the false runs of alarms as (merchant_id, first day)."""

    found: tuple[Incident, ...]
    missed: tuple[Incident, ...]
    false_runs: tuple[tuple[str, date], ...]

    @property
    def precision(self) -> float:
        """Found incidents of all found incidents and false runs; 1 when nothing alarmed."""
        alarms = len(self.found) + len(self.false_runs)
        return len(self.found) / alarms if alarms else 1.0

    def recall(self, size: Size) -> float:
        """Found share of the incidents of one size; NaN where the panel has none."""
        of_size = [i for i in (*self.found, *self.missed) if i.size == size]
        return sum(i in self.found for i in of_size) / len(of_size) if of_size else float("nan")


@dataclass(frozen=True)
class _Recipe:
    """What a panel's merchants are like, and which incidents are planted."""

    merchants: int
    busiest: float  # orders a day of the largest merchant
    zipf: float
    tiny_share: float
    roughness: tuple[float, float]  # standard deviation of the log intensity
    cluster: tuple[float, float]  # mean orders a cluster
    off_days: float  # largest probability of a day off (the smallest is 0.12: often enough to show in any history)
    rate: Literal["none", "rare", "usual"] = "none"
    plan: tuple[tuple[Shape, int, int, int], ...] = ()  # kind, how many plain, moderate, subtle


_COUNT_PLAN: tuple[tuple[Shape, int, int, int], ...] = (
    ("spike", 5, 3, 3),
    ("surge", 5, 3, 3),
    ("outage", 4, 2, 0),
    ("ramp", 4, 2, 2),
)
_RATE_PLAN: tuple[tuple[Shape, int, int, int], ...] = (("spike", 4, 3, 2), ("jump", 8, 4, 3), ("ramp", 4, 2, 2))
_ORDERS = _Recipe(240, 4000, 1.35, 0.25, (0.08, 0.3), (1.05, 1.6), 0.3, plan=_COUNT_PLAN)
_ROUGH = _Recipe(240, 4000, 1.25, 0.25, (0.2, 0.45), (1.5, 3.0), 0.5, plan=_COUNT_PLAN)
_RATES = _Recipe(200, 6000, 1.2, 0.25, (0.08, 0.3), (1.05, 1.6), 0.2, rate="rare", plan=_RATE_PLAN)
_RECIPES: dict[str, _Recipe] = {
    "orders": _ORDERS,
    "rough_orders": _ROUGH,
    "late_rate": _RATES,
    "answered_rate": _Recipe(200, 6000, 1.2, 0.25, (0.08, 0.3), (1.05, 1.6), 0.2, rate="usual", plan=_RATE_PLAN),
    "quiet_orders": _Recipe(240, 4000, 1.35, 0.25, (0.08, 0.3), (1.05, 1.6), 0.3),
    "quiet_rate": _Recipe(200, 6000, 1.2, 0.25, (0.08, 0.3), (1.05, 1.6), 0.2, rate="rare"),
    "one_of_500": _Recipe(500, 3000, 1.3, 0.7, (0.08, 0.3), (1.05, 1.6), 0.3, plan=(("spike", 1, 0, 0),)),
}
PANEL_KINDS = tuple(_RECIPES)


# The marketplace and its merchants ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Market:
    days: tuple[date, ...]
    common: Floats  # log effect of holidays and campaigns, a day
    weekday: Floats  # log profile, Monday first
    season: Floats  # log effect of the time of year, a day


@dataclass
class _Truth:
    """Merchants × days. `events` is what is counted and disturbed: orders, or for a rate the rarer of its two outcomes out of `orders`."""

    events: Counts
    expected: Floats
    present: Mask
    orders: Counts | None
    cluster: Floats
    opened: Counts


def _market(rng: np.random.Generator, n_days: int) -> _Market:
    start = date(2021, 1, 1) + timedelta(days=int(rng.integers(0, 1000)))
    days = tuple(start + timedelta(days=i) for i in range(n_days))
    common = np.zeros(n_days)
    of_year = np.array([d.timetuple().tm_yday for d in days])
    for holiday in rng.choice(np.arange(1, 366), size=9, replace=False):
        hits = of_year == holiday
        common[hits] += rng.uniform(-1.3, 0.5) + rng.normal(0, 0.1, hits.sum())
    at = int(rng.integers(10, 90))
    while at < n_days:
        length = int(rng.integers(2, 5))
        common[at : at + length] += rng.uniform(0.4, 1.0)
        common[at + length : at + length + 3] -= 0.15
        at += int(rng.integers(60, 120))
    weekday = rng.normal(0, 0.12, 7) - np.array([0, 0, 0, 0, 0, 0.25, 0.4]) * rng.uniform(-0.5, 1.5)
    season = rng.uniform(0.05, 0.25) * np.sin(2 * np.pi * (of_year / 365.25 + rng.uniform()))
    return _Market(days, common, weekday - weekday.mean(), season)


def _autocorrelated(rng: np.random.Generator, deviation: Floats, n_days: int) -> Floats:
    """Gaussian AR(1), merchants × days, with the given standard deviation for each merchant."""
    persistence = rng.uniform(0.3, 0.8, len(deviation))
    shocks = rng.normal(size=(len(deviation), n_days))
    path = np.empty_like(shocks)
    path[:, 0] = shocks[:, 0]
    for t in range(1, n_days):
        path[:, t] = persistence * path[:, t - 1] + np.sqrt(1 - persistence**2) * shocks[:, t]
    return path * deviation[:, None]


def _clustered(rng: np.random.Generator, mean: Floats, cluster: Floats) -> Counts:
    """Counts whose clusters are Poisson and whose cluster sizes are geometric with the given mean (at least 1)."""
    clusters = rng.poisson(mean / cluster)
    more = rng.negative_binomial(np.maximum(clusters, 1), np.minimum(1 / cluster, 1 - 1e-9))
    return np.where(clusters > 0, clusters + more, 0).astype(np.int64)


def _weekday_effect(rng: np.random.Generator, market: _Market, n: int, *, may_close: bool) -> Floats:
    """Log effect, merchants × days: the market's profile, the merchant's own, its drift from week to week, weekdays it is closed."""
    weekdays = np.array([d.weekday() for d in market.days])
    weeks = np.arange(len(market.days)) // 7
    drift = np.cumsum(rng.normal(0, 0.02, (n, weeks[-1] + 1, 7)), axis=1)
    profile = market.weekday + rng.normal(0, 0.12, (n, 1, 7)) + drift
    if may_close:
        closed = rng.uniform(size=n) < 0.1
        profile[closed, :, 6] = -5.0
        profile[closed & (rng.uniform(size=n) < 0.5), :, 5] = -5.0
    return np.asarray(profile[:, weeks, weekdays])


def _volumes(rng: np.random.Generator, recipe: _Recipe) -> Floats:
    tiny = round(recipe.merchants * recipe.tiny_share)
    rank = np.arange(1, recipe.merchants - tiny + 1)
    zipf = recipe.busiest * rank**-recipe.zipf * rng.lognormal(0, 0.3, len(rank))
    return rng.permutation(np.concatenate([zipf, np.exp(rng.uniform(np.log(0.05), np.log(0.9), tiny))]))


def _presence(rng: np.random.Generator, n: int, n_days: int) -> tuple[Mask, Counts]:
    """Where there is data, merchants × days, and the day index each merchant opened (0: before the panel)."""
    day = np.arange(n_days)
    late = rng.uniform(size=n) < 0.12
    opened = np.where(late, rng.integers(60, n_days - 30, n), 0)
    closed = np.where(rng.uniform(size=n) < 0.1, opened + rng.integers(60, n_days, n), n_days + 1)
    present = (day >= opened[:, None]) & (day < closed[:, None])
    return present, opened.astype(np.int64)


def _lose_days(rng: np.random.Generator, present: Mask) -> None:
    """Days without data: a few runs of one to four at three merchants in ten, and two days of the whole marketplace."""
    n, n_days = present.shape
    for merchant in np.flatnonzero(rng.uniform(size=n) < 0.3):
        for first in rng.integers(0, n_days, rng.integers(1, 4)):
            present[merchant, first : first + rng.integers(1, 5)] = False
    present[:, rng.integers(0, n_days, 2)] = False


def _orders(rng: np.random.Generator, market: _Market, volume: Floats, recipe: _Recipe) -> _Truth:
    n, n_days = len(volume), len(market.days)
    present, opened = _presence(rng, n, n_days)
    age = np.maximum(np.arange(n_days) - opened[:, None], 0)
    newcomer = np.where(opened[:, None] > 0, np.log(1.05 - np.exp(-age / 20)), 0.0)
    growth = rng.normal(0.1, 0.2, n)[:, None] * (np.arange(n_days) - n_days / 2) / 365
    reach = np.where(rng.uniform(size=n) < 0.1, 0.7, rng.lognormal(-0.01, 0.15, n))[:, None]
    weekday = _weekday_effect(rng, market, n, may_close=True)
    known = np.log(volume)[:, None] + growth + newcomer + market.season + weekday
    off = np.where((volume < 20) & (rng.uniform(size=n) < 0.3), rng.uniform(0.12, recipe.off_days, n), 0.0)[:, None]
    deviation = rng.uniform(recipe.roughness[0], recipe.roughness[1], n)
    noise = _autocorrelated(rng, deviation, n_days) - deviation[:, None] ** 2 / 2
    # A day off is a habit of the merchant, and never two in a row: two days without a sale at a busy merchant are an outage to anyone.
    draw = rng.uniform(size=(n, n_days)) < off
    working = ~draw
    working[:, 1:] |= draw[:, :-1]
    cluster = rng.uniform(recipe.cluster[0], recipe.cluster[1], n)
    events = _clustered(rng, np.exp(known + reach * market.common + noise) * working, cluster[:, None])
    # What may be expected knows the market's holidays and campaigns, but not how much of them reaches this merchant.
    return _Truth(events, np.exp(known + market.common) * (1 - off * (1 - off)), present, None, cluster, opened)


def _rated(rng: np.random.Generator, market: _Market, truth: _Truth) -> _Truth:
    """Of each day's orders, those with the rarer outcome; campaigns make it likelier for every merchant."""
    n, n_days = truth.events.shape
    base = np.exp(rng.uniform(np.log(0.02), np.log(0.12), n))
    known = np.log(base / (1 - base))[:, None] + 0.4 * _weekday_effect(rng, market, n, may_close=False)
    known = known + 0.4 * np.maximum(market.common, 0)
    deviation = np.asarray(rng.uniform(0.1, 0.3, n))
    noise = _autocorrelated(rng, deviation, n_days) + rng.normal(0, 0.15, (n, n_days))
    events = rng.binomial(truth.events, 1 / (1 + np.exp(-known - noise))).astype(np.int64)
    expected = truth.events / (1 + np.exp(-known))
    return _Truth(events, expected, truth.present, truth.events, np.ones(n), truth.opened)


# Incidents ------------------------------------------------------------------------------------------------------------------------------


def _windows(values: npt.NDArray[np.generic], length: int) -> Floats:
    """Sums over every window of `length` days."""
    total = np.concatenate([[0.0], np.cumsum(values.astype(float))])
    return np.asarray(total[length:] - total[:-length])


def _undisturbed(truth: _Truth, merchant: int, length: int) -> tuple[float, Floats]:
    """Median and deviations of log((counted + 1) / (expected + 1)) over the merchant's windows of `length` days, this last year."""
    first = max(int(truth.opened[merchant]) + 60 * (truth.opened[merchant] > 0), truth.events.shape[1] - 365)
    part = slice(first, None)
    full = _windows(truth.present[merchant, part], length) > length - 0.5
    counted = _windows(truth.events[merchant, part], length)[full]
    expected = _windows(truth.expected[merchant, part], length)[full]
    ratio = np.log((counted + 1) / (expected + 1))
    middle = float(np.median(ratio))
    return middle, ratio - middle


def _profile(kind: Shape, length: int) -> Floats:
    return np.arange(1, length + 1) / length if kind == "ramp" else np.ones(length)


def _disturb(
    rng: np.random.Generator, truth: _Truth, merchant: int, days: slice, kind: Shape, wanted: float
) -> Counts | None:
    """The incident's days as counted with the incident, so that their last week sums to about `wanted`; None where it can't be."""
    before = truth.events[merchant, days]
    profile = _profile(kind, len(before))
    week = slice(-7, None)
    room = truth.orders[merchant, days] - before if truth.orders is not None else before
    strength = (wanted - before[week].sum()) / max(float((room * profile)[week].sum()), 1e-9)
    if kind == "outage":
        return rng.binomial(before, rng.uniform(0, 0.06)).astype(np.int64)
    if truth.orders is not None:
        return (
            (before + rng.binomial(room, strength * profile)).astype(np.int64) if 0 < strength < LARGEST_RATE else None
        )
    if strength < 0:
        return (
            rng.binomial(before, np.maximum(1 + strength * profile, 0)).astype(np.int64) if strength > -0.97 else None
        )
    if strength > LARGEST_FACTOR - 1:
        return None
    return before + _clustered(rng, strength * profile * before, truth.cluster[merchant])


def _length(rng: np.random.Generator, kind: Shape) -> int:
    low, high = {"spike": (1, 1), "surge": (3, 10), "outage": (2, 6), "jump": (5, 9), "ramp": (21, 21)}[kind]
    return int(rng.integers(low, high + 1))


def _in_plain_sight(truth: _Truth, market: _Market, merchant: int, days: slice, week: slice) -> bool:
    """Whether nothing else explains or hides what happens then: no holiday or campaign, no weekday on which this merchant is weak."""
    month = truth.expected[merchant, days.start - 28 : days.start].mean()
    usual = truth.expected[merchant, week].mean() >= 0.75 * month
    return bool(usual and np.abs(market.common[days]).max() <= 0.05)


def _attempt(
    rng: np.random.Generator, truth: _Truth, market: _Market, merchant: int, kind: Shape, size: Size
) -> tuple[slice, Counts, float] | None:
    """One try to plant an incident of this size at this merchant: its days, what is counted then, its deviation."""
    n_days, length = len(market.days), _length(rng, kind)
    first = int(rng.integers(n_days - WATCHED_DAYS + 3, n_days - length - GRACE_DAYS))
    days, week = slice(first, first + length), slice(max(first, first + length - 7), first + length)
    history = truth.present[merchant, :first].sum()
    if history < 150 or not truth.present[merchant, days].all():
        return None
    if size == "plain" and not _in_plain_sight(truth, market, merchant, days, week):
        return None
    direction = -1 if kind == "outage" or (kind == "ramp" and truth.orders is None and rng.uniform() < 0.4) else 1
    middle, usual = _undisturbed(truth, merchant, week.stop - week.start)
    spread = float(usual.std())
    expected = truth.expected[merchant, week].sum()
    wanted = (expected + 1) * np.exp(middle + direction * rng.uniform(*AIM[size]) * spread) - 1
    counted = _disturb(rng, truth, merchant, days, kind, wanted)
    if counted is None:
        return None
    away = float(np.log((counted[-7:].sum() + 1) / (expected + 1))) - middle
    low, high = BANDS[size]
    beyond_all = direction * away > 1.15 * float((direction * usual).max())
    moved = abs(int(counted[-7:].sum()) - int(truth.events[merchant, week].sum())) >= (10 if size == "plain" else 4)
    fits = low <= direction * away / spread <= high and moved and (beyond_all or size != "plain")
    return (days, counted, away / spread) if fits else None


def _plant(
    rng: np.random.Generator, truth: _Truth, market: _Market, names: list[str], plan: list[tuple[Shape, Size]]
) -> list[Incident]:
    """Plant one incident each at merchants of their own, and write it into `truth`."""
    undisturbed = {m for m in range(len(names)) if truth.expected[m].mean() >= (5 if truth.orders is None else 0.5)}
    planted = []
    for kind, size in plan:
        found = None
        for _ in range(30):
            for merchant in rng.permutation(sorted(undisturbed)).tolist():
                found = _attempt(rng, truth, market, merchant, kind, size)
                if found:
                    break
            if found:
                break
        if not found:
            raise RuntimeError(f"no merchant can hold a {size} {kind}: the recipe asks for too much")
        days, counted, deviation = found
        truth.events[merchant, days] = counted
        undisturbed.remove(merchant)
        first, last = market.days[days.start], market.days[days.stop - 1]
        planted.append(Incident(names[merchant], first, last, int(np.sign(deviation)), kind, size, deviation))
    return planted


def _frame(truth: _Truth, market: _Market, names: list[str], *, usual: bool) -> pd.DataFrame:
    merchant, day = np.nonzero(truth.present)
    events = truth.events[merchant, day]
    orders = None if truth.orders is None else truth.orders[merchant, day]
    return pd.DataFrame(
        {
            "merchant_id": np.array(names, dtype=object)[merchant],
            "day": np.array(market.days, dtype=object)[day],
            "numerator": orders - events if usual and orders is not None else events,
            "denominator": np.full(len(events), None, dtype=object) if orders is None else orders,
        }
    )


def panel(kind: str, seed: int) -> Panel:
    """540 days of the merchants of one of PANEL_KINDS, the incidents of its plan planted in the last 180. Errors: KeyError (kind)."""
    recipe = _RECIPES[kind]
    rng = np.random.default_rng([seed, PANEL_KINDS.index(kind)])
    market = _market(rng, DAYS)
    truth = _orders(rng, market, _volumes(rng, recipe), recipe)
    _lose_days(rng, truth.present)
    if recipe.rate != "none":
        truth = _rated(rng, market, truth)
    names = [f"m{i:04d}" for i in range(recipe.merchants)]
    plan: list[tuple[Shape, Size]] = [
        (shape, size)
        for shape, *numbers in recipe.plan
        for size, number in zip(BANDS, numbers, strict=True)
        for _ in range(number)
    ]
    incidents = _plant(rng, truth, market, names, plan)
    usual = recipe.rate == "usual"
    if usual:
        incidents = [
            Incident(i.merchant_id, i.first_day, i.last_day, -i.direction, i.kind, i.size, -i.deviation)
            for i in incidents
        ]
    disturbed = {i.merchant_id for i in incidents}
    volume = (truth.events if truth.orders is None else truth.orders).sum(axis=1, where=truth.present)
    volume = volume / np.maximum(truth.present.sum(axis=1), 1)
    return Panel(
        kind,
        _frame(truth, market, names, usual=usual),
        tuple(sorted(incidents, key=lambda i: (i.first_day, i.merchant_id))),
        tuple(name for name in names if name not in disturbed),
        tuple(name for name, mean in zip(names, volume, strict=True) if mean < TINY),
        market.days[-WATCHED_DAYS],
    )


# Judging --------------------------------------------------------------------------------------------------------------------------------


def judge(panel: Panel, alarms: pd.DataFrame) -> Judgement:
    """Count alarms (merchant_id, day; other columns are ignored) against the panel's incidents, as the README says.

    Alarms before `watched_from` don't count. A run is alarms of one merchant on consecutive days."""
    watched = alarms.loc[[day >= panel.watched_from for day in alarms["day"]], ["merchant_id", "day"]]
    rows = sorted(set(watched.itertuples(index=False, name=None)))
    runs: list[tuple[str, date, date]] = []
    for merchant, day in rows:
        if runs and runs[-1][0] == merchant and day - runs[-1][2] == timedelta(days=1):
            runs[-1] = (merchant, runs[-1][1], day)
        else:
            runs.append((merchant, day, day))
    found: set[Incident] = set()
    false = []
    for merchant, first, last in runs:
        grace = timedelta(days=GRACE_DAYS)
        hits = {
            i
            for i in panel.incidents
            if i.merchant_id == merchant and first <= i.last_day + grace and last >= i.first_day
        }
        found |= hits
        if not hits:
            false.append((merchant, first))
    return Judgement(
        tuple(i for i in panel.incidents if i in found),
        tuple(i for i in panel.incidents if i not in found),
        tuple(false),
    )


# Forecasts ------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _SeriesRecipe:
    volume: float  # a day
    history: int = 512  # days
    roughness: tuple[float, float] = (0.1, 0.3)
    cluster: tuple[float, float] = (1.05, 1.6)
    off_days: float = 0.15
    rate: bool = False
    shift: bool = False
    merchants: int = 1  # how many are added up: a marketplace is the sum of its merchants


_SERIES: dict[str, _SeriesRecipe] = {
    "marketplace_orders": _SeriesRecipe(5000, merchants=80),
    "young_marketplace_orders": _SeriesRecipe(400, history=120, merchants=40),
    "marketplace_late_rate": _SeriesRecipe(5000, merchants=80, rate=True),
    "large_merchant_orders": _SeriesRecipe(300),
    "medium_merchant_orders": _SeriesRecipe(30),
    "rough_merchant_orders": _SeriesRecipe(40, roughness=(0.25, 0.45), cluster=(1.5, 3.0)),
    "shifted_merchant_orders": _SeriesRecipe(80, shift=True),
    "merchant_late_rate": _SeriesRecipe(150, rate=True),
    "small_merchant_orders": _SeriesRecipe(3, off_days=0.3),
    "sparse_merchant_orders": _SeriesRecipe(0.4, off_days=0.5),
}
SERIES_KINDS = tuple(_SERIES)
LOW_COUNT_SERIES = ("small_merchant_orders", "sparse_merchant_orders")


def series(kind: str, seed: int) -> Series:
    """One daily series of SERIES_KINDS: 120 or 512 days of history (a few days without data) and 28 of future. Errors: KeyError (kind)."""
    recipe = _SERIES[kind]
    rng = np.random.default_rng([seed, 1000 + SERIES_KINDS.index(kind)])
    n_days = recipe.history + FUTURE_DAYS
    market = _market(rng, n_days)
    share = rng.lognormal(0, 1.2, recipe.merchants)
    volume = recipe.volume * rng.lognormal(0, 0.2) * share / share.sum()
    merchants = _Recipe(recipe.merchants, 0, 0, 0, recipe.roughness, recipe.cluster, recipe.off_days)
    # One merchant's forecast is asked for while it is open: it was there before the history and is there after the future.
    draw = _always_open if recipe.merchants == 1 else _orders
    truth = draw(rng, market, volume, merchants)
    if recipe.shift:
        moved = slice(recipe.history - int(rng.integers(45, 120)), None)
        truth.events[:, moved] = rng.binomial(truth.events[:, moved], rng.uniform(0.4, 0.7))
    orders = np.where(truth.present, truth.events, 0)
    events = orders
    if recipe.rate:
        rated = _rated(rng, market, truth)
        events = np.where(truth.present, rated.events, 0)
    frame = pd.DataFrame({"day": market.days, "numerator": events.sum(axis=0)})
    frame["denominator"] = orders.sum(axis=0) if recipe.rate else np.full(n_days, None, dtype=object)
    kept = np.ones(n_days, dtype=bool)
    kept[rng.integers(0, recipe.history - 28, 3)] = False
    past = np.arange(n_days) < recipe.history
    return Series(kind, frame[kept & past].reset_index(drop=True), frame[~past].reset_index(drop=True))


def _always_open(rng: np.random.Generator, market: _Market, volume: Floats, recipe: _Recipe) -> _Truth:
    while True:
        truth = _orders(rng, market, volume, recipe)
        if truth.present.all():
            return truth
