"""The workspace: who did what to which draft, in which order, and what left."""

from __future__ import annotations

import csv
import io
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from app.errors import NotAllowed, NotFound, SendFailed, StaleDocument, StaleDraft, WorkspaceError
from app.identity import Actor
from app.workspace import NewDraft, Workspace
from app.workspace.channels import Reply, as_csv
from app.workspace.schema import Base, LabelRow

ANN = Actor("local:ann", "Ann", "local")
BEN = Actor("header:ben", "Ben", "header")
NEW = NewDraft(
    ticket_id="t1",
    merchant_id="m1",
    snapshot_id="s1",
    engine="macro",
    language="en",
    text="We looked into order o1.",
    sentences=[{"text": "We looked into order o1.", "cites": ["message:1"]}],
    checks=[{"name": "figures", "passed": False, "detail": "12 is not in the evidence"}],
)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/new/folder/workspace.sqlite"


@pytest.fixture
def workspace(url: str) -> Iterator[Workspace]:
    opened = Workspace.open(url)
    yield opened
    opened.close()


class TestMigration:
    def test_an_empty_database_gets_exactly_the_tables_of_the_models(self, workspace: Workspace, url: str) -> None:
        engine = create_engine(url)
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        assert differences == []
        assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
        assert mode == "wal"

    def test_opening_again_keeps_what_is_there(self, workspace: Workspace, url: str) -> None:
        kept = workspace.drafts.create(NEW, ANN)
        again = Workspace.open(url)
        assert again.drafts.get(kept.draft_id) == kept
        again.close()

    def test_a_database_that_is_none_is_one_clear_line(self, tmp_path: Path) -> None:
        (tmp_path / "w.sqlite").write_text("this is no database, only a long enough text file" * 10)
        with pytest.raises(WorkspaceError, match=r"workspace database .*w\.sqlite") as raised:
            Workspace.open(f"sqlite:///{tmp_path}/w.sqlite")
        assert "\n" not in str(raised.value)

    @pytest.mark.parametrize("scheme", ["nosuch", "postgresql+nosuch"])
    def test_an_error_never_shows_the_password(self, scheme: str) -> None:
        with pytest.raises(WorkspaceError, match="can't be opened") as raised:
            Workspace.open(f"{scheme}://ann:hunter2@db.example/desk")
        assert "hunter2" not in str(raised.value)


