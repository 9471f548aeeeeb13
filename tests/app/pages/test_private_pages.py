"""Private data of a thread: masked on both pages, shown for a reason that the audit log keeps, and in nothing that leaves the desk."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.errors import NotAllowed
from app.exports import to_csv
from app.filter_bar import STATE_KEY, FilterState
from app.filters import default_filters
from app.i18n import use_language
from app.page_errors import traced
from app.services import issues, private, quality, quarantine, reply
from app.services.language import classifier, summarise_json
from app.services.loading import load_path
from app.services.private import masked_line, masked_rows, masked_talk, screened
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id, use_runtime
from app.services.summaries import Summaries
from app.services.warehouse import filter_options
from app.settings import load_settings
from tests.app.pages.desk_marketplace import ANN, PAGES, PRIVATE, desk, desk_warehouse
from tests.app.pages.desk_marketplace import PRIVATE_MESSAGE as SAID
from tests.llm.serving.scripted_model import ScriptedModel
from tests.llm.serving.test_llm_server import Server, event, sends, server

__all__ = ["desk", "desk_warehouse", "server"]  # fixtures
OURS = ("TD-10017578", "TB-4410")


def left(text: str) -> list[str]:
    """Which of the private things stand in a text."""
    return [one for one in PRIVATE if one in text]


def opened(page: str, ticket_id: str = "t-private") -> AppTest:
    found = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120)
    found.session_state[SNAPSHOT_KEY] = snapshot_id()
    filters = default_filters(filter_options(snapshot_id()))
    found.session_state[STATE_KEY] = FilterState(filters, filters, 0, snapshot_id(), True, page)
    found.query_params["ticket"] = ticket_id
    return found.run()


def drawn(page: AppTest) -> str:
    """All the texts of the page, without their escapes."""
    assert not page.exception
    kinds = (page.text, page.markdown, page.caption)
    tooltips = [str(button.help or "") for button in page.button]
    return "\n".join([*(str(item.value) for kind in kinds for item in kind), *tooltips]).replace("\\", "")


@pytest.fixture(autouse=True)
def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is run alone knows no other to link to."""
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)


