"""The values that cross the border of the metric layer: scope, definition, result, comparison, benchmark, drilled rows.

Plain frozen data; knows nothing of SQL, DuckDB or who shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

import pandas as pd

from analytics.errors import InputError
from analytics.memo import T

Unit = Literal["count", "rate", "money", "seconds", "stars", "nps", "points"]
Direction = Literal["higher", "lower", "neutral"]
Status = Literal["ok", "too_few", "immature", "not_in_source", "not_applicable"]
Family = Literal["count", "rate", "ratio", "mean", "nps", "money", "duration", "concentration"]
BaseName = Literal["previous", "week", "year"]
Base = BaseName | tuple[date, date]  # or a window of its own: its first and last day, both included


class UnknownMetric(InputError):  # noqa: N818 - the name of the published contract
    """No metric has this id; the message names the closest ones."""


class UnknownDimension(InputError):  # noqa: N818 - the name of the published contract
    """No dimension has this name, or the metric can't be grouped by it."""


class MetricCursor(Protocol):
    """What the metric layer needs of a warehouse cursor."""

    @property
    def snapshot_id(self) -> str: ...

    @property
    def time_zone(self) -> str: ...

    def df(self, sql: str, params: Mapping[str, object] | None = None) -> pd.DataFrame: ...

    def kept(self, key: Hashable, make: Callable[[], T]) -> T: ...


@dataclass(frozen=True)
class Scope:
    """A window of local days, both ends included, and filters; an empty filter lets everything through.

    An unknown category, region or tier is called 'unknown'.
    """

    date_from: date
    date_to: date
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.date_from > self.date_to:
            raise InputError(
                f"The window starts on {self.date_from} after it ends on {self.date_to}: swap the two dates."
            )

    @property
    def has_filter(self) -> bool:
        """Whether merchants are filtered in any way."""
        return bool(self.categories or self.regions or self.tiers or self.merchants)


@dataclass(frozen=True)
class MetricSpec:
    """A definition from the catalogue. `numerator` and `denominator` are prose; the `_column`s are the marts' measures.

    good: a usual target in the metric's unit, or None. interval: the method for a single merchant; figures over several
    merchants are clustered by merchant (see intervals.py). requires / requires_any: what the source must hold.
    """

    metric_id: str
    name: str
    description: str
    unit: Unit
    direction: Direction
    family: Family
    numerator: str
    denominator: str
    grain: str
    rows: str
    anchor: Literal["order_date", "event_date"]
    maturity_days: int
    min_n: int
    interval: Literal["wilson", "normal", "poisson", "woodruff", "none"]
    numerator_column: str | None = None
    subtracted_column: str | None = None
    denominator_column: str | None = None
    sumsq_column: str | None = None
    measure: str | None = None
    good: float | None = None
    requires: tuple[str, ...] = ()
    requires_any: tuple[str, ...] = ()


@dataclass(frozen=True)
class MetricResult:
    """One figure. `value`, `ci_low`, `ci_high` (95 %) are None unless status is ok; money is in major units of `currency`.

    date_from/date_to: the window asked for, local days of `time_zone`, both included. mature_to: the last day that
    counted (earlier than date_to where younger orders were left out). grain: 'marketplace' when an order of several
    merchants counts once. group: dimension → value, periods as their first day in ISO form.
    """

    metric_id: str
    group: Mapping[str, str]
    date_from: date
    date_to: date
    time_zone: str
    unit: Unit
    currency: str | None
    value: float | None
    numerator: float | None
    denominator: float | None
    n: int
    ci_low: float | None
    ci_high: float | None
    status: Status
    snapshot_id: str
    mature_to: date
    grain: Literal["marketplace", "merchant"]


@dataclass(frozen=True)
class Comparison:
    """A figure against the same figure of another window. change = current − base, in the metric's unit; where the windows
    differ in length, a count's or amount's base is its daily mean times the days of the current window.

    change_share: change / base (so taken), None when the base is zero or missing. is_significant: the 95 % interval of the change
    leaves out zero; None when the metric has no interval.
    """

    current: MetricResult
    base: MetricResult | None
    change: float | None
    change_share: float | None
    change_ci_low: float | None
    change_ci_high: float | None
    is_significant: bool | None


@dataclass(frozen=True)
class PeerBenchmark:
    """A merchant among the others of its category and size band.

    percentile: 0–1, the share of peers that it does better than (ties count half); for a neutral metric, that lie below.
    median and percentile are None with fewer than MIN_PEERS peers that have enough data.
    """

    metric_id: str
    merchant_id: str
    value: float | None
    median: float | None
    percentile: float | None
    peer_count: int
    category: str
    size_band: str
    status: Status


@dataclass(frozen=True)
class Drill:
    """The rows behind a figure. Over all `row_count` rows, numerator_part and denominator_part add up exactly to
    `numerator` and `denominator`; `rows` holds the first `limit` of them, those in the numerator first.
    """

    metric_id: str
    rows: pd.DataFrame
    row_count: int
    numerator: float
    denominator: float | None
    n: int
    currency: str | None
    grain: Literal["marketplace", "merchant"]
