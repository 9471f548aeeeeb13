"""The language panel's services and pages: clocks, facts, drafts of two people, corrections, and threads that misbehave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analytics.sla import Timer, TimerKind
from analytics.sla.timers import State
from app.components.draft_evidence import fact_words, marked_changes
from app.components.thread import plain
from app.errors import NotAllowed, StaleDraft
from app.services import issues, matter, reply, taught, tickets
from app.services.language import brief_of, classifier, extracts
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id, use_runtime
from app.services.tickets import Ticket
from app.workspace import Outbox
from llm.types import Fact, Message, Thread
from tests.app.pages.desk_marketplace import ANN, BEN, HOSTILE, PAGES, TICKETS, desk, desk_warehouse, drafted

__all__ = ["desk", "desk_warehouse"]


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

    def test_a_correction_reaches_the_draft_and_the_summary(self, desk: Runtime) -> None:
        asked, summary = reply.brief(snapshot_id(), "t-en"), issues.summary(snapshot_id(), "t-en")
        assert asked is not None
        assert summary is not None
        assert summary.intent != "payout_delay"
        assert "payout_next" not in {macro.macro_id for macro in asked.macros}
        tickets.correct("t-en", "intent", "payout_delay", ANN)
        asked, summary = reply.brief(snapshot_id(), "t-en"), issues.summary(snapshot_id(), "t-en")
        assert asked is not None
        assert summary is not None
        assert summary.intent == "payout_delay"
        assert "payout_next" in {macro.macro_id for macro in asked.macros}

    def test_what_one_thread_taught_tells_in_the_drafts_of_others(self, desk: Runtime) -> None:
        text = "Solved\n\nWhere is my payout for order o2?"
        other = Thread("new", "a", (Message("m", None, "merchant", text),))

        def told() -> tuple[bool, str]:
            macros = {macro.macro_id for macro in brief_of(other).macros}
            return "invoice_next" in macros, extracts(other).intent

        assert told() == (False, "payout_delay")
        tickets.correct("t-done", "intent", "tax_invoice", ANN)
        assert told() == (True, "tax_invoice")

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

    def test_what_a_queue_leaves_out_is_said(self, desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tickets, "MOST_OPEN", 2)
        assert len(tickets.open_tickets(snapshot_id())) == 2
        assert tickets.total_of(snapshot_id(), None, 2) == len(TICKETS) - 1
        assert len(tickets.named_tickets(snapshot_id(), list(TICKETS))) == len(TICKETS)
        monkeypatch.setattr(Outbox, "count", lambda self: 900)
        draft, asked = drafted("t-en")
        reply.send(reply.approve(draft, draft.text, asked, BEN), "copy", "Lotus", "", BEN)
        page = AppTest.from_file(str(PAGES / "reply_desk.py"), default_timeout=120)
        page.session_state[SNAPSHOT_KEY] = snapshot_id()
        said = " ".join(item.value for item in page.run().caption)
        assert f"The newest 2 of {len(TICKETS) - 1}." in said
        assert "The newest 1 of 900." in said

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
        named = {fact.name for fact in found.facts if "foreign-99123" in str(fact.value)}
        assert named == {"orders_unknown"}


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
        edited = reply.replace_text(draft, draft.text + "\n\nYou owe USD 9,999.00 by 5 Dec 2031.", asked, ANN)
        cites = {sentence["text"]: sentence["cites"] for sentence in edited.sentences}
        assert cites["You owe USD 9,999.00 by 5 Dec 2031."] == []
        assert all(cites[sentence["text"]] == sentence["cites"] for sentence in draft.sentences)
        failed = {check["name"] for check in edited.checks if not check["passed"]}
        assert "figures_in_evidence" in failed

    def test_what_stands_below_a_signature_or_as_a_quotation_is_checked_too(self, desk: Runtime) -> None:
        draft, asked = drafted("t-en")
        assert draft.text.endswith("\nThe support desk")
        for written in (
            f"{draft.text}\n\nWe will refund you USD 9,999.00.",
            f"> We will refund you USD 9,999.00.\n{draft.text}",
        ):
            edited = reply.replace_text(draft, written, asked, ANN)
            failed = {check["name"] for check in edited.checks if not check["passed"]}
            assert {"figures_in_evidence", "no_unbacked_promise"} <= failed
            draft = edited

    def test_a_macro_is_filled_with_facts_and_never_with_claims(self, desk: Runtime) -> None:
        asked = reply.brief(snapshot_id(), "t-en")
        assert asked is not None
        macros = {macro.macro_id: macro for macro in asked.macros}
        for macro in macros.values():
            assert "{" not in reply.fill_macro(macro, asked)
        if "penalty_orders" in macros:
            assert "foreign" not in reply.fill_macro(macros["penalty_orders"], asked)

    @pytest.mark.parametrize(
        ("fact", "words"),
        [
            (Fact("late_rate", "late_rate", 0.0412, "rate"), "4.1%"),
            (Fact("late_rate_limit", "late_rate_limit", 4, "percent"), "4.0%"),
            (Fact("penalty_date", "penalty_date", "2026-03-01"), "Mar 1, 2026"),
            (Fact("penalty_points", "penalty_points", 2, "points"), "2 points"),
            (Fact("score", "trust_score", 70.8, "points"), "70.8"),
            (Fact("refund_amount", "refund_amount", 12.5, "USD"), "12.5 USD"),
        ],
    )
    def test_a_fact_is_told_in_words(self, fact: Fact, words: str) -> None:
        assert fact_words(fact) == words

    def test_a_rewrite_shows_what_it_changes(self) -> None:
        shown = marked_changes("We will check *this* today.", "We will check it today.")
        assert ":red-background[~~\\*this\\*~~]" in shown
        assert ":green-background[it]" in shown


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

    def test_macros_are_filled_once_they_are_asked_for(self, desk: Runtime) -> None:
        page = self.page("t-en")
        page.button(key="reply.start").click().run()
        assert "reply.macro.t-en" not in {box.key for box in page.selectbox}
        page.session_state["reply.macros"] = True
        page.run()
        assert not page.exception
        page.button(key="reply.macro.add").click().run()
        draft = reply.current_draft("t-en")
        assert draft is not None
        assert draft.text.endswith(next(iter(reply.macro_texts(snapshot_id(), "t-en").values())))

    def test_sources_bear_names_and_no_ids(self, desk: Runtime) -> None:
        page = self.page("t-en")
        page.button(key="reply.start").click().run()
        draft = reply.current_draft("t-en")
        assert draft is not None
        cites = {cite for sentence in draft.sentences for cite in sentence["cites"]}
        assert any(cite.startswith("article:") for cite in cites)
        said = {str(item.value) for kind in (page.caption, page.text, page.markdown) for item in kind}
        assert any(text.startswith("Policy article, paragraph ") for text in said)
        assert not said & cites

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


@pytest.mark.parametrize(
    "address", ["https://evil.example", "www.evil.example", "ann@evil.example", "HTTP://evil.example"]
)
def test_an_address_in_somebodys_words_is_no_link(address: str) -> None:
    shown = plain(f"see {address}").replace("\\", "")
    assert address not in shown
    assert shown.replace("\u2060", "") == f"see {address}", "what is read stays the same"
