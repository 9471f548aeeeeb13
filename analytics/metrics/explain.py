"""Why a figure changed between two windows: each group's part, split into volume, mix and rate, which add up to the change.

Built on compute only; knows no SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.errors import InputError
from analytics.metrics.catalogue import get_spec
from analytics.metrics.comparison import base_scope
from analytics.metrics.compute import compute, figures_many
from analytics.metrics.durations import Words
from analytics.metrics.extent import read_extent
from analytics.metrics.figures import Figures
from analytics.metrics.intervals import Floats
from analytics.metrics.templates import get_dimensions
from analytics.metrics.types import Base, Comparison, MetricCursor, MetricResult, Scope, Unit

# A median and a share of the largest buyers are no sums over groups.
UNSPLIT = frozenset({"duration", "concentration"})
# Why a change can't be split, as templates for translation.
REASONS: Mapping[str, str] = {
    "unsplit": "This figure is no sum over groups, so its change can't be split: choose a rate, a mean or a count.",
    "before_data": "The window to compare with starts on {start}, before the data ({first}): choose a later window.",
    "after_data": "The window from {start} to {end} goes beyond the data ({last}): choose one that ends earlier.",
    "no_base": "One of the two windows has nothing to count over: choose a longer window.",
    "no_dimension": "This figure is not known by group, so its change can't be split this way: choose another dimension.",
    "too_few": "From {start} to {end} there are too few rows for a figure: choose a longer window.",
    "immature": "From {start} to {end} is too recent for a figure: choose an earlier window.",
    "not_in_source": "The source does not hold what this figure needs: load what it is counted from, or choose another one.",
    "not_applicable": "This figure does not apply to what the filters leave: choose fewer filters.",
}
LEAD = 0.1  # how far a group's share of a change must exceed its share of the rows to be named as what moved it
Windows = tuple[Sequence[MetricResult], Sequence[MetricResult]]  # before, after
Groups = tuple[Figures, Figures]  # before, after


class NotExplained(InputError):  # noqa: N818  named for what happened
    """A change that can't be split; its text is one of REASONS and its values are days."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(REASONS[reason], **values)


@dataclass(frozen=True)
class Sums:
    """Of each group in one window, shape (groups,): what is counted, and what it is counted over (for an amount its rows; for a count itself)."""

    numerator: Floats
    base: Floats


@dataclass(frozen=True)
class Part:
    """One group's part of a change, in the metric's unit. change = volume + mix + rate.

    volume: from the whole growing or shrinking; mix: from the group's share of the base; rate: from the figure within the group.
    before and after: the group's own figure, None without a base. n: rows behind the group's figure after.
    """

    group: Mapping[str, str]
    before: float | None
    after: float | None
    n: int
    volume: float
    mix: float
    rate: float

    @property
    def change(self) -> float:
        return self.volume + self.mix + self.rate


@dataclass(frozen=True)
class Explanation:
    """A change and its parts, largest first. change = sum of the parts' changes + overlap, within rounding.

    overlap: what the parts count otherwise than the marketplace does, since an order of several merchants counts once there
    and once for each of them in the parts. base_from/base_to: the earlier window, local days, both included.
    """

    metric_id: str
    unit: Unit
    currency: str | None
    date_from: date
    date_to: date
    base_from: date
    base_to: date
    before: float
    after: float
    overlap: float
    n: int
    parts: tuple[Part, ...]
    snapshot_id: str

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class Lead:
    """The group that moved a metric: its part, its share of the whole change and its share of the rows (both 0–1)."""

    dimension: str
    part: Part
    share: float
    size: float

    @property
    def excess(self) -> float:
        return self.share - self.size

    @property
    def effect(self) -> Literal["volume", "mix", "rate"]:
        """The largest of the part's three effects."""
        effects: tuple[Literal["volume", "mix", "rate"], ...] = ("rate", "mix", "volume")
        return max(effects, key=lambda name: abs(getattr(self.part, name)))


def _over(numerator: Floats, base: Floats, otherwise: Floats) -> Floats:
    """numerator / base, and something else where the base is zero."""
    return np.divide(numerator, base, out=otherwise.copy(), where=base != 0)


