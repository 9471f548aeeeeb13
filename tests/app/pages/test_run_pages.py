"""Data and Settings: own files looked at, mapped, checked and loaded; roll-back; the dictionary; settings without secrets."""

from __future__ import annotations

import errno
import io
import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics.errors import InputError, WarehouseError
from analytics.ingest import ColumnMap
from analytics.ingest.contracts import _type_rules
from analytics.tables import TABLES
from app.commands import main
from app.errors import AppError, NotAllowed
from app.i18n import catalogue
from app.identity import Actor
from app.services import data, settings_page, uploads
from app.services.runtime import Runtime, use_runtime
from app.settings import Settings, load_settings, origins

ANNA = Actor("local:anna", "Anna", "local")
FAR = Actor("header:ben", "Ben", "header")
CSV = "id;when;what;shop;order;total;cur\n" + "".join(
    f"e{n};2026-02-0{n} 10:00:00;{what};m{n % 2};o{n};1{n}.50;EUR\n"
    for n, what in enumerate(["sale", "sale", "sale", "nonsense"], start=1)
)
MAIN = Path(__file__).parents[3] / "app" / "main.py"
MAP = ColumnMap(
    table="events",
    columns={
        "event_id": "id",
        "occurred_at": "when",
        "kind": "what",
        "merchant_id": "shop",
        "order_id": "order",
        "amount": "total",
        "currency": "cur",
    },
    values={"kind": {"sale": "order_placed"}},
    time_zone="Europe/Berlin",
)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    overrides = {
        "warehouse": str(tmp_path / "warehouse"),
        "workspace_url": f"sqlite:///{tmp_path}/workspace.sqlite",
        "encoder": "false",
    }
    with use_runtime(Runtime(load_settings({}, cwd=tmp_path, overrides=overrides))) as opened:
        yield opened
        opened.close()


def upload(text: str | bytes = CSV, name: str = "sales.csv") -> uploads.Upload:
    return uploads.Upload(name, io.BytesIO(text.encode() if isinstance(text, str) else text))


def loaded(text: str = CSV) -> dict[str, object]:
    return dict(uploads.start_upload(upload(text), MAP, ANNA).result(60))


class TestUpload:
    def test_a_file_is_described_before_anything_is_loaded(self, runtime: Runtime) -> None:
        found = upload(CSV.replace("nonsense", "Grüße").encode("cp1252")).preview()
        assert (found.format, found.encoding, found.delimiter) == ("csv", "cp1252", ";")
        assert found.columns == ("id", "when", "what", "shop", "order", "total", "cur")
        assert found.values["what"] == ("Grüße", "sale")
        assert not runtime.warehouse.exists()

    def test_rejects_are_shown_before_the_load_and_counted_by_it(self, runtime: Runtime) -> None:
        checked = upload().check(MAP)
        assert (checked.read, checked.good, checked.quarantined) == (4, 3, 1)
        assert checked.rejects["line"].tolist() == [5]
        assert not runtime.warehouse.exists()
        result = loaded()
        assert (result["loaded"], result["quarantined"]) == (3, 1)
        assert runtime.warehouse.snapshot().snapshot_id == result["snapshot_id"]
        frame = data.reject_page(str(result["snapshot_id"]), kind=None, table=None, text="", page=1)
        assert frame[["file", "line", "column", "kind"]].to_dict("records") == [
            {"file": "sales.csv", "line": 5, "column": "kind", "kind": "is none of"}
        ]

    def test_a_load_is_taken_down_with_who_did_it(self, runtime: Runtime) -> None:
        result = loaded()
        entry = runtime.workspace.audit.entries()[0]
        assert (entry.actor_name, entry.action, entry.subject) == (
            "Anna",
            "data.loaded",
            f"snapshot:{result['snapshot_id']}",
        )
        assert entry.detail["file"] == "sales.csv"
        assert entry.detail["loaded"] == 3

    def test_the_same_file_again_changes_nothing(self, runtime: Runtime) -> None:
        first, second = loaded(), loaded()
        assert (second["loaded"], second["duplicate"]) == (0, 3)
        assert second["snapshot_id"] == first["snapshot_id"]

    def test_the_pages_mapping_loads_the_same_through_the_command(self, runtime: Runtime, tmp_path: Path) -> None:
        kept = uploads.keep_mapping("sales", MAP, ANNA)
        toml = tmp_path / "sales.toml"
        toml.write_text(kept.body, encoding="utf-8")
        (tmp_path / "sales.csv").write_text(CSV, encoding="utf-8")
        arguments = ["ingest", "canonical", str(tmp_path / "sales.csv"), "--map", str(toml), "--json"]
        answer = CliRunner().invoke(main, [*arguments, "--warehouse", str(tmp_path / "other")])
        assert answer.exit_code == 0, answer.output
        by_command, by_page = json.loads(answer.stdout), loaded()
        names = ("source", "read", "loaded", "duplicate", "conflict", "quarantined")
        assert {n: by_command[n] for n in names} == {n: by_page[n] for n in names}
        assert uploads.read_mapping(uploads.saved_mappings()[0]) == MAP

    def test_keeping_the_same_mapping_again_is_no_new_version(self, runtime: Runtime) -> None:
        first = uploads.keep_mapping("sales", MAP, ANNA)
        assert uploads.keep_mapping("sales", MAP, ANNA) == first
        changed = uploads.keep_mapping("sales", replace(MAP, time_zone="UTC"), ANNA, version=first.version)
        assert changed.version == first.version + 1

    def test_required_columns_need_a_column_or_a_constant(self) -> None:
        bare = ColumnMap("events", {"event_id": "id"})
        assert uploads.missing_columns(bare) == ("occurred_at", "kind")
        assert uploads.missing_columns(replace(bare, constants={"kind": "view"})) == ("occurred_at",)

    @pytest.mark.parametrize(
        ("value", "meaning"),
        [
            ("Order Placed", "order_placed"),
            ("order-shipped", "order_shipped"),
            ("chargebak", "chargeback"),
            ("x", None),
        ],
    )
    def test_values_are_guessed_only_when_they_are_near(self, value: str, meaning: str | None) -> None:
        kinds = next(c for c in uploads.canonical_columns("events") if c.name == "kind").allowed
        assert uploads.guess_value(value, kinds) == meaning


