"""Quarantined rows tried again: corrected rows leave the quarantine, the rest stays with its reason, and nothing is lost or doubled."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.errors import InputError, WarehouseError
from analytics.ingest import Correction, LoadResult, load, replay
from analytics.ingest.loads import Progress
from analytics.tables import TABLES
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import EVENTS, all_files, make_warehouse, write_events

NO_DATE = "e8,,order_placed,m1,ann,o8,1.00,EUR,,"
NEGATIVE = "e9,2024-02-08,order_placed,m1,cid,o9,-1,EUR,,"
SHORT = "e10,2024-02-09"
OTHER_E1 = EVENTS[0].replace("10.00", "99.00")


def counts(result: LoadResult) -> tuple[int, int, int, int, int]:
    return result.read, result.loaded, result.duplicate, result.conflict, result.quarantined


def by_line(warehouse: Warehouse) -> dict[int, dict[str, Any]]:
    return {row["line"]: {str(k): v for k, v in row.items()} for row in warehouse.quarantine().to_dict("records")}


def event_ids(warehouse: Warehouse) -> list[str]:
    with warehouse.cursor() as cursor:
        return [row["event_id"] for row in cursor.rows("select event_id from events order by event_id")]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of four good rows, three malformed ones and a conflict, with the warehouse that it was loaded into."""
    folder = tmp_path_factory.mktemp("replay")
    made = make_warehouse(folder)
    source = write_events(folder / "in", (*EVENTS, NO_DATE, NEGATIVE, SHORT, OTHER_E1))
    assert counts(load(made, "canonical", source)) == (8, 4, 0, 1, 3)
    assert sorted(by_line(made)) == [6, 7, 8, 9], (
        "conflicts too stand at the line of the file, whatever is malformed above"
    )
    return folder


@pytest.fixture
def warehouse(template: Path, tmp_path: Path) -> Warehouse:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return make_warehouse(tmp_path)


@pytest.fixture
def source(warehouse: Warehouse) -> Path:
    return warehouse.root.with_name("in")


def corrections(warehouse: Warehouse) -> list[Correction]:
    rows = by_line(warehouse)
    values = {"event_id": "e10", "occurred_at": "2024-02-09", "kind": "view"}
    return [
        Correction(rows[6]["row_id"], {"occurred_at": "2024-02-08 10:00"}),
        Correction(rows[7]["row_id"], {"amount": "-2"}),
        Correction(rows[8]["row_id"], values, "events"),
    ]


def test_corrected_rows_are_loaded_and_the_rest_stays_with_what_is_wrong_now(warehouse: Warehouse) -> None:
    result = replay(warehouse, corrections(warehouse), called="corrected.csv")
    assert counts(result) == (3, 2, 0, 0, 1)
    assert event_ids(warehouse) == ["e1", "e10", "e2", "e3", "e8", "r1|o1|m1"]
    left = by_line(warehouse)
    assert sorted(left) == [7, 9]
    assert left[7]["reason"] == "amount is negative: -2"
    assert json.loads(left[7]["raw"])["amount"] == "-2"
    assert left[9]["reason"].startswith("conflict: ")
    last = warehouse.snapshot().loads[-1]
    assert (last.load_id, last.source, last.path, last.is_replay) == ("load-0002", "canonical", "corrected.csv", True)
    with warehouse.cursor() as cursor:
        stored = cursor.rows("select source, load_id, order_count from events, order_total where event_id = 'e8'")
        assert stored == [{"source": "canonical", "load_id": "load-0002", "order_count": 3}], "marts follow"


def test_what_was_replayed_leaves_a_trace(warehouse: Warehouse) -> None:
    before = {row["row_id"]: row["raw"] for row in by_line(warehouse).values()}
    replay(warehouse, corrections(warehouse))
    settled = warehouse.quarantine(settled=True)
    assert set(settled["line"]) == {6, 7, 8}
    assert set(settled["settled_by"]) == {"load-0002"}
    assert {row: raw for row, raw in before.items() if row in set(settled["row_id"])} == dict(
        zip(settled["row_id"], settled["raw"], strict=True)
    ), "as the file had them"


def test_a_replay_again_changes_nothing(warehouse: Warehouse) -> None:
    asked = corrections(warehouse)
    served = replay(warehouse, asked).snapshot_id
    files = all_files(warehouse.root)
    again = replay(warehouse, asked)
    assert (counts(again), again.snapshot_id) == ((1, 0, 0, 0, 1), served)
    assert again.notes == ("2 rows settled by an earlier replay, passed over",)
    assert all_files(warehouse.root) == files


