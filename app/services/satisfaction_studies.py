"""The studies of the Satisfaction page and of `trustdesk loyalty`: index, silence, drift of standards, drivers, returns, segments, chain.

Each is computed when its tab is opened, once a snapshot and scope. Words stay msgids. Where the window matters little and numbers much,
a study looks at the year that ends with the window; it says so in its `window`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from app.charts.shapes import Point
from app.services.runtime import cached
from app.services.scores import scores
from app.services.warehouse import cursor, filter_options, merchants

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.satisfaction.chain import Chain
    from analytics.satisfaction.cohorts import Cohorts
    from analytics.satisfaction.drift import Drift
    from analytics.satisfaction.drivers import Drivers
    from analytics.satisfaction.index import Index, MonthIndex, Silence
    from analytics.satisfaction.regression import Slope
    from analytics.satisfaction.segments import Segments

YEAR_DAYS = 365
MERCHANT_DAYS = 180
MONTHS = 13
GROUPS = 12
MIN_DELIVERED = 20


@dataclass(frozen=True)
class Indexed:
    """The index of a window and of the months up to it."""

    index: Index
    months: tuple[MonthIndex, ...]
    window: tuple[date, date]


@dataclass(frozen=True)
class Bounds:
    """Silence of the whole scope (`name` empty) or of a category."""

    name: str
    silence: Silence


@dataclass(frozen=True)
class Silenced:
    """window: of the orders placed; it ends earlier than the page's, because reviews take time. None when nothing is old enough."""

    bounds: tuple[Bounds, ...]
    window: tuple[date, date] | None


@dataclass(frozen=True)
class Drifted:
    """Drift of raters' standards with the months behind it (month, stars, within, n). `every`: one rater in how many was read."""

    drift: Drift
    months: pd.DataFrame
    every: int


@dataclass(frozen=True)
class Driven:
    """Drivers of an outcome over `window`; one order in `every` of `total` was read."""

    drivers: Drivers
    window: tuple[date, date]
    total: int
    every: int


@dataclass(frozen=True)
class Returned:
    """Returns after good and bad experience of the buyers' first orders in `window`; one buyer in `every` was read."""

    cohorts: Cohorts
    window: tuple[date, date]
    every: int


@dataclass(frozen=True)
class Segmented:
    """Segments with their window; `recency_frequency` is of buyers only."""

    segments: Segments
    window: tuple[date, date]
    recency_frequency: pd.DataFrame


@cached
def index(snapshot_id: str, scope: Scope) -> Indexed:
    """The satisfaction index of the window, its parts, and the index by month."""
    from analytics.satisfaction import source
    from analytics.satisfaction.index import index_by_month, index_of

    with cursor(snapshot_id) as opened:
        sums, months = source.answers(opened, scope), source.monthly_answers(opened, scope, MONTHS)
    return Indexed(index_of(sums), index_by_month(months), (scope.date_from, scope.date_to))


@cached
def silence(snapshot_id: str, scope: Scope) -> Silenced:
    """What silence may hide, for the scope and its largest categories, of orders old enough to have been reviewed."""
    from analytics.metrics import get_spec
    from analytics.metrics.extent import read_extent
    from analytics.satisfaction import source
    from analytics.satisfaction.index import silence_of

    with cursor(snapshot_id) as opened:
        last = read_extent(opened).through(get_spec("effective_positive_share").maturity_days, scope.date_to)
        if last < scope.date_from:
            return Silenced((), None)
        sums = source.answers(opened, replace(scope, date_to=last))
    profiles = merchants(snapshot_id)[["merchant_id", "category"]]
    by_merchant = sums.merge(profiles, on="merchant_id", how="left").assign(
        category=lambda rows: rows["category"].fillna("unknown")
    )
    found = [Bounds("", silence_of(sums))]
    for category, rows in by_merchant.groupby("category"):
        found.append(Bounds(str(category), silence_of(rows)))
    told = [one for one in found if one.silence.delivered >= MIN_DELIVERED and one.silence.effective is not None]
    largest = sorted((one for one in told if one.name), key=lambda one: -one.silence.delivered)[:GROUPS]
    whole = [one for one in told if not one.name]
    return Silenced((*whole, *sorted(largest, key=lambda one: one.name)), (scope.date_from, last))


@cached
def drift(snapshot_id: str, scope: Scope) -> Drifted:
    """Whether raters' standards drift, over all reviews up to the window's end."""
    from analytics.satisfaction import source
    from analytics.satisfaction.drift import drift_by_month, drift_of

    with cursor(snapshot_id) as opened:
        sample = source.ratings(opened, scope)
    return Drifted(drift_of(sample.rows), drift_by_month(sample.rows), sample.every)


@cached
def drivers(snapshot_id: str, scope: Scope, outcome: str) -> Driven:
    """What goes with an outcome (rating, positive, repeat), raw and adjusted."""
    from analytics.satisfaction import source
    from analytics.satisfaction.drivers import drivers_of

    year = _year(snapshot_id, scope)
    with cursor(snapshot_id) as opened:
        if outcome == "repeat":
            year = replace(year, date_to=max(min(year.date_to, source.last_repeat_day(opened)), year.date_from))
        sample, in_source = source.orders(opened, year), source.recorded(opened)
    found = drivers_of(sample.rows, outcome, in_source=in_source)
    return Driven(found, (year.date_from, year.date_to), sample.total, sample.every)


@cached
def returns(snapshot_id: str, scope: Scope) -> Returned:
    """Who comes back after a good and a bad first experience."""
    from analytics.satisfaction import source
    from analytics.satisfaction.cohorts import cohorts_of

    year = _year(snapshot_id, scope)
    with cursor(snapshot_id) as opened:
        source.last_day(opened)
        assert opened.data_up_to is not None
        sample = source.first_orders(opened, year)
        found = cohorts_of(sample.rows, opened.data_up_to)
    return Returned(found, (year.date_from, year.date_to), sample.every)


