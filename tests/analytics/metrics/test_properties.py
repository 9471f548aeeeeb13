"""What must hold for every metric on any marketplace: drilled rows, SQL text and truncation agree with the figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from analytics.metrics import (
    CATALOGUE,
    MetricResult,
    Scope,
    compute,
    compute_many,
    compute_with_totals,
    drill,
    figures_many,
    sql_text,
)
from analytics.metrics.types import UnknownDimension
from tests.analytics.metrics.marketplace import MemoryCursor, build
from tests.analytics.metrics.random_marketplace import random_tables, truncate

WINDOW = Scope(date(2024, 1, 10), date(2024, 5, 20))
ALL = list(CATALOGUE)
Figures = Mapping[str, list[MetricResult]]


@pytest.fixture(scope="module")
def cursor() -> MemoryCursor:
    return build(random_tables(1))


@pytest.fixture
def no_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every metric shows its value, however few its observations."""
    relaxed = {metric_id: replace(spec, min_n=0) for metric_id, spec in CATALOGUE.items()}
    monkeypatch.setattr("analytics.metrics.catalogue.CATALOGUE", relaxed)


def _parts(result: MetricResult) -> tuple[float | None, float | None]:
    return result.numerator, result.denominator


def _total(results: list[MetricResult]) -> tuple[float, float]:
    return sum(r.numerator or 0 for r in results), sum(r.denominator or 0 for r in results)


SCOPES = [
    WINDOW,
    replace(WINDOW, categories=("toys",)),
    replace(WINDOW, merchants=("m1", "m3"), regions=("north",)),
    replace(WINDOW, tiers=("unknown",)),
]


@pytest.mark.parametrize("metric_id", ALL)
@pytest.mark.parametrize("scope", SCOPES, ids=["all", "category", "merchants", "unknown"])
def test_drilled_rows_add_up_to_the_figure(cursor: MemoryCursor, metric_id: str, scope: Scope) -> None:
    for result in compute(cursor, metric_id, scope):
        rows = drill(cursor, metric_id, scope, limit=100_000, currency=result.currency)
        assert rows.row_count == len(rows.rows)
        assert rows.n == result.n
        assert (rows.numerator, rows.denominator) == pytest.approx(_parts(result))
        scale = 100 if result.unit == "money" else 1
        assert rows.rows["numerator_part"].sum() / scale == pytest.approx(result.numerator)
        if result.denominator is not None:
            assert rows.rows["denominator_part"].sum() == result.denominator
        assert rows.grain == result.grain


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("scope", SCOPES[:2], ids=["all", "category"])
def test_periods_add_up_to_the_window(cursor: MemoryCursor, period: str, scope: Scope) -> None:
    whole = compute_many(cursor, ALL, scope)
    split = compute_many(cursor, ALL, scope, by=(period,))
    for metric_id in ALL:
        if CATALOGUE[metric_id].family != "concentration":  # pairs across periods belong to no period
            assert _total(split[metric_id]) == pytest.approx(_total(whole[metric_id])), metric_id


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_each_period_is_its_own_window(cursor: MemoryCursor, period: str) -> None:
    length = {"day": 1, "week": 7}
    for result in compute(cursor, "late_delivery_rate", WINDOW, by=(period,))[:25]:
        start = date.fromisoformat(result.group[period])
        end = (
            (start + timedelta(days=32)).replace(day=1) if period == "month" else start + timedelta(days=length[period])
        )
        window = Scope(max(start, WINDOW.date_from), min(end - timedelta(days=1), WINDOW.date_to))
        assert _parts(compute(cursor, "late_delivery_rate", window)[0]) == _parts(result)
        rows = drill(cursor, "late_delivery_rate", window)
        assert (rows.numerator, rows.denominator) == _parts(result)


@pytest.mark.parametrize("by", [("merchant",), ("category",), ("region", "tier"), ("size_band",)])
def test_groups_of_merchants_add_up_to_the_merchants(cursor: MemoryCursor, by: tuple[str, ...]) -> None:
    merchants = compute_many(cursor, ALL, WINDOW, by=("merchant",))
    grouped = compute_many(cursor, ALL, WINDOW, by=by)
    for metric_id in ALL:
        assert _total(grouped[metric_id]) == pytest.approx(_total(merchants[metric_id])), metric_id


@pytest.mark.parametrize("by", [(), ("day",), ("category",), ("category", "week"), ("merchant",), ("carrier", "month")])
@pytest.mark.parametrize("scope", SCOPES[:3], ids=["all", "category", "merchants"])
def test_figures_without_bounds_are_the_same_figures(cursor: MemoryCursor, scope: Scope, by: tuple[str, ...]) -> None:
    told = compute_many(cursor, ALL, scope, by=by)
    for metric_id, found in figures_many(cursor, ALL, scope, by=by, has_bounds=False).items():
        values = [math.nan if result.value is None else result.value for result in told[metric_id]]
        assert found.value.tolist() == pytest.approx(values, nan_ok=True), metric_id
        assert found.n.tolist() == [result.n for result in told[metric_id]]
        assert found.statuses.tolist() == [result.status for result in told[metric_id]]
        assert not np.isfinite(found.low).any()


