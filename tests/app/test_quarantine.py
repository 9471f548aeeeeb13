"""Rows set aside through the command, its file, and the Data page: exported, corrected, replayed, and counted in words."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from analytics import set_aside
from analytics.quality import SENTENCES, Check
from app.errors import InputFileError
from app.i18n import use_language
from app.identity import Actor
from app.services import data, quarantine
from app.services.loading import load_path
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.settings import load_settings
from tests.app.conftest import Invoke

MAIN = Path(__file__).parents[2] / "app" / "main.py"
ANNA = Actor("local:anna", "Anna", "local")
HEADER = "event_id,occurred_at,kind,merchant_id,buyer_id,order_id,amount,currency,score,text"
GOOD = tuple(f"e{n},2026-02-01,order_placed,m1,ann,o{n},10,EUR,," for n in range(95))
UNDATED = tuple(
    f"x{n},,review_posted,m1,ann,o{n},,,4,{text}"
    for n, text in enumerate(['"=1+1"', '"\'=x"', "-5", '"a\nb"', "plain"])
)


def write(folder: Path, *rows: str) -> Path:
    folder.mkdir()
    (folder / "events.csv").write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return folder


def opened_in(folder: Path) -> Runtime:
    """The app over the warehouse and the workspace of a folder."""
    overrides = {
        "warehouse": str(folder / "warehouse"),
        "workspace_url": f"sqlite:///{folder}/workspace.sqlite",
        "encoder": "false",
    }
    return Runtime(load_settings({}, cwd=folder, overrides=overrides))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """95 good rows and five without a date; copy it, do not change it."""
    folder = tmp_path_factory.mktemp("loaded")
    with use_runtime(opened_in(folder)) as opened:
        load_path("canonical", write(folder / "in", *GOOD, *UNDATED))
        opened.close()
    return folder


@pytest.fixture(scope="module")
def loaded_twice(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with one row of a negative amount and one torn line of a second load."""
    folder = shutil.copytree(loaded, tmp_path_factory.mktemp("twice") / "twice")
    negative = "n1,2026-02-01,order_placed,m1,ann,o1,-5,EUR,,50 (%) off"
    with use_runtime(opened_in(folder)) as opened:
        load_path("canonical", write(folder / "more", negative, "torn,line"))
        opened.close()
    return folder


def own(loaded: Path, tmp_path: Path) -> Iterator[Runtime]:
    """The app over a copy of what was loaded."""
    with use_runtime(opened_in(shutil.copytree(loaded, tmp_path, dirs_exist_ok=True))) as opened:
        yield opened
        opened.close()


@pytest.fixture
def runtime(loaded: Path, tmp_path: Path) -> Iterator[Runtime]:
    """The app over 95 good rows and five without a date."""
    yield from own(loaded, tmp_path)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def file_of(rows: list[dict[str, str]], encoding: str = "utf-8", delimiter: str = ",") -> io.BytesIO:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(stream.getvalue().encode(encoding))


class TestFile:
    def test_no_cell_of_the_export_runs_as_a_formula_and_none_is_changed_by_the_way_back(
        self, runtime: Runtime
    ) -> None:
        rows = rows_of(quarantine.correction_file())
        assert [row["text"] for row in rows] == ["'=1+1", "''=x", "'-5", "a\nb", "plain"]
        assert [row["why"] for row in rows] == ["occurred_at is missing"] * 5
        found = quarantine.read_corrections(file_of([row | {"occurred_at": "2026-02-02"} for row in rows]), "f.csv")
        assert [dict(row.values) for row in found] == [{"occurred_at": "2026-02-02"}] * 5, "only what was changed"

    @pytest.mark.parametrize("delimiter", [";", "\t"])
    def test_a_spreadsheets_own_delimiter_is_read(self, runtime: Runtime, delimiter: str) -> None:
        rows = rows_of(quarantine.correction_file())
        found = quarantine.read_corrections(file_of(rows, "utf-8-sig", delimiter), "f.csv")
        assert [dict(row.values) for row in found] == [{}] * 5

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"a,b\n1,2\n", "f.csv has no column row_id"),
            (b"", "f.csv has no column row_id"),
            ("row_id,text\nq1,é\n".encode("cp1252"), "f.csv is not UTF-8"),
            (b"row_id,text\n,x\n", "f.csv line 2: not a row of the export"),
            (b"row_id,text\nq1,x,y\n", "f.csv line 2: not a row of the export"),
        ],
        ids=["other file", "empty", "encoding", "no id", "torn"],
    )
    def test_another_file_is_refused_in_one_line(self, runtime: Runtime, content: bytes, said: str) -> None:
        with pytest.raises(InputFileError, match=said):
            quarantine.read_corrections(io.BytesIO(content), "f.csv")

    def test_a_malformed_line_is_exported_as_its_text_with_empty_columns(
        self, runtime: Runtime, tmp_path: Path
    ) -> None:
        load_path("canonical", write(tmp_path / "more", *GOOD, "torn,line"))
        (row,) = [row for row in rows_of(quarantine.correction_file()) if row["raw_line"]]
        assert (row["raw_line"], row["event_id"], row["from_line"]) == ("torn,line", "", "97")


