"""Staging: the quick way of a row and the careful one agree, in memory and through files."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.ingest import load, staging
from analytics.ingest.contracts import Conditions
from analytics.ingest.staging import Staging, create_bad_table
from analytics.tables import TABLES
from tests.analytics.ingest.folders import make_warehouse

EVENTS = TABLES["events"]
TEXTS = [column.name for column in EVENTS.columns if column.physical_type == "VARCHAR"]
FINE = {"event_id": "e", "occurred_at": "2024-02-01 10:00:00", "kind": "view", "merchant_id": "m1"}
WORDS = st.one_of(
    st.sampled_from(["", " ", " x", "x ", "\u00a0x", "x\u3000", "VIEW", " view", "seller ", "eur", " EUR", "EURO"]),
    st.sampled_from(["a\tb", "\n", "x\x7f", "é" * 150, "é" * 201, "x" * 201, "b_" + "0" * 24, "b_" + "g" * 24, "a|b"]),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8),
)


def stage(rows: list[dict[str, Any]], folder: Path, room: int = 10_000) -> tuple[Counter[Any], Counter[Any]]:
    """What becomes of event rows of text: those staged and those set aside."""
    conditions = Conditions("Asia/Shanghai", "secret", datetime(2025, 1, 1, tzinfo=UTC))
    columns = [column.name for column in EVENTS.columns]
    frame = pd.DataFrame([{**dict.fromkeys(columns), **row, "_line": n} for n, row in enumerate(rows)])
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        create_bad_table(connection)
        connection.register("given", frame.astype("object").astype("str").where(frame.notna(), None))
        listed = ", ".join(f'"{name}"::VARCHAR AS "{name}"' for name in columns)
        connection.execute(
            f"CREATE TABLE source AS SELECT {listed}, 'file' AS _file, _line::BIGINT AS _line FROM given"
        )
        staged = Staging(connection, folder, room)
        result = staged.stage(EVENTS, "SELECT * FROM source", conditions, "the test")
        assert result.read == len(rows)
        good = f"SELECT * EXCLUDE (_part, _row) FROM ({staged.rows(EVENTS)})" if staged.tables() else "SELECT 1 LIMIT 0"
        found = Counter(connection.execute(good).fetchall()), Counter(connection.execute("FROM bad").fetchall())
        assert (sum(found[0].values()), sum(found[1].values())) == (result.good, result.read - result.good)
        return found


@settings(max_examples=12)
@given(
    given_rows=st.lists(
        st.dictionaries(st.sampled_from(TEXTS), WORDS, min_size=1, max_size=3), min_size=20, max_size=40
    )
)
def test_a_row_taken_as_it_stands_is_what_cleaning_it_gives(
    given_rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [{**FINE, **row} for row in [{}, *given_rows]]
    quick = stage(rows, tmp_path_factory.mktemp("quick"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(staging, "plain_row", lambda *_: "false")
        assert stage(rows, tmp_path_factory.mktemp("careful")) == quick
    assert stage(rows, tmp_path_factory.mktemp("files"), room=0) == quick


def events(rows: range) -> str:
    kinds = ("view", "cart", "order_placed")
    lines = [
        f"e{n},2024-0{1 + n % 3}-{1 + n % 28:02d} 10:00:00,{kinds[n % 3]},m{n % 4},buyer {n % 5},{f'o{n}' if n % 3 == 2 else ''}"
        for n in rows
    ]
    return "\n".join(["event_id,occurred_at,kind,merchant_id,buyer_id,order_id", *lines, ""])


@pytest.mark.parametrize("room", [0, 70, 130, 1000])
def test_a_load_ends_the_same_in_memory_and_through_files(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in" / "events"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text(events(range(60)))
    (folder / "b.csv").write_text(events(range(50, 110)))  # ten come again
    (folder / "c.csv").write_text(events(range(110, 150)) + "e1,2024-01-02 10:00:00,view,m9,,\nx,never,view,m1,,\n")
    started = Staging.__init__
    monkeypatch.setattr(Staging, "__init__", lambda self, connection, path: started(self, connection, path, room))
    warehouse = make_warehouse(tmp_path)
    result = load(warehouse, "canonical", tmp_path / "in")
    assert (result.loaded, result.duplicate, result.conflict, result.quarantined) == (150, 10, 1, 1)
    assert warehouse.quarantine()[["file", "line"]].to_dict("list") == {"file": ["events/c.csv"] * 2, "line": [42, 43]}
    with warehouse.cursor() as cursor:
        assert cursor.rows("select merchant_id from events where event_id = 'e1'") == [{"merchant_id": "m1"}]
        found = cursor.rows("select kind, count(*) as n, count(distinct buyer_id) as b from events group by kind")
    assert {(row["kind"], row["n"], row["b"]) for row in found} == {
        (k, 50, 5) for k in ("view", "cart", "order_placed")
    }
    parts = warehouse.folder.current().tables["events"]
    assert [(part.month, part.rows) for part in parts] == [("2024-01", 50), ("2024-02", 50), ("2024-03", 50)]


@pytest.mark.parametrize("room", [0, 1000])
def test_rows_of_one_kind_lie_together_in_order_of_time(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    lines = events(range(150)).replace("cart", "dsr_rated").splitlines()
    marks = [",score,reason", *([",3,service"] * 150)]
    (tmp_path / "in" / "events.csv").write_text("\n".join(line + mark for line, mark in zip(lines, marks, strict=True)))
    started = Staging.__init__
    monkeypatch.setattr(Staging, "__init__", lambda self, connection, path: started(self, connection, path, room))
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", tmp_path / "in")
    for part in warehouse.folder.current().tables["events"]:
        frame = pd.read_parquet(warehouse.root / part.path, columns=["kind", "occurred_at"])
        runs = (frame["kind"] != frame["kind"].shift()).sum()
        assert runs == frame["kind"].nunique()
        assert all(times.is_monotonic_increasing for _, times in frame.groupby("kind")["occurred_at"])


def test_lines_stay_those_of_the_file_when_several_threads_read_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    last, bad = 40_000, (2, 17_001, 39_999)
    with (tmp_path / "in" / "messages.csv").open("w", encoding="utf-8") as file:
        file.write("message_id,ticket_id,sent_at,author,text\n")
        for line in range(2, last):
            file.write(f"m{line},t,{'never' if line in bad else '2024-02-01'},agent,{'x' * 2000}\n")
        file.write("m,t,never,agent,\n")
    warehouse = make_warehouse(tmp_path)
    load(warehouse, "canonical", tmp_path / "in")
    rows = warehouse.quarantine()
    assert sorted(rows["line"]) == [*bad, last]
    assert {f"m{line}" for line in bad} == {json.loads(raw)["message_id"] for raw in rows["raw"]} - {"m"}
