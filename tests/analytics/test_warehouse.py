"""Reading the warehouse: a cursor's tables, its sandbox, as-of truncation, marts that changed."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from analytics.errors import AnalyticsError, WarehouseError
from analytics.ingest import load, rebuild
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import EVENTS, all_files, make_warehouse, write_events
from tests.analytics.small_warehouse import grow, warehouse

__all__ = ["warehouse"]


def test_a_cursor_shows_tables_and_marts_in_order(warehouse: Warehouse) -> None:
    with warehouse.cursor() as cursor:
        tables = {row["table_name"] for row in cursor.rows("select table_name from information_schema.tables")}
        assert tables == {
            "events", "event_texts", "merchants", "buyers", "products", "tickets", "messages", "order_day", "order_total",
        }  # fmt: skip
        assert cursor.rows("select * from order_total") == [{"merchant_id": "m1", "order_count": 2}]
        assert cursor.rows("select * from tickets") == []
        frame = cursor.df("select order_count from order_day where day = $day", {"day": date(2024, 1, 30)})
        assert frame["order_count"].tolist() == [1]
        assert cursor.time_zone == "UTC"
        assert str(cursor.data_up_to) == "2024-02-03 08:00:00+00:00"


def test_free_text_lies_apart_from_events(warehouse: Warehouse) -> None:
    with warehouse.cursor() as cursor:
        assert "text" not in cursor.df("select * from events").columns
        assert cursor.rows("select event_id, text from event_texts") == [
            {"event_id": "r1|o1|m1", "text": "broken on arrival"}
        ]


def test_a_folder_without_data_says_how_to_fill_it(tmp_path: Path) -> None:
    empty = Warehouse(tmp_path / "nothing")
    assert not empty.exists()
    assert not (tmp_path / "nothing").exists(), "opening must not create the folder"
    with pytest.raises(WarehouseError, match="trustdesk demo"), empty.cursor():
        pass


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('{root}/buyer.key')",
        "copy (select 1) to '{root}/../stolen.csv'",
        "set enable_external_access = true",
        "attach '{root}/other.duckdb'",
    ],
)
def test_a_cursor_reads_nothing_but_its_snapshot(warehouse: Warehouse, sql: str) -> None:
    with warehouse.cursor() as cursor, pytest.raises((duckdb.Error, AnalyticsError)):
        cursor.rows(sql.format(root=warehouse.root))
    assert not (warehouse.root.parent / "stolen.csv").exists()


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo", "Asia/Shanghai"])
@pytest.mark.parametrize("day", [date(2024, 1, 29), date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 10)])
def test_as_of_equals_a_warehouse_of_only_earlier_events(tmp_path: Path, zone: str, day: date) -> None:
    whole = make_warehouse(tmp_path, "whole")
    load(whole, "canonical", write_events(tmp_path / "all"), reporting_time_zone=zone)
    with whole.cursor() as cursor:
        early = cursor.rows(
            "select event_id from events where (occurred_at at time zone $zone)::date <= $day",
            {"zone": zone, "day": day},
        )
    ids = {row["event_id"] for row in early}
    part = make_warehouse(tmp_path, "part")
    rows = tuple(row for row in EVENTS if row.split(",")[0] in ids)
    if not rows:
        with whole.cursor(as_of=day) as cut:
            assert cut.rows("select * from events") == cut.rows("select * from order_day") == []
            assert cut.data_up_to is None
        return
    load(part, "canonical", write_events(tmp_path / "early", rows), reporting_time_zone=zone)
    with whole.cursor(as_of=day) as cut, part.cursor() as only:
        for name in ("events", "event_texts", "order_day", "order_total"):
            listed = "* exclude (buyer_id)" if name.startswith("event") else "*"
            sql = f"select {listed} from {name} order by all"
            assert cut.rows(sql) == only.rows(sql), name
        assert cut.data_up_to == only.data_up_to


def test_as_of_takes_back_what_later_happened_to_a_ticket(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    folder = tmp_path / "tickets"
    folder.mkdir()
    (folder / "tickets.csv").write_text(
        "ticket_id,opened_at,status,resolved_at,csat_score,updated_at\n"
        "t1,2024-01-01 10:00:00,resolved,2024-01-05 10:00:00,4,2024-01-06 10:00:00\n"
        "t2,2024-01-04 10:00:00,open,,,\n"
    )
    (folder / "messages.csv").write_text(
        "message_id,ticket_id,sent_at,author,text\nn1,t1,2024-01-01 10:00:00,merchant,hello\n"
        "n2,t1,2024-01-03 10:00:00,agent,hi\n"
    )
    load(warehouse, "canonical", folder)
    sql = "select ticket_id, status, resolved_at is null as open, csat_score, updated_at is null as untouched from tickets"
    with warehouse.cursor(as_of=date(2024, 1, 2)) as cursor:
        assert cursor.rows(sql) == [
            {"ticket_id": "t1", "status": "open", "open": True, "csat_score": None, "untouched": True}
        ]
        assert cursor.rows("select message_id from messages") == [{"message_id": "n1"}]
    with warehouse.cursor(as_of=date(2024, 1, 5)) as cursor:
        assert cursor.rows(sql + " where ticket_id = 't1'") == [
            {"ticket_id": "t1", "status": "resolved", "open": False, "csat_score": 4, "untouched": True}
        ]


def test_changed_mart_sql_asks_for_a_rebuild(warehouse: Warehouse) -> None:
    assert not warehouse.needs_rebuild()
    (warehouse.marts_folder / "30_order_kind.sql").write_text("select kind, count(*) as n from events group by kind")
    assert warehouse.needs_rebuild()
    rebuild(warehouse, time_zone="Asia/Shanghai")
    assert not warehouse.needs_rebuild()
    with warehouse.cursor() as cursor:
        assert cursor.time_zone == "Asia/Shanghai"
        assert cursor.rows("select n from order_kind where kind = 'order_placed'") == [{"n": 2}]
        days = cursor.df("select day from order_day order by day")["day"].dt.strftime("%Y-%m-%d").tolist()
        assert days == ["2024-01-31"], "23:30 UTC is the next day in Shanghai"


def test_a_broken_mart_names_its_file_and_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    before, files = warehouse.snapshot().snapshot_id, all_files(warehouse.root)
    (warehouse.marts_folder / "15_broken.sql").write_text("select no_such_column from events")
    with pytest.raises(WarehouseError, match=r"15_broken\.sql failed: .*no_such_column"):
        grow(warehouse, tmp_path, 1)
    assert warehouse.snapshot().snapshot_id == before
    assert all_files(warehouse.root) == files
