"""Loads: idempotent, adding, entity updates, quarantine lines, pseudonyms, demo replacement, progress, repeatable bytes."""

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

from analytics.errors import WarehouseError
from analytics.ingest import Progress, load
from analytics.ingest.merge import PARTS_A_MONTH
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import EVENTS, EVENTS_HEADER, all_files, make_warehouse, write_events


def rows_of(warehouse: Warehouse, sql: str) -> list[dict[str, object]]:
    with warehouse.cursor() as cursor:
        return cursor.rows(sql)


def test_the_same_load_twice_changes_nothing(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    bad = "e8,never,order_placed,m1,ann,o8,1,EUR,,"
    folder = write_events(tmp_path / "in", (*EVENTS, bad, EVENTS[0].replace("10.00", "11.00"), "torn,line"))
    first = load(warehouse, "canonical", folder)
    before = all_files(warehouse.root)
    again = load(warehouse, "canonical", folder)
    assert (first.loaded, first.duplicate, first.conflict, first.quarantined) == (4, 0, 1, 2)
    assert (again.loaded, again.duplicate, again.conflict, again.quarantined) == (0, 4, 1, 2)
    assert again.snapshot_id == first.snapshot_id
    assert all_files(warehouse.root) == before
    assert len(warehouse.quarantine()) == 3


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    folder = write_events(tmp_path / "in", (*EVENTS, EVENTS[0], "torn", "e9,x,order_placed,m1,a,o,1,EUR,,"))
    result = load(warehouse, "canonical", folder)
    assert result.read == 7
    assert result.read == result.loaded + result.duplicate + result.conflict + result.quarantined


def test_a_second_load_adds_and_only_touched_months_get_parts(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", write_events(tmp_path / "in"))
    old = warehouse.folder.current().tables["events"]
    row = "e9,2024-02-20 10:00:00,order_placed,m2,eve,o9,7,EUR,,"
    load(warehouse, "canonical", write_events(tmp_path / "more", (EVENTS[0], row)))
    new = warehouse.folder.current().tables["events"]
    assert set(old) < set(new)
    assert [(part.month, part.rows) for part in set(new) - set(old)] == [("2024-02", 1)]
    assert rows_of(warehouse, "select count(*) as n from events") == [{"n": 5}]
    assert [entry.load_id for entry in warehouse.snapshot().loads] == ["load-0001", "load-0002"]


def test_a_month_of_many_parts_is_rewritten_as_one(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    for number in range(PARTS_A_MONTH + 1):
        row = f"e{number},2024-02-20 10:00:00,order_placed,m2,eve,o{number},7,EUR,,"
        load(warehouse, "canonical", write_events(tmp_path / f"in{number}", (row,)))
    parts = warehouse.folder.current().tables["events"]
    assert [(part.month, part.rows) for part in parts] == [("2024-02", PARTS_A_MONTH + 1)]
    assert rows_of(warehouse, "select count(distinct event_id) as n from events") == [{"n": PARTS_A_MONTH + 1}]


def test_a_late_text_for_a_stored_review_is_a_conflict(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", write_events(tmp_path / "in"))
    edited = EVENTS[3].replace("broken on arrival", "all is well")
    result = load(warehouse, "canonical", write_events(tmp_path / "edit", (edited,)))
    assert (result.loaded, result.conflict) == (0, 1)
    assert rows_of(warehouse, "select text from event_texts") == [{"text": "broken on arrival"}]
    assert result.snapshot_id == warehouse.snapshot().snapshot_id
    (kept,) = warehouse.quarantine().to_dict("records")
    assert kept["load_id"] == "load-0002"


def test_an_event_that_moves_to_another_month_is_a_conflict(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", write_events(tmp_path / "in"))
    moved = EVENTS[0].replace("2024-01-30", "2024-03-30")
    result = load(warehouse, "canonical", write_events(tmp_path / "moved", (moved,)))
    assert (result.loaded, result.conflict) == (0, 1)


def write_merchants(folder: Path, *rows: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "merchants.csv").write_text("\n".join(("merchant_id,name,tier,updated_at", *rows)) + "\n")
    return folder


def test_entities_keep_the_latest_update(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    first = write_merchants(tmp_path / "a", "m1,Ann,gold,2024-01-01", "m2,Bob,silver,2024-01-01", "m3,Cy,,")
    assert load(warehouse, "canonical", first).loaded == 3
    second = write_merchants(
        tmp_path / "b",
        "m1,Ann & Co,gold,2024-02-01",  # newer: replaces
        "m2,Old Bob,silver,2023-01-01",  # older: no news
        "m3,Cy Ltd,,",  # no time to tell which is newer: conflict
        "m4,Dee,gold,2024-01-01",  # new
    )
    result = load(warehouse, "canonical", second)
    assert (result.loaded, result.duplicate, result.conflict) == (2, 1, 1)
    found = rows_of(warehouse, "select merchant_id, name, load_id from merchants order by all")
    assert [tuple(row.values()) for row in found] == [
        ("m1", "Ann & Co", "load-0002"),
        ("m2", "Bob", "load-0001"),
        ("m3", "Cy", "load-0001"),
        ("m4", "Dee", "load-0002"),
    ]


def test_quarantine_names_the_line_of_the_file_even_after_line_breaks(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    rows = (
        'r2|o1|m1,2024-02-03,review_posted,m1,ann,o1,,,2,"three\nlines\nlong"',  # lines 2-4
        "torn",  # line 5
        "",  # line 6
        "e5,bad date,order_placed,m1,ann,o5,1,EUR,,",  # line 7
        'r3|o1|m1,2024-02-03,review_posted,m1,ann,o1,,,9,"two\r\nlines"',  # lines 8-9
        "e6,2024-02-03,order_placed,m1,ann,o6,-1,EUR,,",  # line 10
    )
    result = load(warehouse, "canonical", write_events(tmp_path / "in", rows))
    assert result.quarantined == 4
    frame = warehouse.quarantine().sort_values("line")
    assert frame["line"].tolist() == [5, 7, 8, 10]
    assert frame["column"].fillna("-").tolist() == ["-", "occurred_at", "score", "amount"]
    raw = json.loads(frame["raw"].tolist()[1])
    assert raw["occurred_at"] == "bad date"
    assert raw["buyer_id"].startswith("b_"), "quarantine holds no buyer's own id"


def test_buyers_are_hashed_alike_in_every_table_and_load(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    folder = write_events(tmp_path / "in")
    (folder / "buyers.csv").write_text("buyer_id,region\nann,EU\nbob,US\n")
    load(warehouse, "canonical", folder)
    load(warehouse, "canonical", write_events(tmp_path / "b", ("e9,2024-02-09,order_placed,m1,ann,o9,1,EUR,,",)))
    sql = "select region, count(*) as n from events inner join buyers using (buyer_id) group by region order by region"
    assert rows_of(warehouse, sql) == [{"region": "EU", "n": 4}, {"region": "US", "n": 1}]
    stored = b"".join(path.read_bytes() for path in (warehouse.root / "parts").rglob("*.parquet"))
    assert rows_of(warehouse, "select count(*) as n from events where buyer_id like '%ann%'") == [{"n": 0}]
    assert stored
    assert (warehouse.root / "buyer.key").stat().st_mode & 0o077 == 0
    other = make_warehouse(tmp_path, "other")
    load(other, "canonical", folder)
    both = "select distinct buyer_id from events order by buyer_id"
    assert rows_of(warehouse, both) != rows_of(other, both), "the key is this warehouse's own"


def test_a_pseudonym_is_not_hashed_again(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    known = "b_" + "0123456789abcdef01234567"
    load(warehouse, "canonical", write_events(tmp_path / "in", (EVENTS[0].replace("ann", known),)))
    assert rows_of(warehouse, "select buyer_id from events") == [{"buyer_id": known}]


def test_what_was_rated_is_a_reason_and_not_free_text(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    row = "d1,2024-02-03,dsr_rated,m1,ann,o1,,,4,service"
    load(warehouse, "canonical", write_events(tmp_path / "in", (row,)))
    assert rows_of(warehouse, "select reason, score from events") == [{"reason": "service", "score": 4}]
    assert rows_of(warehouse, "select count(*) as n from event_texts") == [{"n": 0}]
    assert load(warehouse, "canonical", tmp_path / "in").duplicate == 1


def test_what_was_rated_may_stand_in_reason(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    header = "event_id,occurred_at,kind,merchant_id,order_id,score,reason,text"
    rows = (
        "d1,2024-02-03,dsr_rated,m1,o1,4,logistics,",
        "d2,2024-02-03,dsr_rated,m1,o1,4,parcel torn,service",
        "d3,2024-02-03,dsr_rated,m1,o1,4,price,",
        "d4,2024-02-03,dsr_rated,m1,o1,4,service,price",
        "d5,2024-02-03,dsr_rated,m1,o1,4,,",
    )
    result = load(warehouse, "canonical", write_events(tmp_path / "in", rows, header))
    assert rows_of(warehouse, "select event_id, reason from events order by event_id") == [
        {"event_id": "d1", "reason": "logistics"},
        {"event_id": "d2", "reason": "service"},
    ]
    assert (result.quarantined, set(warehouse.quarantine()["column"])) == (3, {"text"})


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = write_events(tmp_path / "in")
    digests = []
    for name in ("one", "two"):
        warehouse = make_warehouse(tmp_path, name)
        load(warehouse, "canonical", folder, is_demo=True, seed=7)
        paths = sorted((warehouse.root / "parts").rglob("*.parquet"), key=lambda path: path.parent)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert digests[0] == digests[1]


def test_real_data_replaces_the_demo_and_never_the_other_way(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    demo = load(warehouse, "canonical", write_events(tmp_path / "demo"), is_demo=True, seed=1)
    real_row = "z1,2024-05-05 10:00:00,order_placed,real,ann,oz,3,EUR,,"
    load(warehouse, "canonical", write_events(tmp_path / "real", (real_row,)))
    assert rows_of(warehouse, "select distinct merchant_id from events") == [{"merchant_id": "real"}]
    assert not warehouse.snapshot().is_demo
    with pytest.raises(WarehouseError, match="holds real data"):
        load(warehouse, "canonical", tmp_path / "demo", is_demo=True, seed=1)
    assert len(list(warehouse.root.glob("buyer*.key"))) == 2, "real buyers have a key of their own"
    warehouse.rollback(demo.snapshot_id)
    assert rows_of(warehouse, "select count(*) as n from events") == [{"n": len(EVENTS)}]


def test_unknown_columns_are_noted_and_left_out(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    rows = tuple(row + ",web,7" for row in EVENTS)
    result = load(warehouse, "canonical", write_events(tmp_path / "in", rows, EVENTS_HEADER + ",channel,shoe_size"))
    assert result.loaded == len(EVENTS)
    assert result.notes == ("events.csv: columns not in events, left out: channel, shoe_size",)


def test_progress_tells_each_step_in_order(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    told: list[Progress] = []
    load(warehouse, "canonical", write_events(tmp_path / "in"), progress=told.append)
    steps = [progress.step for progress in told]
    assert list(dict.fromkeys(steps)) == ["read", "merge", "marts", "publish"]
    assert all(0 <= progress.done < progress.total for progress in told)


def test_times_with_and_without_a_zone(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    texts = {
        "a": ("2024-07-01 12:00:00", "10:00"),
        "b": ("2024-07-01T12:00:00Z", "12:00"),
        "c": ("2024-07-01 12:00:00+08:00", "04:00"),
        "d": ("2024-07-01T12:00:00.250+0530", "06:30"),
        "e": ("2024-07-01T12:00", "10:00"),
        "f": ("2024-01-01 12:00:00", "11:00"),
        "g": ("2024-07-02", "22:00"),
    }
    rows = tuple(f"{key},{text},order_placed,m1,ann,o{key},1,EUR,," for key, (text, _) in texts.items())
    load(warehouse, "canonical", write_events(tmp_path / "in", rows), time_zone="Europe/Berlin")
    found = rows_of(warehouse, "select event_id, strftime(occurred_at, '%H:%M') as utc from events order by event_id")
    assert {row["event_id"]: row["utc"] for row in found} == {key: utc for key, (_, utc) in texts.items()}


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "shards"])
def test_parquet_json_lines_and_shards_give_what_csv_gives(tmp_path: Path, kind: str) -> None:
    expected = make_warehouse(tmp_path, "csv")
    source = write_events(tmp_path / "in")
    load(expected, "canonical", source, is_demo=True, seed=1)
    folder = tmp_path / kind
    folder.mkdir()
    read = f"select * replace (score::smallint as score) from read_csv('{source / 'events.csv'}')"
    if kind == "parquet":
        duckdb.sql(read).write_parquet(str(folder / "events.parquet"))
    elif kind == "jsonl":
        duckdb.sql(f"copy ({read}) to '{folder / 'events.jsonl'}' (format json)")
    else:
        (folder / "events").mkdir()
        for number in range(2):
            duckdb.sql(f"{read} limit 2 offset {2 * number}").write_parquet(
                str(folder / "events" / f"{number}.parquet")
            )
    warehouse = make_warehouse(tmp_path, "other")
    assert load(warehouse, "canonical", folder, is_demo=True, seed=1).loaded == len(EVENTS)
    sql = "select * exclude (load_id) from events order by event_id"
    assert rows_of(warehouse, sql) == rows_of(expected, sql)
    assert rows_of(warehouse, "select * from event_texts") == rows_of(expected, "select * from event_texts")


def test_bad_json_lines_are_quarantined_with_their_line(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    good = {"event_id": "e1", "occurred_at": "2024-02-02 10:00:00", "kind": "view", "text": 'a "quoted"\nline'}
    lines = [json.dumps(good), "", "{not json", "[1, 2]", json.dumps(good | {"event_id": "e2", "kind": "stare"})]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    warehouse = make_warehouse(tmp_path)
    result = load(warehouse, "canonical", folder)
    assert (result.read, result.loaded, result.quarantined) == (4, 1, 3)
    frame = warehouse.quarantine().sort_values("line")
    assert frame["line"].tolist() == [3, 4, 5]
    assert rows_of(warehouse, "select text from event_texts") == [{"text": 'a "quoted"\nline'}]


@pytest.mark.parametrize("name", ["", "Events.CSV"])
def test_the_case_of_a_files_name_does_not_matter(tmp_path: Path, name: str) -> None:
    folder = write_events(tmp_path / "in", name="Events.CSV")
    assert load(make_warehouse(tmp_path), "canonical", folder / name).loaded == len(EVENTS)
