"""Marts that follow a load, or an as-of date, hold what a full build would: any order of loads, any day, row for row."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from analytics.engines.marts import read_marts
from analytics.ingest import load, marts, rebuild
from analytics.metrics import CATALOGUE, Scope, compute_many, get_spec
from analytics.profiles import order_days
from analytics.trust.counts import MARTS as TRUST_MARTS
from analytics.trust.counts import daily_counts
from analytics.warehouse import Cursor, Warehouse
from analytics.watch.panel import read_panels
from tests.analytics.metrics.marketplace import Row
from tests.analytics.metrics.random_marketplace import random_tables, truncate

MARTS = read_marts()
Tables = dict[str, list[Row]]


@pytest.fixture(autouse=True)
def follow_every_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small as they are, loads and days are followed, and patches pile up."""
    monkeypatch.setattr("analytics.warehouse.FULL_DAY_ROWS", 0)
    monkeypatch.setattr(marts, "FULL_BUILD_ROWS", 0)
    monkeypatch.setattr(marts, "CHANGED_SHARE", 1.0)
    monkeypatch.setattr(marts, "ADDED_SHARE", 1.0)


@pytest.fixture(params=["one", pytest.param("another", marks=pytest.mark.slow)])
def seed() -> int:
    """Another at each run, so that no case is special; a failure says which."""
    return random.SystemRandom().randrange(10**6)


def untidy(seed: int) -> Tables:
    """A random marketplace with what makes following hard: lines apart, other buyers, late and early events, lifted penalties."""
    tables, dice = random_tables(seed), random.Random(seed)
    extra: list[Row] = []
    for row in tables["events"]:
        row["occurred_at"] += timedelta(minutes=dice.randrange(1, 90))
        if row["kind"] == "order_placed" and dice.random() < 0.1:
            row["occurred_at"] += timedelta(hours=dice.choice([-80, -5, 5, 80, 2500]))
        if row["kind"] == "order_placed" and dice.random() < 0.05:
            row["buyer_id"] = dice.choice([None, "b1", "b2", "b99"])
        if row["kind"].startswith("question") and dice.random() < 0.3:
            row["product_id"] = None
        if row["kind"] == "penalty_issued" and dice.random() < 0.5:
            lifted = {"event_id": f"lift-{row['event_id']}", "kind": "penalty_lifted", "reason": row["event_id"]}
            extra.append(
                {"merchant_id": row["merchant_id"], "occurred_at": row["occurred_at"] + timedelta(days=9)} | lifted
            )
        if row["kind"] in ("refund_paid", "review_posted", "order_shipped") and dice.random() < 0.3:
            again = row["occurred_at"] + timedelta(days=dice.randrange(1, 60))
            extra.append(row | {"event_id": f"{row['event_id']}+", "occurred_at": again})
            if row["kind"] == "refund_paid":
                extra[-1]["currency"] = dice.choice([row["currency"], "XTS"])
    tables["events"] += extra
    return tables


def states(ticket: Row) -> list[Row]:
    """A ticket as it was when opened, and as it is in the end."""
    opened = ticket | {"status": "open", "resolved_at": None, "csat_score": None, "updated_at": ticket["opened_at"]}
    if ticket["resolved_at"] is None:
        return [opened]
    return [opened, ticket | {"updated_at": ticket["resolved_at"] + timedelta(hours=1)}]


def loads_of(tables: Tables, seed: int, count: int) -> list[Tables]:
    """The tables cut into loads, by time for the most part, the rest early or late."""
    dice = random.Random(seed)
    end = max(row["occurred_at"] for row in tables["events"])
    start = min(row["occurred_at"] for row in tables["events"])

    def place(when: datetime) -> int:
        return (
            dice.randrange(count)
            if dice.random() < 0.15
            else min(int(count * ((when - start) / (end - start))), count - 1)
        )

    loads: list[Tables] = [{"events": [], "tickets": [], "messages": [], "merchants": []} for _ in range(count)]
    for row in tables["events"]:
        loads[place(row["occurred_at"])]["events"].append(row)
    for row in tables["messages"]:
        loads[place(row["sent_at"])]["messages"].append(row)
    for ticket in tables["tickets"]:
        for state in states(ticket):
            loads[place(state["updated_at"])]["tickets"].append(state)
    for row in tables["merchants"]:
        loads[dice.randrange(count)]["merchants"].append(row)
    return loads


