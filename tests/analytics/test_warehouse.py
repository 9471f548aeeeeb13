"""The warehouse folder: pointer, roll-back, collection, sandbox, limits, and as-of truncation."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from unittest.mock import Mock

import duckdb
import pytest

from analytics import set_aside
from analytics.errors import AnalyticsError, WarehouseError
from analytics.ingest import load, rebuild
from analytics.snapshots import KEPT_SNAPSHOTS
from analytics.warehouse import OPEN_SNAPSHOTS, Warehouse
from tests.analytics.ingest.folders import EVENTS, all_files, make_warehouse, write_events


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = make_warehouse(tmp_path)
    load(made, "canonical", write_events(tmp_path / "first"))
    return made


def grow(warehouse: Warehouse, tmp_path: Path, count: int) -> list[str]:
    """Load `count` more events one by one; the snapshot ids."""
    ids = []
    for number in range(count):
        row = f"x{number},2024-03-0{number + 1} 10:00:00,order_placed,m1,ann,ox{number},1,EUR,,"
        ids.append(load(warehouse, "canonical", write_events(tmp_path / f"more{number}", (row,))).snapshot_id)
    return ids


def count_events(warehouse: Warehouse, snapshot_id: str | None = None) -> int:
    with warehouse.cursor(snapshot_id) as cursor:
        return int(cursor.rows("select count(*) as n from events")[0]["n"])


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


def damage_pointer(root: Path) -> None:
    (root / "CURRENT").unlink()


def damage_target(root: Path) -> None:
    (root / "CURRENT").write_text("20990101T000000000000Z\n")


def damage_pointers_text(root: Path) -> None:
    (root / "CURRENT").write_bytes(b"\xff\xfe\x00")


def damage_manifest(root: Path) -> None:
    next((root / "snapshots").glob("*.json")).write_text('{"snapshot')


def damage_part(root: Path) -> None:
    next((root / "parts").rglob("*.parquet")).unlink()


def tear(folder: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        for path in (root / folder).rglob("*.parquet"):
            path.write_bytes(path.read_bytes()[:40])

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (tear("marts"), r"A file of snapshot \w+ can't be read \(.*\.parquet"),
        (damage_pointer, "CURRENT is missing"),
        (damage_target, "names snapshot '20990101T000000000000Z', which has no manifest"),
        (damage_pointers_text, r"CURRENT names snapshot '\\ufffd\\ufffd\\x00', which has no manifest"),
        (damage_manifest, "is no manifest"),
        (damage_part, r"lacks 1 of its files, first .*\.parquet"),
    ],
)
def test_a_damaged_folder_gives_one_clear_line(warehouse: Warehouse, damage: object, said: str) -> None:
    assert callable(damage)
    damage(warehouse.root)
    with pytest.raises(WarehouseError, match=said) as caught, Warehouse(warehouse.root).cursor():
        pass
    assert "\n" not in str(caught.value)
    assert "oll back" in str(caught.value) or "load the data again" in str(caught.value)


def test_a_torn_file_gives_one_clear_line_wherever_it_is_read(tmp_path: Path) -> None:
    writer = make_warehouse(tmp_path)
    load(writer, "canonical", write_events(tmp_path / "first", (*EVENTS, "bad,,order_placed,m1,ann,o9,1,EUR,,")))
    tear("quarantine")(writer.root)
    with pytest.raises(WarehouseError, match=r"can't be read \(.*quarantine/.*\.parquet"):
        set_aside.counts(Warehouse(writer.root))
    tear("parts")(writer.root)
    reader = Warehouse(writer.root)
    with pytest.raises(WarehouseError, match=r"can't be read \(.*parts/.*\.parquet"):
        count_events(reader)
    with pytest.raises(WarehouseError, match=r"can't be read or written \(.*\.parquet.*Nothing was changed"):
        grow(writer, tmp_path, 1)


def test_only_a_whole_snapshot_is_advised_to_go_back_to(warehouse: Warehouse, tmp_path: Path) -> None:
    old = warehouse.snapshot().snapshot_id
    middle, new = grow(warehouse, tmp_path, 2)
    lost = set(warehouse.folder.read(middle).paths()) - set(warehouse.folder.read(old).paths())
    for path in lost:
        (warehouse.root / path).unlink()
    with pytest.raises(WarehouseError, match=f"--rollback {old}"):
        count_events(Warehouse(warehouse.root), new)
    damage_part(warehouse.root)
    for path in warehouse.folder.read(old).paths():
        (warehouse.root / path).unlink(missing_ok=True)
    with pytest.raises(WarehouseError, match="No whole snapshot is left"):
        warehouse.rollback(old)


def test_a_torn_manifest_of_an_old_snapshot_stops_nothing_and_nothing_is_collected(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    old = warehouse.snapshot().snapshot_id
    needed = warehouse.folder.read(old).paths()
    manifest = warehouse.root / "snapshots" / f"{old}.json"
    whole = manifest.read_text()
    (middle,) = grow(warehouse, tmp_path, 1)
    manifest.write_text("{")
    rebuilt = rebuild(warehouse)
    assert [snapshot.snapshot_id for snapshot in warehouse.snapshots()] == [rebuilt, middle]
    (said,) = warehouse.folder.manifests()[1].values()
    assert str(manifest) in said
    assert "\n" not in said
    assert needed <= all_files(warehouse.root)
    manifest.write_text(whole)
    assert count_events(warehouse, old) == len(EVENTS)


def test_a_torn_manifest_grows_old_and_then_files_are_collected_again(warehouse: Warehouse, tmp_path: Path) -> None:
    old = warehouse.snapshot().snapshot_id
    own = f"marts/{old}/order_day.parquet"
    assert own in all_files(warehouse.root)
    grow(warehouse, tmp_path, 1)
    (warehouse.root / "snapshots" / f"{old}.json").write_text("[]")
    for _ in range(KEPT_SNAPSHOTS):
        rebuild(warehouse)
    assert not warehouse.folder.manifests()[1]
    assert own not in all_files(warehouse.root)


@pytest.mark.parametrize("path", ["../snapshots/{id}", "./{id}", "{root}/snapshots/{id}", ""])
def test_a_path_to_a_manifest_is_no_snapshot_id(warehouse: Warehouse, path: str) -> None:
    served = warehouse.snapshot().snapshot_id
    wanted = path.format(id=served, root=warehouse.root)
    before = all_files(warehouse.root)
    with pytest.raises(WarehouseError, match="There is no snapshot"):
        warehouse.rollback(wanted)
    with pytest.raises(WarehouseError, match="There is no snapshot"), Warehouse(warehouse.root).cursor(wanted):
        pass
    assert all_files(warehouse.root) == before
    (warehouse.root / "CURRENT").write_text(wanted)
    with pytest.raises(WarehouseError, match="has no manifest"):
        warehouse.snapshot()


def test_marts_that_are_gone_are_built_anew_from_the_facts(warehouse: Warehouse, tmp_path: Path) -> None:
    for path in (warehouse.root / "marts").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(WarehouseError, match=r"lacks 2 of its files.*trustdesk build") as caught:
        grow(warehouse, tmp_path, 1)
    assert "oll" not in str(caught.value), "no other snapshot is needed"
    rebuild(warehouse)
    with warehouse.cursor() as cursor:
        assert cursor.rows("select * from order_total") == [{"merchant_id": "m1", "order_count": 2}]
    damage_part(warehouse.root)
    with pytest.raises(WarehouseError, match=r"lacks 1 of its files.*parts/"):
        rebuild(warehouse)


def test_rollback_checks_the_files_while_no_load_can_drop_them(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = warehouse.snapshot().snapshot_id
    (served,) = grow(warehouse, tmp_path, 1)
    lock = warehouse.folder.locked

    def after_a_load() -> AbstractContextManager[None]:
        (warehouse.root / "snapshots" / f"{old}.json").unlink()
        return lock()

    monkeypatch.setattr(warehouse.folder, "locked", after_a_load)
    with pytest.raises(WarehouseError, match="There is no snapshot"):
        warehouse.rollback(old)
    assert warehouse.snapshot().snapshot_id == served


def test_rollback_mends_a_lost_pointer(warehouse: Warehouse) -> None:
    kept = warehouse.snapshot().snapshot_id
    damage_pointer(warehouse.root)
    warehouse.rollback(kept)
    assert count_events(warehouse) == len(EVENTS)


def test_rollback_serves_the_older_snapshot_and_the_newer_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    old = warehouse.snapshot().snapshot_id
    (new,) = grow(warehouse, tmp_path, 1)
    assert count_events(warehouse) == len(EVENTS) + 1
    warehouse.rollback(old)
    assert count_events(warehouse) == len(EVENTS)
    assert [snapshot.snapshot_id for snapshot in warehouse.snapshots()] == [new, old]
    with pytest.raises(WarehouseError, match="There is no snapshot 'nonsense'"):
        warehouse.rollback("nonsense")


def test_only_the_newest_snapshots_are_kept_and_no_file_of_theirs_is_lost(tmp_path: Path) -> None:
    writer = make_warehouse(tmp_path)
    load(writer, "canonical", write_events(tmp_path / "first"))
    grow(writer, tmp_path, KEPT_SNAPSHOTS + 2)
    kept = writer.snapshots()
    assert len(kept) == KEPT_SNAPSHOTS
    named = {path for snapshot in kept for path in writer.folder.read(snapshot.snapshot_id).paths()}
    manifests = {f"snapshots/{snapshot.snapshot_id}.json" for snapshot in kept}
    assert all_files(writer.root) == named | manifests | {"CURRENT", "buyer.key"}
    for place, snapshot in enumerate(kept):
        assert count_events(writer, snapshot.snapshot_id) == len(EVENTS) + KEPT_SNAPSHOTS + 2 - place


def test_what_a_kill_left_half_written_is_cleared_by_the_next_load(warehouse: Warehouse, tmp_path: Path) -> None:
    left = [warehouse.root / "CURRENT.tmp", warehouse.root / "snapshots" / "20240101T000000000000Z.json.tmp"]
    for path in left:
        path.write_text("{", encoding="utf-8")
    grow(warehouse, tmp_path, 1)
    assert not [path for path in left if path.exists()]


def test_a_snapshot_that_is_being_read_is_not_collected(warehouse: Warehouse, tmp_path: Path) -> None:
    reader = Warehouse(warehouse.root, marts_folder=warehouse.marts_folder)
    with reader.cursor() as cursor:
        grow(warehouse, tmp_path, KEPT_SNAPSHOTS + 1)
        assert cursor.rows("select count(*) as n from events") == [{"n": len(EVENTS)}]
        assert cursor.snapshot_id in {snapshot.snapshot_id for snapshot in warehouse.snapshots()}


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


def test_a_slow_query_is_stopped_and_the_cursor_lives_on(warehouse: Warehouse) -> None:
    with warehouse.cursor(time_limit=0.2) as cursor:
        started = time.monotonic()
        with pytest.raises(WarehouseError, match=r"stopped after 0\.2 s"):
            cursor.rows("select sum(a.range * b.range) from range(1000000) a, range(1000000) b")
        assert time.monotonic() - started < 5
        assert cursor.rows("select 1 as one") == [{"one": 1}]


def test_a_second_writer_is_refused_at_once_and_readers_go_on(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = write_events(tmp_path / "second", ("e9,2024-02-09,order_placed,m1,ann,o9,1,EUR,,",))
    with warehouse.folder.writing():
        with pytest.raises(WarehouseError, match=r"Another process is writing to .*: wait"):
            load(Warehouse(warehouse.root), "canonical", folder)
        assert count_events(warehouse) == len(EVENTS)


def _hold_the_lock(root: Path, held: "multiprocessing.synchronize.Event") -> None:
    with Warehouse(root).folder.writing():
        held.set()
        time.sleep(60)


def test_the_lock_of_a_killed_writer_is_free(warehouse: Warehouse, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=_hold_the_lock, args=(warehouse.root, held))
    process.start()
    assert held.wait(120)
    with pytest.raises(WarehouseError, match="Another process"):
        grow(warehouse, tmp_path, 1)
    process.kill()
    process.join()
    grow(warehouse, tmp_path, 1)


def test_twenty_readers_see_no_error_while_loads_run(warehouse: Warehouse, tmp_path: Path) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []
    seen: set[int] = set()

    def read() -> None:
        while not stop.is_set():
            try:
                with warehouse.cursor() as cursor:
                    events = cursor.rows("select count(*) as n from events where kind = 'order_placed'")[0]["n"]
                    assert cursor.rows("select sum(order_count) as n from order_total")[0]["n"] == events
                    seen.add(events)
            except (AnalyticsError, duckdb.Error, AssertionError, OSError) as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(20)]
    for reader in readers:
        reader.start()
    grow(warehouse, tmp_path, KEPT_SNAPSHOTS + 3)
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures, failures[:3]
    assert len(seen) > 1, "the readers saw only one snapshot: nothing was tested"


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


def test_a_query_larger_than_memory_spills_inside_the_sandbox(warehouse: Warehouse) -> None:
    small = Warehouse(warehouse.root, memory_limit="60MB", threads=1)
    sql = "select count(*) as n from (select range, hash(range) as h from range(6000000) order by h)"
    with small.cursor() as cursor:
        assert cursor.rows(sql) == [{"n": 6_000_000}]
    assert (warehouse.root / "tmp").is_dir(), "nothing was spilled: the query is too small to show it"


def test_a_load_larger_than_memory_spills_in_a_new_warehouse(tmp_path: Path) -> None:
    made = Warehouse(tmp_path / "new", memory_limit="60MB", threads=1)
    with made.folder.locked(), made.connect() as connection:
        sorted_rows = connection.execute(
            "select count(*) from (select hash(range) as h from range(6000000) order by h)"
        )
        assert sorted_rows.fetchall() == [(6_000_000,)]


def test_a_query_that_can_never_fit_is_one_clear_line(warehouse: Warehouse) -> None:
    small = Warehouse(warehouse.root, memory_limit="40MB", threads=1)
    with small.cursor() as cursor, pytest.raises(WarehouseError, match="needs more memory") as caught:
        cursor.rows("select list(range) from range(50000000)")
    assert "\n" not in str(caught.value)


HUNGRY_MART = "select list(range) as numbers from range(50000000) where $as_of is not null"
SPILLING_MART = "select range as n, hash(range) as h from range(6000000) where $as_of is not null"


def test_a_query_that_fills_the_disk_is_not_blamed_on_memory(warehouse: Warehouse) -> None:
    small = Warehouse(warehouse.root, memory_limit="60MB", spill_limit="5MB", threads=1)
    with small.cursor() as cursor, pytest.raises(WarehouseError, match="more than the 5MB of disk") as caught:
        cursor.rows("select * from (select range, hash(range) as h from range(6000000) order by h)")
    assert "memory" not in str(caught.value)
    assert "raise the spill limit" in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException('IO Error: Could not write file "x.tmp": No space left on device'),
        duckdb.OutOfMemoryException("Out of Memory Error: failed to offload data block of size 64.0 KiB"),
    ],
)
@pytest.mark.parametrize("at", ["query", "as of", "load"])
def test_a_full_disk_is_called_that_wherever_it_is_met(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: duckdb.Error, at: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    if at == "load":
        monkeypatch.setattr("analytics.engines.duckdb.copy_to", fail)
        with pytest.raises(
            WarehouseError, match=r"^The disk of .* is full: free some space and load again\. Nothing was"
        ):
            grow(warehouse, tmp_path, 1)
        return
    if at == "as of":
        monkeypatch.setattr("analytics.engines.upkeep.Upkeep._whole", fail)
        said = pytest.raises(WarehouseError, match=r"^The disk of .* is full: free some space and try again\.$")
        with said, warehouse.cursor(as_of=date(2024, 2, 1)):
            pass
        return
    with warehouse.cursor() as cursor:
        monkeypatch.setattr(cursor, "connection", Mock(execute=fail))
        with pytest.raises(WarehouseError, match=r"^The disk of .* is full: free some space and try again\.$"):
            cursor.rows("select 1")


def test_a_mart_that_needs_more_memory_says_to_raise_the_limit(warehouse: Warehouse, tmp_path: Path) -> None:
    (warehouse.marts_folder / "15_hungry.sql").write_text(HUNGRY_MART)
    small = Warehouse(warehouse.root, memory_limit="40MB", threads=1, marts_folder=warehouse.marts_folder)
    with pytest.raises(
        WarehouseError, match=r"more than 40MB of memory .*raise the memory limit\. Nothing was changed"
    ):
        rebuild(small)
    said = pytest.raises(WarehouseError, match=r"more memory than the 40MB .*raise the memory limit")
    with said as caught, small.cursor(as_of=date(2024, 2, 1)):
        pass
    assert "\n" not in str(caught.value)


def test_a_mart_that_fills_the_disk_says_so(warehouse: Warehouse) -> None:
    (warehouse.marts_folder / "15_wide.sql").write_text(SPILLING_MART)
    (warehouse.marts_folder / "15_wide.toml").write_text('[upkeep]\nsort = "h"\n')
    before, files = warehouse.snapshot().snapshot_id, all_files(warehouse.root)
    small = Warehouse(
        warehouse.root, memory_limit="60MB", spill_limit="5MB", threads=1, marts_folder=warehouse.marts_folder
    )
    with pytest.raises(
        WarehouseError, match=r"5MB of disk .*raise the spill limit and load again\. Nothing was changed"
    ):
        rebuild(small)
    assert (warehouse.snapshot().snapshot_id, all_files(warehouse.root)) == (before, files)


def test_a_warehouse_says_how_long_its_queries_may_take(warehouse: Warehouse) -> None:
    hasty = Warehouse(warehouse.root, query_seconds=0.2)
    with hasty.cursor() as cursor, pytest.raises(WarehouseError, match=r"stopped after 0\.2 s"):
        cursor.rows("select sum(a.range * b.range) from range(1000000) a, range(1000000) b")


def test_a_running_cursor_keeps_its_files_however_many_snapshots_are_opened_meanwhile(tmp_path: Path) -> None:
    writer, reader = make_warehouse(tmp_path), Warehouse(tmp_path / "warehouse")
    row = "{0},2024-02-01,order_placed,m1,ann,{0},1.00,EUR,,".format
    load(writer, "canonical", write_events(tmp_path / "first", (row("a0"),)))
    first = reader.snapshot().snapshot_id
    with reader.cursor() as running:
        for number in range(1, OPEN_SNAPSHOTS + 2):
            load(writer, "canonical", write_events(tmp_path / f"in{number}", (row(f"a{number}"),)))
            with reader.cursor() as cursor:
                cursor.rows("select 1")
        assert running.rows("select count(*) as n from events") == [{"n": 1}]
        assert first in writer.folder.snapshot_ids()
    load(writer, "canonical", write_events(tmp_path / "last", (row("z"),)))
    assert first not in writer.folder.snapshot_ids(), "no longer in use"
