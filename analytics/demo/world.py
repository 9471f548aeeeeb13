"""The fixed facts of the simulated marketplace: sizes, places, carriers, categories, calendar and interventions.

Numbers only; nothing here is drawn at random, and nothing here knows how merchants or buyers behave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

ScaleName = Literal["small", "medium", "large"]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HOUR = 3_600
DAY = 86_400


@dataclass(frozen=True)
class Size:
    """How much of a marketplace: merchants, events (target, about ±3 %), orders (target), months of history, tickets."""

    merchants: int
    events: int
    orders: int
    months: int
    tickets: int


SIZES: dict[ScaleName, Size] = {
    "small": Size(merchants=200, events=200_000, orders=21_000, months=14, tickets=700),
    "medium": Size(merchants=2_000, events=5_000_000, orders=460_000, months=18, tickets=6_000),
    "large": Size(merchants=20_000, events=100_000_000, orders=8_800_000, months=18, tickets=40_000),
}


@dataclass(frozen=True)
class Region:
    """A merchant's or buyer's region; utc_offset in hours shapes the hours of the day at which people buy."""

    name: str
    country: Literal["US", "CN"]
    currency: Literal["USD", "CNY"]
    utc_offset: int
    weight: float
    carriers: tuple[int, ...]


@dataclass(frozen=True)
class Carrier:
    """transit: factor on transit time; stray: share of parcels that go astray for days; name_zh for Chinese texts."""

    name: str
    name_zh: str
    transit: float
    stray: float


CARRIERS = (
    Carrier("SwiftParcel", "迅捷包裹", 0.90, 0.014),
    Carrier("BlueArrow", "蓝箭物流", 1.00, 0.022),
    Carrier("PostLink", "邮联快递", 1.13, 0.034),
    Carrier("Suteng Express", "速腾快递", 0.91, 0.014),
    Carrier("Yunlian Logistics", "云联物流", 1.08, 0.030),
)
REGIONS = (
    Region("US East", "US", "USD", -5, 0.23, (0, 1, 2)),
    Region("US Central", "US", "USD", -6, 0.27, (1, 0, 2)),
    Region("US West", "US", "USD", -8, 0.18, (0, 2, 1)),
    Region("East China", "CN", "CNY", 8, 0.18, (3, 4)),
    Region("South China", "CN", "CNY", 8, 0.14, (4, 3)),
)
OUTAGE_REGION = 1
OUTAGE_CARRIER = 1
US_REGIONS = np.array([0, 1, 2])
CN_REGIONS = np.array([3, 4])
CNY_PER_USD = 7.1


@dataclass(frozen=True)
class Category:
    """Confounders of a category: price level, buyers' exacting taste, remorse returns, breakage, buying again, season.

    price: median in USD; spread: log sd; exacting: stars taken off the latent experience; remorse, breakage: rates;
    again: factor on buying again; peak_month, peak: yearly season as 1 + peak·(von-Mises-like bump around the month).
    """

    name: str
    weight: float
    price: float
    spread: float
    exacting: float
    remorse: float
    breakage: float
    again: float
    peak_month: int
    peak: float


CATEGORIES = (
    Category("Home & Kitchen", 0.20, 32.0, 0.7, 0.00, 0.020, 0.010, 1.00, 11, 0.45),
    Category("Electronics", 0.16, 58.0, 0.9, 0.22, 0.028, 0.008, 0.80, 11, 0.80),
    Category("Fashion", 0.18, 28.0, 0.6, 0.15, 0.075, 0.002, 1.05, 4, 0.25),
    Category("Beauty", 0.12, 19.0, 0.5, 0.05, 0.015, 0.006, 1.30, 2, 0.20),
    Category("Sports & Outdoors", 0.11, 39.0, 0.8, 0.02, 0.030, 0.005, 0.90, 6, 0.40),
    Category("Toys & Games", 0.09, 24.0, 0.6, 0.08, 0.018, 0.009, 0.95, 12, 1.10),
    Category("Grocery", 0.08, 15.0, 0.4, -0.05, 0.004, 0.014, 1.60, 12, 0.20),
    Category("Pet Supplies", 0.06, 22.0, 0.5, -0.08, 0.010, 0.005, 1.50, 1, 0.10),
)
TIERS = ("standard", "plus", "premier")


@dataclass(frozen=True)
class Calendar:
    """Instants as UTC epoch seconds; month_starts has one more entry than months, its last is the end of history."""

    month_starts: Ints
    start: int
    end: int
    outage: tuple[int, int]
    campaign: tuple[int, int]
    policy_at: int

    @property
    def months(self) -> int:
        return len(self.month_starts) - 1

    def month_of(self, t: Ints) -> Ints:
        """Index of the month that holds each instant; `months` for instants at or after the end."""
        return np.searchsorted(self.month_starts, t, side="right") - 1


def epoch(day: date) -> int:
    """00:00 UTC of a day as epoch seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def make_calendar(size: Size, until: date) -> Calendar:
    """`size.months` calendar months of which the last holds `until` (inclusive), with the interventions' dates.

    Outage: 10 days from 54 days before the end; campaign: 6 days from 125 days before; the handling limit is
    tightened on the first of the month five months before the end.
    """
    year, month = until.year, until.month
    starts = [epoch(until + timedelta(days=1))]
    for _ in range(size.months):
        starts.append(epoch(date(year, month, 1)))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    starts.reverse()
    end = starts[-1]
    outage = end - 54 * DAY
    campaign = end - 125 * DAY
    return Calendar(
        month_starts=np.array(starts, dtype=np.int64),
        start=starts[0],
        end=end,
        outage=(outage, outage + 10 * DAY),
        campaign=(campaign, campaign + 6 * DAY),
        policy_at=starts[-6],
    )