def write(folder: Path, tables: Tables) -> Path:
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        if rows:
            pd.DataFrame(rows).to_parquet(folder / f"{name}.parquet")
    return folder


def filled(tmp_path: Path, name: str, loads: list[Tables], zone: str) -> Warehouse:
    warehouse = Warehouse(tmp_path / name, threads=1)  # so few rows keep no second one busy, only waiting
    for number, tables in enumerate(loads):
        folder = write(tmp_path / f"{name}-{number}", tables)
        result = load(warehouse, "canonical", folder, reporting_time_zone=zone, seed=1)
        assert result.quarantined == result.conflict == 0
    return warehouse


def contents(cursor: Cursor, names: Collection[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Every mart's rows; of sums, one row a key. The buyer's next order is not a figure: it may lie behind the horizon."""
    found = {}
    for mart in MARTS:
        if names and mart.name not in names:
            continue
        hidden = " exclude (next_ordered_at)" if mart.name in ("order_fact", "buyer_purchase") else ""
        sql = f"select *{hidden} from {mart.name}"
        if mart.upkeep.form == "additive":
            keys = ", ".join(mart.upkeep.key)
            columns = [row["column_name"] for row in cursor.rows(f"describe {mart.name}")]
            sums = [f"sum({column})" for column in columns if column not in mart.upkeep.key]
            has_any = " or ".join(f"{value} <> 0" for value in sums)
            sql = f"select {keys}, {', '.join(sums)} from {mart.name} group by {keys} having {has_any}"
        found[mart.name] = cursor.rows(f"{sql} order by all")
    return found


def metric_figures(cursor: Cursor) -> list[object]:
    """Every metric by several dimensions."""
    asked = [(), ("merchant",), ("category", "month"), ("day",), ("carrier",)]
    window = Scope(date(2024, 1, 10), date(2024, 8, 20))
    found = [compute_many(cursor, list(CATALOGUE), window, by=by) for by in asked]
    return [replace(result, snapshot_id="") for each in found for results in each.values() for result in results]


def figures(cursor: Cursor) -> list[object]:
    """What readers make of the marts: every metric, the counts behind trust, the panel that is watched."""
    window = Scope(date(2024, 1, 10), date(2024, 8, 20))
    panels = read_panels(cursor, [get_spec("orders"), get_spec("rating_mean")], window)
    cells = [(panel.merchants, panel.y.tolist(), panel.is_seen.tolist()) for panel in panels]
    return [*metric_figures(cursor), cells, daily_counts(cursor).round(9).to_json(), order_days(cursor)]


def assert_figures(left: list[object], right: list[object], what: str) -> None:
    assert [pair for pair in zip(left, right, strict=True) if pair[0] != pair[1]] == [], what


def assert_same(left: dict[str, list[dict[str, Any]]], right: dict[str, list[dict[str, Any]]], what: str) -> None:
    for name, rows in left.items():
        wrong = [pair for pair in zip(rows, right[name], strict=False) if pair[0] != pair[1]]
        if wrong or len(rows) != len(right[name]):
            pytest.fail(f"{what}: {name}: {len(rows)} rows, not {len(right[name])}; {wrong[:1]}")


@pytest.mark.parametrize("zone", ["America/Sao_Paulo"])
def test_following_loads_equals_building_all(tmp_path: Path, seed: int, zone: str) -> None:
    warehouse = filled(tmp_path, "followed", loads_of(untidy(seed), seed, 3), zone)
    assert warehouse.folder.current().patches, "nothing was followed"
    with warehouse.cursor() as cursor:
        followed, read = contents(cursor), figures(cursor)
    rebuild(warehouse)
    assert not warehouse.folder.current().patches
    with warehouse.cursor() as cursor:
        assert_same(followed, contents(cursor), f"seed {seed}")
        assert_figures(read, figures(cursor), f"seed {seed}")


@pytest.mark.parametrize(("zone", "days"), [pytest.param("UTC", 4, marks=pytest.mark.slow), ("Asia/Kathmandu", 1)])
def test_as_of_equals_a_warehouse_that_knew_no_more(tmp_path: Path, seed: int, zone: str, days: int) -> None:
    tables, dice = untidy(seed), random.Random(seed)
    warehouse = filled(tmp_path, "whole", loads_of(tables, seed, 2), zone)
    for number in range(days):
        last = date(2024, 1, 3) + timedelta(days=dice.randrange(260))
        end = datetime.combine(last + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
        cut = truncate(tables, end)
        only = filled(tmp_path, f"cut{number}", [cut], zone)
        with warehouse.cursor(as_of=last) as then, only.cursor() as knew:
            assert_same(contents(then), contents(knew), f"seed {seed}, as of {last}")
            assert_figures(metric_figures(then), metric_figures(knew), f"seed {seed}, as of {last}")
            counts = daily_counts(then)
        fresh = Warehouse(warehouse.root, threads=1)  # one that has not opened all marts of the day
        for names in (TRUST_MARTS, ("merchant_month", "marketplace_day", "fct_marketplace_order")):
            with fresh.cursor(as_of=last, marts=names) as few, only.cursor() as knew:
                assert_same(contents(few, names), contents(knew, names), f"seed {seed}, as of {last}, only {names}")
        with fresh.cursor(as_of=last, marts=TRUST_MARTS) as few:
            pd.testing.assert_frame_equal(daily_counts(few), counts)


def test_a_day_that_loses_all_it_had_leaves_no_group_of_zeros(tmp_path: Path) -> None:
    """A line of the last order turns out to lie a month earlier, and so does a ticket: the day and month are gone, in every mart."""

    def line(name: str, order: str, when: datetime) -> Row:
        common = {"kind": "order_placed", "merchant_id": "m1", "buyer_id": "b1", "amount": 1.0, "currency": "EUR"}
        return {"event_id": name, "order_id": order, "line_id": name, "occurred_at": when} | common

    def ticket(when: datetime, updated_at: datetime) -> Row:
        common = {"ticket_id": "t1", "merchant_id": "m1", "opened_by": "merchant", "status": "open"}
        return common | {"opened_at": when, "updated_at": updated_at}

    first, earlier, last, later = (datetime(2024, month, 5, tzinfo=UTC) for month in (1, 2, 3, 4))
    base: Tables = {"events": [line("e1", "o1", first), line("e2", "o2", last)], "tickets": [ticket(later, later)]}
    corrected: Tables = {
        "events": [line("e3", "o2", earlier)],
        "tickets": [ticket(earlier, later + timedelta(hours=1))],
    }
    warehouse = filled(tmp_path, "moved", [base, corrected], "UTC")
    with warehouse.cursor() as cursor:
        assert order_days(cursor) == (first.date(), earlier.date())
        for mart in MARTS:
            if mart.upkeep.form == "additive":
                keys = ", ".join(mart.upkeep.key)
                rows = cursor.rows(f"select {keys} from {mart.name} group by {keys}")
                assert len(rows) == (0 if "duration" in mart.name else 2), mart.name


def test_patches_that_grow_are_written_into_the_mart(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = loads_of(untidy(seed), seed, 2)
    warehouse = filled(tmp_path, "grown", loads[:1], "UTC")
    monkeypatch.setattr(marts, "can_follow", lambda *_: True)
    monkeypatch.setattr("analytics.ingest.loads.can_follow", lambda *_: True)
    monkeypatch.setattr(marts, "CHANGED_SHARE", 0.0)
    monkeypatch.setattr(marts, "ADDED_SHARE", 0.0)
    load(warehouse, "canonical", write(tmp_path / "second", loads[1]), seed=1)
    assert not warehouse.folder.current().patches
    with warehouse.cursor() as cursor:
        followed = contents(cursor)
    rebuild(warehouse)
    with warehouse.cursor() as cursor:
        assert_same(followed, contents(cursor), f"seed {seed}")
