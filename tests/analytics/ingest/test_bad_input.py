"""Bad input, one row a case: one clear line (what, where, what to do), nothing lost, the old snapshot served on."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from analytics.errors import AnalyticsError, InputError, WarehouseError
from analytics.ingest import load
from analytics.ingest.loads import Progress
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import EVENTS, EVENTS_HEADER, all_files, make_warehouse, write_events

NEW = "e8,2024-02-08 10:00:00,order_placed,m1,ann,o8,1,EUR,,"


def no_folder(folder: Path) -> Path:
    return folder / "nowhere"


def empty_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def empty_file(folder: Path) -> Path:
    folder.mkdir()
    (folder / "events.csv").touch()
    return folder


def blank_file(folder: Path) -> Path:
    folder.mkdir()
    (folder / "events.csv").write_text("\n\n  \n")
    return folder


def missing_column(folder: Path) -> Path:
    return write_events(folder, ("e8,order_placed",), "event_id,kind")


def doubled_column(folder: Path) -> Path:
    return write_events(folder, ("e8,order_placed,x",), "event_id,kind,Event_ID")


def half_parquet(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "events.parquet"
    duckdb.sql("select range::varchar as event_id from range(100000)").write_parquet(str(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return folder


def empty_parquet(folder: Path) -> Path:
    folder.mkdir()
    (folder / "events.parquet").touch()
    return folder


def text_named_parquet(folder: Path) -> Path:
    return write_events(folder, (NEW,), name="events.parquet")


def unknown_file_name(folder: Path) -> Path:
    return write_events(folder, (NEW,), name="export.xlsx") / "export.xlsx"


def one_file_of_many(folder: Path) -> Path:
    folder.mkdir()
    (folder / "olist_orders_dataset.csv").write_text("order_id\n1\n")
    return folder


@dataclass(frozen=True)
class Case:
    """A path that can't be loaded and what the one line must say."""

    make: Callable[[Path], Path]
    said: tuple[str, ...]
    source: str = "canonical"


