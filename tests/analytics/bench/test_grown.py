"""Grown copies of the small demo: whole multiples, sums that agree, rules that hold, thinned orders, and a source that stays as it was."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analytics.bench.copies import link_warehouse
from analytics.bench.grown import grow, is_size
from analytics.bench.headlines import Headlines, from_marts
from analytics.bench.next_day import write_next_day
from analytics.engines.marts import read_marts
from analytics.errors import WarehouseError
from analytics.ingest import load
from analytics.metrics import Scope
from analytics.warehouse import Warehouse
from tests.analytics.bench.test_next_day import files

SUMS = ("merchant_day", "merchant_day_amount", "merchant_day_duration", "marketplace_day", "merchant_month")
CHECKED = "order_count|gmv_minor|duration_count|review_score_sum|late_seller_count|repeat_count|penalty_points_sum"


def sums(warehouse: Warehouse, mart: str) -> dict[str, Any]:
    with warehouse.cursor() as cursor:
        return cursor.rows(f"select sum(columns('^({CHECKED})$')) as '\\0' from {mart}")[0]


def headlines(warehouse: Warehouse) -> Headlines:
    with warehouse.cursor() as cursor:
        days = cursor.rows("select min(day) as first, max(day) as last from merchant_day")[0]
        return from_marts(cursor, Scope(days["first"], days["last"]))


def assert_agree(warehouse: Warehouse) -> None:
    """Months and the marketplace's days are sums of days, and every mart keeps its rules and its grain."""
    by_month = "select merchant_id, date_trunc('month', day)::date as month, sum(columns(* exclude (merchant_id, day))) as '\\0'"
    by_day = "select day, sum(columns(* exclude (merchant_id, day))) as '\\0' from merchant_day group by day"
    with warehouse.cursor() as cursor:
        for mart, summed in (
            ("merchant_month", f"{by_month} from merchant_day group by all"),
            ("marketplace_day", by_day),
        ):
            for sql in (
                f"(from {mart}) except (select * from ({summed}))",
                f"(select * from ({summed})) except (from {mart})",
            ):
                assert cursor.rows(f"select count(*) as others from ({sql})") == [{"others": 0}], mart
        for mart in read_marts():
            if mart.name in SUMS:
                rules = tomllib.loads(mart.path.with_suffix(".toml").read_text(encoding="utf-8"))["invariants"]
                broken = " or ".join(f"not coalesce({rule}, true)" for rule in rules)
                assert cursor.rows(f"select count(*) as broken from {mart.name} where {broken}") == [{"broken": 0}]
                key = ", ".join(mart.upkeep.key)
                many = f"select 1 from {mart.name} group by {key} having count(*) > 1"
                assert cursor.rows(f"select count(*) as twice from ({many})") == [{"twice": 0}]


def test_ten_times_is_ten_times_in_every_sum(demo_warehouse: Path, tmp_path: Path) -> None:
    before, source = files(demo_warehouse), Warehouse(demo_warehouse)
    grown = grow(source, tmp_path / "grown", 10, seed=1)
    for mart in SUMS:
        assert sums(grown.warehouse, mart) == {name: 10 * value for name, value in sums(source, mart).items()}
    was, now = headlines(source), headlines(grown.warehouse)
    for name in ("orders", "due", "late", "reviews", "stars"):
        assert getattr(now, name) == 10 * getattr(was, name) > 0
    assert now.gmv == pytest.approx(10 * was.gmv)
    assert (now.merchants, grown.orders) == (was.merchants, now.orders)
    assert_agree(grown.warehouse)
    assert files(demo_warehouse) == before


