"""What figures are drawn from: plain values, so that services can make them without loading Plotly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True)
class Point:
    """One period of a series. ``value`` is None where the metric has no value; it is drawn as a gap, never as zero."""

    day: date
    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int = 0
    is_complete: bool = True


@dataclass(frozen=True)
class Annotation:
    """An event that stands on a time axis: a campaign, an outage, a rule change. ``end`` is inclusive."""

    start: date
    end: date
    label: str


class Interval(Protocol):
    """A value with its interval, whoever computed it."""

    @property
    def value(self) -> float: ...
    @property
    def ci_low(self) -> float: ...
    @property
    def ci_high(self) -> float: ...


@dataclass(frozen=True)
class Estimate:
    """A named value with its interval; ``value`` None is left out and named by the caller."""

    name: str
    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    n: int = 0

    @classmethod
    def of(cls, found: Interval | None, n: int) -> Estimate:
        """What was found, without a name; left out where there is nothing."""
        return cls("", None) if found is None else cls("", found.value, found.ci_low, found.ci_high, n)


@dataclass(frozen=True)
class ScoreBin:
    """Merchants with a score from ``low`` to below ``high``; both are None for those without one, ``level`` says why."""

    level: str
    count: int
    low: float | None = None
    high: float | None = None