def _narrowed(scope: Scope, group: Mapping[str, str]) -> Scope:
    """The scope of one group, by the filters and dates that a person would set for it."""
    for name, key in group.items():
        if name == "month":
            first = date.fromisoformat(key)
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            scope = replace(scope, date_from=max(first, scope.date_from), date_to=min(last, scope.date_to))
        else:
            scope = replace(scope, **{{"category": "categories", "region": "regions"}[name]: (key,)})
    return scope


@pytest.fixture(scope="module")
def figures_of(cursor: MemoryCursor) -> Callable[[Scope], Figures]:
    """Every metric of a scope, computed once for all groupings whose groups it is; for tests without minimum."""
    return cache(lambda scope: compute_many(cursor, ALL, scope))


@pytest.mark.usefixtures("no_minimum")
@pytest.mark.parametrize("by", [("category", "region"), ("category", "month"), ("month", "region")])
@pytest.mark.parametrize("scope", SCOPES[:3], ids=["all", "category", "merchants"])
def test_totals_are_the_figures_without_the_dimension(
    cursor: MemoryCursor, figures_of: Callable[[Scope], Figures], by: tuple[str, str], scope: Scope
) -> None:
    scope = replace(scope, date_from=date(2024, 3, 10))
    found = compute_with_totals(cursor, ALL, scope, by=by)
    assert list(found) == [by, (by[0],), (by[1],), ()]
    for subset, figures in found.items():
        totals = [result for results in figures.values() for result in results]
        for group in {tuple(total.group.items()) for total in totals}:
            assert len(group) == len(subset)
            alone = figures_of(_narrowed(scope, dict(group)))
            for total in totals:
                if tuple(total.group.items()) == group:
                    (same,) = (result for result in alone[total.metric_id] if result.currency == total.currency)
                    assert (same.value, same.n) == (total.value, total.n)
                    assert (same.ci_low, same.ci_high) == (total.ci_low, total.ci_high)


def test_orders_of_several_merchants_count_once_at_the_marketplace(cursor: MemoryCursor) -> None:
    whole = compute(cursor, "orders", WINDOW)[0]
    merchants = compute(cursor, "orders", WINDOW, by=("merchant",))
    distinct = cursor.rows(
        "select count(distinct order_id) as n, count(distinct (order_id, merchant_id)) as pairs from events "
        "where kind = 'order_placed' and occurred_at >= '2024-01-10 00:00:00+00' and occurred_at < '2024-05-21 00:00:00+00'"
    )[0]
    assert whole.value == distinct["n"]
    assert sum(result.value or 0 for result in merchants) == distinct["pairs"] > distinct["n"]


@pytest.mark.usefixtures("no_minimum")
@pytest.mark.parametrize("by", [(), ("merchant",), ("category", "month"), ("week",), ("carrier",)])
@pytest.mark.parametrize("scope", SCOPES[:3], ids=["all", "category", "merchants"])
def test_sql_text_gives_the_same_number(cursor: MemoryCursor, by: tuple[str, ...], scope: Scope) -> None:
    for metric_id, results in compute_many(cursor, ALL, scope, by=by).items():
        try:
            text = sql_text(cursor, metric_id, scope, by)
        except UnknownDimension:
            assert results[0].status == "not_applicable"
            continue
        assert "$" not in text
        names = [*by, "currency"] if CATALOGUE[metric_id].family == "money" else list(by)
        pasted = {
            tuple("None" if row[name] is None else str(row[name]) for name in names): row["value"]
            for row in cursor.rows(text)
        }
        for result in results:
            key = (
                (*result.group.values(), str(result.currency)) if "currency" in names else tuple(result.group.values())
            )
            if result.value is not None:
                assert pasted[key] == pytest.approx(result.value, abs=1e-9), (metric_id, key)
            elif result.status in ("too_few", "immature"):
                assert pasted.get(key) in (None, 0) or math.isnan(pasted[key])


@pytest.mark.parametrize(
    ("seed", "day", "zone"), [(2, date(2024, 3, 20), "UTC"), (3, date(2024, 5, 2), "America/Sao_Paulo")]
)
def test_as_of_equals_a_truncated_warehouse(seed: int, day: date, zone: str) -> None:
    tables = random_tables(seed)
    offset = timedelta(hours=3 if zone != "UTC" else 0)
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + offset
    as_of = build(tables, as_of=day, time_zone=zone)
    truncated = build(truncate(tables, end), time_zone=zone)
    for by in ((), ("merchant",), ("category", "week"), ("size_band",), ("carrier", "month")):
        assert compute_many(as_of, ALL, WINDOW, by=by) == compute_many(truncated, ALL, WINDOW, by=by), by
    later = build(tables, time_zone=zone)
    assert compute_many(later, ALL, WINDOW) != compute_many(as_of, ALL, WINDOW)


@pytest.mark.usefixtures("no_minimum")
def test_every_interval_holds_its_value_and_stays_in_range(cursor: MemoryCursor) -> None:
    for by in ((), ("merchant",), ("category", "month")):
        for results in compute_many(cursor, ALL, WINDOW, by=by).values():
            for result in results:
                if result.ci_low is None or result.ci_high is None or result.value is None:
                    continue
                assert result.ci_low <= result.value <= result.ci_high, result
                if result.unit == "rate" and CATALOGUE[result.metric_id].family != "ratio":
                    assert result.ci_low >= 0
                    assert result.ci_high <= 1
