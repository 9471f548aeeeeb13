"""The satisfaction index, 0–100: answers of every kind on one scale, weighted by `data/satisfaction/index.toml`; and what silence may hide.

A missing part is left out and named, its weight goes to the others. The interval is linearised over merchants (Cochran, Sampling Techniques,
3rd ed., 6.4), because a merchant's answers resemble each other. Silence: Nosko and Tadelis 2015 (NBER 20830). Knows no SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t

from analytics.satisfaction.regression import MIN_CLUSTERS
from analytics.trust.toml_table import TomlTable, did_you_mean, read_toml

DEFINITION = Path(__file__).resolve().parents[2] / "data" / "satisfaction" / "index.toml"
Floats = NDArray[np.float64]
# What `sql/satisfaction/answers_*.sql` give.
ANSWER_COLUMNS = (
    "review_score_sum",
    "review_count",
    "csat_sum",
    "csat_count",
    "dsr_description_sum",
    "dsr_description_count",
    "dsr_service_sum",
    "dsr_service_count",
    "dsr_logistics_sum",
    "dsr_logistics_count",
    "nps_promoter_count",
    "nps_detractor_count",
    "nps_count",
)


@dataclass(frozen=True)
class Component:
    """One kind of answer. plus, minus: columns whose difference is the total; both and `answers` are empty where no source has it. low, high: its scale."""

    component_id: str
    label: str
    weight: float
    plus: str
    minus: str
    answers: str
    low: float
    high: float


@dataclass(frozen=True)
class Definition:
    """The index as data."""

    min_n: int
    components: tuple[Component, ...]


@dataclass(frozen=True)
class Part:
    """One component of an index: value 0–100 (None unless status is ok) with its interval, answers n, answers per order placed, and weight as used (0–1)."""

    component_id: str
    label: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    coverage: float | None
    weight: float
    status: str


@dataclass(frozen=True)
class Index:
    """The index of a window: value 0–100 (None when no part has enough answers) with its interval; n counts answers of all parts that enter.

    coverage: reviews per order placed. left_out: labels of the parts that do not enter.
    """

    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    coverage: float | None
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class MonthIndex:
    """The index of one calendar month."""

    month: date
    index: Index


@dataclass(frozen=True)
class Silence:
    """What silence may hide. plain: positives of reviewed orders; effective: positives of all delivered orders, which takes silence as not positive and so
    is also the lower bound; upper: all silent buyers content. All shares 0–1 of delivered orders' buyers, None without deliveries or reviews.
    """

    plain: float | None
    effective: float | None
    upper: float | None
    delivered: int
    reviewed: int
    positive: int


@cache
def default_definition() -> Definition:
    """The committed definition."""
    return load_definition(DEFINITION)


def load_definition(path: Path) -> Definition:
    """A definition from a file. Raises InputError that names the key."""
    root = read_toml(path)
    components = tuple(_component(table) for table in root.tables("components"))
    found = Definition(root.whole("min_n", 1), components)
    root.close()
    return found


def _component(table: TomlTable) -> Component:
    plus, _, minus = table.text("total", "").partition(" - ")
    found = Component(
        component_id=table.text("component_id"),
        label=table.text("label"),
        weight=table.number("weight", 0.0, 100.0),
        plus=plus,
        minus=minus,
        answers=table.text("answers", ""),
        low=table.number("low", -100.0),
        high=table.number("high", -100.0),
    )
    for key, column in (("total", plus), ("total", minus), ("answers", found.answers)):
        if column and column not in ANSWER_COLUMNS:
            raise table.error(key, f"unknown column '{column}'", did_you_mean(column, ANSWER_COLUMNS))
    if found.low >= found.high:
        raise table.error("high", f"expected a number above low ({found.low:g}), found {found.high:g}")
    table.close()
    return found


def index_of(sums: pd.DataFrame, definition: Definition | None = None) -> Index:
    """The index of sums by merchant (see `source.answers`): one row a merchant."""
    definition = definition or default_definition()
    placed = float(sums["order_count"].sum())
    totals = {c.component_id: _totals(sums, c) for c in definition.components}
    entering = [c for c in definition.components if totals[c.component_id][1].sum() >= definition.min_n]
    weight = sum(c.weight for c in entering)
    parts = tuple(
        _part(c, totals[c.component_id], placed, c.weight / weight if c in entering else 0.0, definition.min_n)
        for c in definition.components
    )
    left_out = tuple(part.label for part in parts if part.value is None)
    reviews = float(sums["review_count"].sum())
    coverage = min(reviews / placed, 1.0) if placed else None
    if not entering:
        return Index(None, None, None, 0, coverage, parts, left_out)
    value = sum(part.weight * part.value for part in parts if part.value is not None)
    influence = sum(
        (
            part.weight * _influence(c, totals[c.component_id])
            for part, c in zip(parts, definition.components, strict=True)
            if part.value is not None
        ),
        start=np.zeros(len(sums)),
    )
    answering = int(sum((totals[c.component_id][1] for c in entering), start=np.zeros(len(sums))).astype(bool).sum())
    if answering >= MIN_CLUSTERS:
        half = _half(influence, answering)
    else:  # too few merchants to see how they differ: the parts' own errors, added up as if they always erred together
        half = sum(part.weight * ((part.ci_high or 0.0) - (part.ci_low or 0.0)) / 2 for part in parts)
    n = sum(part.n for part in parts if part.value is not None)
    return Index(value, max(value - half, 0.0), min(value + half, 100.0), n, coverage, parts, left_out)


def index_by_month(sums: pd.DataFrame, definition: Definition | None = None) -> tuple[MonthIndex, ...]:
    """The index of every calendar month of `source.monthly_answers`, earliest first."""
    return tuple(
        MonthIndex(pd.Timestamp(str(month)).date(), index_of(rows.reset_index(drop=True), definition))
        for month, rows in sums.groupby("month", sort=True)
    )


def silence_of(sums: pd.DataFrame) -> Silence:
    """The shares of positive buyers with silence ignored, taken as not positive, and taken as positive; of sums by merchant."""
    delivered, reviewed, positive = (
        int(sums[column].sum())
        for column in ("delivered_count", "delivered_reviewed_count", "delivered_positive_count")
    )
    return Silence(
        plain=positive / reviewed if reviewed else None,
        effective=positive / delivered if delivered and reviewed else None,
        upper=(positive + delivered - reviewed) / delivered if delivered and reviewed else None,
        delivered=delivered,
        reviewed=reviewed,
        positive=positive,
    )


def _totals(sums: pd.DataFrame, component: Component) -> tuple[Floats, Floats]:
    """Totals and answers by merchant."""
    if not component.answers:
        return np.zeros(len(sums)), np.zeros(len(sums))
    total = sums[component.plus].to_numpy(dtype=float)
    if component.minus:
        total = total - sums[component.minus].to_numpy(dtype=float)
    return total, sums[component.answers].to_numpy(dtype=float)


def _influence(component: Component, totals: tuple[Floats, Floats]) -> Floats:
    """How much each merchant moves the component's value, in points of 100."""
    total, count = totals
    mean = total.sum() / count.sum()
    moved: Floats = 100.0 / (component.high - component.low) * (total - mean * count) / count.sum()
    return moved


def _half(influence: Floats, clusters: int) -> float:
    correction = clusters / (clusters - 1)
    return float(t.ppf(0.975, clusters - 1) * np.sqrt(correction * np.square(influence).sum()))


def _part(component: Component, totals: tuple[Floats, Floats], placed: float, weight: float, min_n: int) -> Part:
    n = int(totals[1].sum())
    coverage = min(n / placed, 1.0) if placed and component.answers else None
    if n < min_n:
        status = "too_few" if n else "not_in_source"
        return Part(component.component_id, component.label, None, None, None, n, coverage, 0.0, status)
    value = 100.0 * (float(totals[0].sum()) / n - component.low) / (component.high - component.low)
    clusters = int((totals[1] > 0).sum())
    if clusters >= MIN_CLUSTERS:
        half = _half(_influence(component, totals), clusters)
    else:  # the widest that answers between the scale's ends can be spread around this mean (Bhatia and Davis 2000)
        half = 1.96 * float(np.sqrt(value * (100.0 - value) / n))
    return Part(
        component.component_id,
        component.label,
        value,
        max(value - half, 0.0),
        min(value + half, 100.0),
        n,
        coverage,
        weight,
        "ok",
    )