def split(before: Sums, after: Sums, *, is_ratio: bool) -> tuple[Floats, Floats, Floats]:
    """Volume, mix and rate of each group, shape (groups,) each; over all groups they add up to the change of the whole.

    `before` and `after` hold the same groups in the same order, zeros where a group was not there.

    A ratio is the base-weighted mean of the groups' figures, R = Σ w·r with w = b / B: rate = w̄·Δr and mix = Δw·(r̄ − R̄), the
    symmetric split of Kitagawa (1955, "Components of a difference between two rates"), with a bar for the mean of both windows.
    Taking R̄ off changes no sum, since Σ Δw = 0, and gives a group a part only as far as it differs from the whole. A total is
    Y = Σ B·w·r: volume = ΔB·(mean of w·r), mix = B̄·Δw·r̄, rate = B̄·w̄·Δr. What a group counts in a window without a base of its
    own is in no w·r, and goes to rate. Raises NotExplained for a ratio without a base in either window.
    """
    whole = before.base.sum(), after.base.sum()
    if is_ratio and not all(whole):
        raise NotExplained("no_base")
    zero = np.zeros(len(before.base))
    # where a group was not there its figure is that of the other window, so that coming and going is mix alone
    earlier = _over(before.numerator, before.base, _over(after.numerator, after.base, zero))
    later = _over(after.numerator, after.base, earlier)
    # a window without any base has the shares of the other
    w0, w1 = (sums.base / total if total else None for sums, total in zip((before, after), whole, strict=True))
    w0, w1 = (own if own is not None else other if other is not None else zero for own, other in ((w0, w1), (w1, w0)))
    share, rate = (w0 + w1) / 2, (earlier + later) / 2
    # without a base of its own: tickets of a merchant that had no orders
    adrift = [np.where(sums.base != 0, 0.0, sums.numerator) for sums in (before, after)]
    if is_ratio:
        middle = (before.numerator.sum() / whole[0] + after.numerator.sum() / whole[1]) / 2
        moved = adrift[1] / whole[1] - adrift[0] / whole[0]
        return zero, (w1 - w0) * (rate - middle), share * (later - earlier) + moved
    size = sum(whole) / 2
    volume = (whole[1] - whole[0]) * (w0 * earlier + w1 * later) / 2
    return volume, size * (w1 - w0) * rate, size * share * (later - earlier) + adrift[1] - adrift[0]


def _whole(results: Sequence[MetricResult], others: Sequence[MetricResult], currency: str | None) -> MetricResult:
    """The figure over all groups; a currency that a window did not have yet, or no longer, is an amount of zero there."""
    for result in results:
        if result.currency == currency and result.value is not None:
            return result
        if result.currency == currency:
            raise NotExplained(result.status, start=result.date_from, end=result.date_to)
    partner = next(result for result in others if result.currency == currency)
    return replace(
        partner,
        date_from=results[0].date_from,
        date_to=results[0].date_to,
        value=0.0,
        numerator=0.0,
        n=0,
    )


@dataclass(frozen=True)
class _Parts:
    """The parts of a change as arrays, shape (groups,); before and after are NaN without a base."""

    dimension: str
    keys: Words
    before: Floats
    after: Floats
    n: Floats
    volume: Floats
    mix: Floats
    rate: Floats

    @property
    def change(self) -> Floats:
        return self.volume + self.mix + self.rate

    def order(self) -> NDArray[np.intp]:
        """Places, the largest change first."""
        return np.lexsort((self.keys.astype(str), -np.abs(self.change)))

    def part(self, place: int) -> Part:
        """One of them."""
        before, after = (None if np.isnan(own[place]) else float(own[place]) for own in (self.before, self.after))
        effects = (float(effect[place]) for effect in (self.volume, self.mix, self.rate))
        return Part({self.dimension: str(self.keys[place])}, before, after, int(self.n[place]), *effects)


