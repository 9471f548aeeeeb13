"""DuckDB and Spark give the same marts, row for row and type for type, and so the same metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from analytics.engines import spark
from analytics.engines.days import end_of_day
from analytics.engines.duckdb import build_marts
from analytics.engines.marts import Mart, read_marts
from analytics.errors import WarehouseError
from analytics.ingest import build, load, rebuild
from analytics.metrics import CATALOGUE, MetricResult, Scope, compute_many
from analytics.tables import stored_columns
from analytics.warehouse import Cursor, Warehouse, create_table_views
from tests.analytics.engines.marketplaces import edge_tables, write_canonical

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLIST = Path(__file__).resolve().parents[4] / "shared" / "data" / "olist"
MARTS = [mart.name for mart in read_marts()]
AS_OF = date(2024, 3, 5)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The marketplace of known differences, in a folder whose name has what Spark takes for a pattern."""
    root = tmp_path_factory.mktemp("engines")
    warehouse = Warehouse(root / "a [b] {c,d}* é")
    folder = write_canonical(root / "canonical", edge_tables())
    result = load(warehouse, "canonical", folder, time_zone="UTC", reporting_time_zone="America/Sao_Paulo")
    assert result.loaded == result.read
    return warehouse


@pytest.fixture(scope="module")
def pair(warehouse: Warehouse, session: SparkSession) -> tuple[str, str]:
    """Two snapshots of the same data: marts built by DuckDB, and by Spark."""
    first = warehouse.snapshot().snapshot_id
    return first, rebuild(warehouse, build=partial(spark.build_snapshot, session))


@pytest.fixture(scope="module")
def cursors(warehouse: Warehouse, pair: tuple[str, str]) -> Iterator[tuple[Cursor, Cursor]]:
    with warehouse.cursor(pair[0]) as ours, warehouse.cursor(pair[1]) as theirs:
        yield ours, theirs


