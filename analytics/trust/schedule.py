"""When something is evaluated: every day, on a weekday, or on a day of the month. Pure calendar arithmetic on local days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast

from analytics.trust.toml_table import TomlTable


@dataclass(frozen=True)
class Schedule:
    """Evaluation days: every day, on a weekday (1 Monday … 7 Sunday), or on a day of the month (1–28)."""

    every: Literal["day", "week", "month"] = "day"
    on: int = 0

    def after(self, day: date) -> date:
        """The first evaluation day later than `day`."""
        return self._nearest(day, 1)

    def before(self, day: date) -> date:
        """The last evaluation day earlier than `day`."""
        return self._nearest(day, -1)

    def _nearest(self, day: date, step: int) -> date:
        found = day + timedelta(days=step)
        while not self._is_due(found):
            found += timedelta(days=step)
        return found

    def _is_due(self, day: date) -> bool:
        if self.every == "week":
            return day.isoweekday() == self.on
        return self.every == "day" or day.day == self.on


def read_schedule(table: TomlTable) -> Schedule:
    """The schedule of a table: `every`, with `weekday` or `day`; every day where it says nothing."""
    every = cast(Literal["day", "week", "month"], table.one_of("every", ["day", "week", "month"], "day"))
    on = 0
    if every == "week":
        on = table.whole("weekday", 1, 7)
    if every == "month":
        on = table.whole("day", 1, 28)
    return Schedule(every, on)
