"""What the warehouse holds at all: which kinds of event, which of their fields, and up to which day.

Decides `not_in_source` and the last mature day; knows nothing of values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.metrics.templates import fill
from analytics.metrics.types import MetricCursor, MetricSpec, Scope


@dataclass(frozen=True)
class Extent:
    """counts: 'kind' and 'kind.field' → events (that fill the field). first_day, last_day: local
    days of the earliest and latest event, None when empty."""

    counts: Mapping[str, int]
    first_day: date | None
    last_day: date | None

    def holds(self, spec: MetricSpec) -> bool:
        """Whether the source holds what a metric needs: all of `requires`, and one of `requires_any`."""
        has_all = all(self.counts.get(item, 0) > 0 for item in spec.requires)
        has_any = not spec.requires_any or any(self.counts.get(item, 0) > 0 for item in spec.requires_any)
        return has_all and has_any

    def covers(self, scope: Scope) -> bool:
        """Whether the data reach from the first day of a window to its last."""
        return self.first_day is not None and self.first_day <= scope.date_from and self.is_reached(scope)

    def is_reached(self, scope: Scope) -> bool:
        """Whether the data reach to the last day of a window."""
        return self.last_day is not None and scope.date_to <= self.last_day

    def through(self, maturity_days: int, date_to: date) -> date:
        """The last day that counts: `date_to`, or the last day of the data whose every order is `maturity_days` old.

        Where orders must grow old, the latest day of the data is taken as unfinished, so it is left out together with the maturity_days before it.
        """
        if self.last_day is None:
            return date_to
        if maturity_days == 0:
            return min(date_to, self.last_day)
        return min(date_to, self.last_day - timedelta(days=maturity_days + 1))


def read_extent(cursor: MetricCursor) -> Extent:
    """The extent of the cursor's snapshot."""
    return cursor.kept("extent", lambda: _read(cursor))


def _read(cursor: MetricCursor) -> Extent:
    statement = fill("extent", {"time_zone": cursor.time_zone})
    counts: dict[str, int] = {}
    first_day: date | None = None
    last_day: date | None = None
    for row in cursor.df(statement.sql, statement.params).to_dict("records"):
        kind = str(row["kind"])
        counts[kind] = int(row["event_count"])
        if kind == "any_event" and row["event_count"]:
            first_day, last_day = row["first_day"].date(), row["last_day"].date()
        for name, value in row.items():
            field = str(name).removesuffix("_count")
            if str(name).endswith("_count") and field != "event":
                counts[f"{kind}.{field}"] = int(value)
    return Extent(counts, first_day, last_day)