def test_the_file_loaded_again_brings_no_settled_row_back(warehouse: Warehouse, source: Path) -> None:
    served = replay(warehouse, corrections(warehouse)).snapshot_id
    again = load(warehouse, "canonical", source)
    assert (again.loaded, again.snapshot_id) == (0, served)
    assert sorted(by_line(warehouse)) == [7, 9]


def test_a_row_that_failed_again_can_be_corrected_again(warehouse: Warehouse) -> None:
    row_id = by_line(warehouse)[7]["row_id"]
    replay(warehouse, [Correction(row_id, {"amount": "-2"})])
    assert counts(replay(warehouse, [Correction(row_id, {"amount": "2"})])) == (1, 1, 0, 0, 0)
    assert len(warehouse.quarantine(settled=True)) == 2, "each state it had is kept"


def test_all_rows_as_they_are_change_nothing_while_their_reasons_stand(warehouse: Warehouse) -> None:
    served, files = warehouse.snapshot().snapshot_id, all_files(warehouse.root)
    result = replay(warehouse)
    assert (counts(result), result.snapshot_id) == ((3, 0, 0, 1, 2), served)
    assert result.notes == (
        "1 row in malformed lines can't be tried as they stand: export them and fill in their columns",
    )
    assert all_files(warehouse.root) == files


def test_a_future_event_goes_through_once_it_has_come_to_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = make_warehouse(tmp_path)
    ahead = "f1,2101-01-01,order_placed,m1,ann,o8,1.00,EUR,,"
    assert load(warehouse, "canonical", write_events(tmp_path / "in", (*EVENTS, ahead))).quarantined == 1
    assert replay(warehouse).loaded == 0

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Later:
            return cls(2101, 1, 2, tzinfo=UTC)

    monkeypatch.setattr("analytics.ingest.replays.datetime", Later)
    assert counts(replay(warehouse)) == (1, 1, 0, 0, 0)
    assert warehouse.quarantine().empty


def test_a_correction_to_what_is_stored_already_is_a_duplicate(warehouse: Warehouse) -> None:
    result = replay(warehouse, [Correction(by_line(warehouse)[9]["row_id"], {"amount": "10.00"})])
    assert counts(result) == (1, 0, 1, 0, 0)
    assert sorted(by_line(warehouse)) == [6, 7, 8]
    assert len(event_ids(warehouse)) == 4


def test_a_corrected_row_whose_id_is_taken_becomes_a_conflict_that_is_shown(warehouse: Warehouse) -> None:
    result = replay(warehouse, [Correction(by_line(warehouse)[7]["row_id"], {"event_id": "e1", "amount": "3"})])
    assert counts(result) == (1, 0, 0, 1, 0)
    assert by_line(warehouse)[7]["reason"].startswith("conflict: ")


def test_pseudonyms_stay_and_new_buyers_get_one(warehouse: Warehouse) -> None:
    rows = by_line(warehouse)
    asked = [
        Correction(rows[6]["row_id"], {"occurred_at": "2024-02-08"}),
        Correction(rows[7]["row_id"], {"amount": "1", "buyer_id": "bob"}),
    ]
    replay(warehouse, asked)
    with warehouse.cursor() as cursor:
        buyers = {row["event_id"]: row["buyer_id"] for row in cursor.rows("select event_id, buyer_id from events")}
    assert (buyers["e8"], buyers["e9"]) == (buyers["e1"], buyers["e2"]), "ann's and bob's own"