class TestScreen:
    @pytest.mark.parametrize("name", ["issues", "reply_desk"])
    def test_a_thread_is_masked_until_somebody_says_why(self, desk: Runtime, name: str) -> None:
        page = opened(name)
        text = drawn(page)
        assert left(text) == []
        assert [one for one in OURS if one not in text] == []
        assert "[name 1]" in text
        assert "[telephone 1]" in text
        page.text_input(key="private.reason.t-private").set_value("The buyer asked to be called back").run()
        page.button(key="private.show").click().run()
        assert left(drawn(page)) == list(PRIVATE)
        (entry,) = desk.workspace.audit.entries(subject="ticket:t-private")
        assert (entry.action, entry.detail) == ("private.revealed", {"reason": "The buyer asked to be called back"})
        page.button(key="private.mask").click().run()
        assert left(drawn(page)) == []

    def test_it_is_shown_for_that_thread_and_that_session_alone(self, desk: Runtime) -> None:
        page = opened("issues")
        page.text_input(key="private.reason.t-private").set_value("They asked to be called").run()
        page.button(key="private.show").click().run()
        assert page.session_state["private.revealed"] == {"t-private"}
        assert left(drawn(opened("issues"))) == []

    @pytest.mark.parametrize("reason", ["", "  ", "ok", "......."])
    def test_without_a_reason_nothing_is_shown(self, desk: Runtime, reason: str) -> None:
        page = opened("issues")
        page.text_input(key="private.reason.t-private").set_value(reason).run()
        page.button(key="private.show").click().run()
        assert left(drawn(page)) == []
        assert "Say in a few words why you need it" in page.warning[0].value
        assert desk.workspace.audit.entries(subject="ticket:t-private") == []
        with pytest.raises(NotAllowed):
            private.reveal("t-private", reason, ANN)

    def test_a_cited_message_is_marked_in_a_masked_thread(self, desk: Runtime) -> None:
        page = opened("issues")
        chip = next(b for b in page.button if str(b.key).startswith("summary.t-private"))
        chip.click().run()
        text = drawn(page)
        assert "cited" in text
        assert left(text) == []

    def test_a_thread_without_private_data_has_nothing_to_show(self, desk: Runtime) -> None:
        page = opened("issues", "t-en")
        assert not any(str(button.key).startswith("private.") for button in page.button)

    def test_the_masks_are_in_the_readers_language(self, desk: Runtime) -> None:
        with use_language("zh-Hans"):
            shown = screened(snapshot_id(), "t-private", is_revealed=False)
        assert "[姓名 1]" in shown.messages[0].text
        assert [message.message_id for message in shown.messages] == ["t-private-0", "t-private-1"]

    def test_the_reply_keeps_what_it_says_because_a_person_must_read_what_is_sent(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-private")
        assert asked is not None
        draft = reply.keep(snapshot_id(), "a", asked, reply.write_now(asked), ANN)
        edited = reply.replace_text(draft, "Thank you, Jorge Medina.", asked, ANN)
        assert edited.text == "Thank you, Jorge Medina."


class TestWhatLeaves:
    def test_no_server_is_sent_any_of_it(
        self, desk_warehouse: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.answer = sends(event("We look at [PERSON_1]'s message. [S1]\n"), b"data: [DONE]\n\n")
        settings = load_settings(
            {},
            overrides={
                "warehouse": str(desk_warehouse),
                "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
                "encoder": "false",
                "server_url": server.url,
                "server_allow": "127.0.0.1",
            },
        )
        with use_runtime(Runtime(settings)) as runtime:
            asked, thread = reply.brief(snapshot_id(), "t-private"), issues.thread(snapshot_id(), "t-private")
            assert asked is not None
            assert thread is not None
            made = reply.begin_writing(asked).result()
            assert runtime.desk.summaries is not None
            runtime.desk.summaries.write_now(thread)
            runtime.close()
        sent = json.dumps([body for _, body, _ in server.asked], ensure_ascii=False)
        assert len(server.asked) == 2
        assert left(sent) == []
        assert [one for one in OURS if one not in sent] == []
        assert "We look at Jorge Medina's message." in made.reply, "what comes back is told again"

    def test_what_a_log_keeps_of_an_error_is_masked_and_its_place_is_not(
        self, desk: Runtime, caplog: pytest.LogCaptureFixture
    ) -> None:
        try:
            try:
                raise ValueError(SAID)
            except ValueError as error:
                raise RuntimeError(f"could not read: {SAID}") from error
        except RuntimeError as error:
            logging.getLogger("trustdesk").error("reference %s\n%s", "abc", traced(error))
        assert left(caplog.text) == []
        assert "test_private_pages.py" in caplog.text
        assert "ValueError" in caplog.text
        assert OURS[0] in caplog.text

    def test_a_page_logs_no_text_of_a_thread(self, desk: Runtime, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            page = AppTest.from_string(f"""
from app.page_errors import page_errors
with page_errors():
    said = {SAID!r}
    raise RuntimeError(said)
""").run()
            opened("issues")
        assert page.error
        assert "reference" in caplog.text
        assert left(caplog.text) == []

    def test_commands_print_summaries_and_asks_without_it(self, desk: Runtime) -> None:
        said = [{"message_id": "1", "sent_at": None, "author": "merchant", "text": SAID}]
        told = json.dumps(summarise_json({"ticket_id": "t", "merchant_id": "a", "messages": said}))
        told += json.dumps(classifier()({"id": "1", "text": f"{SAID} Could you call Jorge Medina on +65 9123 4567?"}))
        assert left(told) == []
        assert OURS[0] in told

    def test_the_workspace_keeps_summaries_without_it(self, desk: Runtime) -> None:
        thread, model = issues.thread(snapshot_id(), "t-private"), ScriptedModel()
        assert thread is not None
        model.enqueue("[PERSON_1] says that order TD-10017578 was handed over in time. [S1]\n")
        summaries = Summaries(model, "scripted", desk.workspace.summaries, 60.0, desk.workspace.generations)
        (written,) = summaries.write_now(thread)
        assert summaries.of(thread) == (written,)
        assert left(written.text) == []
        assert OURS[0] in written.text

    def test_a_check_quotes_what_it_withholds_without_it(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-private")
        assert asked is not None
        draft = reply.keep(snapshot_id(), "a", asked, reply.write_now(asked), ANN)
        edited = reply.replace_text(draft, "Call +65 9123 4567 or pay with 4111 1111 1111 1111.", asked, ANN)
        failed = [check for check in edited.checks if not check["passed"]]
        assert "no_private_data" in {check["name"] for check in failed}
        assert left(json.dumps(failed)) == []

    def test_the_audit_log_keeps_a_reason_without_it(self, desk: Runtime) -> None:
        private.reveal("t-private", f"to answer: {SAID}", ANN)
        (entry,) = desk.workspace.audit.entries(subject="ticket:t-private")
        assert left(json.dumps(dict(entry.detail))) == []

    def test_tables_leave_as_files_without_it(self, desk: Runtime) -> None:
        frame = pd.DataFrame(
            {"order_id": ["4111111111111111", "b"], "text": [SAID, None], "raw": [json.dumps({"text": SAID}), "{}"]}
        )
        written = to_csv(masked_rows(frame)).decode("utf-8-sig")
        assert left(written) == []
        assert "4111111111111111" in written, "an order's number stays"
        rows = quality.failing_rows(snapshot_id(), "messages.unknown_ticket")
        assert "text" not in rows or left(rows.to_csv()) == []


class TestSetAside:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        folder = tmp_path / "in"
        folder.mkdir()
        rows = [
            {
                "message_id": f"m{n}",
                "ticket_id": "t",
                "sent_at": "2026-02-01T08:00:00Z",
                "author": "merchant",
                "text": "Hello.",
            }
            for n in range(40)
        ]
        rows.append(
            {"message_id": "4111111111111111", "ticket_id": "t", "sent_at": None, "author": "merchant", "text": SAID}
        )
        (folder / "messages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        ticket = {"ticket_id": "t", "merchant_id": "a", "opened_by": "merchant", "opened_at": "2026-02-01T07:00:00Z"}
        (folder / "tickets.jsonl").write_text(
            json.dumps(ticket | {"updated_at": "2026-02-01T07:00:00Z"}), encoding="utf-8"
        )
        return folder

    def test_a_row_is_corrected_without_being_read_and_loaded_to_the_letter(self, root: Path, tmp_path: Path) -> None:
        overrides = {
            "warehouse": str(tmp_path / "warehouse"),
            "workspace_url": f"sqlite:///{tmp_path}/workspace.sqlite",
            "encoder": "false",
        }
        with use_runtime(Runtime(load_settings({}, cwd=tmp_path, overrides=overrides))) as runtime:
            load_path("canonical", root)
            (row,) = quarantine.waiting()
            assert left(str(row["raw"])) == []
            assert "4111111111111111" in str(row["raw"])
            file = tmp_path / "fix.csv"
            content = quarantine.correction_file().decode("utf-8-sig")
            assert left(content) == []
            shown = quarantine.editable(runtime.warehouse.quarantine()).to_dict("records")
            found = quarantine.corrected([one | {"sent_at": "2026-02-02T08:00:00Z"} for one in shown])
            assert [dict(one.values) for one in found] == [{"sent_at": "2026-02-02T08:00:00Z"}]
            file.write_text(content.replace(",,merchant,", ",2026-02-02T08:00:00Z,merchant,"), encoding="utf-8")
            assert quarantine.replay_file(file)["loaded"] == 1
            assert SAID in [message.text for message in issues.messages(snapshot_id(), "t")]
            runtime.close()


def test_ids_in_a_row_that_was_set_aside_stay() -> None:
    raw = json.dumps({"order_id": "4111111111111111", "text": "card 4111 1111 1111 1111", "amount": "x"})
    assert json.loads(masked_line(raw)) == {"order_id": "4111111111111111", "text": "card [CARD]", "amount": "x"}
    assert masked_line("torn,line,jorge.medina@example.org") == "torn,line,[EMAIL]"


def test_a_name_that_one_message_of_a_talk_tells_is_masked_in_all() -> None:
    talk, count = masked_talk(["My name is Jorge Medina.", "", "Jorge Medina here again, order ORD-1"])
    assert count == 1
    assert not any("Medina" in said for said in talk)
    assert "ORD-1" in talk[2]