class TestDrafts:
    def test_two_people_edit_and_approve_and_the_log_tells_who(self, workspace: Workspace) -> None:
        draft = workspace.drafts.create(NEW, ANN)
        draft = workspace.drafts.edit(draft.draft_id, 1, ANN, text="Order o1 is on its way.", checks=[])
        draft = workspace.drafts.approve(draft.draft_id, 2, BEN)
        assert (draft.status, draft.version, draft.approved_by, draft.author_name) == ("approved", 3, "Ben", "Ann")
        log = workspace.audit.entries(subject=f"draft:{draft.draft_id}")
        assert [(entry.action, entry.actor_id) for entry in reversed(log)] == [
            ("draft.created", "local:ann"),
            ("draft.edited", "local:ann"),
            ("draft.approved", "header:ben"),
        ]
        assert [revision.text for revision in workspace.drafts.revisions(draft.draft_id)] == [
            NEW.text,
            "Order o1 is on its way.",
        ]

    def test_a_stale_version_changes_nothing(self, workspace: Workspace) -> None:
        draft = workspace.drafts.create(NEW, ANN)
        workspace.drafts.edit(draft.draft_id, 1, ANN, text="Ann's text")
        with pytest.raises(StaleDraft, match="version 2, yours is 1"):
            workspace.drafts.edit(draft.draft_id, 1, BEN, text="Ben's text")
        assert workspace.drafts.get(draft.draft_id).text == "Ann's text"
        assert len(workspace.audit.entries()) == 2

    def test_of_twenty_at_once_one_wins_and_the_chain_holds(self, workspace: Workspace) -> None:
        draft = workspace.drafts.create(NEW, ANN)
        stale: list[StaleDraft] = []

        def edit(n: int) -> None:
            try:
                workspace.drafts.edit(draft.draft_id, 1, BEN, text=f"text {n}")
            except StaleDraft as error:
                stale.append(error)

        threads = [threading.Thread(target=edit, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(stale) == 19
        assert workspace.drafts.get(draft.draft_id).version == 2
        assert workspace.audit.verify().passed
        assert workspace.audit.verify().entry_count == 2

    def test_an_edit_takes_the_approval_away(self, workspace: Workspace) -> None:
        draft = workspace.drafts.approve(workspace.drafts.create(NEW, ANN).draft_id, 1, BEN)
        edited = workspace.drafts.edit(draft.draft_id, draft.version, ANN, text="other")
        assert (edited.status, edited.approved_by) == ("draft", None)

    def test_failed_checks_are_on_record(self, workspace: Workspace) -> None:
        workspace.drafts.approve(workspace.drafts.create(NEW, ANN).draft_id, 1, BEN)
        assert workspace.audit.entries()[0].detail["failed_checks"] == ["figures"]

    def test_a_discarded_draft_can_not_be_approved(self, workspace: Workspace) -> None:
        draft = workspace.drafts.create(NEW, ANN)
        workspace.drafts.discard(draft.draft_id, 1, ANN, reason="wrong ticket")
        with pytest.raises(NotAllowed, match="discarded"):
            workspace.drafts.approve(draft.draft_id, 2, ANN)

    def test_an_empty_reply_is_not_approved(self, workspace: Workspace) -> None:
        draft = workspace.drafts.edit(workspace.drafts.create(NEW, ANN).draft_id, 1, ANN, text="  ")
        with pytest.raises(NotAllowed, match="empty"):
            workspace.drafts.approve(draft.draft_id, 2, ANN)
        assert workspace.drafts.get(draft.draft_id) == draft

    def test_an_unknown_draft(self, workspace: Workspace) -> None:
        with pytest.raises(NotFound, match="nope"):
            workspace.drafts.get("nope")


class TestLabels:
    def test_no_word_is_lost_however_many_come_after_it(self, workspace: Workspace, url: str) -> None:
        first = workspace.labels.add("ticket:a", "intent", "other", ANN)
        workspace.labels.add("ticket:b", "intent", "other", ANN)
        later = [
            {
                **vars(first),
                "label_id": f"l{n}",
                "subject": "ticket:b",
                "value": f"v{n}",
                "at": first.at.replace(year=2100),
            }
            for n in range(10_000)
        ]
        with create_engine(url).begin() as connection:
            connection.execute(LabelRow.__table__.insert(), later)
        workspace.labels.add("ticket:a", "aspect", "price", ANN)
        standing = workspace.labels.standing(["intent"])
        assert standing["ticket:a", "intent"] == "other"
        assert standing["ticket:b", "intent"].startswith("v")
        assert len(standing) == 2


class TestAudit:
    @pytest.mark.parametrize(
        "tampering",
        [
            "UPDATE audit SET actor_name = 'Mallory' WHERE seq = 2",
            "UPDATE audit SET detail = '{}' WHERE seq = 2",
            "DELETE FROM audit WHERE seq = 2",
            "UPDATE audit SET at = '2020-01-01 00:00:00' WHERE seq = 2",
        ],
    )
    def test_tampering_is_seen(self, workspace: Workspace, url: str, tampering: str) -> None:
        draft = workspace.drafts.create(NEW, ANN)
        workspace.drafts.edit(draft.draft_id, 1, ANN, text="a")
        workspace.drafts.approve(draft.draft_id, 2, BEN)
        assert workspace.audit.verify().passed
        with create_engine(url).begin() as connection:
            connection.execute(text(tampering))
        check = workspace.audit.verify()
        assert not check.passed
        assert check.broken_at in (2, 3)

    def test_the_log_holds_no_text_of_a_reply(self, workspace: Workspace) -> None:
        workspace.drafts.create(NEW, ANN)
        assert "order o1" not in json.dumps([dict(entry.detail) for entry in workspace.audit.entries()])


class TestOutbox:
    def approved(self, workspace: Workspace) -> tuple[str, int]:
        draft = workspace.drafts.approve(workspace.drafts.create(NEW, ANN).draft_id, 1, BEN)
        return draft.draft_id, draft.version

    def test_nothing_leaves_without_approval(self, workspace: Workspace) -> None:
        draft = workspace.drafts.create(NEW, ANN)
        with pytest.raises(NotAllowed, match="this step needs approved"):
            workspace.outbox.send(draft.draft_id, 1, ANN, channel="copy", recipient="m1")
        assert workspace.outbox.all() == []

    def test_a_mail_file_keeps_chinese_and_is_marked_unsent(self, workspace: Workspace) -> None:
        draft = workspace.drafts.create(NEW, ANN)
        draft = workspace.drafts.edit(draft.draft_id, 1, ANN, text="订单已发出。")
        draft = workspace.drafts.approve(draft.draft_id, 2, ANN)
        sent = workspace.outbox.send(
            draft.draft_id, 3, BEN, channel="eml", recipient="shop@example.com", subject="关于\n订单"
        )
        message = message_from_bytes(sent.payload)
        body = message.get_payload(decode=True)
        assert isinstance(body, bytes)
        assert body.decode().strip() == "订单已发出。"
        assert (message["To"], message["X-Unsent"]) == ("shop@example.com", "1")
        assert workspace.drafts.get(draft.draft_id).status == "sent"
        assert (sent.sending.status, sent.sending.actor_name) == ("sent", "Ben")
        assert sent.sending.sent_at is not None

    def test_sent_is_sent_once(self, workspace: Workspace) -> None:
        draft_id, version = self.approved(workspace)
        workspace.outbox.send(draft_id, version, ANN, channel="copy", recipient="m1")
        with pytest.raises(StaleDraft):
            workspace.outbox.send(draft_id, version, BEN, channel="copy", recipient="m1")
        current = workspace.drafts.get(draft_id).version
        with pytest.raises(NotAllowed, match="is sent"):
            workspace.outbox.send(draft_id, current, BEN, channel="copy", recipient="m1")
        assert len(workspace.outbox.all()) == 1

    def test_a_webhook_that_is_not_listed_gets_nothing(self, workspace: Workspace) -> None:
        draft_id, version = self.approved(workspace)
        with pytest.raises(NotAllowed, match="webhook_allow"):
            workspace.outbox.send(draft_id, version, ANN, channel="webhook", recipient="https://evil.example/")
        assert workspace.drafts.get(draft_id).version == version

    def test_a_listed_webhook_gets_the_reply(self, workspace: Workspace) -> None:
        draft_id, version = self.approved(workspace)
        with _server(200) as (address, received):
            sent = workspace.outbox.send(
                draft_id, version, ANN, channel="webhook", recipient=address, webhook_allow=(address,)
            )
        assert sent.sending.detail == "200 OK"
        assert received[0]["text"] == NEW.text
        assert received[0]["approved_by"] == "Ben"

    @pytest.mark.parametrize("status", [302, 500])
    def test_a_refusal_is_on_record_and_the_draft_stays_approved(self, workspace: Workspace, status: int) -> None:
        draft_id, version = self.approved(workspace)
        with _server(status) as (address, received), pytest.raises(SendFailed):
            workspace.outbox.send(
                draft_id, version, ANN, channel="webhook", recipient=address, webhook_allow=(address,)
            )
        assert len(received) == 1
        assert [sending.status for sending in workspace.outbox.all()] == ["failed"]
        assert workspace.drafts.get(draft_id).status == "approved"
        assert workspace.audit.entries()[0].action == "reply.failed"
        assert workspace.audit.verify().passed

    def test_a_second_attempt_has_the_key_of_the_first(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draft_id, version = self.approved(workspace)
        keys: list[str] = []

        def post(url: str, reply: Reply, *, key: str, **_: object) -> str:
            keys.append(key)
            if len(keys) == 1:
                raise SendFailed("no answer")
            return "200 OK"

        monkeypatch.setattr("app.workspace.channels.post", post)
        hook = {"channel": "webhook", "recipient": "https://a", "webhook_allow": ("https://a",)}
        with pytest.raises(SendFailed):
            workspace.outbox.send(draft_id, version, ANN, **hook)  # type: ignore[arg-type]
        workspace.outbox.send(draft_id, version + 1, BEN, **hook)  # type: ignore[arg-type]
        assert keys[0] == keys[1]

    def test_an_answer_that_is_no_http_is_on_record(self, workspace: Workspace) -> None:
        draft_id, version = self.approved(workspace)
        with _babbling_server() as address, pytest.raises(SendFailed, match="not sent"):
            workspace.outbox.send(
                draft_id, version, ANN, channel="webhook", recipient=address, webhook_allow=(address,)
            )
        assert [sending.status for sending in workspace.outbox.all()] == ["failed"]

    def test_a_reply_on_its_way_is_not_sent_a_second_time(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draft_id, version = self.approved(workspace)
        refused: list[str] = []

        def slow_post(url: str, *_: object, **__: object) -> str:
            with pytest.raises(NotAllowed, match="on its way"):
                workspace.outbox.send(draft_id, version + 1, BEN, channel="copy", recipient="m1")
            refused.append(url)
            return "200 OK"

        monkeypatch.setattr("app.workspace.channels.post", slow_post)
        workspace.outbox.send(
            draft_id, version, ANN, channel="webhook", recipient="https://a", webhook_allow=("https://a",)
        )
        assert refused == ["https://a"]
        assert [sending.status for sending in workspace.outbox.all()] == ["sent"]

    @pytest.mark.parametrize("text", ["=HYPERLINK(1)", " \t=HYPERLINK(1)", "\n+1", "＝HYPERLINK(1)", "＠SUM(1)"])
    def test_a_cell_never_becomes_a_formula(self, text: str) -> None:
        row = next(csv.DictReader(io.StringIO(as_csv([Reply("d", "t", "m", "", "", "en", text, "Ben")]), newline="")))
        assert row["text"] == f"'{text}"


class TestDocumentsAndLabels:
    def test_a_scenario_is_saved_changed_and_removed(self, workspace: Workspace) -> None:
        first = workspace.scenarios.save("Late limit", "a = 1", ANN)
        second = workspace.scenarios.save("Late limit", "a = 2", BEN, version=first.version)
        assert (second.version, second.body, second.author_name) == (2, "a = 2", "Ann")
        with pytest.raises(StaleDocument, match="version 2, yours is 1"):
            workspace.scenarios.save("Late limit", "a = 3", ANN, version=1)
        assert workspace.views.all() == []
        with pytest.raises(NotAllowed, match="Ann saved Late limit"):
            workspace.scenarios.remove(first.document_id, BEN)
        workspace.scenarios.remove(first.document_id, ANN)
        with pytest.raises(NotFound):
            workspace.scenarios.get("Late limit")
        assert [entry.action for entry in workspace.audit.entries()] == [
            "scenario.removed",
            "scenario.saved",
            "scenario.saved",
        ]

    def test_a_scenario_is_renamed_archived_and_brought_back_with_who_did_it(self, workspace: Workspace) -> None:
        store = workspace.scenarios
        first, other = store.save("Late limit", "a = 1", ANN), store.save("Other", "a = 1", ANN)
        with pytest.raises(NotAllowed, match="Other is taken"):
            store.rename(first.document_id, "Other", "a = 2", ANN, version=1)
        assert store.get("Late limit") == first
        renamed = store.rename(first.document_id, " Later ", "a = 2", ANN, version=1)
        assert (renamed.name, renamed.body, renamed.version) == ("Later", "a = 2", 2)
        assert (renamed.document_id, renamed.updated_at) == (first.document_id, first.updated_at)
        with pytest.raises(StaleDocument):
            store.rename(first.document_id, "Latest", "a = 3", ANN, version=1)
        archived = store.archive(first.document_id, BEN)
        assert archived.archived_at is not None
        assert archived.archived_by == "Ben"
        assert store.archive(first.document_id, ANN) == archived
        assert {document.name: document.archived_by for document in store.all()} == {"Later": "Ben", "Other": None}
        assert store.archive(first.document_id, ANN, is_archived=False) == renamed
        store.remove(other.document_id, ANN)
        with pytest.raises(NotFound, match="no longer there"):
            store.archive(other.document_id, ANN)
        steps = [(entry.actor_name, entry.action, entry.subject) for entry in workspace.audit.entries(limit=4)]
        assert steps == [
            ("Ann", "scenario.removed", "scenario:Other"),
            ("Ann", "scenario.brought_back", "scenario:Later"),
            ("Ben", "scenario.archived", "scenario:Later"),
            ("Ann", "scenario.renamed", "scenario:Later"),
        ]
        assert workspace.audit.entries(limit=4)[-1].detail["was"] == "Late limit"
        assert workspace.audit.verify().passed

    def test_a_name_can_not_be_empty(self, workspace: Workspace) -> None:
        with pytest.raises(NotAllowed, match="1 to 200"):
            workspace.mappings.save("  ", "", ANN)

    def test_labels_of_two_people_stand_side_by_side(self, workspace: Workspace) -> None:
        workspace.labels.add("ticket:t1", "intent", "penalty", ANN)
        workspace.labels.add("ticket:t1", "intent", "refund", BEN)
        found = workspace.labels.all(subject="ticket:t1")
        assert [(label.value, label.actor_name) for label in found] == [("refund", "Ben"), ("penalty", "Ann")]

    def test_vectors_are_read_and_written_many_at_once(self, workspace: Workspace) -> None:
        workspace.vectors["k7"] = b"old"
        workspace.vectors.store({f"k{place}": b"%d" % place for place in range(1_203)})
        found = workspace.vectors.many([*(f"k{place}" for place in range(1_203)), "absent"])
        assert found == {f"k{place}": b"%d" % place for place in range(1_203)}
        assert workspace.vectors.many([]) == {}

    def test_vectors_are_a_mapping(self, workspace: Workspace) -> None:
        workspace.vectors["a"] = b"1"
        workspace.vectors["a"] = b"2"
        assert dict(workspace.vectors) == {"a": b"2"}
        del workspace.vectors["a"]
        assert len(workspace.vectors) == 0
        with pytest.raises(KeyError):
            workspace.vectors["a"]


class _server:  # noqa: N801  reads as the context manager it is
    """A local web server that answers every POST with one status and keeps what it got."""

    def __init__(self, status: int) -> None:
        received: list[dict[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_GET = do_POST  # noqa: N815  the name that the server calls

            def log_message(self, format: str, *args: object) -> None:
                return

        self.received = received
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self) -> tuple[str, list[dict[str, str]]]:
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}/hook", self.received

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@contextmanager
def _babbling_server() -> Iterator[str]:
    """A local server that answers with bytes that are no HTTP."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(b"\x00\x01 hello\r\n\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        finally:
            server.shutdown()
            thread.join()
