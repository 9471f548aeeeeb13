"""Merchants' sums that are read once: they give what the marts give, and are not read again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import pandas as pd
import pytest

from analytics.memo import REMEMBERED, Memo, T
from analytics.metrics import CATALOGUE, Scope, figures_many
from analytics.metrics.extent import read_extent
from analytics.metrics.plan import COLUMN_FAMILIES, ask, column_statement
from analytics.metrics.sums import grouped_sums, serves
from tests.analytics.metrics.marketplace import MemoryCursor, build
from tests.analytics.metrics.random_marketplace import random_tables

WINDOW = Scope(date(2024, 1, 10), date(2024, 5, 20))
SPECS = [spec for spec in CATALOGUE.values() if spec.family in COLUMN_FAMILIES]
GROUPINGS = [
    (),
    ("category",),
    ("region",),
    ("size_band",),
    ("merchant",),
    ("tier", "category"),
    ("region", "merchant"),
]


@dataclass(frozen=True)
class KeepingCursor:
    """A cursor that remembers as a warehouse's does, and what was asked of it."""

    inner: MemoryCursor
    memo: Memo = field(default_factory=Memo)
    asked: list[str] = field(default_factory=list)
    snapshot_id: str = "fixture"
    time_zone: str = "UTC"

    def df(self, sql: str, params: Mapping[str, object] | None = None) -> pd.DataFrame:
        self.asked.append(sql)
        return self.inner.df(sql, params)

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        return self.memo.kept(key, make)


@pytest.fixture(scope="module")
def marts() -> MemoryCursor:
    return build(random_tables(3))


@pytest.fixture
def cursor(marts: MemoryCursor) -> KeepingCursor:
    return KeepingCursor(marts)


@pytest.mark.parametrize("has_bounds", [True, False])
@pytest.mark.parametrize(
    "scope",
    [
        WINDOW,
        replace(WINDOW, date_to=date(2024, 6, 30)),  # several metrics are not mature to the end
        replace(WINDOW, categories=("toys",)),
        replace(WINDOW, regions=("north",), tiers=("unknown",)),
        replace(WINDOW, categories=("no such",)),
        replace(WINDOW, date_from=date(2030, 1, 1), date_to=date(2030, 1, 2)),
    ],
    ids=["all", "immature", "category", "two filters", "nothing left", "no day"],
)
@pytest.mark.parametrize("by", GROUPINGS, ids=str)
def test_arrays_give_what_the_statement_gives(
    cursor: KeepingCursor, by: tuple[str, ...], scope: Scope, has_bounds: bool
) -> None:
    question = ask(scope, by, read_extent(cursor))
    if not serves(question, has_bounds=has_bounds):
        assert question.is_marketplace
        return
    statement = column_statement(question, SPECS, has_bounds=has_bounds)
    expected = cursor.df(statement.sql, statement.params)
    if by:
        expected = expected.sort_values(list(by), ignore_index=True)
    found = grouped_sums(cursor, question, SPECS, has_bounds=has_bounds)
    assert set(found) >= set(expected)
    pd.testing.assert_frame_equal(found[list(expected)], expected, check_dtype=False, rtol=1e-12)


def test_the_same_days_are_read_once(cursor: KeepingCursor) -> None:
    metrics = [spec.metric_id for spec in SPECS if spec.family != "duration"]
    figures_many(cursor, metrics, WINDOW, by=("category",))
    cursor.asked.clear()
    figures_many(cursor, metrics, replace(WINDOW, regions=("north",)), by=("tier",))
    assert [sql for sql in cursor.asked if "merchant_day" in sql or "merchant_month" in sql] == []


def test_other_days_and_other_columns_are_read(cursor: KeepingCursor) -> None:
    figures_many(cursor, ["orders"], WINDOW, by=("category",))
    for metrics, scope in ((["dispute_rate"], WINDOW), (["orders"], replace(WINDOW, date_from=date(2024, 2, 2)))):
        cursor.asked.clear()
        figures_many(cursor, metrics, scope, by=("category",))
        assert any("merchant_day" in sql for sql in cursor.asked)


def test_a_single_merchant_and_a_period_are_asked_of_the_marts(marts: MemoryCursor) -> None:
    extent = read_extent(marts)
    assert not serves(ask(replace(WINDOW, merchants=("m1",)), ("category",), extent), has_bounds=True)
    assert not serves(ask(WINDOW, ("category", "day"), extent), has_bounds=True)
    assert not serves(ask(WINDOW, ("carrier",), extent), has_bounds=True)


def test_a_memo_keeps_what_was_asked_for_last() -> None:
    memo, made = Memo(), []
    for key in [*range(REMEMBERED + 1), REMEMBERED, 0]:
        memo.kept(key, lambda key=key: made.append(key))  # type: ignore[misc]
    assert made == [*range(REMEMBERED + 1), 0]