@cached
def buyer_segments(snapshot_id: str, scope: Scope) -> Segmented:
    """Segments of buyers by what they did in a year."""
    from analytics.satisfaction import source
    from analytics.satisfaction.segments import recency_frequency, segment_buyers

    year = _year(snapshot_id, scope)
    with cursor(snapshot_id) as opened:
        sample = source.buyers(opened, year)
    found = segment_buyers(sample.rows, sample.total, sample.every)
    return Segmented(found, (year.date_from, year.date_to), recency_frequency(sample.rows))


@cached
def merchant_segments(snapshot_id: str, scope: Scope) -> Segmented:
    """Segments of merchants by what they did in half a year."""
    from analytics.satisfaction import source
    from analytics.satisfaction.segments import segment_merchants

    half = _year(snapshot_id, scope, MERCHANT_DAYS)
    with cursor(snapshot_id) as opened:
        sums = source.merchants(opened, half)
    return Segmented(segment_merchants(sums), (half.date_from, half.date_to), pd.DataFrame())


@cached
def chain(snapshot_id: str, scope: Scope) -> Chain:
    """Trust of a past day against what its merchants' later buyers experienced and did."""
    from analytics.satisfaction import source
    from analytics.satisfaction.chain import OUTCOME_DAYS, chain_of, too_short
    from analytics.trust import default_programme

    with cursor(snapshot_id) as opened:
        days = source.chain_days(opened, scope, OUTCOME_DAYS)
        if days is None:
            return too_short()
        followed = replace(scope, date_from=days[1], date_to=days[2])
        orders = source.orders(opened, followed, source.CHAIN_LIMIT).rows
    known = [(score.merchant_id, score.score, score.level) for score in scores(snapshot_id, days[0])]
    then = pd.DataFrame(known, columns=["merchant_id", "score", "level"]).astype({"score": float})
    return chain_of(orders, then, [level.level_id for level in default_programme().levels], *days)


def segment_members(snapshot_id: str, members: Iterable[str]) -> pd.DataFrame:
    """The merchants of a segment, most orders first: merchant_id, name, category, region, tier, order_count."""
    wanted = set(members)
    frame = merchants(snapshot_id)
    chosen = frame[frame["merchant_id"].isin(wanted)].reset_index(drop=True)
    names = filter_options(snapshot_id).merchants
    return chosen.assign(name=[names.get(merchant, merchant) for merchant in chosen["merchant_id"]])[
        ["merchant_id", "name", "category", "region", "tier", "order_count"]
    ]


def index_points(found: Indexed) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The index by month and its coverage as points; the window's last month is not complete unless the window ends with it."""
    last = found.window[1]
    is_whole = (last + timedelta(days=1)).month != last.month
    points, coverage = [], []
    for one in found.months:
        is_complete = is_whole or (one.month.year, one.month.month) != (last.year, last.month)
        points.append(Point(one.month, one.index.value, one.index.ci_low, one.index.ci_high, one.index.n, is_complete))
        coverage.append(Point(one.month, one.index.coverage, n=one.index.n, is_complete=is_complete))
    return tuple(points), tuple(coverage)


def slope_columns(slopes: Mapping[str, Slope | None]) -> dict[str, float | None]:
    """NAME, NAME_low and NAME_high of each slope, None where there is none."""
    found: dict[str, float | None] = {}
    for name, slope in slopes.items():
        found[name] = None if slope is None else slope.value
        found[f"{name}_low"] = None if slope is None else slope.ci_low
        found[f"{name}_high"] = None if slope is None else slope.ci_high
    return found


def driver_table(found: Drivers) -> pd.DataFrame:
    """Drivers as a table: cause, n, share, raw and adjusted with bounds, moves, status."""
    return pd.DataFrame(
        [
            {
                "cause": one.cause,
                "n": one.n,
                "share": one.share,
                **slope_columns({"raw": one.raw, "adjusted": one.adjusted}),
                "moves": one.moves,
                "status": one.status,
            }
            for one in found.drivers
        ],
        columns=[
            "cause",
            "n",
            "share",
            "raw",
            "raw_low",
            "raw_high",
            "adjusted",
            "adjusted_low",
            "adjusted_high",
            "moves",
            "status",
        ],
    )


def curve_table(found: Cohorts) -> pd.DataFrame:
    """Curves as a table: experience, day, back, ci_low, ci_high, at_risk."""
    rows = [
        (curve.experience, *values)
        for curve in found.curves
        for values in zip(curve.days, curve.back, curve.ci_low, curve.ci_high, curve.at_risk, strict=True)
    ]
    return pd.DataFrame(rows, columns=["experience", "day", "back", "ci_low", "ci_high", "at_risk"])


def band_table(found: Chain, outcome: str) -> pd.DataFrame:
    """One outcome by trust band: band, n, merchants, raw and adjusted with bounds."""
    return pd.DataFrame(
        [
            {
                "band": one.band,
                "n": one.n,
                "merchants": one.merchants,
                **slope_columns({"raw": one.raw, "adjusted": one.adjusted}),
            }
            for one in found.bands
            if one.outcome == outcome
        ],
        columns=["band", "n", "merchants", "raw", "raw_low", "raw_high", "adjusted", "adjusted_low", "adjusted_high"],
    )


def _year(snapshot_id: str, scope: Scope, days: int = YEAR_DAYS) -> Scope:
    """The scope with a window of so many days that ends with its own, as far as there is data; never shorter than its own."""
    first = max(scope.date_to - timedelta(days=days - 1), filter_options(snapshot_id).data_from)
    return replace(scope, date_from=min(first, scope.date_from))