def content(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[list[Any], Counter[Any]]:
    """Columns with their types, and how often each row occurs."""
    columns = [row[:2] for row in connection.execute(f"describe select * from {relation}").fetchall()]
    return columns, Counter(connection.execute(f"select * from {relation}").fetchall())


@pytest.mark.parametrize("mart", MARTS)
def test_marts_are_the_same_row_for_row(cursors: tuple[Cursor, Cursor], mart: str) -> None:
    ours, theirs = (content(cursor.connection, mart) for cursor in cursors)
    assert ours[1], f"no row of {mart} is compared"
    assert theirs[0] == ours[0]
    assert theirs[1] == ours[1]


def test_what_engines_part_ways_on_is_in_the_comparison(cursors: tuple[Cursor, Cursor]) -> None:
    """The rows that the comparison is for have not been filtered away on their way into the marts."""
    ours = cursors[0]
    replies = {(row["asked_at"].microsecond, row["reply_seconds"]) for row in ours.rows("select * from fct_question")}
    assert {(900_000, 1), (100_000, 0)} <= replies
    days = ours.rows(
        "select order_date, count(*) as n from fct_order where order_date < '2019-01-01' group by order_date"
    )
    assert {row["order_date"].isoformat() for row in days} >= {"2018-02-17", "2018-02-18", "2018-11-03", "2018-11-04"}
    assert len(ours.rows("select distinct bucket from merchant_day_duration where merchant_id = 'm4'")) > 350
    money = ours.rows(
        "select * from fct_order_amount where order_id = 'split' and merchant_id = 'm1' order by currency"
    )
    assert [(row["currency"], row["gmv_minor"], row["refunded_minor"]) for row in money] == [
        ("EUR", 101, 2),
        ("USD", 0, 0),
    ]
    carriers = ours.rows("select carrier from fct_order where order_id = 'words' order by merchant_id")
    assert [row["carrier"] for row in carriers] == ["UPS", "e\u0301", "\uffee"]


@pytest.mark.slow
def test_marts_as_of_a_day_are_the_same(warehouse: Warehouse, session: SparkSession, tmp_path: Path) -> None:
    kathmandu = rebuild(warehouse, time_zone="Asia/Kathmandu")
    own = session.newSession()
    spark.create_views(own, warehouse.root, warehouse.folder.read(kathmandu).tables)
    bound = end_of_day(AS_OF, "Asia/Kathmandu")
    built = spark.build_marts(own, read_marts(), as_of=bound, time_zone="Asia/Kathmandu", write_to=tmp_path)
    assert {*built.files, *built.views} == set(MARTS)
    with warehouse.connect() as ours:
        create_table_views(ours, warehouse.root, warehouse.folder.read(kathmandu).tables)
        build_marts(ours, read_marts(), as_of=bound, time_zone="Asia/Kathmandu")
        reader = duckdb.connect()
        reader.execute("set timezone = 'UTC'")
        for mart, paths in built.files.items():
            assert content(reader, f"read_parquet({[str(path) for path in paths]})") == content(ours, mart), mart


@pytest.mark.parametrize("by", [(), ("merchant",), ("category", "month"), ("week",), ("carrier",)])
@pytest.mark.parametrize(
    "scope",
    [Scope(date(2024, 1, 10), date(2024, 5, 20)), Scope(date(2014, 1, 1), date(2018, 12, 31))],
    ids=["2024", "past"],
)
def test_every_metric_is_the_same(cursors: tuple[Cursor, Cursor], by: tuple[str, ...], scope: Scope) -> None:
    ours, theirs = (_plain(cursor, scope, by) for cursor in cursors)
    assert any(result.status == "ok" for results in ours.values() for result in results)
    assert theirs == ours


def _plain(cursor: Cursor, scope: Scope, by: tuple[str, ...]) -> dict[str, list[MetricResult]]:
    computed = compute_many(cursor, list(CATALOGUE), scope, by=by)
    return {
        metric_id: [replace(result, snapshot_id="") for result in results] for metric_id, results in computed.items()
    }


def test_what_holds_no_rows_has_its_columns(session: SparkSession, tmp_path: Path) -> None:
    own = session.newSession()
    spark.create_views(own, tmp_path, {})
    nothing = Mart("nothing", tmp_path, "select * from tickets")
    built = spark.build_marts(own, (nothing, *read_marts()[:1]), as_of=None, time_zone="UTC", write_to=tmp_path)
    columns, rows = content(duckdb.connect(), f"read_parquet({[str(path) for path in built.files['nothing']]})")
    assert (columns, rows) == (list(stored_columns()["tickets"].items()), Counter())
    assert not content(duckdb.connect(), f"read_parquet({[str(path) for path in built.files['source_month']]})")[1]


def test_the_zones_rules_are_compared(session: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    spark.check_zone(session, "America/Sao_Paulo")
    with pytest.raises(WarehouseError, match="Java doesn't know the time zone 'Mars/Olympus'"):
        spark.check_zone(session, "Mars/Olympus")
    known = [(datetime(1990, 1, 1, tzinfo=UTC).timestamp() + 21_600 * n, 0.0) for n in range(73_049)]
    monkeypatch.setattr(spark, "_local_times", lambda zone: known)
    with pytest.raises(WarehouseError, match="Java and DuckDB disagree on Asia/Kathmandu from 1990-01-01"):
        spark.check_zone(session, "Asia/Kathmandu")


def test_a_mart_that_fails_is_named(session: SparkSession, warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "10_wrong.sql").write_text("select no_such_column from events")
    before = warehouse.snapshot().snapshot_id
    broken = Warehouse(warehouse.root, marts_folder=tmp_path)
    with pytest.raises(WarehouseError, match=r"The mart 10_wrong.sql failed: .*no_such_column"):
        rebuild(broken, build=partial(spark.build_snapshot, session))
    assert warehouse.snapshot().snapshot_id == before
    assert not list((warehouse.root / "marts").glob("*/wrong"))


def test_a_build_publishes_what_it_made(
    event_total: Warehouse, session: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    @contextmanager
    def shared(master: str, settings: dict[str, str]) -> Iterator[SparkSession]:
        asked.append((master, set(settings)))
        yield session

    monkeypatch.setattr(spark, "open_session", shared)
    before = event_total.snapshot()
    told: list[str] = []
    result = build(event_total, "spark", time_zone="Asia/Kathmandu", progress=lambda step: told.append(step.step))
    build(event_total, "spark", master="local-cluster[1,1,512]")
    assert asked == [
        ("local[2]", {"spark.local.dir", "spark.sql.shuffle.partitions"}),
        ("local-cluster[1,1,512]", set()),
    ]
    assert (result.engine, result.marts) == ("spark", {"event_total": 1})
    assert told == ["marts", "publish"]
    assert event_total.snapshot().time_zone == "Asia/Kathmandu"
    assert not event_total.needs_rebuild()
    with event_total.cursor(result.snapshot_id) as cursor:
        (row,) = cursor.rows("select * from event_total")
    assert (row["first_day"].isoformat(), row["event_count"]) == ("2024-01-31", 4)  # 23:30 UTC is the next day there
    published = {path.relative_to(event_total.root).as_posix() for path in (event_total.root / "marts").rglob("*.*")}
    assert all(path.endswith(".parquet") for path in published), "Spark's own files were left behind"
    event_total.rollback(before.snapshot_id)
    assert event_total.snapshot() == before


@pytest.mark.slow
@pytest.mark.acceptance
@pytest.mark.skipif(not OLIST.is_dir(), reason=f"the public Olist files are not at {OLIST}")
def test_olist_is_the_same(session: SparkSession, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    load(warehouse, "olist", OLIST)
    ids = warehouse.snapshot().snapshot_id, rebuild(warehouse, build=partial(spark.build_snapshot, session))
    with warehouse.cursor(ids[0]) as ours, warehouse.cursor(ids[1]) as theirs:
        for mart in MARTS:
            assert content(theirs.connection, mart) == content(ours.connection, mart), mart
        for by in ((), ("merchant",), ("month",)):
            ever = Scope(date(2016, 1, 1), date(2018, 12, 31))
            assert _plain(theirs, ever, by) == _plain(ours, ever, by)