def test_times_are_read_as_in_the_file_they_came_from(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", write_events(tmp_path / "first"))
    path = (
        write_events(tmp_path / "in", ("e8;01.07.2024 12:00;order_placed;;o8",), "id;at;kind;shop;order") / "events.csv"
    )
    path.with_name("map.toml").write_text(
        'table = "events"\ntime_zone = "Asia/Shanghai"\n[columns]\nevent_id = "id"\noccurred_at = "at"\nkind = "kind"\n'
        'merchant_id = "shop"\norder_id = "order"\n[formats]\noccurred_at = "%d.%m.%Y %H:%M"\n'
    )
    assert load(warehouse, "canonical", path, mapping=path.with_name("map.toml")).quarantined == 1
    row_id = by_line(warehouse)[2]["row_id"]
    wrong = replay(warehouse, [Correction(row_id, {"merchant_id": "m1", "occurred_at": "2024-07-01"})])
    assert wrong.quarantined == 1
    assert by_line(warehouse)[2]["reason"].startswith("occurred_at is no date or time in the format %d.%m.%Y %H:%M")
    assert replay(warehouse, [Correction(row_id, {"occurred_at": "01.07.2024 12:00"})]).loaded == 1
    with warehouse.cursor() as cursor:
        (found,) = cursor.rows("select occurred_at from events where event_id = 'e8'")
    assert found["occurred_at"] == datetime(2024, 7, 1, 4, tzinfo=UTC), "noon in Shanghai"


def test_rows_keep_the_source_that_they_came_from(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    own = tmp_path / "own"
    own.mkdir()
    (own / "adapter.toml").write_text('name = "own"\nsource_time_zone = "Asia/Tokyo"\n[files.a]\nmatch = "a.csv"\n')
    (own / "events.sql").write_text("select * from raw_a")
    load(warehouse, own, write_events(tmp_path / "a", ("t1,2024-03-01,order_placed,,ann,o1,1,EUR,,",), name="a.csv"))
    load(warehouse, "canonical", write_events(tmp_path / "in", (*EVENTS, NEGATIVE)))
    write_events(
        tmp_path / "m", ("m1,Shop,2024-01-01", ",Nameless,2024-01-01"), "merchant_id,name,updated_at", "merchants.csv"
    )
    load(warehouse, "canonical", tmp_path / "m")
    fixes = {"events": {"merchant_id": "m1", "amount": "1"}, "merchants": {"merchant_id": "m2"}}
    asked = [Correction(row["row_id"], fixes[row["table"]]) for row in warehouse.quarantine().to_dict("records")]
    assert counts(replay(warehouse, asked)) == (3, 3, 0, 0, 0)
    with warehouse.cursor() as cursor:
        found = cursor.rows(
            "select event_id, source, occurred_at from events where event_id in ('t1', 'e9') order by 1"
        )
        assert [(row["event_id"], row["source"]) for row in found] == [("e9", "canonical"), ("t1", "own")]
        assert found[1]["occurred_at"] == datetime(2024, 2, 29, 15, tzinfo=UTC), "midnight in Tokyo"
        assert len(cursor.rows("select * from merchants")) == 2
    assert [record.source for record in warehouse.snapshot().loads if record.is_replay] == ["canonical", "own"]


HARD = [
    "  spaced  ",
    "'=1+1",
    "=1+1",
    "a\nb\r\nc",
    'she said "no"',
    "中文，，",
    "{{raw}} $x",
    "null",
    "{}",
    "\ufeffmark",
]


@pytest.mark.parametrize("text", HARD, ids=repr)
def test_free_text_comes_through_quarantine_unchanged(tmp_path: Path, text: str) -> None:
    warehouse = make_warehouse(tmp_path)
    quoted = text.replace('"', '""')
    rows = (*EVENTS, f'r9|o1|m1,,review_posted,m1,ann,o1,,,2,"{quoted}"')
    assert load(warehouse, "canonical", write_events(tmp_path / "in", rows)).quarantined == 1
    (row,) = warehouse.quarantine().to_dict("records")
    assert replay(warehouse, [Correction(row["row_id"], {"occurred_at": "2024-02-03"})]).loaded == 1
    with warehouse.cursor() as cursor:
        (found,) = cursor.rows("select text from event_texts where event_id = 'r9|o1|m1'")
    assert found["text"] == text


@pytest.mark.parametrize(
    ("correction", "said"),
    [
        (Correction("nothing"), "no quarantined row 'nothing'"),
        (Correction("", {"subject": "x"}), "is of events, which has no column 'subject'"),
        (Correction("", {"event_id": "x"}, "orders"), "needs a table: write one of events, merchants"),
    ],
    ids=["row", "column", "table"],
)
def test_a_correction_of_nothing_is_refused_in_one_line(
    warehouse: Warehouse, correction: Correction, said: str
) -> None:
    served, files = warehouse.snapshot().snapshot_id, all_files(warehouse.root)
    asked = Correction(correction.row_id or by_line(warehouse)[6]["row_id"], correction.values, correction.table)
    with pytest.raises(InputError, match=said):
        replay(warehouse, [asked])
    with pytest.raises(InputError, match=said if not correction.values else "twice"):
        replay(warehouse, [Correction(asked.row_id), asked])
    assert (warehouse.snapshot().snapshot_id, all_files(warehouse.root)) == (served, files)


def test_a_replay_that_is_stopped_leaves_the_old_quarantine(warehouse: Warehouse) -> None:
    served, files = warehouse.snapshot().snapshot_id, all_files(warehouse.root)

    def stop(progress: Progress) -> None:
        if progress.step == "publish":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(warehouse, corrections(warehouse), progress=stop)
    assert (warehouse.snapshot().snapshot_id, all_files(warehouse.root)) == (served, files)
    assert len(warehouse.quarantine()) == 4


REPLAY = """
import sys
from pathlib import Path
from analytics.ingest import Correction, replay
from analytics.warehouse import Warehouse
warehouse = Warehouse(Path(sys.argv[1]), marts_folder=Path(sys.argv[2]))
rows = warehouse.quarantine()
print("ready", flush=True)
replay(warehouse, [Correction(row, {"occurred_at": "2024-02-08"}) for row in rows["row_id"]])
"""


def test_a_replay_that_is_killed_leaves_the_old_or_the_new_and_ends_the_same(tmp_path: Path) -> None:
    made = make_warehouse(tmp_path)
    rows = (*EVENTS, *(f"x{n},,order_placed,m{n % 7},ann,x{n},1.00,EUR,," for n in range(500)))
    assert load(made, "canonical", write_events(tmp_path / "in", rows)).quarantined == 500
    seconds, ends = 0.0, set()
    for number in range(8):
        root = tmp_path / f"killed-{number}"
        shutil.copytree(made.root, root)
        arguments = [sys.executable, "-c", REPLAY, str(root), str(made.marts_folder)]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        begun = time.monotonic()
        if number:  # the first runs to its end, to know how long it takes
            time.sleep(seconds * number / 8)
            process.kill()
        process.wait()
        seconds = seconds or time.monotonic() - begun
        warehouse = Warehouse(root, marts_folder=made.marts_folder)
        left, stored = len(warehouse.quarantine()), len(event_ids(warehouse))
        assert (left, stored) in ((500, 4), (0, 504)), "old or new"
        ends.add(left)
        row_ids = made.quarantine()["row_id"]
        replay(warehouse, [Correction(row_id, {"occurred_at": "2024-02-08"}) for row_id in row_ids])
        assert (len(warehouse.quarantine()), len(event_ids(warehouse))) == (0, 504)
        assert not (root / "staging").exists()
    assert ends == {0, 500}, "some were killed in time"


def test_a_disk_that_is_full_at_a_replay_is_one_line_and_leaves_the_old_quarantine(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, files, asked = warehouse.snapshot().snapshot_id, all_files(warehouse.root), corrections(warehouse)

    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("analytics.snapshots.write_durably", full)
    with pytest.raises(WarehouseError, match=r"The disk of .* is full: free some space"):
        replay(warehouse, asked)
    assert (warehouse.snapshot().snapshot_id, all_files(warehouse.root)) == (served, files)
    assert len(warehouse.quarantine()) == 4


def test_nothing_set_aside_is_nothing_to_replay(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    served = load(warehouse, "canonical", write_events(tmp_path / "in")).snapshot_id
    for asked in (None, []):
        result = replay(warehouse, asked)
        assert (counts(result), result.snapshot_id) == ((0, 0, 0, 0, 0), served)


def test_a_replay_waits_for_no_other_writer(warehouse: Warehouse) -> None:
    other = Warehouse(warehouse.root)
    with other.folder.locked(), pytest.raises(WarehouseError, match="Another process is writing"):
        replay(warehouse)


def test_a_rollback_brings_the_quarantine_of_before_back(warehouse: Warehouse) -> None:
    before = warehouse.snapshot().snapshot_id
    replay(warehouse, corrections(warehouse))
    warehouse.rollback(before)
    assert sorted(by_line(warehouse)) == [6, 7, 8, 9]


def test_a_quarantine_of_before_row_ids_can_be_replayed(warehouse: Warehouse) -> None:
    (path,) = (warehouse.root / "quarantine").glob("*.parquet")
    import duckdb

    old = duckdb.sql(f"select * exclude (time_zone, formats) from read_parquet('{path}')").df()
    old.to_parquet(path)
    assert counts(replay(warehouse, corrections(warehouse))) == (3, 2, 0, 0, 1)


def test_a_key_in_every_table_can_be_corrected(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    folder = write_events(tmp_path / "in")
    times = {"tickets": "opened_at", "messages": "sent_at"}
    for name in TABLES:
        if name == "events":
            continue
        key, at = TABLES[name].key, times.get(name, "updated_at")
        more = {"messages": ("ticket_id,author", "t1,agent")}.get(
            name, ("updated_at" if name == "tickets" else "region", "")
        )
        if name == "products":
            more = ("title", "x")
        write_events(folder, (f",2024-01-01,{more[1]}",), f"{key},{at},{more[0]}", f"{name}.csv")
    result = load(warehouse, "canonical", folder)
    assert result.quarantined == 5
    asked = [
        Correction(row["row_id"], {TABLES[row["table"]].key: "k1"}) for row in warehouse.quarantine().to_dict("records")
    ]
    assert counts(replay(warehouse, asked)) == (5, 5, 0, 0, 0)
    assert warehouse.snapshot().tables["messages"] == 1
