"""Ad-hoc analysis: what is served, what is answered, and that no question gets anything else, takes for ever or leaves a mark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner

from analytics.adhoc import door, sandbox
from analytics.adhoc.door import Limits, Question, ask
from analytics.adhoc.served import SERVED, serving_file
from analytics.errors import QueryError, WarehouseError
from analytics.warehouse import Warehouse
from app.commands import main
from tests.analytics.adhoc.escapes import ESCAPES, HARMLESS, HEAVY
from tests.app.conftest import write_source

PRIVATE = ("u1", "Mei Lin", "mei@example.org", "+86 138 0013 8000", "o7")
PATIENT = Limits(seconds=300)
SMALL = Limits(seconds=1.5, memory="200MB", process_bytes=900 * 2**20, threads=1)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The hand-made source of the commands' tests, with a review, a question, a penalty and a ticket that hold private words."""
    folder = tmp_path_factory.mktemp("adhoc")
    source = write_source(folder / "source")
    words = "I am Mei Lin, mei@example.org, +86 138 0013 8000"
    about = {"merchant_id": "a", "occurred_at": "2026-01-20T08:00:00Z", "buyer_id": "u1", "order_id": "o7"}
    events = [
        {**about, "event_id": "r1", "kind": "review_posted", "score": 1, "text": words},
        {**about, "event_id": "q1", "kind": "question_asked", "product_id": "x", "text": words},
        {
            **about,
            "event_id": "q2",
            "kind": "question_answered",
            "product_id": "x",
            "occurred_at": "2026-01-20T09:00:00Z",
        },
        {**about, "event_id": "n1", "kind": "penalty_issued", "clause": "late", "penalty_points": 2, "reason": words},
    ]
    tickets = [{"ticket_id": "t1", "merchant_id": "a", "opened_by": "buyer", "buyer_id": "u1", "order_id": "o7"}]
    with (source / "events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)
    more = {"opened_at": "2026-01-20T08:00:00Z", "updated_at": "2026-01-20T08:00:00Z", "subject": words}
    (source / "tickets.jsonl").write_text("".join(json.dumps(row | more) + "\n" for row in tickets), encoding="utf-8")
    root = folder / "warehouse"
    result = CliRunner().invoke(main, ["ingest", "canonical", str(source), "--warehouse", str(root)])
    assert result.exit_code == 0, result.output
    return Warehouse(root)


@pytest.fixture(scope="module")
def path(warehouse: Warehouse) -> Path:
    return serving_file(warehouse, warehouse.snapshot().snapshot_id)


@pytest.fixture(scope="module")
def connection(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file as the process opens it, in this one: a question is looked at and run as there."""
    with sandbox.open_file(str(path), asdict(SMALL), "UTC") as opened:
        yield opened


def _runs(process: int) -> bool:
    """Whether it does anything still; one that nobody asked how it ended doesn't."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _ask(connection: duckdb.DuckDBPyConnection, sql: str, limits: Limits = SMALL):
    return sandbox.answer(connection, sql, asdict(limits))


class TestServed:
    def test_the_file_holds_the_allowed_columns_and_no_other(self, path: Path) -> None:
        with duckdb.connect(str(path), read_only=True) as opened:
            found = opened.execute(
                "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE NOT internal GROUP BY ALL"
            ).fetchall()
        assert {name for name, _ in found} == set(SERVED)
        for name, columns in found:
            assert columns, name
            for column in columns:
                assert column in SERVED[name].columns or column.endswith(("_count", "_sum", "_sumsq")), (name, column)
                assert not {"buyer", "order_id", "text", "reason", "subject"} & {column, column.partition("_")[0]}

    def test_no_private_value_is_in_any_column(self, path: Path, warehouse: Warehouse) -> None:
        with warehouse.cursor() as cursor:  # they are in the warehouse: else this would see nothing
            assert cursor.rows("SELECT count(*) AS n FROM event_texts WHERE text LIKE '%mei@example.org%'")[0]["n"] > 0
        with duckdb.connect(str(path), read_only=True) as opened:
            for name in SERVED:
                values = {str(value) for row in opened.execute(f'FROM "{name}"').fetchall() for value in row}
                assert values, name
                assert not [v for v in values for private in PRIVATE if v == private or private in v.split()], name

    def test_it_is_made_once_and_goes_with_its_snapshot(self, warehouse: Warehouse, path: Path) -> None:
        made = path.stat().st_mtime_ns
        assert serving_file(warehouse, warehouse.snapshot().snapshot_id) == path
        assert path.stat().st_mtime_ns == made
        stale = path.with_name("20200101T000000000000Z.0123456789ab.duckdb")
        stale.write_bytes(b"of a snapshot that is gone")
        with warehouse.folder.writing():
            pass
        assert path.is_file()
        assert not stale.exists()

    def test_a_file_begun_by_a_killed_process_is_begun_anew(self, warehouse: Warehouse, path: Path) -> None:
        path.with_suffix(".part").write_bytes(b"torn")
        path.unlink()
        again = serving_file(warehouse, warehouse.snapshot().snapshot_id)
        assert again == path
        assert len(ask(path, "from marketplace_day", "UTC", PATIENT).frame) == 44

    def test_an_unknown_snapshot_is_one_line(self, warehouse: Warehouse) -> None:
        with pytest.raises(WarehouseError, match="no snapshot"):
            serving_file(warehouse, "../../etc")


class TestEscapes:
    def test_enough_is_tried(self) -> None:
        assert len({sql for sql, _ in ESCAPES}) == len(ESCAPES) >= 60

    @pytest.mark.parametrize(("sql", "said"), ESCAPES, ids=[sql[:60] for sql, _ in ESCAPES])
    def test_it_is_refused_in_one_line(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str, said: str
    ) -> None:
        with pytest.raises(QueryError) as refused:
            _ask(connection, sql.replace("{outside}", str(tmp_path)))
        assert said.lower() in str(refused.value).lower()
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize(("sql", "rows"), HARMLESS, ids=[sql[:60] for sql, _ in HARMLESS])
    def test_what_is_harmless_is_answered(self, connection: duckdb.DuckDBPyConnection, sql: str, rows: int) -> None:
        table, more = _ask(connection, sql)
        assert (table.num_rows, more) == (rows, None)

    def test_files_and_settings_are_out_of_reach_behind_the_guard_too(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        (tmp_path / "secret.csv").write_text("a,b\n1,2\n", encoding="utf-8")
        frame = [1]  # noqa: F841  what a replacement scan would look for
        for sql in (
            f"from read_csv('{tmp_path}/secret.csv')",
            f"from '{tmp_path}/secret.csv'",
            f"from glob('{tmp_path}/*')",
            f"copy (select 1) to '{tmp_path}/out.csv'",
            f"attach '{tmp_path}/x.duckdb'",
            f"export database '{tmp_path}/out'",
            "create table t as select 1",
            "with c as (insert into marketplace_day select * from marketplace_day returning *) from c",
            "set enable_external_access = true",
            "set lock_configuration = false",
            "load httpfs",
            "from frame",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql).fetchall()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv"]


class TestDoor:
    @pytest.mark.parametrize("sql", HEAVY)
    def test_what_never_ends_is_stopped_and_the_next_is_answered(self, path: Path, sql: str) -> None:
        with pytest.raises(QueryError, match=r"stopped|memory"):
            ask(path, sql, "UTC", SMALL)

    def test_a_question_can_be_cancelled(self, path: Path) -> None:
        asked = Question(path, HEAVY[0], "UTC", PATIENT)
        assert not asked.is_done()
        asked.cancel()
        with pytest.raises(QueryError, match="cancelled"):
            asked.answer()
        assert asked.is_done()
        with pytest.raises(ProcessLookupError):
            os.kill(asked._process.pid, 0)

    def test_a_question_ends_with_the_desk_that_asked_it(self, path: Path) -> None:
        asking = (
            "import sys, time; from pathlib import Path; from analytics.adhoc.door import Limits, Question; "
            "asked = Question(Path(sys.argv[1]), sys.argv[2], 'UTC', Limits(seconds=3600)); "
            "print(asked._process.pid, flush=True); time.sleep(3600)"
        )
        arguments = [sys.executable, "-c", asking, str(path), HEAVY[0]]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as desk:
            assert desk.stdout is not None
            process = int(desk.stdout.readline())
            desk.kill()
        patience = time.monotonic() + 300
        while _runs(process):
            assert time.monotonic() < patience
            time.sleep(0.1)

    def test_no_more_than_a_few_are_answered_at_once(self, path: Path) -> None:
        running = [Question(path, HEAVY[0], "UTC", PATIENT) for _ in range(door.MOST_AT_ONCE)]
        with pytest.raises(QueryError, match="already"):
            Question(path, "select 1", "UTC", SMALL)
        for asked in running:
            asked.cancel()
        for asked in running:
            with pytest.raises(QueryError, match="cancelled"):
                asked.answer()

    def test_its_process_has_no_environment_and_may_write_nothing(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRUSTDESK_SECRET", "hidden")
        asked = Question(path, HEAVY[0], "UTC", PATIENT)
        try:
            process = Path(f"/proc/{asked._process.pid}")
            while b"sandbox" not in (process / "cmdline").read_bytes():
                pass
            assert b"hidden" not in (process / "environ").read_bytes()
        finally:
            asked.cancel()
        limits = asdict(SMALL) | {"cpu_seconds": SMALL.cpu_seconds}
        read, write = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover  another process
            sandbox.bound(limits)
            try:
                (path.parent / "written").write_bytes(b"x")
                os.write(write, b"written")
            except OSError:
                os.write(write, b"refused")
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(read, 20) == b"refused"
        (path.parent / "written").unlink(missing_ok=True)

    def test_types_rows_and_names(self, path: Path) -> None:
        found = ask(
            path,
            "select day, order_count as n, sum(order_count) over () as total, 1.25::decimal(9, 2) as d, true as t, null as nothing, "
            "[1, 2] as l, 'ab'::blob as b, day as day from marketplace_day order by day limit 2",
            "UTC",
            PATIENT,
        )
        frame = found.frame
        assert found.more is None
        assert list(frame["day"]) == [date(2026, 1, 1), date(2026, 1, 2)]
        assert list(frame["n"]) == [1, 1]
        assert list(frame["total"]) == [44, 44]
        assert list(frame["d"]) == [1.25, 1.25]
        assert list(frame["l"]) == ["[1, 2]"] * 2
        assert list(frame["b"]) == ["ab"] * 2
        assert frame["nothing"].isna().all()
        before = ask(
            path, "select lag(order_count) over (order by day) as b from marketplace_day limit 2", "UTC", PATIENT
        )
        assert before.frame["b"].astype(object).tolist() == [pd.NA, 1], "a whole number stays one beside a missing one"

    @pytest.mark.parametrize(
        ("sql", "written"),
        [
            ("1::variant", "1"),
            ("340282366920938463463374607431768211455::uhugeint", "340282366920938463463374607431768211455"),
            ("'101'::bit", "101"),
            ("'12:00:00+05:30'::timetz", "12:00:00+05:30"),
            ("time '24:00:00'", "24:00:00"),
            ("interval '1 month -2 days'", "1 month -2 days"),
            ("row(1, 'x')", "(1, x)"),
            ("[timestamp 'infinity']", "[infinity]"),
            ("'a'::enum('a', 'b(')", "a"),
            ("18446744073709551615::ubigint", 18446744073709551615),
        ],
    )
    def test_a_type_that_no_page_knows_is_told_as_the_engine_writes_it(
        self, connection: duckdb.DuckDBPyConnection, sql: str, written: object
    ) -> None:
        """Each beside an empty cell of its type, under a name that needs quoting."""
        table, _ = _ask(connection, f'select unnest([{sql}, null]) as "n ""é"', SMALL)
        (name, column), *others = door._frame(table).items()
        assert (name, others) == ('n "é', [])
        assert column[0] == written
        assert pd.isna(column[1])

    @pytest.mark.parametrize(
        "sql", ["date 'infinity'", "date '0044-03-15 (BC)'", "timestamptz '-infinity'", "timestamp '10000-01-01'"]
    )
    def test_a_day_that_no_page_can_say_is_one_line(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        with pytest.raises(QueryError, match="Column d has a day outside the years 1 to 9999"):
            _ask(connection, f"select 1 as n, unnest([date '2026-01-01', null, {sql}]) as d")

    def test_an_answer_is_no_larger_here_than_it_was_there(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Truth values take a bit each, and one of an enumeration a byte, until they are written out."""
        few = replace(SMALL, bytes=100_000)
        with pytest.raises(QueryError, match="single row"):
            _ask(connection, "select list(true) from range(50000)", few)
        table, more = _ask(connection, f"select '{'y' * 900}'::enum('{'y' * 900}') from range(1000)", few)
        assert (table.num_rows <= 111, more) == (True, "bytes")
        with pytest.raises(QueryError, match="501 columns, and 500"):
            _ask(connection, "select " + "1, " * 500 + "1")

    def test_an_error_quotes_no_more_than_a_line(self, connection: duckdb.DuckDBPyConnection) -> None:
        with pytest.raises(QueryError, match="Could not convert string 'xxx") as wrong:
            _ask(connection, "select repeat('x', 1000000)::int")
        assert len(str(wrong.value)) < 600

    def test_more_rows_and_more_bytes_are_told(self, connection: duckdb.DuckDBPyConnection) -> None:
        table, more = _ask(connection, "select range from range(50) order by range desc", replace(SMALL, rows=7))
        assert more == "rows"
        assert table.column(0).to_pylist() == [49, 48, 47, 46, 45, 44, 43]
        table, more = _ask(connection, "select repeat('x', 1000) from range(5000)", replace(SMALL, bytes=100_000))
        assert more == "bytes"
        assert 0 < table.num_rows <= 100
        with pytest.raises(QueryError, match="single row"):
            _ask(connection, "select repeat('x', 100000)", replace(SMALL, bytes=10_000))
        table, more = _ask(connection, "select range from range(7)", replace(SMALL, rows=7))
        assert (table.num_rows, more) == (7, None)

    @pytest.mark.parametrize(
        ("sql", "said"),
        [
            ("selec 1", "Line 1, column 1: syntax error"),
            ("select *\nfrom marketplace_day\nwhere nope = 1", 'Line 3, column 7: Referenced column "nope" not found'),
            ("select 'é汉', nope", "Line 1, column 14: Referenced column"),
            ("explain select\n nope from marketplace_day", "Line 2, column 2: Referenced column"),
            (
                "select * from marketplace_dy",
                "Line 1, column 15: there is no table marketplace_dy here. The served tables are",
            ),
            ("select 'a'::int", "Line 1, column 11: Could not convert string 'a' to INT32"),
        ],
    )
    def test_an_error_says_the_place(self, connection: duckdb.DuckDBPyConnection, sql: str, said: str) -> None:
        with pytest.raises(QueryError) as wrong:
            _ask(connection, sql)
        assert str(wrong.value).startswith(said)

    @pytest.mark.parametrize(("sql", "said"), [(" \n", "nothing to ask"), ("select 1 " + " " * 30_000, "at most")])
    def test_nothing_and_too_much_are_not_asked(self, path: Path, sql: str, said: str) -> None:
        with pytest.raises(QueryError, match=said):
            ask(path, sql, "UTC")

    def test_half_a_character_is_a_wrong_question(self, path: Path) -> None:
        with pytest.raises(QueryError, match="Line 1"):
            ask(path, "select \ud800", "UTC", PATIENT)

    def test_a_torn_file_is_told_without_its_folder_and_made_anew(self, tmp_path: Path) -> None:
        torn = tmp_path / "torn.duckdb"
        torn.write_bytes(b"torn" * 10_000)
        with pytest.raises(QueryError, match="can't be opened") as told:
            ask(torn, "select 1", "UTC", PATIENT)
        assert str(tmp_path) not in str(told.value)
        assert not torn.exists()

    def test_a_file_that_is_gone_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(QueryError, match="can't be opened"):
            ask(tmp_path / "gone.duckdb", "select 1", "UTC", PATIENT)
