"""Working hours: how many seconds of them lie between two instants, and when so many will have passed.

Instants are seconds since 1970 (UTC). A wall clock that is put forward or back is followed minute by minute on that day, by Python's
time-zone tables, as a clock on the wall would show it. Instants outside 2000–2099 count as the ends of that span.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Intervals = tuple[tuple[int, int], ...]

FIRST_YEAR, LAST_YEAR = 2000, 2099
MINUTES_A_DAY = 1_440
_EARLIEST = datetime(FIRST_YEAR, 1, 2, tzinfo=UTC).timestamp()
_LATEST = datetime(LAST_YEAR, 12, 30, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Calendar:
    """When a clock runs. Intervals are minutes of the local day, [begin, end), sorted, apart; `week` begins on Monday.

    `days` are local days with hours of their own, in order; none on a holiday.
    """

    time_zone: str
    week: tuple[Intervals, ...]
    days: tuple[tuple[date, Intervals], ...] = ()

    @property
    def is_always(self) -> bool:
        """Whether its clock never stops, so that its time is the wall clock's."""
        return not self.days and all(intervals == ((0, MINUTES_A_DAY),) for intervals in self.week)

    def seconds_between(self, since: Floats, until: Floats) -> Floats:
        """Working seconds of each pair, both shape (n,); 0 where `until` is not after `since`, NaN where either is NaN."""
        known = np.concatenate([since[np.isfinite(since)], until[np.isfinite(until)]])
        if not len(known):
            return np.full(since.shape, np.nan)
        opened = _opening(self, _year(float(known.min())), _year(float(known.max())))
        return np.maximum(opened.until(until) - opened.until(since), 0.0)

    def after(self, since: float, seconds: float) -> float:
        """The first instant at which so many working seconds have passed since `since`; infinite when that is after 2099."""
        first = last = _year(since)
        while True:
            opened = _opening(self, first, last)
            wanted = np.round(float(opened.until(np.array([since]))[0]) + seconds, 3)
            if wanted <= opened.total[-1]:
                place = int(np.searchsorted(opened.total, wanted))
                return max(since, float(opened.ends[place] - (opened.total[place] - wanted)))
            if last >= LAST_YEAR:
                return float("inf")
            last = min(LAST_YEAR, last + max(1, last - first))


@dataclass(frozen=True, eq=False)
class _Opening:
    """The intervals of some years. starts, ends: (n,), instants; total: (n,), working seconds up to each end."""

    starts: Floats
    ends: Floats
    total: Floats

    def until(self, at: Floats) -> Floats:
        """Working seconds from the beginning of the span until each instant."""
        edges = np.column_stack([self.starts, self.ends]).ravel()
        sums = np.column_stack([self.total - (self.ends - self.starts), self.total]).ravel()
        return np.asarray(np.interp(np.clip(at, _EARLIEST, _LATEST), edges, sums), dtype=np.float64)


def _year(at: float) -> int:
    return datetime.fromtimestamp(min(max(at, _EARLIEST), _LATEST), UTC).year


@lru_cache(maxsize=64)
def _opening(calendar: Calendar, first_year: int, last_year: int) -> _Opening:
    found = np.array(list(_intervals(calendar, first_year, last_year)), dtype=np.float64).reshape(-1, 2)
    if not len(found):  # a calendar of holidays alone: no time passes
        found = np.array([[_EARLIEST, _EARLIEST]])
    starts, ends = found[:, 0], found[:, 1]
    total = np.asarray(np.round(np.cumsum(ends - starts), 3), dtype=np.float64)
    return _Opening(starts, ends, total)


def _intervals(calendar: Calendar, first_year: int, last_year: int) -> Iterator[tuple[float, float]]:
    """(start, end) of every interval of these years and a day around them, in time order."""
    zone, own = ZoneInfo(calendar.time_zone), dict(calendar.days)
    day, last = date(first_year, 1, 1) - timedelta(days=1), date(last_year + 1, 1, 1)
    begins = _midnight(day, zone)
    while day <= last:
        following = day + timedelta(days=1)
        ends = _midnight(following, zone)
        intervals = own.get(day, calendar.week[day.weekday()])
        if ends - begins == MINUTES_A_DAY * 60:
            yield from ((begins + start * 60, begins + end * 60) for start, end in intervals)
        else:
            yield from _by_the_clock(intervals, begins, ends, zone)
        day, begins = following, ends


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def _by_the_clock(intervals: Intervals, begins: float, ends: float, zone: ZoneInfo) -> Iterator[tuple[float, float]]:
    """The stretches of a day of another length in which the clock on the wall shows a time within an interval."""
    start: float | None = None
    for at in np.arange(begins, ends, 60.0):
        shown = datetime.fromtimestamp(at, zone)
        minute = shown.hour * 60 + shown.minute
        is_open = any(low <= minute < high for low, high in intervals)
        if is_open and start is None:
            start = float(at)
        elif not is_open and start is not None:
            yield start, float(at)
            start = None
    if start is not None:
        yield start, ends
