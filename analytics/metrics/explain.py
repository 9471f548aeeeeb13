"""Why a figure changed between two windows: each group's part, split into volume, mix and rate, which add up to the change.

Built on compute only; knows no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from analytics.errors import InputError
from analytics.metrics.catalogue import get_spec
from analytics.metrics.comparison import base_scope
from analytics.metrics.compute import compute, compute_many
from analytics.metrics.extent import read_extent
from analytics.metrics.templates import get_dimensions
from analytics.metrics.types import Base, MetricCursor, MetricResult, Scope, Unit

# A median and a share of the largest buyers are no sums over groups.
UNSPLIT = frozenset({"duration", "concentration"})
# Why a change can't be split, as templates for translation.
REASONS: Mapping[str, str] = {
    "unsplit": "This figure is no sum over groups, so its change can't be split: choose a rate, a mean or a count.",
    "before_data": "The window to compare with starts on {start}, before the data ({first}): choose a later window.",
    "no_base": "One of the two windows has nothing to count over: choose a longer window.",
    "no_dimension": "This figure is not known by group, so its change can't be split this way: choose another dimension.",
    "too_few": "From {start} to {end} there are too few rows for a figure: choose a longer window.",
    "immature": "From {start} to {end} is too recent for a figure: choose an earlier window.",
    "not_in_source": "The source does not hold what this figure needs: load what it is counted from, or choose another one.",
    "not_applicable": "This figure does not apply to what the filters leave: choose fewer filters.",
}
LEAD = 0.1  # how far a group's share of a change must exceed its share of the rows to be named as what moved it
Windows = tuple[Sequence[MetricResult], Sequence[MetricResult]]  # before, after


class NotExplained(InputError):  # noqa: N818  named for what happened
    """A change that can't be split; its text is one of REASONS and its values are days."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(REASONS[reason], **values)


@dataclass(frozen=True)
class Sums:
    """Of one group and window: what is counted, and what it is counted over (for an amount its rows; for a count itself)."""

    numerator: float
    base: float


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


def _figure(sums: Sums) -> float | None:
    return sums.numerator / sums.base if sums.base else None


def _rates(before: Sums, after: Sums) -> tuple[float, float]:
    """The group's figure in both windows; where it was not there, that of the other, so that coming and going is mix alone."""
    earlier, later = _figure(before), _figure(after)
    if earlier is None:
        earlier = 0.0 if later is None else later
    return earlier, earlier if later is None else later


def split(
    before: Mapping[str, Sums], after: Mapping[str, Sums], *, is_ratio: bool
) -> dict[str, tuple[float, float, float]]:
    """(volume, mix, rate) of each group that is in either window; over all groups they add up to the change of the whole.

    A ratio is the base-weighted mean of the groups' figures, R = Σ w·r with w = b / B: rate = w̄·Δr and mix = Δw·(r̄ − R̄), the
    symmetric split of Kitagawa (1955, "Components of a difference between two rates"), with a bar for the mean of both windows.
    Taking R̄ off changes no sum, since Σ Δw = 0, and gives a group a part only as far as it differs from the whole. A total is
    Y = Σ B·w·r: volume = ΔB·(mean of w·r), mix = B̄·Δw·r̄, rate = B̄·w̄·Δr. What a group counts in a window without a base of its
    own is in no w·r, and goes to rate. Raises NotExplained for a ratio without a base in either window.
    """
    none = Sums(0.0, 0.0)
    pairs = {name: (before.get(name, none), after.get(name, none)) for name in dict.fromkeys((*after, *before))}
    whole = [sum(pair[place].base for pair in pairs.values()) for place in (0, 1)]
    if is_ratio and not all(whole):
        raise NotExplained("no_base")
    total = [sum(pair[place].numerator for pair in pairs.values()) for place in (0, 1)]
    middle = sum(y / b for y, b in zip(total, whole, strict=True) if b) / 2
    found = {}
    for name, pair in pairs.items():
        earlier, later = _rates(*pair)
        shares = [sums.base / b if b else None for sums, b in zip(pair, whole, strict=True)]
        w0, w1 = (next((share for share in (own, *shares) if share is not None), 0.0) for own in shares)
        share, rate = (w0 + w1) / 2, (earlier + later) / 2
        # without a base of its own: tickets of a merchant that had no orders
        adrift = [0.0 if sums.base else sums.numerator for sums in pair]
        if is_ratio:
            moved = adrift[1] / whole[1] - adrift[0] / whole[0]
            found[name] = (0.0, (w1 - w0) * (rate - middle), share * (later - earlier) + moved)
        else:
            size = sum(whole) / 2
            volume = (whole[1] - whole[0]) * (w0 * earlier + w1 * later) / 2
            moved = adrift[1] - adrift[0]
            found[name] = (volume, size * (w1 - w0) * rate, size * share * (later - earlier) + moved)
    return found


