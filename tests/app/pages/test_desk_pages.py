"""The language panel's services and pages: clocks, facts, drafts of two people, corrections, and threads that misbehave."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics.sla import Timer, TimerKind
from analytics.sla.timers import State
from app.commands import main
from app.components.draft_evidence import marked_changes
from app.components.thread import plain
from app.errors import NotAllowed, StaleDraft
from app.identity import Actor
from app.services import issues, matter, reply, settings_page, taught, tickets
from app.services.language import classifier
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id, use_runtime
from app.services.tickets import Ticket
from app.services.writing import Writing
from app.settings import load_settings
from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions
from llm.errors import LlmError
from tests.app.conftest import write_source
from tests.llm.desk.tiny_desk import make_desk_model
from tests.llm.serving.tiny_checkpoint import make_checkpoint

ANN = Actor("local:ann", "Ann", "local")
BEN = Actor("header:ben", "Ben", "header")
HOSTILE = "<script>alert(1)</script> **bold** :red[x] $a$ [link](http://evil.example) \u202eשלום\u202c 😀 \x07\x00 end"
PAGES = Path(__file__).resolve().parents[3] / "app" / "views"

PRIVATE_MESSAGE = (
    "My name is Jorge Medina. Order TD-10017578, SKU TB-4410, was late though we handed it over in time, please check the fault. "
    "Call +65 9123 4567 or write to jorge.medina@example.org; the buyer paid with 4111 1111 1111 1111."
)
PRIVATE = ("Jorge Medina", "9123 4567", "jorge.medina@example.org", "4111 1111 1111 1111")
"""What must not be read in t-private."""
TICKETS = {
    "t-en": ("o0", "Late order", "open"),
    "t-zh": ("o1", "咨询", "open"),
    "t-empty": (None, "Nothing said", "open"),
    "t-long": (None, "Endless", "pending"),
    "t-hostile": (None, HOSTILE, "open"),
    "t-done": ("o2", "Solved", "resolved"),
    "t-private": ("o3", "Call Jorge Medina", "open"),
}
MESSAGES = {
    "t-en": [
        (
            "merchant",
            "Order o0 is counted as late, but we handed it over to the carrier in time. Please check the fault.",
        ),
        ("agent", "Could you send the carrier's acceptance scan?"),
        ("merchant", "Attached is the scan. Order foreign-99123 is late too, why?"),
    ],
    "t-zh": [("merchant", "你好，订单 o1 被判为延误，但我们按时交给了承运商，请核查责任。")],
    "t-long": [("merchant", "Our payout has not arrived. " * 3_571)],
    "t-hostile": [("merchant", HOSTILE)],
    "t-done": [("merchant", "Where is my payout for order o2?"), ("agent", "It was sent.")],
    "t-private": [
        ("merchant", PRIVATE_MESSAGE),
        ("agent", "Thank you, Jorge Medina. Which carrier took order TD-10017578?"),
    ],
}


@pytest.fixture(scope="module")
def desk_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made marketplace with six tickets of merchant a, opened on 10 Feb 2026, a message an hour."""
    folder = tmp_path_factory.mktemp("desk")
    source = write_source(folder / "source")
    opened = datetime(2026, 2, 10, 8, tzinfo=UTC)
    listed = [
        {
            "ticket_id": ticket_id,
            "merchant_id": "a",
            "opened_by": "merchant",
            "order_id": order_id,
            "opened_at": opened.isoformat(),
            "channel": "email",
            "subject": subject,
            "status": status,
            "priority": "normal",
            "resolved_at": (opened + timedelta(days=1)).isoformat() if status == "resolved" else None,
            "updated_at": opened.isoformat(),
        }
        for ticket_id, (order_id, subject, status) in TICKETS.items()
    ]
    written = [
        {
            "message_id": f"{ticket_id}-{n}",
            "ticket_id": ticket_id,
            "sent_at": (opened + timedelta(hours=n)).isoformat(),
            "author": author,
            "text": text,
        }
        for ticket_id, said in MESSAGES.items()
        for n, (author, text) in enumerate(said)
    ]
    penalty = {
        "event_id": "pen1",
        "occurred_at": "2026-02-01T08:00:00Z",
        "kind": "penalty_issued",
        "merchant_id": "a",
        "clause": "F-2.1",
        "penalty_points": 4,
        "expires_at": "2026-05-02T08:00:00Z",
    }
    with (source / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(penalty) + "\n")
    for name, rows in (("tickets", listed), ("messages", written)):
        (source / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    root = folder / "warehouse"
    result = CliRunner().invoke(main, ["ingest", "canonical", str(source), "--warehouse", str(root)])
    assert result.exit_code == 0, result.output
    return root


@pytest.fixture
def desk(desk_warehouse: Path, tmp_path: Path) -> Iterator[Runtime]:
    settings = load_settings(
        {},
        overrides={
            "warehouse": str(desk_warehouse),
            "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
            "encoder": "false",
            "stale_after_days": 100_000,
        },
    )
    with use_runtime(Runtime(settings)) as runtime:
        yield runtime
        runtime.close()


def drafted(ticket_id: str, actor: Actor = ANN) -> tuple[reply.StoredDraft, reply.IssueBrief]:
    asked = reply.brief(snapshot_id(), ticket_id)
    assert asked is not None
    return reply.keep(snapshot_id(), "a", asked, reply.write_now(asked), actor), asked


class TestClock:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def ticket(self, *timers: Timer, **changes: object) -> Ticket:
        base = Ticket(
            ticket_id="t",
            merchant_id="m",
            merchant_name="M",
            subject="",
            opened_by="merchant",
            channel="",
            status="open",
            order_id=None,
            message_count=1,
            opened_at=self.now - timedelta(hours=3),
            resolved_at=None,
            now=self.now,
            intent="other",
            intent_confidence=1.0,
            urgency="high",
            spans={},
            timers=timers,
            sentiment=0.0,
            language="en",
            level="good",
            score=None,
        )
        return replace(base, **changes)  # type: ignore[arg-type]

    def timer(self, state: State, hours: float = 1.0, kind: TimerKind = "first_reply") -> Timer:
        due_in = hours * 3600 if state in ("due", "soon") else None
        return Timer(kind, state, hours * 3600, 0.0, 4 * 3600.0, due_in=due_in)

    def test_the_clock_is_the_running_timer_that_is_due_first_or_longest_over(self) -> None:
        done, due = self.timer("met"), self.timer("due", 2, "next_reply")
        assert self.ticket(done, due, self.timer("due", 9, "solution")).clock is due
        over = self.timer("overdue", 5, "solution")
        assert self.ticket(done, due, over).clock is over
        assert self.ticket(done, self.timer("overdue", 1, "next_reply"), over).clock is over

    def test_without_a_running_timer_it_is_the_solution_or_how_the_first_reply_went(self) -> None:
        timers = self.timer("missed"), self.timer("none", kind="next_reply"), self.timer("paused", kind="solution")
        assert self.ticket(*timers).clock is timers[2]
        closed = self.ticket(*timers, status="resolved", resolved_at=self.now - timedelta(hours=1))
        assert closed.clock is timers[0]
        assert closed.age_seconds == 2 * 3600

    def test_the_queue_puts_urgent_and_overdue_first(self, desk: Runtime) -> None:
        due, over, met = self.timer("due"), self.timer("overdue"), self.timer("met")
        waiting = self.timer("paused", kind="solution")
        found = [
            self.ticket(met, met, met, ticket_id="closed", urgency="critical", status="resolved"),
            self.ticket(met, met, waiting, ticket_id="paused", urgency="critical"),
            self.ticket(due, met, met, ticket_id="due"),
            self.ticket(over, met, met, ticket_id="overdue"),
            self.ticket(due, met, met, ticket_id="critical", urgency="critical"),
        ]
        ordered = tickets.by_clock(found)
        assert [ticket.ticket_id for ticket in ordered] == ["critical", "overdue", "due", "paused", "closed"]


class TestTickets:
    def test_open_ones_wait_and_a_resolved_one_does_not(self, desk: Runtime) -> None:
        found = {ticket.ticket_id for ticket in tickets.open_tickets(snapshot_id())}
        assert found == set(TICKETS) - {"t-done"}

    def test_a_correction_stands_over_the_text_and_is_audited(self, desk: Runtime) -> None:
        tickets.correct("t-en", "intent", "payout_delay", ANN)
        tickets.correct("t-en", "urgency", "critical", BEN)
        ticket = tickets.ticket(snapshot_id(), "t-en")
        assert ticket is not None
        assert (ticket.intent, ticket.urgency, ticket.timers[0].target_seconds) == ("payout_delay", "critical", 3600.0)
        assert set(ticket.corrected) == {"intent", "urgency"}
        steps = desk.workspace.audit.entries(subject="ticket:t-en")
        assert [(step.actor_name, step.action) for step in steps] == [("Ben", "label.added"), ("Ann", "label.added")]

    def test_a_corrected_ticket_is_an_example_for_others(self, desk: Runtime) -> None:
        line = {"id": "new", "text": "Solved\n\nWhere is my payout for order o2?"}

        def told() -> str:
            return str(classifier()(line)["intents"][0]["name"])  # type: ignore[index]

        before = tickets.read_tickets(snapshot_id(), None, ("t-zh",))
        assert told() == "payout_delay"
        tickets.correct("t-done", "intent", "tax_invoice", ANN)
        assert told() == "tax_invoice"
        assert tickets.read_tickets(snapshot_id(), None, ("t-zh",)) == before
        tickets.correct("t-done", "intent", "payout_delay", BEN)
        assert told() == "payout_delay"

    def test_the_subject_tells_what_a_vague_message_is_about(self, desk: Runtime) -> None:
        written = pd.DataFrame(
            {"ticket_id": ["t"], "author": ["merchant"], "text": ["Hello, please look into it soon."]}
        )
        subject = "My payout is delayed, the balance has not arrived"
        silent, headed = (taught.openings(written, {"t": said})["t"] for said in (None, subject))
        assert headed == f"{subject}\n\n{silent}"
        triage = taught.taught_triage(snapshot_id())
        assert triage.classify(silent).intents[0].name != "payout_delay"
        assert triage.classify(headed).intents[0].name == "payout_delay"

    def test_an_unknown_ticket_is_none(self, desk: Runtime) -> None:
        assert tickets.ticket(snapshot_id(), "nobody") is None
        assert issues.thread(snapshot_id(), "nobody") is None
        assert matter.matter(snapshot_id(), "nobody") is None
        assert reply.brief(snapshot_id(), "nobody") is None


class TestBadThreads:
    def test_a_ticket_without_a_message_has_nothing_to_summarise_or_answer(self, desk: Runtime) -> None:
        assert issues.messages(snapshot_id(), "t-empty") == ()
        assert issues.summary(snapshot_id(), "t-empty") is None
        assert reply.brief(snapshot_id(), "t-empty") is None

    def test_a_hundred_thousand_characters_are_summarised_and_answered(self, desk: Runtime) -> None:
        assert len(issues.messages(snapshot_id(), "t-long")[0].text) > 99_000
        summary = issues.summary(snapshot_id(), "t-long")
        assert summary is not None
        assert len(summary.summary) < 2_000
        assert drafted("t-long")[0].text

    def test_markup_and_controls_stay_text(self, desk: Runtime) -> None:
        text = issues.messages(snapshot_id(), "t-hostile")[0].text
        assert "\x00" not in text
        assert "<script>" in text
        escaped = plain(HOSTILE)
        assert "\\<script\\>" in escaped
        assert "\\*\\*bold\\*\\*" in escaped
        assert "\\:red\\[x\\]" in escaped
        assert "\\[link\\]\\(http\\:" in escaped


class TestFacts:
    def test_they_are_those_of_the_records(self, desk: Runtime) -> None:
        found = matter.matter(snapshot_id(), "t-en")
        assert found is not None
        facts = {fact.fact_id: fact.value for fact in found.facts}
        assert facts["merchant_name"] == "Lotus"
        assert facts["order_id"] == "o0"
        assert "delivered 2026-01-01" in str(facts["order.o0"])
        assert "late, recorded as the fault of: seller" in str(facts["order.o0"])
        assert (facts["penalty_clause"], facts["penalty_points"]) == ("F-2.1", 4)
        assert facts["penalty_date"] == "2026-02-01"
        assert matter.clause_title(found.penalties[0]).startswith("Late delivery")

    def test_an_order_that_the_merchant_does_not_have_is_named_as_such(self, desk: Runtime) -> None:
        found = matter.matter(snapshot_id(), "t-en")
        assert found is not None
        assert "foreign-99123" in found.unknown_orders
        assert "foreign-99123" not in {fact.value for fact in found.facts}


class TestDrafts:
    def test_without_a_model_nothing_is_prepared(self, desk: Runtime) -> None:
        assert issues.prepare_summaries(snapshot_id(), ["t-en"]) is None
        assert desk.desk.engine.status().worker_pid is None

    def test_a_summary_cites_messages_of_its_thread(self, desk: Runtime) -> None:
        summary = issues.summary(snapshot_id(), "t-en")
        assert summary is not None
        cites = {cite for sentence in summary.sentences for cite in sentence.cites}
        assert cites
        assert cites <= {message.cite for message in issues.messages(snapshot_id(), "t-en")}

    def test_a_chinese_thread_is_answered_in_chinese(self, desk: Runtime) -> None:
        draft, _ = drafted("t-zh")
        assert draft.language == "zh-Hans"
        assert any("一" <= character <= "鿿" for character in draft.text)
        assert all(check["passed"] for check in draft.checks)

    def test_one_writes_another_approves_and_it_is_sent_once(self, desk: Runtime) -> None:
        draft, asked = drafted("t-en", ANN)
        approved = reply.approve(draft, draft.text, asked, BEN)
        assert (approved.status, approved.approved_by, approved.author_name) == ("approved", "Ben", "Ann")
        sent = reply.send(approved, "copy", "Lotus", "", BEN)
        assert sent.payload.decode() == draft.text
        rows = reply.sent_replies()
        assert rows[["ticket_id", "status", "actor_name", "approved_by"]].to_numpy().tolist() == [
            ["t-en", "sent", "Ben", "Ben"]
        ]
        with pytest.raises((NotAllowed, StaleDraft)):
            reply.send(approved, "copy", "Lotus", "", BEN)
        steps = [(step.actor_name, step.action) for step in desk.workspace.audit.entries(limit=9)][::-1]
        assert steps[:2] == [("Ann", "draft.created"), ("Ben", "draft.approved")]
        assert desk.workspace.audit.verify().passed

    def test_nothing_leaves_without_approval(self, desk: Runtime) -> None:
        draft, _ = drafted("t-en")
        with pytest.raises(NotAllowed):
            reply.send(draft, "copy", "Lotus", "", ANN)

    def test_it_survives_a_reload(self, desk: Runtime) -> None:
        draft, asked = drafted("t-en")
        edited = reply.replace_text(draft, draft.text + " We are sorry.", asked, ANN)
        again = Runtime(desk.settings)
        with use_runtime(again):
            assert reply.current_draft("t-en") == edited
            assert reply.draft_statuses() == {"t-en": "draft"}
        again.close()

    def test_a_second_person_s_older_version_is_refused_and_theirs_stays(self, desk: Runtime) -> None:
        draft, asked = drafted("t-en")
        reply.replace_text(draft, "Ben was faster.", asked, BEN)
        with pytest.raises(StaleDraft):
            reply.replace_text(draft, "Ann was slower.", asked, ANN)
        current = reply.current_draft("t-en")
        assert current is not None
        assert current.text == "Ben was faster."

    def test_an_edit_keeps_sources_and_a_made_up_figure_fails_its_check(self, desk: Runtime) -> None:
        draft, asked = drafted("t-en")
        edited = reply.replace_text(draft, draft.text + " You owe USD 9,999.00 by 5 Dec 2031.", asked, ANN)
        cites = {sentence["text"]: sentence["cites"] for sentence in edited.sentences}
        assert cites["You owe USD 9,999.00 by 5 Dec 2031."] == []
        assert all(cites[sentence["text"]] == sentence["cites"] for sentence in draft.sentences)
        failed = {check["name"] for check in edited.checks if not check["passed"]}
        assert "figures_in_evidence" in failed

    def test_a_macro_is_filled_with_facts_and_never_with_claims(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-en")
        assert asked is not None
        macros = {macro.macro_id: macro for macro in asked.macros}
        for macro in macros.values():
            assert "{" not in reply.fill_macro(macro, asked)
        if "penalty_orders" in macros:
            assert "foreign" not in reply.fill_macro(macros["penalty_orders"], asked)

    def test_a_rewrite_shows_what_it_changes(self) -> None:
        shown = marked_changes("We will check *this* today.", "We will check it today.")
        assert ":red-background[~~\\*this\\*~~]" in shown
        assert ":green-background[it]" in shown


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
    deadline = time.monotonic() + 30
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


class TestReplyDesk:
    """The page itself, without a browser."""

    def page(self, ticket_id: str) -> AppTest:
        page = AppTest.from_file(str(PAGES / "reply_desk.py"), default_timeout=120)
        page.session_state[SNAPSHOT_KEY] = snapshot_id()
        page.query_params["ticket"] = ticket_id
        return page.run()

    def test_three_clicks_from_the_open_thread_to_an_approved_reply(self, desk: Runtime) -> None:
        page = self.page("t-en")
        page.button(key="reply.start").click().run()
        assert "policy macros, no model" in " ".join(item.value for item in page.markdown)
        page.button(key="reply.approve").click().run()
        assert not page.exception
        draft = reply.current_draft("t-en")
        assert draft is not None
        assert (draft.status, draft.engine) == ("approved", "macro")
        page.button(key="reply.send").click().run()
        assert reply.draft_statuses() == {"t-en": "sent"}
        assert page.code[0].value == draft.text

    def test_what_was_typed_is_what_is_approved(self, desk: Runtime) -> None:
        page = self.page("t-en")
        page.button(key="reply.start").click().run()
        page.text_area[0].set_value("We are looking into it.")
        page.button(key="reply.approve").click().run()
        assert not page.exception
        draft = reply.current_draft("t-en")
        assert draft is not None
        assert (draft.status, draft.text) == ("approved", "We are looking into it.")

    def test_a_version_that_moved_on_is_said_and_the_text_is_kept(self, desk: Runtime) -> None:
        page = self.page("t-en")
        page.button(key="reply.start").click().run()
        draft, asked = reply.current_draft("t-en"), reply.brief(snapshot_id(), "t-en")
        assert draft is not None
        assert asked is not None
        reply.replace_text(draft, "Ben was faster.", asked, BEN)
        page.text_area[0].set_value("Mine.").run()
        assert "has changed since you opened it" in page.warning[0].value.replace("\\", "")
        assert page.code[0].value == "Mine."
        assert page.text_area[0].value == "Ben was faster."

    @pytest.mark.parametrize("ticket_id", ["t-empty", "t-hostile", "t-long", "nobody"])
    def test_odd_threads_are_shown_without_an_error(self, desk: Runtime, ticket_id: str) -> None:
        page = self.page(ticket_id)
        assert not page.exception
        assert not page.error


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


@pytest.mark.parametrize(
    "address", ["https://evil.example", "www.evil.example", "ann@evil.example", "HTTP://evil.example"]
)
def test_an_address_in_somebodys_words_is_no_link(address: str) -> None:
    shown = plain(f"see {address}").replace("\\", "")
    assert address not in shown
    assert shown.replace("\u2060", "") == f"see {address}", "what is read stays the same"
