"""Which days a clause looks at. Local days of the reporting zone; pure calendar arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

Span = tuple[date, date]


@dataclass(frozen=True)
class Window:
    """Days that a clause counts, seen from an evaluation day D: the `days` that end `lag_days` before D; the `months` calendar months before
    D's; rolling months, which end with D − lag; or D's calendar quarter up to D.

    With `short_from_orders`, the last `short_months` months alone where they hold so many orders.
    """

    days: int = 0
    months: int = 0
    is_rolling: bool = False
    is_quarter: bool = False
    lag_days: int = 0
    short_months: int = 0
    short_from_orders: int = 0

    def spans(self, day: date) -> tuple[Span, ...]:
        """First and last day, both included: the window, then the short one where there is one. Empty for a clause without a window."""
        end = day - timedelta(days=self.lag_days)
        if self.days:
            return ((end - timedelta(days=self.days - 1), end),)
        if self.is_quarter:
            return ((date(day.year, day.month - (day.month - 1) % 3, 1), end),)
        if not self.months:
            return ()
        last = end if self.is_rolling else end.replace(day=1) - timedelta(days=1)
        lengths = [self.months, self.short_months] if self.short_from_orders else [self.months]
        return tuple((_months_before(last + timedelta(days=1), months, self.is_rolling), last) for months in lengths)


def _months_before(after: date, months: int, is_rolling: bool) -> date:
    """The first of the days that make up the months before `after`. Rolling: the day after the same day (or the month's last) months back."""
    if not is_rolling:
        return (pd.Timestamp(after) - pd.DateOffset(months=months)).date()
    same_day = (pd.Timestamp(after) - pd.Timedelta(days=1) - pd.DateOffset(months=months)).date()
    return same_day + timedelta(days=1)