@dataclass(frozen=True)
class _Window:
    """A currency's groups in one window."""

    keys: Words
    sums: Sums
    n: Floats

    @classmethod
    def of(cls, figures: Figures, dimension: str, currency: str | None, scale: float) -> _Window:
        """Summed over the other dimensions that the figures are split by."""
        rows = figures.of(currency) & (dimension in figures.groups)
        places, keys = pd.factorize(figures.groups.get(dimension, figures.currencies)[rows])
        counted, n = scale * np.nan_to_num(figures.numerator[rows]), figures.n[rows]
        over = figures.denominator[rows] if figures.denominator is not None else n if currency is not None else counted
        counted, over, n = (np.bincount(places, values, len(keys)).astype(float) for values in (counted, over, n))
        return cls(keys, Sums(counted, over), n)

    def at(self, keys: pd.Index) -> tuple[Sums, Floats, NDArray[np.bool_]]:
        """The sums and n of given groups, zeros for those that are not here, and which are."""
        places = pd.Index(self.keys).get_indexer(keys)
        is_here = places >= 0

        def placed(values: Floats) -> Floats:
            return np.where(is_here, np.append(values, 0.0)[places], 0.0)

        return Sums(placed(self.sums.numerator), placed(self.sums.base)), placed(self.n), is_here


def _parts(dimension: str, currency: str | None, groups: Groups, scale: float) -> _Parts:
    """Every group's part of a change; `groups`: the figures of the window before, and of the window after."""
    earlier, later = (_Window.of(figures, dimension, currency, scale) for figures in groups)
    keys = pd.Index(later.keys).append(pd.Index(earlier.keys)).unique()
    (before, _n, was_here), (after, n, is_here) = earlier.at(keys), later.at(keys)
    is_ratio = groups[1].denominator is not None
    effects = split(before, after, is_ratio=is_ratio)
    own = [
        np.where(here, _over(sums.numerator, sums.base, np.full(len(keys), np.nan)), np.nan)
        if is_ratio
        else sums.numerator
        for sums, here in ((before, was_here), (after, is_here))
    ]
    return _Parts(dimension, keys.to_numpy(dtype=object), own[0], own[1], n, *effects)


def _explanation(before: MetricResult, after: MetricResult, parts: _Parts) -> Explanation:
    change = (after.value or 0.0) - (before.value or 0.0)
    shown = tuple(parts.part(int(place)) for place in parts.order())
    return Explanation(
        metric_id=after.metric_id,
        unit=after.unit,
        currency=after.currency,
        date_from=after.date_from,
        date_to=after.date_to,
        base_from=before.date_from,
        base_to=before.date_to,
        before=before.value or 0.0,
        after=after.value or 0.0,
        overlap=change - sum(part.change for part in shown),
        n=after.n,
        parts=shown,
        snapshot_id=after.snapshot_id,
    )


def explain(cursor: MetricCursor, metric_id: str, scope: Scope, *, base: Base, by: str) -> list[Explanation]:
    """Split a metric's change from the base window to `scope` by a dimension; one explanation a currency.

    A group below the metric's min_n takes part all the same: its sums are in the whole. Raises NotExplained for a metric
    that is no sum or ratio of sums, a base window before the data, and windows without a figure; UnknownMetric and UnknownDimension.
    """
    spec = get_spec(metric_id)
    (dimension,) = get_dimensions((by,))
    if spec.family in UNSPLIT:
        raise NotExplained("unsplit")
    if dimension.grain == "time":
        raise InputError(
            f"A change can't be split by {by}, the windows differ in time: choose category, region, tier or merchant."
        )
    earlier = base_scope(scope, base)
    extent = read_extent(cursor)
    if extent.first_day is None or earlier.date_from < extent.first_day:
        raise NotExplained("before_data", start=earlier.date_from, first=extent.first_day)
    for window in (scope, earlier):
        if not extent.is_reached(window):
            raise NotExplained("after_data", start=window.date_from, end=window.date_to, last=extent.last_day)
    wholes = (compute(cursor, metric_id, earlier), compute(cursor, metric_id, scope))
    groups = tuple(figures_many(cursor, (metric_id,), window, by=(by,))[metric_id] for window in (earlier, scope))
    return [
        _explanation(before, after, parts)
        for before, after, parts in _changes(metric_id, by, wholes, (groups[0], groups[1]))
    ]


