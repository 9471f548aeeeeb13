"""Replies and summaries while a model writes them: a chat's, the desk's own, one that is slow, one that is stopped."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.services import issues, reply, settings_page, tickets
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id, use_runtime
from app.services.writing import Writing, redraw_seconds
from app.settings import load_settings
from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions
from llm.errors import LlmError
from tests.app.pages.desk_marketplace import PAGES, desk, desk_warehouse
from tests.llm.desk.tiny_desk import make_desk_model
from tests.llm.serving.tiny_checkpoint import make_checkpoint

__all__ = ["desk", "desk_warehouse"]


class Scribe:
    """A writer that gives its lines one by one, each when it is let go on."""

    name = "checkpoint:scribe"

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.go_on = threading.Semaphore(0)

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions = DEFAULT_OPTIONS) -> Iterator[str]:
        for line in self.lines:
            self.go_on.acquire()
            yield line + "\n"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


class TestWriting:
    """What a checkpoint writes, seen while it writes."""

    def scribe(self, asked: reply.IssueBrief) -> Scribe:
        cite = 1 + [message.cite for message in asked.thread.messages].index("message:t-en-0")
        return Scribe(
            f"We have received your message about order o0. [S{cite}]",
            "Order o777123 was refunded with USD 400. [S1]",
            f"Please send us the scan for order o0. [S{cite}]",
        )

    def test_only_checked_sentences_show_and_the_writer_is_named(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-en")
        assert asked is not None
        scribe = self.scribe(asked)
        writing = Writing(asked, scribe, timeout_s=60)
        assert (writing.sentences, writing.is_done) == ((), False)
        scribe.go_on.release()
        until(lambda: len(writing.sentences) == 1)
        scribe.go_on.release(2)
        draft = writing.result()
        assert draft.engine == "checkpoint:scribe"
        assert "o777123" not in draft.reply
        assert not next(check for check in draft.checks if check.name == "figures_in_evidence").passed

    def test_cancelling_leaves_the_rest_to_macros(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-en")
        assert asked is not None
        scribe = self.scribe(asked)
        writing = Writing(asked, scribe, timeout_s=60)
        writing.cancel()
        scribe.go_on.release(3)
        draft = writing.result()
        assert draft.engine == "macro"
        assert draft.reply
        assert not next(check for check in draft.checks if check.name == "writer_available").passed

    def test_what_is_cancelled_is_not_begun_by_the_next_writer(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-en")
        assert asked is not None
        first, after = self.scribe(asked), self.scribe(asked)
        after.go_on.release(3)
        writing = Writing(asked, first, timeout_s=60, then=(after,))
        writing.cancel()
        first.go_on.release(3)
        assert writing.result().engine == "macro"

    def test_texts_that_grow_at_once_are_redrawn_less_often_each(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-en")
        assert asked is not None
        scribes = [self.scribe(asked) for _ in range(5)]
        alone = Writing(asked, scribes[0], timeout_s=60)
        assert redraw_seconds() == 0.5
        many = [alone, *(Writing(asked, scribe, timeout_s=60) for scribe in scribes[1:])]
        assert redraw_seconds() == 1.25
        for scribe in scribes:
            scribe.go_on.release(3)
        for writing in many:
            writing.result()
        assert redraw_seconds() == 0.5

    def test_the_page_shows_the_writing_and_keeps_what_came_of_it(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = reply.brief(snapshot_id(), "t-en")
        assert asked is not None
        scribe = self.scribe(asked)
        begun: list[Writing] = []

        def begin(brief: reply.IssueBrief) -> Writing:
            begun.append(Writing(brief, scribe, timeout_s=60))
            return begun[0]

        monkeypatch.setattr(reply, "has_writer", lambda: True)
        monkeypatch.setattr(reply, "begin_writing", begin)
        page = AppTest.from_file(str(PAGES / "reply_desk.py"), default_timeout=120)
        page.session_state[SNAPSHOT_KEY] = snapshot_id()
        page.query_params["ticket"] = "t-en"
        page.run()
        page.button(key="reply.start").click().run()
        assert page.button(key="reply.cancel")
        assert reply.current_draft("t-en") is None
        scribe.go_on.release(3)
        until(lambda: begun[0].is_done)
        page.run()
        assert not page.exception
        draft = reply.current_draft("t-en")
        assert draft is not None
        assert draft.engine == "checkpoint:scribe"


class TestDeskModel:
    """The desk's own model as the writer that one setting names."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return make_desk_model(tmp_path / "Tiny-Desk")

    @pytest.fixture
    def desk(self, desk_warehouse: Path, tmp_path: Path, folder: Path) -> Iterator[Runtime]:
        settings = load_settings(
            {},
            overrides={
                "warehouse": str(desk_warehouse),
                "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
                "encoder": "false",
                "checkpoint": str(folder),
                "threads": 1,
                "stale_after_days": 100_000,
            },
        )
        with use_runtime(Runtime(settings)) as runtime:
            yield runtime
            runtime.close()

    def test_settings_describe_it_and_load_and_test_has_it_write(self, desk: Runtime) -> None:
        card = settings_page.checkpoint_card()
        assert card is not None
        assert (card.name, card.is_desk, card.fault) == ("Tiny-Desk", True, "")
        assert card.weight_bytes > 0
        tried = settings_page.try_models()
        assert tried.write_seconds is not None
        assert desk.desk.engine.status().state == "ready"

    def test_settings_say_what_only_loading_shows(self, desk: Runtime, folder: Path) -> None:
        (folder / "desk.json").write_text("{", encoding="utf-8")
        with pytest.raises(LlmError):
            settings_page.try_models()
        card = settings_page.checkpoint_card()
        assert card is not None
        assert "desk.json" in card.fault

    def test_a_page_waits_for_no_load_and_then_shows_the_models_summary(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        monkeypatch.setattr(desk.desk.preparing, "hurry", lambda thread: asked.append(thread.ticket_id))
        extract = issues.summary(snapshot_id(), "t-en")
        assert extract is not None
        assert extract.engine == "extractive"
        assert asked == ["t-en"], "it is written next"
        assert issues.summary_writer() == "desk:Tiny-Desk"
        settings_page.try_models()
        text = "The merchant asks for the fault of order o0 to be checked."
        line = {"text": text, "cites": ["message:t-en-0"], "part": "", "tokens": 9, "is_cut": False}
        monkeypatch.setattr(desk.desk.engine, "generate", lambda messages, options: iter([json.dumps(line) + "\n"]))
        written = issues.summary(snapshot_id(), "t-en")
        assert written is not None
        assert (written.engine, written.summary) == ("desk:Tiny-Desk", text)
        desk.desk.engine.close()
        kept = issues.summary(snapshot_id(), "t-en")
        assert kept is not None
        assert replace(kept, latency_ms=written.latency_ms) == written, "no model is asked again"

    def test_the_queues_summaries_are_prepared_once_and_kept_over_a_restart(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = [ticket.ticket_id for ticket in tickets.open_tickets(snapshot_id())]
        threads = issues.threads_of(snapshot_id(), ids)
        assert [thread.ticket_id for thread in threads] == [found for found in ids if found != "t-empty"]
        assert threads[0] == issues.thread(snapshot_id(), threads[0].ticket_id)

        def ready() -> int:
            progress = issues.prepare_summaries(snapshot_id(), ids)
            assert progress is not None
            assert not progress.fault
            return progress.ready

        until(lambda: ready() == len(threads))
        again = Runtime(desk.settings)
        with use_runtime(again):
            monkeypatch.setattr(again.desk.engine, "generate", lambda *_: pytest.fail("it was asked again"))
            until(lambda: ready() == len(threads))
            page = AppTest.from_file(str(PAGES / "reply_desk.py"), default_timeout=120)
            page.session_state[SNAPSHOT_KEY] = snapshot_id()
            shown = " ".join(caption.value for caption in page.run().caption).replace("\\", "")
            assert f"{len(threads)} of {len(threads)} summaries by desk:Tiny-Desk are ready" in shown
        again.close()

    def test_another_message_or_other_weights_never_meet_an_old_summary(self, desk: Runtime, folder: Path) -> None:
        thread = issues.thread(snapshot_id(), "t-en")
        summaries = desk.desk.summaries
        assert thread is not None
        assert summaries is not None
        summaries.write_now(thread)
        assert summaries.of(thread) is not None
        said = replace(thread.messages[-1], text="It has been solved.")
        assert summaries.of(replace(thread, messages=(*thread.messages[:-1], said))) is None
        os.utime(folder / "model.safetensors", (1, 1))
        again = Runtime(desk.settings)
        assert again.desk.summaries is not None
        assert again.desk.summaries.of(thread) is None
        again.close()

    def test_the_reply_desk_names_it_and_keeps_what_came_of_it(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-en")
        assert asked is not None
        assert reply.has_writer()
        draft = reply.begin_writing(asked).result()
        assert draft.reply
        assert draft.engine in ("desk:Tiny-Desk", "macro")
        page = AppTest.from_file(str(PAGES / "reply_desk.py"), default_timeout=120)
        page.session_state[SNAPSHOT_KEY] = snapshot_id()
        page.query_params["ticket"] = "t-en"
        page.run()
        assert not page.exception
        shown = " ".join(caption.value for caption in page.caption).replace("\\", "")
        assert "Written by desk:Tiny-Desk, every sentence checked" in shown


class TestChatModel:
    """A chat checkpoint, which takes longer over a summary than a page may."""

    def test_a_page_waits_for_no_slow_model_but_has_it_write_next(
        self, desk_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = load_settings(
            {},
            overrides={
                "warehouse": str(desk_warehouse),
                "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
                "encoder": "false",
                "checkpoint": str(make_checkpoint(tmp_path / "Tiny-Qwen3")),
            },
        )
        with use_runtime(Runtime(settings)) as runtime:
            panel, asked = runtime.desk, list[str]()
            assert panel.preparing is not None
            assert panel.summaries is not None
            status = replace(panel.engine.status(), state="ready")
            monkeypatch.setattr(panel.engine, "status", lambda: status)
            monkeypatch.setattr(panel.preparing, "hurry", lambda thread: asked.append(thread.ticket_id))
            extract = issues.summary(snapshot_id(), "t-en")
            assert extract is not None
            assert (extract.engine, asked) == ("extractive", ["t-en"])
            line = "The merchant asks for the fault of order o0 to be checked. [S1]\n"
            monkeypatch.setattr(panel.engine, "generate", lambda messages, options: iter([line]))
            thread = issues.thread(snapshot_id(), "t-en")
            assert thread is not None
            panel.summaries.write(thread, is_background=True)
            written = issues.summary(snapshot_id(), "t-en")
            assert written is not None
            assert (written.engine, written.summary) == ("checkpoint:Tiny-Qwen3", line.removesuffix(" [S1]\n"))
            runtime.close()