class TestBadInput:
    """One sentence that names the file as its owner does; the warehouse as it was; the upload still there."""

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("a.csv", b"", "empty"),
            ("a.csv", b"\n\n \n", "empty"),
            ("a.parquet", b"PAR1half of a file", "no complete Parquet file"),
            ("a.csv", b"x,x\n1,2\n", "two columns named"),
        ],
    )
    def test_unreadable_files(self, runtime: Runtime, name: str, content: bytes, said: str) -> None:
        with pytest.raises(InputError, match=said) as raised:
            upload(content, name).preview()
        assert "\n" not in str(raised.value)
        assert "trustdesk-upload" not in str(raised.value)

    def test_a_wrong_encoding_is_said_and_the_file_can_be_read_with_another(self, runtime: Runtime) -> None:
        held = upload("id;what\n1;é\n".encode("cp1252"))
        with pytest.raises(InputError, match="not in the encoding"):
            held.preview("utf-16")
        assert held.preview().columns == ("id", "what")

    def test_a_mapped_column_that_the_file_lacks(self, runtime: Runtime) -> None:
        with pytest.raises(InputError, match=r"no column 'ordr'.*Did you mean 'order'"):
            upload().check(replace(MAP, columns={**MAP.columns, "order_id": "ordr"}))

    def test_while_another_writes_nothing_is_lost(self, runtime: Runtime) -> None:
        held = upload()
        with runtime.warehouse.folder.locked():
            job = uploads.start_upload(held, MAP, ANNA)
            with pytest.raises(WarehouseError, match="Another process is writing"):
                job.result(60)
        assert job.is_failed
        assert runtime.workspace.audit.entries() == []
        assert uploads.start_upload(held, MAP, ANNA).result(60)["loaded"] == 3

    def test_a_full_disk_at_the_upload(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(shutil, "copyfileobj", full)
        with pytest.raises(AppError, match=r"disk is full.*free some space"):
            upload()

    def test_a_name_with_a_path_stays_in_its_folder(self) -> None:
        held = upload(name="../../etc/passwd.csv")
        assert held.path.name == "passwd.csv"
        assert held.path.parent.name == held.key


class TestFolder:
    def test_only_who_sits_at_the_machine_loads_its_folders(self, runtime: Runtime, tmp_path: Path) -> None:
        with pytest.raises(NotAllowed, match="who sits at it"):
            uploads.start_folder("canonical", str(tmp_path), FAR)
        with pytest.raises(NotAllowed, match="no absolute path"):
            uploads.start_folder("canonical", "data", ANNA)

    def test_a_folder_loads_and_its_name_is_taken_down(self, runtime: Runtime, tmp_path: Path) -> None:
        folder = tmp_path / "shop"
        folder.mkdir()
        (folder / "merchants.csv").write_text("merchant_id,name\na,Lotus\n", encoding="utf-8")
        assert uploads.start_folder("canonical", str(folder), ANNA).result(60)["loaded"] == 1
        assert runtime.workspace.audit.entries()[0].detail["file"] == "shop"


class TestSnapshots:
    def test_roll_back_serves_the_older_data_and_says_who(self, runtime: Runtime) -> None:
        first = str(loaded()["snapshot_id"])
        second = str(loaded(CSV.replace("e1;", "e9;"))["snapshot_id"])
        assert data.snapshots(second)["is_current"].tolist() == [True, False]
        data.roll_back(first, ANNA)
        assert runtime.warehouse.snapshot().snapshot_id == first
        assert data.snapshots(first)["is_current"].tolist() == [False, True]
        entry = runtime.workspace.audit.entries()[0]
        assert (entry.action, entry.subject, entry.detail["before"]) == (
            "data.rolled_back",
            f"snapshot:{first}",
            second,
        )

    def test_a_torn_snapshot_is_named_with_what_to_do(self, runtime: Runtime) -> None:
        first = str(loaded()["snapshot_id"])
        loaded(CSV.replace("e1;", "e9;"))
        (runtime.warehouse.root / "snapshots" / f"{first}.json").write_text("{", encoding="utf-8")
        page = AppTest.from_file(str(MAIN), default_timeout=120).run()
        page.switch_page("views/data.py")
        page.query_params["section"] = "snapshots"
        page.run()
        assert not page.exception
        assert any(f"snapshots/{first}.json" in warning.value for warning in page.warning)

    def test_totals_and_freshness_are_those_of_the_snapshot(self, runtime: Runtime) -> None:
        snapshot = str(loaded()["snapshot_id"])
        assert data.totals(snapshot) == data.Totals(row_count=3, load_count=1, rejected_count=1, snapshot_count=1)
        events = data.freshness(snapshot).set_index("table_name").loc["events"]
        assert events["row_count"] == 3
        assert events["newest_at"] == pd.Timestamp("2026-02-03 10:00")  # the reporting zone is the source's
        row = data.loads(snapshot).iloc[0]
        assert (row["file"], row["read"], row["loaded"], row["quarantined"]) == ("sales.csv", 4, 3, 1)


class TestQuarantine:
    def test_no_reason_begins_as_another(self) -> None:
        """The pattern takes the first that fits, so that none may hide a longer one."""
        clashes = [(one, two) for one in data.REASONS for two in data.REASONS if one != two and two.startswith(one)]
        assert clashes == []

    def test_every_reason_of_a_contract_has_words(self) -> None:
        reasons = [check.reason for table in TABLES.values() for check in table.checks]
        for rule in _type_rules().values():
            reasons += [rule["reason"]] if "reason" in rule else []
            reasons += [check["reason"] for check in rule.get("checks", ())]
        assert [reason for reason in reasons if not data.kind_of(reason, None)] == []


class TestDictionary:
    def test_every_table_and_its_columns_have_words_in_both_languages(self) -> None:
        texts = catalogue("zh-Hans").texts
        docs = data.table_docs()
        assert all(doc.columns and doc.grain and doc.description in texts for doc in docs)
        assert [c.doc for doc in docs if not doc.is_mart for c in doc.columns if c.doc not in texts] == []
        assert all(doc.sql and doc.invariants is not None for doc in docs if doc.is_mart)

    def test_the_dictionary_file_names_every_column_of_the_canonical_tables(self) -> None:
        text = (Path(__file__).parents[3] / "data" / "README.md").read_text(encoding="utf-8")
        for table in TABLES.values():
            row = next(line for line in text.splitlines() if line.startswith(f"| `{table.name}` |"))
            assert [name for name in table.column_names() if name not in row] == []


class TestSettings:
    def test_the_page_shows_where_each_value_comes_from(self, tmp_path: Path) -> None:
        (tmp_path / "trustdesk.toml").write_text("threads = 3\nport = 9000\n", encoding="utf-8")
        found = origins({"TRUSTDESK_PORT": "9001"}, cwd=tmp_path)
        assert (found["port"], found["threads"], found["language"]) == (
            "environment",
            str(tmp_path / "trustdesk.toml"),
            "default",
        )

    def test_no_secret_is_shown(self) -> None:
        shown = settings_page.shown_value("workspace_url", "postgresql://desk:geheim@db/desk")
        assert "geheim" not in shown
        assert "db/desk" in shown
        hook = settings_page.shown_value("webhook_allow", ("https://hooks.example.com/T0/secret",))
        assert hook == "https://hooks.example.com/…"

    def test_every_setting_has_its_help_translated(self) -> None:
        assert set(settings_page.HELP) == {item.metadata["help"] for item in fields(Settings)}

    def test_versions_name_licences(self) -> None:
        frame = settings_page.versions().set_index("name")
        assert frame.loc["streamlit", "licence"] == "Apache-2.0"
        assert frame.loc["all-MiniLM-L6-v2", "licence"] == "Apache-2.0"
        assert frame.loc["trustdesk", "licence"] == "MIT"
        assert (frame["version"] != "–").sum() >= len(frame) - 1

    def test_the_log_is_shown_and_verified(self, runtime: Runtime) -> None:
        runtime.workspace.audit.note(ANNA, "data.loaded", "snapshot:x", read=1)
        assert settings_page.verify_audit().passed
        assert settings_page.audit_tail()["detail"].tolist() == ["read=1"]


def test_a_mapping_of_the_page_is_plain_toml() -> None:
    document = tomllib.loads(uploads.mapping_text(MAP))
    assert document["table"] == "events"
    assert document["values"]["kind"] == {"sale": "order_placed"}


def test_both_pages_stand_without_any_data(runtime: Runtime) -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=120).run()
    for page, heading in (("views/data.py", "Data"), ("views/settings.py", "Settings")):
        app.switch_page(page).run()
        assert not app.exception
        assert not app.error
        assert app.title[0].value == heading