def _changes(
    metric_id: str, by: str, wholes: Windows, groups: Groups
) -> Iterator[tuple[MetricResult, MetricResult, _Parts]]:
    """The whole before and after, and its parts, in each currency."""
    if any("not_applicable" in figures.statuses for figures in groups):
        raise NotExplained("no_dimension")
    before, now = wholes
    scale = 100.0 if get_spec(metric_id).family == "nps" else 1.0
    currencies = dict.fromkeys(result.currency for result in (*now, *before))
    for currency in currencies:
        if currency is not None or len(currencies) == 1:
            totals = _whole(before, now, currency), _whole(now, before, currency)
            yield *totals, _parts(by, currency, groups, scale)


def leading_parts(
    cursor: MetricCursor, compared: Sequence[Comparison], scope: Scope, *, base: Base, dimensions: Sequence[str]
) -> dict[tuple[str, str | None], Lead]:
    """The group that moved each figure most beyond its size, over several dimensions; keys are (metric_id, currency).

    `compared`: the figures over the whole scope, of `compare_many`. A group leads when its part of the change exceeds its share of the rows by
    LEAD or more; a change that all groups share has no lead, and neither has a metric that can't be split. Reads one statement a window
    for all metrics that are sums, by all dimensions at once.
    """
    changes = [(c.base, c.current) for c in compared if c.base and get_spec(c.current.metric_id).family not in UNSPLIT]
    metric_ids = [after.metric_id for _before, after in changes]
    windows = (base_scope(scope, base), scope)
    read = partial(figures_many, cursor, metric_ids, by=dimensions, has_bounds=False)
    groups = [read(window) for window in windows] if metric_ids else []
    leads: dict[tuple[str, str | None], Lead] = {}
    for before, after in changes:
        both = groups[0][after.metric_id], groups[1][after.metric_id]
        for dimension in dimensions:
            with suppress(NotExplained):  # no figure in a window, or no such dimension: nothing leads
                for one, other, parts in _changes(after.metric_id, dimension, ([before], [after]), both):
                    _keep_lead(
                        leads, (after.metric_id, after.currency), (other.value or 0.0) - (one.value or 0.0), parts
                    )
    return leads


def _keep_lead(
    leads: dict[tuple[str, str | None], Lead], key: tuple[str, str | None], change: float, parts: _Parts
) -> None:
    if not change or len(parts.keys) < 2:
        return
    share, size = parts.change / change, parts.n / (parts.n.sum() or 1)
    smallest_first = parts.order()[::-1]
    place = int(smallest_first[(share - size)[smallest_first].argmax()])
    lead = Lead(parts.dimension, parts.part(place), float(share[place]), float(size[place]))
    if lead.excess >= max(LEAD, leads[key].excess if key in leads else 0.0):
        leads[key] = lead


def explanation_records(explanation: Explanation) -> list[dict[str, Any]]:
    """The JSON objects of `metrics --explain`: each group's part, largest first, then the whole with an empty group."""
    shared = {
        "metric": explanation.metric_id,
        "from": explanation.date_from.isoformat(),
        "to": explanation.date_to.isoformat(),
        "base_from": explanation.base_from.isoformat(),
        "base_to": explanation.base_to.isoformat(),
        "unit": explanation.unit,
        "currency": explanation.currency,
        "snapshot_id": explanation.snapshot_id,
    }
    rows: list[dict[str, Any]] = [
        {
            "group": dict(part.group),
            "before": part.before,
            "after": part.after,
            "change": part.change,
            "volume": part.volume,
            "mix": part.mix,
            "rate": part.rate,
            "overlap": 0.0,
            "n": part.n,
        }
        for part in explanation.parts
    ]
    whole = {
        "group": {},
        "before": explanation.before,
        "after": explanation.after,
        "change": explanation.change,
        "volume": sum(part.volume for part in explanation.parts),
        "mix": sum(part.mix for part in explanation.parts),
        "rate": sum(part.rate for part in explanation.parts),
        "overlap": explanation.overlap,
        "n": explanation.n,
    }
    return [shared | row for row in (*rows, whole)]