class TestCommand:
    def test_export_correct_replay(self, invoke: Invoke, tmp_path: Path) -> None:
        root, file = tmp_path / "w", tmp_path / "fix.csv"
        invoke("ingest", "canonical", write(tmp_path / "in", *GOOD, *UNDATED), "--warehouse", root)
        assert invoke("quarantine", "--export", file, "--warehouse", root).exit_code == 0
        rows = rows_of(file.read_bytes())
        file.write_bytes(file_of([row | {"occurred_at": "2026-02-02"} for row in rows[:4]] + rows[4:]).getvalue())
        first = json.loads(invoke("quarantine", "--replay", file, "--warehouse", root, "--json").stdout)
        assert list(first) == ["source", "read", "loaded", "duplicate", "conflict", "quarantined", "snapshot_id"]
        assert (first["read"], first["loaded"], first["quarantined"]) == (5, 4, 1)
        again = invoke("quarantine", "--replay", file, "--warehouse", root, "--json")
        assert (again.exit_code, json.loads(again.stdout)["snapshot_id"]) == (0, first["snapshot_id"])
        plain = json.loads(invoke("quarantine", "--replay", "--json", "--warehouse", root).stdout)
        assert (plain["read"], plain["loaded"]) == (1, 0)
        (left,) = [json.loads(line) for line in invoke("quarantine", "--json", "--warehouse", root).stdout.splitlines()]
        assert (left["line"], left["row_id"]) == (102, rows[4]["row_id"])
        settled = invoke("quarantine", "--settled", "--json", "--warehouse", root).stdout.splitlines()
        assert {json.loads(line)["settled_by"] for line in settled} == {"load-0002"}
        assert len(settled) == 4

    @pytest.mark.parametrize("arguments", [("--replay", "--settled"), ("--replay", "--export", "x.csv")])
    def test_two_things_at_once_are_wrong_usage(
        self, invoke: Invoke, tmp_path: Path, arguments: tuple[str, ...]
    ) -> None:
        assert invoke("quarantine", *arguments, "--warehouse", tmp_path / "w").exit_code == 2

    def test_a_file_that_is_not_there(self, invoke: Invoke, tmp_path: Path) -> None:
        invoke("ingest", "canonical", write(tmp_path / "in", *GOOD), "--warehouse", tmp_path / "w")
        result = invoke("quarantine", "--replay", tmp_path / "none.csv", "--warehouse", tmp_path / "w")
        assert result.exit_code == 1
        assert "none.csv" in result.stderr

    def test_quality_lists_what_is_wrong_worst_first(self, invoke: Invoke, tmp_path: Path) -> None:
        invoke("ingest", "canonical", write(tmp_path / "in", *GOOD, *UNDATED), "--warehouse", tmp_path / "w")
        found = [
            json.loads(line) for line in invoke("quality", "--json", "--warehouse", tmp_path / "w").stdout.splitlines()
        ]
        undated = next(row for row in found if row["column"] == "occurred_at" and row["count"])
        assert (undated["count"], undated["total"], undated["share"], undated["status"]) == (5, 100, 0.05, "fail")
        assert undated["sentence"] == "5 % of the rows have no date"
        assert {row["status"] for row in found} <= {"fail", "warn"}
        everything = invoke("quality", "--all", "--json", "--warehouse", tmp_path / "w").stdout.splitlines()
        assert len(everything) > len(found)

    def test_a_file_that_turns_out_torn_after_the_first_rows_is_one_line(
        self, invoke: Invoke, tmp_path: Path, runtime: Runtime
    ) -> None:
        (file,) = (runtime.warehouse.root / "quarantine").glob("*.parquet")
        rows = pq.read_table(file)
        pq.write_table(pa.concat_tables([rows] * 30_000), file, row_group_size=30_000, compression="zstd")
        content = bytearray(file.read_bytes())
        start = pq.ParquetFile(file).metadata.row_group(4).column(0).data_page_offset
        content[start : start + 40] = bytes(40)
        file.write_bytes(content)
        result = invoke("quarantine", "--json", "--warehouse", runtime.warehouse.root)
        assert result.exit_code == 1
        assert result.stdout.count("\n") > 0
        assert result.stderr.startswith("Error: A file of snapshot ")
        assert result.stderr.count("\n") == 1


