"""The desk's working hours and targets, read from `data/desk/hours.toml`; every mistake is one sentence with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

from analytics.engines.days import is_time_zone
from analytics.sla.hours import MINUTES_A_DAY, Calendar, Intervals
from analytics.trust.toml_table import TomlTable, read_toml

TimerKind = Literal["first_reply", "next_reply", "solution"]
TIMERS: tuple[TimerKind, ...] = get_args(TimerKind)
FILE = Path(__file__).resolve().parents[2] / "data" / "desk" / "hours.toml"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_MINUTES = 90 * MINUTES_A_DAY
_INTERVAL = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True)
class Target:
    """How many working seconds something may take, and the calendar whose hours count."""

    seconds: float
    calendar: str


@dataclass(frozen=True)
class DeskHours:
    """Calendars by id, targets by timer and urgency, and how long before a breach the desk is warned."""

    warn_seconds: float
    calendars: Mapping[str, Calendar]
    targets: Mapping[TimerKind, Mapping[str, Target]]

    def target(self, timer: TimerKind, urgency: str) -> Target:
        """Raises KeyError for an urgency without one."""
        return self.targets[timer][urgency]


@lru_cache(maxsize=16)
def read_desk_hours(time_zone: str, path: Path = FILE) -> DeskHours:
    """The file; `time_zone` is that of calendars that name none. Raises InputError."""
    root = read_toml(path)
    warn = root.whole("warn_minutes", 0, MINUTES_A_DAY) * 60.0
    calendars: dict[str, Calendar] = {}
    for table in root.tables("calendar"):
        name = table.text("id")
        if name in calendars:
            raise table.error("id", f"'{name}' stands twice")
        calendars[name] = _calendar(table, time_zone)
    targets = {timer: _targets(root.table(timer), calendars) for timer in TIMERS}
    if len({frozenset(found) for found in targets.values()}) > 1:
        raise root.error("solution", "every timer needs a target for the same urgencies")
    root.close()
    return DeskHours(warn, calendars, targets)


def _calendar(table: TomlTable, time_zone: str) -> Calendar:
    zone = table.text("time_zone", time_zone)
    if not is_time_zone(zone):
        raise table.error("time_zone", f"'{zone}' is no IANA time zone such as Asia/Shanghai")
    week = tuple(_intervals(table, weekday) for weekday in WEEKDAYS)
    if not any(week):
        raise table.error("monday", "no weekday has hours, so its clock would never run")
    days = table.table("days")
    own = tuple(sorted((_day(days, name), _intervals(days, name)) for name in days.names()))
    table.close()
    return Calendar(zone, week, own)


def _day(table: TomlTable, name: str) -> date:
    try:
        return date.fromisoformat(name)
    except ValueError as error:
        raise table.error(name, "expected a day such as 2026-01-01") from error


def _intervals(table: TomlTable, key: str) -> Intervals:
    found = []
    for text in table.texts(key):
        match = _INTERVAL.fullmatch(text)
        begin, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (0, 0)
        if not 0 <= begin < end <= MINUTES_A_DAY:
            raise table.error(key, f"expected hours such as 09:00-12:30 within one day, found '{text}'")
        found.append((begin, end))
    if any(later < end for (_, end), (later, _) in pairwise(found)):
        raise table.error(key, "its intervals must follow each other and not overlap")
    return tuple(found)


def _targets(table: TomlTable, calendars: Mapping[str, Calendar]) -> Mapping[str, Target]:
    found = {}
    for urgency in table.names():
        one = table.table(urgency)
        minutes = one.whole("minutes", 1, MOST_MINUTES)
        found[urgency] = Target(minutes * 60.0, one.one_of("calendar", calendars))
        one.close()
    table.close()
    return found