def _sums(result: MetricResult, scale: float) -> Sums:
    numerator = scale * (result.numerator or 0.0)
    if result.denominator is not None:
        return Sums(numerator, result.denominator)
    return Sums(numerator, float(result.n) if result.currency is not None else numerator)


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


def _by_group(results: Sequence[MetricResult], dimension: str, currency: str | None) -> dict[str, MetricResult]:
    return {
        result.group[dimension]: result
        for result in results
        if dimension in result.group and result.currency == currency
    }


def _explain_one(
    dimension: str,
    totals: tuple[MetricResult, MetricResult],
    groups: tuple[Sequence[MetricResult], Sequence[MetricResult]],
    scale: float,
) -> Explanation:
    before, after = totals
    currency = after.currency
    earlier, later = (_by_group(results, dimension, currency) for results in groups)
    is_ratio = after.denominator is not None
    sums = [{name: _sums(result, scale) for name, result in found.items()} for found in (earlier, later)]
    effects = split(sums[0], sums[1], is_ratio=is_ratio)

    def own(found: Mapping[str, MetricResult], name: str) -> float | None:
        if name not in found:
            return None if is_ratio else 0.0
        group = _sums(found[name], scale)
        return _figure(group) if is_ratio else group.numerator

    parts = [
        Part({dimension: name}, own(earlier, name), own(later, name), later[name].n if name in later else 0, *effect)
        for name, effect in effects.items()
    ]
    change = (after.value or 0.0) - (before.value or 0.0)
    return Explanation(
        metric_id=after.metric_id,
        unit=after.unit,
        currency=currency,
        date_from=after.date_from,
        date_to=after.date_to,
        base_from=before.date_from,
        base_to=before.date_to,
        before=before.value or 0.0,
        after=after.value or 0.0,
        overlap=change - sum(part.change for part in parts),
        n=after.n,
        parts=tuple(sorted(parts, key=lambda part: (-abs(part.change), part.group[dimension]))),
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
    first_day = read_extent(cursor).first_day
    if first_day is None or earlier.date_from < first_day:
        raise NotExplained("before_data", start=earlier.date_from, first=first_day)
    wholes = (compute(cursor, metric_id, earlier), compute(cursor, metric_id, scope))
    groups = (compute(cursor, metric_id, earlier, by=(by,)), compute(cursor, metric_id, scope, by=(by,)))
    return _explain(metric_id, by, wholes, groups)


def _explain(metric_id: str, by: str, wholes: Windows, groups: Windows) -> list[Explanation]:
    if any(result.status == "not_applicable" for results in groups for result in results):
        raise NotExplained("no_dimension")
    before, now = wholes
    scale = 100.0 if get_spec(metric_id).family == "nps" else 1.0
    currencies = dict.fromkeys(result.currency for result in (*now, *before))
    return [
        _explain_one(by, (_whole(before, now, currency), _whole(now, before, currency)), groups, scale)
        for currency in currencies
        if currency is not None or len(currencies) == 1
    ]


def leading_parts(
    cursor: MetricCursor, metric_ids: Sequence[str], scope: Scope, *, base: Base, dimensions: Sequence[str]
) -> dict[tuple[str, str | None], Lead]:
    """The group that moved each metric most beyond its size, over several dimensions; keys are (metric_id, currency).

    A group leads when its part of the change exceeds its share of the rows by LEAD or more; a change that all groups share has no lead,
    and neither has a metric that can't be split. Reads one statement a window and dimension for all metrics that are sums.
    """
    earlier = base_scope(scope, base)
    splittable = [metric_id for metric_id in metric_ids if get_spec(metric_id).family not in UNSPLIT]
    wholes = [compute_many(cursor, splittable, window) for window in (earlier, scope)]
    leads: dict[tuple[str, str | None], Lead] = {}
    for dimension in dimensions:
        groups = [compute_many(cursor, splittable, window, by=(dimension,)) for window in (earlier, scope)]
        for metric_id in splittable:
            both = (wholes[0][metric_id], wholes[1][metric_id]), (groups[0][metric_id], groups[1][metric_id])
            with suppress(NotExplained):  # no figure in a window, or no such dimension: nothing leads
                for explanation in _explain(metric_id, dimension, *both):
                    _keep_lead(leads, dimension, explanation)
    return leads


def _keep_lead(leads: dict[tuple[str, str | None], Lead], dimension: str, explanation: Explanation) -> None:
    key = (explanation.metric_id, explanation.currency)
    if not explanation.change or len(explanation.parts) < 2:
        return
    rows = sum(part.n for part in explanation.parts) or 1
    for part in explanation.parts:
        lead = Lead(dimension, part, part.change / explanation.change, part.n / rows)
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
