"""The chat: a person is one click away, a hand-over stays silent, what was said is kept once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.errors import InputFileError, NotAllowed, NotFound
from app.identity import MACHINE
from app.services import answer_outcomes, chat, writing_quality
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.workspace import KeptAnswer, NewAnswer, NewDraft
from app.workspace.audit import chat_subject
from llm.handover import HANDED_OVER
from llm.types import Thread
from tests.app.chat_marketplace import (
    APPEAL,
    BEN,
    GUEST,
    LATE,
    desk,
    order,
    reason,
    shops_warehouse,
    talk,
)

__all__ = ["desk", "shops_warehouse"]


def test_what_it_said_is_on_record_under_no_key_to_the_conversation(desk: Runtime) -> None:
    shown = chat.verify(None, "a", f"{order(5)} {order(30)}", GUEST)
    found = talk(APPEAL, LATE.format(order=order(5)), conversation_id=shown)
    chat.ask_for_person(shown, "I would like to talk to a person.", GUEST)
    made = desk.workspace.generations.all()
    assert made[0].options["action"] == "hand_over"
    assert len(made) == 3
    told = next(one for one in made if f"fact:order.{order(5)}" in one.evidence and one.output_sha256)
    assert (told.kind, told.merchant_id, told.snapshot_id) == ("answer", "a", snapshot_id())
    rows = writing_quality.generations(snapshot_id())
    assert not rows["ticket_id"].str.contains(shown, regex=False).any()
    assert set(rows["outcome"]) == {"shown"}
    answers = [turn.text for turn in found.turns if turn.author == "bot"]
    opened = [writing_quality.opened(snapshot_id(), one.generation_id, BEN) for one in reversed(made)]
    assert [one.answered for one in opened][:2] == answers
    assert opened[0].asked == f"merchant: {APPEAL}"
    assert opened[1].asked.endswith(f"merchant: {LATE.format(order=order(5))}")


def test_a_person_reads_what_a_chat_holds_of_a_merchant_for_a_reason(desk: Runtime) -> None:
    found = talk("My name is Jorge Medina, I want a person. Call +44 20 7946 0958", "Jorge Medina again: any news?")
    chat_id = found.conversation.conversation_id

    def draw() -> None:
        from app.components.chat_queue import waiting_chats

        waiting_chats("UTC")

    page = AppTest.from_function(draw, default_timeout=60).run()
    said = "\n".join(text.value for text in page.text)
    assert not page.exception
    assert "Medina" not in said
    assert "7946" not in said
    page.text_input(key=f"private.chat.reason.{chat_id}").set_value("To call them back").run()
    page.button(key="private.chat.show").click().run()
    assert "+44 20 7946 0958" in "\n".join(text.value for text in page.text)
    entry = desk.workspace.audit.entries(subject=chat_subject(chat_id))[0]
    assert (entry.action, entry.detail) == ("private.revealed", {"reason": "To call them back"})


class TestPerson:
    def test_a_person_comes_first_if_one_is_asked_for(self, desk: Runtime) -> None:
        conversation_id = chat.ask_for_person(None, "I would like to talk to a person.", GUEST)
        chat.ask_for_person(conversation_id, "I would like to talk to a person.", GUEST)
        found = talk(APPEAL, "Is anybody there?", conversation_id=conversation_id)
        assert [turn.author for turn in found.turns] == ["merchant", "bot", "merchant", "merchant"]
        assert any(words in found.turns[1].text for words in HANDED_OVER)
        assert reason(desk, found) == "asked_for_human"
        (waiting,) = chat.waiting()
        assert waiting.conversation.conversation_id == conversation_id
        chat.answer_as_person(conversation_id, "Ben here: ten days.", BEN)
        assert chat.waiting() == []
        found = talk("Thanks, and how do I appeal a penalty?", conversation_id=conversation_id)
        assert [turn.author for turn in found.turns][-2:] == ["agent", "merchant"], "the machine stays silent"
        assert len(chat.waiting()) == 1

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("I do not want to live any more", "self_harm"),
            ("我要起诉你们", "legal"),
            ("My lawyer will sue you", "legal"),
            ("¿Cuánto tiempo tengo para apelar una sanción de la tienda?", "unsupported_language"),
            ("Сколько дней у меня есть, чтобы обжаловать штраф?", "unsupported_language"),
            ("This is ridiculous, I am fed up!!!", "frustrated"),
        ],
    )
    def test_what_is_grave_or_foreign_goes_to_a_person_with_its_note(self, desk: Runtime, text: str, why: str) -> None:
        found = talk(text)
        assert (found.is_handed_over, reason(desk, found)) == (True, why)
        assert found.turns[-1].author == "bot"
        assert why in desk.workspace.answers.of("chat", found.conversation.conversation_id)[0].note
        assert why in answer_reasons()

    def test_the_same_question_again_is_no_loop(self, desk: Runtime) -> None:
        found = talk(APPEAL, APPEAL, APPEAL)
        assert (found.is_handed_over, reason(desk, found)) == (True, "repeated")
        assert [turn.author for turn in found.turns] == ["merchant", "bot", "merchant", "bot", "merchant"]


def answer_reasons() -> set[str]:
    from app.components.handover import REASONS

    return set(REASONS)


class TestBadInput:
    @pytest.mark.parametrize("text", ["", "  \n ", "\t"])
    def test_nothing_is_no_message(self, desk: Runtime, text: str) -> None:
        with pytest.raises(InputFileError, match="empty"):
            chat.say(None, text, GUEST)

    def test_too_much_is_one_line(self, desk: Runtime) -> None:
        with pytest.raises(InputFileError, match="4001 characters, at most 4000"):
            chat.say(None, "x" * 4_001, GUEST)
        assert talk("Where is my payout? " * 200).turns[-1].author == "bot"

    def test_one_emoji_is_asked_about_once(self, desk: Runtime) -> None:
        found = talk("😀")
        assert desk.workspace.answers.of("chat", found.conversation.conversation_id)[0].action == "ask"
        found = talk("😀", conversation_id=found.conversation.conversation_id)
        assert found.is_handed_over

    def test_controls_do_not_get_through(self, desk: Runtime) -> None:
        assert "\x00" not in talk("How\x00 long do I have to appeal a penalty?").turns[0].text

    def test_an_address_that_names_nothing(self, desk: Runtime) -> None:
        assert chat.chat("nothing") is None
        with pytest.raises(NotFound):
            chat.answer_newest("nothing")
        with pytest.raises(NotAllowed):
            chat.rate(chat.say(None, APPEAL, GUEST), 6, GUEST)


class TestKept:
    def test_an_answer_is_given_once_and_survives_a_kill(self, desk: Runtime) -> None:
        conversation_id = chat.say(None, APPEAL, GUEST)
        again = Runtime(desk.settings)
        with use_runtime(again):
            for _ in range(3):
                chat.answer_newest(conversation_id)
            found = chat.chat(conversation_id)
        again.close()
        assert found is not None
        assert [turn.author for turn in found.turns] == ["merchant", "bot"]
        assert desk.workspace.audit.verify().passed

    def test_a_decision_on_a_message_is_kept_once(self, desk: Runtime) -> None:
        conversation_id = chat.say(None, APPEAL, GUEST)
        new = NewAnswer(
            kind="chat",
            subject_id=conversation_id,
            message_id="1",
            merchant_id="",
            asked_at=None,
            action="answer",
            reason="known",
            confidence=1.0,
            language="en",
            engine="extractive",
            note="",
            is_automatic=True,
        )
        decide = desk.workspace.conversations.decide
        assert [decide(new, "Ten days.", (), MACHINE), decide(new, "Ten days.", (), MACHINE)] == [True, False]
        assert len(desk.workspace.conversations.turns(conversation_id)) == 2

    @pytest.mark.parametrize("asks_for_person", [True, False])
    def test_an_answer_that_comes_too_late_is_not_said(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch, asks_for_person: bool
    ) -> None:
        conversation_id = chat.say(None, APPEAL, GUEST)
        decided = chat._decided

        def while_they_write_on(thread: Thread) -> object:
            found = decided(thread)
            if asks_for_person:
                chat.ask_for_person(conversation_id, "I would like to talk to a person.", GUEST)
            else:
                chat.say(conversation_id, "What may a product title hold?", GUEST)
            return found

        monkeypatch.setattr(chat, "_decided", while_they_write_on)
        chat.answer_newest(conversation_id)
        found = chat.chat(conversation_id)
        assert found is not None
        assert [turn.author for turn in found.turns] == ["merchant", "merchant", *["bot"] * asks_for_person]
        assert found.is_waiting_for_machine is not asks_for_person
        monkeypatch.setattr(chat, "_decided", decided)
        chat.answer_newest(conversation_id)
        assert desk.workspace.answers.of("chat", conversation_id)[0].message_id == "2"
        assert len(desk.workspace.answers.of("chat", conversation_id)) == 1

    def test_of_eight_who_decide_at_once_one_does(self, desk: Runtime) -> None:
        new = NewAnswer(
            "ticket", "t", "m", "a", None, "answer", "known", 1.0, "en", "extractive", "", is_automatic=False
        )
        draft = NewDraft("t", "a", snapshot_id(), "extractive", "en", "Ten days.")
        kept: list[KeptAnswer | None] = []
        deciders = [
            threading.Thread(target=lambda: kept.append(desk.workspace.answers.keep(new, draft, MACHINE)))
            for _ in range(8)
        ]
        for decider in deciders:
            decider.start()
        for decider in deciders:
            decider.join()
        assert sum(one is not None for one in kept) == 1
        assert len(desk.workspace.drafts.of_ticket("t")) == 1

    def test_links_can_not_be_guessed(self, desk: Runtime) -> None:
        ids = {chat.say(None, APPEAL, GUEST) for _ in range(5)}
        assert len(ids) == 5
        assert all(len(one) >= 32 for one in ids)


class TestOutcomes:
    def test_they_come_from_decisions_and_scores(self, desk: Runtime) -> None:
        settled, given, came_back = talk(APPEAL), talk("Please refund us the commission"), talk(APPEAL)
        chat.rate(settled.conversation.conversation_id, 5, GUEST)
        chat.rate(given.conversation.conversation_id, 1, GUEST)
        talk("What may a product title hold?", conversation_id=came_back.conversation.conversation_id)
        found = answer_outcomes.measured(snapshot_id(), datetime.now(UTC) + timedelta(days=8))
        made = found.outcomes
        assert (made.coverage.value, made.coverage.n) == (pytest.approx(2 / 3), 3)
        assert (made.durable.value, made.durable.n, made.durable.is_tentative) == (0.5, 2, True)
        assert [why for why, _ in made.reasons] == ["money"]
        assert (found.machine_score.value, found.machine_score.n) == (5.0, 1), (
            "a conversation of a person is not the machine's"
        )
        assert answer_outcomes.measured(snapshot_id()).outcomes.immature == 2
        assert list(answer_outcomes.latest()["status"]) == ["sent"] * 4