def page(section: str) -> AppTest:
    opened = AppTest.from_file(str(MAIN), default_timeout=120)
    opened.query_params["section"] = section
    opened.run()
    opened.switch_page("views/data.py").run()
    assert not opened.exception
    assert [error.value for error in opened.error] == []
    return opened


class TestPaging:
    """Seven rows: five without a date, one with a negative amount, one torn line of a second load."""

    @pytest.fixture
    def runtime(self, loaded_twice: Path, tmp_path: Path) -> Iterator[Runtime]:
        yield from own(loaded_twice, tmp_path)

    @pytest.fixture
    def snapshot(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(data, "PAGE_ROWS", 3)
        return snapshot_id()

    def rows(self, snapshot: str, page: int, **asked: Any) -> pd.DataFrame:
        return data.reject_page(snapshot, **({"kind": None, "table": None, "text": ""} | asked), page=page)

    def total(self, snapshot: str, **asked: Any) -> int:
        return data.count_rejects(snapshot, **({"kind": None, "table": None, "text": ""} | asked))

    def test_pages_hold_every_row_once_the_last_load_first(self, runtime: Runtime, snapshot: str) -> None:
        pages = [self.rows(snapshot, page) for page in (1, 2, 3, 4)]
        assert [len(page) for page in pages] == [3, 3, 1, 0]
        found = pd.concat(pages)
        assert self.total(snapshot) == len(found) == 7
        assert set(found["row_id"]) == set(runtime.warehouse.quarantine()["row_id"])
        assert list(found["load_id"]) == ["load-0002"] * 2 + ["load-0001"] * 5
        assert list(found["line"][2:]) == sorted(found["line"][2:])

    def test_reasons_are_counted_and_their_kind_is_the_one_in_words(self, snapshot: str) -> None:
        counted = data.reason_counts(snapshot)
        assert list(zip(counted["kind"], counted["row_count"], strict=True)) == [
            ("is missing", 5),
            ("is negative", 1),
            ("malformed line", 1),
        ]
        for row in pd.concat([self.rows(snapshot, page) for page in (1, 2, 3)]).to_dict("records"):
            column = row["column"] if isinstance(row["column"], str) else None
            assert row["kind"] == data.kind_of(str(row["reason"]), column)

    @pytest.mark.parametrize(
        ("asked", "count"),
        [
            ({"kind": "is missing"}, 5),
            ({"kind": "is missing", "text": "torn"}, 0),
            ({"text": "TORN"}, 1),
            ({"text": "50 (%) OFF"}, 1),
            ({"text": "(.*"}, 0),
            ({"text": "EVENTS.CSV"}, 7),
            ({"table": "events"}, 7),
            ({"table": "tickets"}, 0),
        ],
    )
    def test_a_search_counts_what_its_pages_hold(self, snapshot: str, asked: dict[str, str], count: int) -> None:
        assert self.total(snapshot, **asked) == count
        assert sum(len(self.rows(snapshot, page, **asked)) for page in (1, 2, 3)) == count

    def test_the_page_is_turned_and_its_rows_are_those_to_correct(self, snapshot: str) -> None:
        drawn = page("quarantine")
        for number, said in ((1, "Rows 1 to 3, the last load first."), (3, "Rows 7 to 7, the last load first.")):
            drawn.session_state[f"quarantine.page.{snapshot}.None.None."] = number
            drawn.run()
            assert not drawn.exception
            assert {"7 rows found", said} <= {text.value for text in drawn.caption}
            listed = next(frame.value for frame in drawn.dataframe if "raw" in frame.value)
            wanted = self.rows(snapshot, number)
            assert list(listed["raw"]) == list(wanted["raw"])

    def test_rows_are_streamed_as_the_frame_has_them(self, runtime: Runtime, snapshot: str) -> None:
        frame = runtime.warehouse.quarantine()
        expected = frame.astype(object).where(frame.notna(), None).to_dict("records")
        assert list(set_aside.rows(runtime.warehouse)) == expected
        assert list(set_aside.rows(runtime.warehouse, settled=True)) == []


class TestPage:
    def test_rows_without_a_date_are_said(self, runtime: Runtime) -> None:
        assert any("Events: 5 % of the rows have no date · 5 of 100" in text.value for text in page("quality").markdown)

    def test_a_chosen_check_shows_its_rows(self, runtime: Runtime) -> None:
        drawn = page("quality")
        drawn.session_state["quality.chosen"] = "events.lacks:occurred_at"
        drawn.run()
        assert not drawn.exception
        frames = [frame.value for frame in drawn.dataframe]
        assert any(list(frame.get("reason", [])) == ["occurred_at is missing"] * 5 for frame in frames)

    def test_editing_the_rows_makes_corrections_of_what_changed(self, runtime: Runtime) -> None:
        shown = quarantine.editable(runtime.warehouse.quarantine())
        assert list(shown["event_id"]) == [f"x{n}" for n in range(5)]
        assert "subject" not in shown
        edited: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in shown.to_dict("records")]
        edited[0]["occurred_at"] = "2026-02-02"
        edited[1]["text"] = None
        first, second, *_ = quarantine.corrected(edited)
        assert (dict(first.values), dict(second.values)) == ({"occurred_at": "2026-02-02"}, {"text": None})
        assert (first.table, first.row_id) == ("", shown["row_id"].iloc[0])

    def test_a_replay_is_taken_down_and_leaves_the_totals_right(self, runtime: Runtime) -> None:
        before = data.totals(snapshot_id())
        row_id = runtime.warehouse.quarantine()["row_id"].iloc[0]
        edited = [{"row_id": row_id, "table": "events", "occurred_at": "2026-02-02"}]
        result = quarantine.start_replay(quarantine.corrected(edited), "corrected rows", ANNA).result(60)
        assert (result["loaded"], result["quarantined"]) == (1, 0)
        after = data.totals(snapshot_id())
        assert (before.rejected_count, after.rejected_count) == (5, 4)
        assert after.row_count == before.row_count + 1
        entry = runtime.workspace.audit.entries()[0]
        assert (entry.action, entry.detail["loaded"], entry.detail["file"]) == ("data.replayed", 1, "corrected rows")

    def test_trying_all_again_is_told_in_words(self, runtime: Runtime) -> None:
        drawn = page("quarantine")
        next(button for button in drawn.button if button.key == "corrections.all").click().run()
        drawn.session_state["data.job"].result(60)
        drawn.run()
        assert [text.value for text in drawn.warning] == ["0 rows loaded, 5 still set aside"]

    def test_every_check_has_its_sentence_in_both_languages(self, runtime: Runtime) -> None:
        from app.components.quality import sentence
        from app.services.quality import checks

        for check in checks(snapshot_id()):
            with use_language("zh-Hans"):
                said = sentence(check)
            assert said != sentence(check), check.check_id
            if check.check_id == "events.lacks:occurred_at":
                assert "5 % 的行没有日期" in said

    def test_rows_behind_a_check_name_their_kind_with_its_code(self, runtime: Runtime, tmp_path: Path) -> None:
        load_path("canonical", write(tmp_path / "more", "z1,2026-02-02,order_delivered,m1,ann,never-placed,,,,"))
        drawn = page("quality")
        drawn.session_state["quality.chosen"] = "events.order_never_placed"
        drawn.run()
        frames = [frame.value for frame in drawn.dataframe]
        assert any(list(frame.get("kind", [])) == ["Order delivered (order_delivered)"] for frame in frames)


def test_a_check_names_a_kind_of_event_in_words() -> None:
    from app.components.quality import sentence

    words = {"kind": "order_placed", "count": "7", "day": "2026-02-01"}
    kind = ("events.volume:order_placed", "volume", "events", "order_placed", None, None, "ok")
    check = Check(*kind, SENTENCES["usual"], words)
    assert sentence(check) == "Events: Order placed: 7 on 2026-02-01, which is usual"
    with use_language("zh-Hans"):
        assert "下单" in sentence(check)
        assert "order_placed" not in sentence(check)


def test_a_row_of_no_known_table_offers_every_column() -> None:
    row = {"row_id": "q", "table": "", "file": "f", "line": 3, "reason": "malformed line: torn", "raw": "a;b"}
    shown = quarantine.editable(pd.DataFrame([row]))
    assert {"event_id", "ticket_id", "message_id"} <= set(shown)
    assert shown["raw_line"].iloc[0] == "a;b"
