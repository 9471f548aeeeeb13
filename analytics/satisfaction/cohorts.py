"""Who comes back after a good and after a bad experience: survival curves of the time to the next order. Pure functions over a frame of first orders.

One order a buyer, the first of the window, so that buyers are independent. The clock starts when the order ended (delivered, cancelled, or disputed
undelivered); who has not ordered again by the data's end is censored there. A bad experience counts from the instant at which it was known (late
through the merchant: at delivery; cancelled; a review of 1 or 2; a dispute): until then the buyer is among those without one, then he changes over
(Simon and Makuch 1984, Statistics in Medicine 3:35), so that nobody is sorted by what came later. Kaplan–Meier with delayed entry, Greenwood's
variance on the log(−log) scale, and the log-rank test come from statsmodels. Raw differences between buyers, not effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

Floats = NDArray[np.float64]

DAYS = 180
MARKS = (30, 60, 90, 180)
MIN_RETURNS = 10  # returned buyers that each curve needs
MIN_AT_RISK = 20  # a curve ends where fewer buyers are still observed
EXPERIENCES = ("good", "bad")
_Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Curve:
    """Share of buyers back by each day after their order ended. All arrays of one length; `at_risk`: buyers observed and not back yet."""

    experience: str
    days: tuple[int, ...]
    back: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    at_risk: tuple[int, ...]
    buyers: int
    returns: int

    def at(self, day: int) -> int | None:
        """The place of a day; None where the curve has ended."""
        return self.days.index(day) if day in self.days else None


@dataclass(frozen=True)
class Cohorts:
    """status: ok, too_few (a group with fewer than 10 returns) or no_buyers. difference: good − bad share back at `difference_day` with its interval.

    late_known: buyers whose bad experience was known only after the order had ended. unfinished: orders that never ended by the data's end.
    back_before_end: ordered again before the first order had ended; both are left out. returns, buyers: of all that count.
    """

    status: str
    curves: tuple[Curve, ...]
    p_value: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    difference_day: int
    buyers: int
    returns: int
    late_known: int
    unfinished: int
    back_before_end: int


def cohorts_of(first_orders: pd.DataFrame, up_to: datetime) -> Cohorts:
    """Curves of first orders (see `source.first_orders`) observed up to an instant."""
    spells, counts = spells_of(first_orders, up_to)
    groups = {name: spells[spells["experience"] == name] for name in EXPERIENCES}
    returns = int(spells["is_back"].sum())
    if not counts["buyers"]:
        return Cohorts("no_buyers", (), None, None, None, None, 90, returns=0, **counts)
    if min(int(group["is_back"].sum()) for group in groups.values()) < MIN_RETURNS:
        return Cohorts("too_few", (), None, None, None, None, 90, returns=returns, **counts)
    curves = tuple(_curve(name, group) for name, group in groups.items())
    p_value = float(
        survdiff(
            spells["until"].to_numpy(),
            spells["is_back"].to_numpy().astype(int),
            spells["experience"].to_numpy(dtype=str),
            entry=spells["since"].to_numpy(),
        )[1]
    )
    return Cohorts("ok", curves, p_value, *_difference(curves), returns=returns, **counts)


def spells_of(first_orders: pd.DataFrame, up_to: datetime) -> tuple[pd.DataFrame, dict[str, int]]:
    """Spells of buyers in days since the order ended (since, until, is_back, experience), a buyer whose order turned out bad later having two; and the counts of `Cohorts`."""
    ended = pd.to_datetime(first_orders["ended_at"], utc=True)
    again = pd.to_datetime(first_orders["next_ordered_at"], utc=True)
    end = pd.Timestamp(up_to)
    is_ended = ended.notna() & (ended < end)
    is_early = is_ended & again.notna() & (again <= ended)
    kept = is_ended & ~is_early
    start = ended[kept]
    back = again[kept]
    until = _days(back.fillna(end), start)
    is_back = back.notna().to_numpy()
    known = pd.to_datetime(first_orders["known_bad_at"], utc=True)[kept]
    bad_from = np.where(known.notna(), np.maximum(_days(known.fillna(end), start), 0.0), np.inf)
    is_bad = bad_from < until
    is_late = is_bad & (bad_from > 0)
    good = pd.DataFrame({"since": 0.0, "until": np.where(is_late, bad_from, until), "is_back": is_back & ~is_bad})
    good = good.assign(experience="good")[~is_bad | is_late]
    bad = pd.DataFrame({"since": np.where(is_bad, bad_from, 0.0), "until": until, "is_back": is_back})
    bad = bad.assign(experience="bad")[is_bad]
    counts = {
        "buyers": int(kept.sum()),
        "late_known": int(is_late.sum()),
        "unfinished": int((~is_ended).sum()),
        "back_before_end": int(is_early.sum()),
    }
    return pd.concat([good, bad], ignore_index=True), counts


def _days(later: pd.Series[pd.Timestamp], earlier: pd.Series[pd.Timestamp]) -> Floats:
    return np.asarray((later - earlier).dt.total_seconds() / 86_400.0, dtype=np.float64)


def _curve(experience: str, spells: pd.DataFrame) -> Curve:
    since, until = spells["since"].to_numpy(), spells["until"].to_numpy()
    found = SurvfuncRight(until, spells["is_back"].to_numpy().astype(int), entry=since)
    days = np.arange(DAYS + 1)
    at_risk = np.array([int(((since <= day) & (until > day)).sum()) for day in days])
    ends = np.flatnonzero(at_risk < MIN_AT_RISK)
    days = days[: ends[0]] if len(ends) else days
    place = np.searchsorted(found.surv_times, days, side="right") - 1
    staying = np.where(place >= 0, found.surv_prob[np.maximum(place, 0)], 1.0)
    error = np.where(place >= 0, found.surv_prob_se[np.maximum(place, 0)], 0.0)
    low, high = _log_log(staying, error)
    return Curve(
        experience,
        tuple(int(day) for day in days),
        tuple((1.0 - staying).tolist()),
        tuple((1.0 - high).tolist()),
        tuple((1.0 - low).tolist()),
        tuple(at_risk[: len(days)].tolist()),
        len(spells),
        int(spells["is_back"].sum()),
    )


def _log_log(staying: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Bounds of a survival share that stay between 0 and 1 (Kalbfleisch and Prentice, 2nd ed., 1.4.1)."""
    inner = np.clip(staying, 1e-12, 1 - 1e-12)
    width = _Z * error / (inner * np.abs(np.log(inner)))
    is_inside = (staying > 0) & (staying < 1)
    low = np.where(is_inside, inner ** np.exp(width), staying)
    high = np.where(is_inside, inner ** np.exp(-width), staying)
    return low, high


def _difference(curves: tuple[Curve, ...]) -> tuple[float | None, float | None, float | None, int]:
    """Share back, good − bad, at the last mark up to 90 days that both curves reach; its interval from theirs (MOVER, Zou and Donner 2008)."""
    good, bad = curves
    for day in reversed([mark for mark in MARKS if mark <= 90]):
        a, b = good.at(day), bad.at(day)
        if a is not None and b is not None:
            gap = good.back[a] - bad.back[b]
            low = gap - float(np.hypot(good.back[a] - good.ci_low[a], bad.ci_high[b] - bad.back[b]))
            high = gap + float(np.hypot(good.ci_high[a] - good.back[a], bad.back[b] - bad.ci_low[b]))
            return gap, low, high, day
    return None, None, None, 90
