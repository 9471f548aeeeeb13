"""One daily series carried forward: exponential smoothing with a week's season, and intervals as wide as its own past errors.

Knows arrays only: no cursor, no metric.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.seasonal import STL

from analytics.watch.expected import Floats

WEEK = 7
LEAST_DAYS = 56
WARM_UP_DAYS = 28
LEVEL_DAYS = 42
OUTLIER = 4.0  # robust standard deviations


@dataclass(frozen=True)
class Extrapolation:
    """The days after the series, each of shape (days,): what is expected, and the interval that holds a day with the level asked."""

    expected: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class _Line:
    """The scale on which noise is alike at all heights: logarithm of a count, log odds of a share.

    A share is smoothed by one row of the whole series', so that no day is at infinity; `rows` is what a coming day rests on.
    """

    whole: float | None
    rows: float

    def to(self, y: Floats, exposure: Floats | None) -> Floats:
        if self.whole is None or exposure is None:
            return np.asarray(np.log1p(np.maximum(y, 0.0)))
        share = (y + self.whole) / (exposure + 1.0)
        return np.asarray(np.log(share / (1 - share)))

    def back(self, line: Floats, *, is_bound: bool = True) -> Floats:
        if self.whole is None:
            return np.asarray(np.maximum(np.expm1(line), 0.0))
        share = 1 / (1 + np.exp(-line))
        if is_bound:  # the smoothing taken back, so that a day without a hit lies on the bound and not below it
            share = (share * (self.rows + 1.0) - self.whole) / self.rows
        return np.asarray(np.clip(share, 0.0, 1.0))


def _line_of(y: Floats, exposure: Floats | None) -> _Line:
    if exposure is None:
        return _Line(None, 1.0)
    whole = float(np.clip(y.sum() / max(exposure.sum(), 1.0), 1e-6, 1 - 1e-6))
    return _Line(whole, max(float(np.median(exposure[-LEAST_DAYS:])), 1.0))


def _without_outliers(line: Floats) -> Floats:
    """The series with days far from its season and trend put back there: a campaign teaches the future little."""
    found = STL(line, period=WEEK, robust=True).fit()
    remainder = np.asarray(found.resid)
    width = 1.4826 * np.median(np.abs(remainder - np.median(remainder)))
    is_far = np.abs(remainder) > OUTLIER * max(width, 1e-9)
    return np.where(is_far, line - remainder, line)


def _paths(line: Floats, horizon: int, *, is_damped: bool) -> Floats:
    """What was forecast after each day: (days, horizon), from smoothing parameters fitted once to the whole series."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = ExponentialSmoothing(
            line,
            trend="add" if is_damped else None,
            damped_trend=is_damped,
            seasonal="add",
            seasonal_periods=WEEK,
            initialization_method="heuristic",
        )
        fitted = model.fit()
    steps = np.arange(1, horizon + 1)
    paths = np.repeat(np.asarray(fitted.level)[:, None], horizon, axis=1)
    if is_damped:
        phi = float(fitted.params["damping_trend"])
        paths = paths + np.asarray(fitted.trend)[:, None] * np.cumsum(phi**steps)[None, :]
    season = np.asarray(fitted.season)
    place = np.arange(len(line))[:, None] - (WEEK - 1) + (steps[None, :] - 1) % WEEK  # same weekday, latest seen
    return np.asarray(paths + season[np.maximum(place, 0)])


def _running_mean(line: Floats, days: int, step: int = 1) -> Floats:
    """The mean of each day and the days before it, `step` apart, over `days` or as many as there are."""
    kernel = np.zeros(days)
    kernel[::step] = 1.0
    total, count = (np.convolve(values, kernel)[: len(line)] for values in (line, np.ones_like(line)))
    return np.asarray(total / count)


def _averages(line: Floats, horizon: int) -> Floats:
    """The same by plain averages: the level of six weeks, and each weekday's distance from it over twelve."""
    level = _running_mean(line, LEVEL_DAYS)
    distance = _running_mean(line, 2 * LEVEL_DAYS, WEEK) - _running_mean(line, 2 * LEVEL_DAYS)
    place = np.arange(len(line))[:, None] - (WEEK - 1) + np.arange(horizon)[None, :] % WEEK
    return np.asarray(level[:, None] + distance[np.maximum(place, 0)])


def _errors(line: Floats, paths: Floats) -> Floats:
    """Seen minus forecast, (origins, horizon); NaN beyond the end of the series."""
    days, horizon = paths.shape
    at = np.arange(days)[:, None] + np.arange(1, horizon + 1)[None, :]
    seen = np.where(at < days, line[np.minimum(at, days - 1)], np.nan)
    return np.asarray((seen - paths)[WARM_UP_DAYS:])


def _widths(errors: Floats, level: float) -> tuple[Floats, Floats]:
    """Lower and upper error of each horizon, from the errors of its week of horizons: split conformal, with its correction for few."""
    horizon = errors.shape[1]
    low, high = np.zeros(horizon), np.zeros(horizon)
    for first in range(0, horizon, WEEK):
        block = errors[:, first : first + WEEK]
        pool = block[np.isfinite(block)]
        # neighbouring origins share most of their errors: a week of them is worth one and a half
        count = max(np.isfinite(block).any(axis=1).sum() / WEEK * 1.5, 8.0)
        rank = min((1 + level) / 2 * (1 + 1 / count), 1.0)
        low[first : first + WEEK], high[first : first + WEEK] = np.quantile(pool, [1 - rank, rank])
    return low, high


def extrapolate(y: Floats, exposure: Floats | None, days: int, level: float) -> Extrapolation:
    """The next `days` days of a series of at least LEAST_DAYS.

    y: (days,) counts, or the numerators of a share of exposure. Of exponential smoothing (the mean of one with a damped
    trend and one without), the last weeks' average, and the mean of both, the one with the smallest past errors is taken.
    """
    scale = _line_of(y, exposure)
    line = scale.to(y, exposure)
    calm = _without_outliers(line)
    candidates = []
    smoothed = (_paths(calm, days, is_damped=False) + _paths(calm, days, is_damped=True)) / 2
    averaged = _averages(calm, days)
    for paths in (smoothed, averaged, (smoothed + averaged) / 2):
        errors = _errors(line, paths)
        candidates.append((float(np.nanmean(np.abs(errors))), paths[-1], errors))
    _, path, errors = min(candidates, key=lambda candidate: candidate[0])
    low, high = _widths(errors, level)
    expected = scale.back(path, is_bound=False)
    low, high = np.minimum(scale.back(path + low), expected), np.maximum(scale.back(path + high), expected)
    if (
        exposure is None
    ):  # a day holds a whole number: the upper end loses none by falling to one, the lower takes one in
        low, high = np.floor(low), np.maximum(np.floor(high), np.ceil(expected))
    return Extrapolation(expected, low, high)