REFUSED = [
    Case(no_folder, ("no file or folder", "nowhere", "check the path")),
    Case(empty_folder, ("nothing that the source 'canonical' knows", "events.csv", "give a map")),
    Case(empty_file, ("events.csv is empty (0 bytes)", "export it again")),
    Case(blank_file, ("events.csv is empty (blank lines only)",)),
    Case(missing_column, ("events.csv", "no column 'occurred_at'", "found: event_id, kind", "[columns]", "--map")),
    Case(doubled_column, ("two columns named 'Event_ID'", "rename one")),
    Case(half_parquet, ("events.parquet is no complete Parquet file", "copy it again")),
    Case(empty_parquet, ("events.parquet is empty (0 bytes)",)),
    Case(text_named_parquet, ("events.parquet is no complete Parquet file",)),
    Case(unknown_file_name, ("export.xlsx", "nothing that the source")),
    Case(one_file_of_many, ("olist_order_items_dataset.csv", "found: olist_orders_dataset.csv"), "olist"),
    Case(empty_folder, ("There is no source 'olits'", "Did you mean 'olist'?"), "olits"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case.make.__name__}-{case.source}")
def test_a_refused_load_says_one_clear_line_and_changes_nothing(tmp_path: Path, case: Case) -> None:
    warehouse = make_warehouse(tmp_path)
    served = load(warehouse, "canonical", write_events(tmp_path / "good")).snapshot_id
    before = all_files(warehouse.root)
    with pytest.raises(AnalyticsError) as caught:
        load(warehouse, case.source, case.make(tmp_path / "bad"))
    message = str(caught.value)
    assert "\n" not in message
    assert [part for part in case.said if part not in message] == [], message
    assert warehouse.snapshot().snapshot_id == served
    assert all_files(warehouse.root) == before


# A row that is refused on its own, the column blamed and what is said of it.
ROWS = [
    (",2024-02-08,order_placed,m1,a,o,1,EUR,,", "event_id", "is missing"),
    ("e8,,order_placed,m1,a,o,1,EUR,,", "occurred_at", "is missing"),
    ("e8,2024-02-30,order_placed,m1,a,o,1,EUR,,", "occurred_at", "is no date or time"),
    ("e8,soon,order_placed,m1,a,o,1,EUR,,", "occurred_at", "is no date or time"),
    ("e8,08/02/2024,order_placed,m1,a,o,1,EUR,,", "occurred_at", "name its format in the map"),
    ("e8,1969-12-31,order_placed,m1,a,o,1,EUR,,", "occurred_at", "is outside 1990 to tomorrow"),
    ("e8,2190-01-01,order_placed,m1,a,o,1,EUR,,", "occurred_at", "is outside 1990 to tomorrow"),
    ("e8,2024-02-08,,m1,a,o,1,EUR,,", "kind", "is missing"),
    ("e8,2024-02-08,order_teleported,m1,a,o,1,EUR,,", "kind", "is none of view, cart"),
    ("e8,2024-02-08,order_placed,,a,o,1,EUR,,", "merchant_id", "is missing"),
    ("e8,2024-02-08,order_placed,m1,a,,1,EUR,,", "order_id", "is missing"),
    ("e8,2024-02-08,order_placed,m1,a,o,-1,EUR,,", "amount", "is negative: -1"),
    ("e8,2024-02-08,order_placed,m1,a,o,12€,EUR,,", "amount", "is no amount"),
    ("e8,2024-02-08,order_placed,m1,a,o,1000000000000,EUR,,", "amount", "is out of range"),
    ("e8,2024-02-08,order_placed,m1,a,o,99999999999999.99,EUR,,", "amount", "is out of range"),
    ("e8,2024-02-08,order_placed,m1,a,o,99999999999999999999,EUR,,", "amount", "is out of range"),
    ("e8,2024-02-08,order_placed,m1,a,o,1e300,EUR,,", "amount", "is out of range"),
    ('e8,2024-02-08,order_placed,m1,a,o,"1,000.00",EUR,,', "amount", "without thousands separators"),
    ("e8,2024-02-08,order_placed,m1,a,o,1,,,", "currency", "an amount needs its currency"),
    ("e8,2024-02-08,order_placed,m1,a,o,1,euros,,", "currency", "three-letter currency code"),
    ("e8,2024-02-08,review_posted,m1,a,o,,,6,", "score", "must be 1 to 5"),
    ("e8,2024-02-08,review_posted,m1,a,o,,,,", "score", "must be 1 to 5"),
    ("e8,2024-02-08,review_posted,m1,a,o,,,4.5,", "score", "is no whole number"),
    ("e8,2024-02-08,nps_answered,m1,a,o,,,11,", "score", "must be 0 to 10"),
    ("e8,2024-02-08,dsr_rated,m1,a,o,,,4,price", "text", "description, service or logistics"),
    ("e\x018,2024-02-08,order_placed,m1,a,o,1,EUR,,", "event_id", "holds a control character"),
    ("x" * 201 + ",2024-02-08,order_placed,m1,a,o,1,EUR,,", "event_id", "longer than 200"),
    ("e8,2024-02-08,order_placed", None, "malformed line: Expected Number of Columns: 10 Found: 3"),
    ("e8,2024-02-08,order_placed,m1,a,o,1,EUR,,,extra,more", None, "malformed line: Expected Number of Columns: 10"),
    ('e8,2024-02-08,order_placed,m1,a,o,1,EUR,,"torn"quote', None, "malformed line: "),
]


@pytest.mark.parametrize(("row", "column", "reason"), ROWS, ids=lambda value: str(value)[:48])
def test_a_bad_row_goes_to_quarantine_and_the_rest_is_loaded(
    tmp_path: Path, row: str, column: str | None, reason: str
) -> None:
    warehouse = make_warehouse(tmp_path)
    rows = (EVENTS[0], EVENTS[1], row, EVENTS[2], EVENTS[3])
    result = load(warehouse, "canonical", write_events(tmp_path / "mixed", rows))
    assert (result.read, result.loaded, result.quarantined) == (5, 4, 1)
    (kept,) = warehouse.quarantine().to_dict("records")
    assert kept["reason"].find(reason) >= 0, kept["reason"]
    assert "\n" not in kept["reason"]
    assert kept["column"] == column or (column is None and kept["column"] != kept["column"])
    assert (kept["table"], kept["file"], kept["line"], kept["load_id"]) == ("events", "events.csv", 4, "load-0001")
    assert kept["raw"]


def test_an_amount_out_of_range_costs_its_row_and_not_the_load(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    largest = EVENTS[0].replace("10.00", "999999999999.99")
    beyond = EVENTS[1].replace("5.50", "1000000000000.00")
    folder = write_events(tmp_path / "in", (largest, beyond))
    prices = ("p1,m1,999999999999.99,EUR,2024-01-01", "p2,m1,1000000000000,EUR,2024-01-01")
    write_events(folder, prices, "product_id,merchant_id,price_amount,currency,updated_at", "products.csv")
    result = load(warehouse, "canonical", folder)
    assert (result.loaded, result.quarantined) == (2, 2)
    assert set(warehouse.quarantine()["column"]) == {"amount", "price_amount"}
    with warehouse.cursor() as cursor:
        assert cursor.rows("select amount_minor from fct_order") == [{"amount_minor": 99_999_999_999_999}]


def header_only_parquet(folder: Path) -> Path:
    folder.mkdir()
    columns = ", ".join(f"''::varchar as {name}" for name in EVENTS_HEADER.split(","))
    duckdb.sql(f"select {columns} limit 0").write_parquet(str(folder / "events.parquet"))
    return folder


def header_only_csv(folder: Path) -> Path:
    return write_events(folder, ())


@pytest.mark.parametrize("make", [header_only_csv, header_only_parquet])
def test_a_first_load_without_a_row_is_refused_and_publishes_nothing(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    warehouse = make_warehouse(tmp_path)
    said = r"events\.(csv|parquet) has a header and no rows: export it again"
    with pytest.raises(InputError, match=said):
        load(warehouse, "canonical", make(tmp_path / "in"))
    assert not warehouse.exists()
    assert all_files(warehouse.root) == set()


def test_a_file_without_a_row_among_others_is_noted(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    folder = write_events(tmp_path / "in")
    write_events(folder, (), "merchant_id,name,updated_at", "merchants.csv")
    result = load(warehouse, "canonical", folder)
    assert (result.loaded, result.notes) == (4, ("merchants.csv has a header and no rows",))


def test_a_file_without_a_row_adds_nothing_to_what_is_there(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    served = load(warehouse, "canonical", write_events(tmp_path / "good")).snapshot_id
    result = load(warehouse, "canonical", write_events(tmp_path / "bare", ()))
    assert (result.read, result.snapshot_id) == (0, served)
    assert result.notes == ("events.csv has a header and no rows",)


@pytest.mark.parametrize("after", [1, 2, 30_000])
def test_a_quote_that_never_closes_says_how_many_lines_it_took(tmp_path: Path, after: int) -> None:
    warehouse = make_warehouse(tmp_path)
    rows = (EVENTS[0], EVENTS[1], '"unclosed,quote', *(EVENTS[2] for _ in range(after)))
    result = load(warehouse, "canonical", write_events(tmp_path / "in", rows))
    assert (result.loaded, result.quarantined) == (2, 1)
    (kept,) = warehouse.quarantine().to_dict("records")
    assert kept["line"] == 4
    lines = "1 line after it was" if after == 1 else f"{after} lines after it were"
    assert f"a quote in this record never closes, so {lines} not read" in kept["reason"], kept["reason"]


def test_duplicate_ids_are_told_apart_from_conflicts(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    changed = EVENTS[0].replace("10.00", "99.00")
    result = load(warehouse, "canonical", write_events(tmp_path / "twice", (*EVENTS, EVENTS[0], changed)))
    assert (result.read, result.loaded, result.duplicate, result.conflict) == (6, 4, 1, 1)
    with warehouse.cursor() as cursor:
        (row,) = cursor.rows("select amount::double as amount from events where event_id = 'e1'")
        assert row["amount"] == 10.0, "the first is kept"
    (kept,) = warehouse.quarantine().to_dict("records")
    assert (kept["line"], kept["column"]) == (7, "event_id")
    assert kept["reason"].startswith("conflict: ")
    assert '"amount":"99.0000"' in kept["raw"]


def test_a_full_disk_is_one_line_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = make_warehouse(tmp_path)
    served = load(warehouse, "canonical", write_events(tmp_path / "good")).snapshot_id
    before = all_files(warehouse.root)

    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("analytics.snapshots.write_durably", full)
    with pytest.raises(WarehouseError, match=r"The disk of .* is full: free some space and load again"):
        load(warehouse, "canonical", write_events(tmp_path / "more", (NEW,)))
    assert (warehouse.snapshot().snapshot_id, all_files(warehouse.root)) == (served, before)


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_inside_duckdb_is_one_line_too(tmp_path: Path) -> None:
    from analytics.ingest.loads import clear_errors

    warehouse = make_warehouse(tmp_path)
    with pytest.raises(WarehouseError, match=r"The disk of .* is full"), clear_errors(warehouse):
        warehouse.connect().execute("copy (select * from range(1000000)) to '/dev/full' (format csv)")


def test_a_load_that_is_stopped_midway_leaves_nothing_behind(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    served = load(warehouse, "canonical", write_events(tmp_path / "good")).snapshot_id
    before = all_files(warehouse.root)

    def stop_at_publish(progress: Progress) -> None:
        if progress.step == "publish":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(warehouse, "canonical", write_events(tmp_path / "more", (NEW,)), progress=stop_at_publish)
    assert (warehouse.snapshot().snapshot_id, all_files(warehouse.root)) == (served, before)


def test_a_first_load_that_fails_leaves_an_empty_folder(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    (warehouse.marts_folder / "15_broken.sql").write_text("select nothing from nowhere")
    with pytest.raises(WarehouseError, match=r"15_broken\.sql failed"):
        load(warehouse, "canonical", write_events(tmp_path / "in"))
    assert all_files(warehouse.root) == set()
    assert not warehouse.exists()


def test_a_file_in_the_place_of_the_warehouse_is_named(tmp_path: Path) -> None:
    (tmp_path / "warehouse").write_text("not a folder")
    with pytest.raises(WarehouseError, match=r"Can't write to .*warehouse .*: choose another --warehouse"):
        load(Warehouse(tmp_path / "warehouse"), "canonical", write_events(tmp_path / "good"))


def test_a_lost_buyer_key_is_named_before_anything_is_written(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", write_events(tmp_path / "good"))
    (warehouse.root / "buyer.key").unlink()
    with pytest.raises(WarehouseError, match=r"buyer\.key is missing"):
        load(warehouse, "canonical", write_events(tmp_path / "more", (NEW,)))


HARD_TEXTS = [
    "emoji 👩🏽‍🚀🎉",
    "مرحبا بالعالم",
    "שלום \u202eabc\u202c",
    "中文，包裹还没到！",
    "Zalgo ҉̀́",
    "quote '' ; drop table events; --",
    "{{key}} $as_of %s {0}",
    "100,000 characters: " + "長" * 100_000,
]


@pytest.mark.parametrize("text", HARD_TEXTS, ids=lambda text: text[:12])
def test_any_text_comes_out_as_it_went_in(tmp_path: Path, text: str) -> None:
    warehouse = make_warehouse(tmp_path)
    row = f'r9|o1|m1,2024-02-03 08:00:00,review_posted,m1,ann,o1,,,2,"{text}"'
    assert load(warehouse, "canonical", write_events(tmp_path / "hard", (row,))).loaded == 1
    with warehouse.cursor() as cursor:
        assert cursor.rows("select text from event_texts") == [{"text": text}]


def test_control_characters_in_free_text_stay(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    row = 'r9|o1|m1,2024-02-03 08:00:00,review_posted,m1,ann,o1,,,2,"bell \x07 escape \x1b[31m tab\tkept"'
    load(warehouse, "canonical", write_events(tmp_path / "control", (row,)))
    with warehouse.cursor() as cursor:
        assert cursor.rows("select text from event_texts") == [{"text": "bell \x07 escape \x1b[31m tab\tkept"}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "gb18030"])
def test_other_encodings_are_detected_and_noted(tmp_path: Path, encoding: str) -> None:
    warehouse = make_warehouse(tmp_path)
    text = (
        "退款还没有到账，请尽快处理我的订单，谢谢"
        if encoding == "gb18030"
        else "Größe völlig falsch, señor, déjà vu à côté"
    )
    rows = "\n".join(f'r{n}|o1|m1,2024-02-03,review_posted,m1,ann,o1,,,2,"{text}"' for n in range(20))
    folder = tmp_path / "encoded"
    folder.mkdir()
    (folder / "events.csv").write_bytes(f"{EVENTS_HEADER}\n{rows}\n".encode(encoding))
    result = load(warehouse, "canonical", folder)
    with warehouse.cursor() as cursor:
        assert {row["text"] for row in cursor.rows("select text from event_texts")} == {text}
    assert bool(result.notes) == (encoding != "utf-8-sig")


def test_single_broken_bytes_cost_their_lines_only(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    good = [f'r{n}|o1|m1,2024-02-03,review_posted,m1,ann,o1,,,2,"schön großartig"' for n in range(50)]
    broken = b"r99|o1|m1,2024-02-03,review_posted,m1,ann,o1,,,2,caf\xe9\n"
    folder = tmp_path / "broken"
    folder.mkdir()
    body = "\n".join([EVENTS_HEADER, *good]).encode() + b"\n" + broken
    (folder / "events.csv").write_bytes(body)
    result = load(warehouse, "canonical", folder)
    assert (result.loaded, result.quarantined) == (50, 1)
    (kept,) = warehouse.quarantine().to_dict("records")
    assert kept["line"] == 52
    assert "unicode" in kept["reason"]


def test_a_wrong_encoding_in_the_map_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(f"{EVENTS_HEADER}\n{EVENTS[0]}é\n".encode("cp1252"))
    for encoding, said in (("ascii", r"events\.csv is not in the encoding ascii"), ("utf-9", "is no encoding")):
        (tmp_path / "map.toml").write_text(f'table = "events"\n[file]\nencoding = "{encoding}"\n')
        with pytest.raises(InputError, match=said):
            load(make_warehouse(tmp_path), "canonical", path, mapping=tmp_path / "map.toml")


def test_an_id_that_comes_again_in_a_later_load_with_other_content_is_shown_and_the_first_kept(tmp_path: Path) -> None:
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", write_events(tmp_path / "first"))
    changed = EVENTS[1].replace("5.50", "55.00")
    result = load(warehouse, "canonical", write_events(tmp_path / "second", (EVENTS[0], NEW, changed)))
    assert (result.loaded, result.duplicate, result.conflict) == (1, 1, 1)
    (kept,) = warehouse.quarantine().to_dict("records")
    assert (kept["file"], kept["line"], kept["load_id"]) == ("events.csv", 4, "load-0002")
    assert '"amount":"55.0000"' in kept["raw"]
    with warehouse.cursor() as cursor:
        assert cursor.rows("select amount::double as amount from events where event_id = 'e2'") == [{"amount": 5.5}]


def test_a_month_that_arrives_late_gives_the_figures_of_one_load(tmp_path: Path) -> None:
    january, february = EVENTS[:2], EVENTS[2:]
    late = Warehouse(tmp_path / "late")
    load(late, "canonical", write_events(tmp_path / "february", (*february, NEW)), seed=1)
    load(late, "canonical", write_events(tmp_path / "january", january))
    whole = Warehouse(tmp_path / "whole")
    load(whole, "canonical", write_events(tmp_path / "whole-in", (*january, *february, NEW)), seed=1)
    found = []
    for warehouse in (late, whole):
        with warehouse.cursor() as cursor:
            names = sorted(warehouse.folder.current().marts)
            found.append(
                {name: cursor.rows(f"select sum(hash(m)) as digest, count(*) as n from {name} as m") for name in names}
            )
    assert found[0] == found[1]
    assert len(found[0]) > 10