def test_copies_fill_the_empty_days_that_follow(demo_warehouse: Path, tmp_path: Path) -> None:
    source = Warehouse(demo_warehouse)
    grown = grow(source, tmp_path / "grown", 4, seed=1).warehouse
    sql = "select merchant_id, day, sum(ticket_count) as tickets, sum(order_count) as orders from merchant_day group by all order by all"
    with source.cursor() as cursor:
        stored = cursor.df(sql)
    with grown.cursor() as cursor:
        found = cursor.df(sql).set_index(["merchant_id", "day"])[["tickets", "orders"]]
    expected = {}
    for merchant, rows in stored.groupby("merchant_id"):
        days = rows["day"].dt.date.tolist() if hasattr(rows["day"], "dt") else rows["day"].tolist()
        for at, (day, tickets, orders) in enumerate(zip(days, rows["tickets"], rows["orders"], strict=True)):
            empty = min((days[at + 1] - day).days - 1, 3) if at + 1 < len(days) else 0
            expected[merchant, day.toordinal()] = ((4 - empty) * tickets, (4 - empty) * orders)
            expected |= {(merchant, day.toordinal() + n): (tickets, orders) for n in range(1, empty + 1)}
    assert {
        (merchant, day.toordinal()): (row.tickets, row.orders)
        for (merchant, day), row in zip(found.index, found.itertuples(index=False), strict=True)
    } == expected
    assert len(found) > 1.5 * len(stored)


def test_once_is_the_stored_rows(demo_warehouse: Path, tmp_path: Path) -> None:
    source = Warehouse(demo_warehouse)
    grown = grow(source, tmp_path / "grown", 1, seed=1).warehouse
    for mart in SUMS:
        with source.cursor() as stored, grown.cursor() as same:
            sql = f"select * from {mart} order by all"
            assert same.df(sql).equals(stored.df(sql))


def test_a_tenth_keeps_about_a_tenth_of_the_orders_whole(demo_warehouse: Path, tmp_path: Path) -> None:
    before, source = files(demo_warehouse), Warehouse(demo_warehouse)
    thinned = grow(source, tmp_path / "thinned", 0.1, seed=1)
    stored, kept = sums(source, "merchant_day")["order_count"], thinned.orders
    assert abs(kept - 0.1 * stored) < 5 * math.sqrt(stored * 0.1 * 0.9)  # five standard deviations of a binomial
    with source.cursor() as cursor:
        assert thinned.merchant_days < 0.5 * cursor.rows("select count(*) as days from merchant_day")[0]["days"]
    assert_agree(thinned.warehouse)
    again = grow(source, tmp_path / "again", 0.1, seed=1)
    other = grow(source, tmp_path / "other", 0.1, seed=2)
    assert sums(again.warehouse, "merchant_day") == sums(thinned.warehouse, "merchant_day")
    assert sums(other.warehouse, "merchant_day") != sums(thinned.warehouse, "merchant_day")
    assert files(demo_warehouse) == before


def test_what_loads_added_grows_too(demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.ingest.marts.FULL_BUILD_ROWS", 0)
    loaded = Warehouse(tmp_path / "loaded")
    link_warehouse(demo_warehouse, loaded.root)
    write_next_day(loaded, loaded.folder.current(), 1, tmp_path / "day")
    load(loaded, "canonical", tmp_path / "day")
    assert "merchant_day" in loaded.folder.current().patches
    grown = grow(loaded, tmp_path / "grown", 3, seed=1).warehouse
    for mart in SUMS:
        assert sums(grown, mart) == {name: 3 * value for name, value in sums(loaded, mart).items()}


def test_marts_of_another_version_are_refused(demo_warehouse: Path, tmp_path: Path) -> None:
    older = Warehouse(tmp_path / "older")
    link_warehouse(demo_warehouse, older.root)
    with older.folder.locked():
        older.folder.publish(replace(older.folder.current(), marts_digest="other"))
    with pytest.raises(WarehouseError, match="trustdesk build"):
        grow(older, tmp_path / "grown", 2, seed=1)


@pytest.mark.parametrize("times", [0.5, 10])
def test_too_little_memory_is_said_in_one_line(times: float, demo_warehouse: Path, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"^The load needs more than 8MB of memory .*raise the memory limit"):
        grow(Warehouse(demo_warehouse, memory_limit="8MB"), tmp_path / "grown", times, seed=1)


@pytest.mark.parametrize("times", [0, -1, 2.5, 1e9, math.nan, math.inf, -math.inf])
def test_what_is_no_size_is_refused(times: float, tmp_path: Path) -> None:
    assert not is_size(times)
    with pytest.raises(ValueError, match="can't grow"):
        grow(Warehouse(tmp_path / "none"), tmp_path / "grown", times, seed=1)


@pytest.mark.parametrize("times", [0.1, 0.999, 1, 10, 1000])
def test_shares_and_whole_numbers_are_sizes(times: float) -> None:
    assert is_size(times)
