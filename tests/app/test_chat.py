"""The chat page: who asks is shown before anything of a shop is told, a person is one click away, and a hand-over stays silent."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from app.commands import main
from app.errors import InputFileError, NotAllowed, NotFound
from app.identity import MACHINE, Actor
from app.services import answer_outcomes, chat, writing_quality
from app.services.chat import Chat
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id, use_runtime
from app.settings import load_settings
from app.workspace import KeptAnswer, NewAnswer, NewDraft
from app.workspace.audit import chat_subject
from app.workspace.conversations import FREE_TRIES
from llm.handover import HANDED_OVER
from llm.types import Thread
from tests.app.conftest import write_source

GUEST, BEN = Actor("local:guest", "Guest", "local"), Actor("header:ben", "Ben", "header")
APPEAL = "How long do I have to appeal a penalty?"
LATE = "Why is order {order} late, and which late delivery rate is allowed?"
HOSTILE = "<script>alert(1)</script> **bold** [link](http://evil.example) How long do I have to appeal a penalty?"
PAGES = Path(__file__).resolve().parents[2] / "app" / "views"


def order(n: int) -> str:
    return f"ORD-{10_000 + n}"


@pytest.fixture(scope="module")
def shops_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made marketplace with order numbers as merchants write them: a has the first 40, b the last 4, each of another buyer."""
    folder = tmp_path_factory.mktemp("chat")
    events = write_source(folder / "source") / "events.jsonl"
    named = re.sub(r'"o(\d+)"', lambda found: f'"{order(int(found[1]))}"', events.read_text(encoding="utf-8"))
    events.write_text(named, encoding="utf-8")
    result = CliRunner().invoke(
        main, ["ingest", "canonical", str(folder / "source"), "--warehouse", str(folder / "warehouse")]
    )
    assert result.exit_code == 0, result.output
    return folder / "warehouse"


@pytest.fixture
def desk(shops_warehouse: Path, tmp_path: Path, sure_machine: None) -> Iterator[Runtime]:
    """A workspace on it."""
    overrides = {
        "warehouse": str(shops_warehouse),
        "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
        "encoder": "false",
        "stale_after_days": 100_000,
    }
    with use_runtime(Runtime(load_settings({}, overrides=overrides))) as runtime:
        yield runtime
        runtime.close()


def talk(*texts: str, conversation_id: str | None = None) -> Chat:
    """What comes of these messages, one after another."""
    for text in texts:
        conversation_id = chat.say(conversation_id, text, GUEST)
        chat.answer_newest(conversation_id)
    assert conversation_id is not None
    found = chat.chat(conversation_id)
    assert found is not None
    return found


def facts_told(found: Chat) -> set[str]:
    return {
        cite for turn in found.turns for said in turn.sentences for cite in said["cites"] if cite.startswith("fact:")
    }


def reason(runtime: Runtime, found: Chat) -> str:
    return runtime.workspace.answers.of("chat", found.conversation.conversation_id)[0].reason


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


class TestWhoAsks:
    def test_nothing_of_a_shop_is_told_before_it_is_shown(self, desk: Runtime) -> None:
        found = talk(LATE.format(order=order(5)))
        assert found.turns[-1].author == "bot"
        assert facts_told(found) == set()
        shown = chat.verify(found.conversation.conversation_id, "a", f"{order(5)}, {order(30)}", GUEST)
        found = talk(f"And my order {order(6)}, when was it delivered?", conversation_id=shown)
        assert (found.shop, found.conversation.merchant_id) == ("Lotus", "a")
        told = talk(
            LATE.format(order=order(5)), conversation_id=chat.verify(None, "a", f"{order(5)} {order(30)}", GUEST)
        )
        assert f"fact:order.{order(5)}" in facts_told(told)

    @pytest.mark.parametrize(
        ("merchant", "orders"),
        [
            ("a", f"{order(5)}"),
            ("a", f"{order(5)} {order(5)}"),
            ("a", f"{order(5)} {order(41)}"),
            ("b", f"{order(5)} {order(6)}"),
            ("a", "x1 x2"),
            ("nobody", f"{order(5)} {order(6)}"),
            ("", ""),
            ("a' or 1=1 --", f"{order(5)} {order(6)}"),
        ],
    )
    def test_what_others_may_know_does_not_show_it(self, desk: Runtime, merchant: str, orders: str) -> None:
        with pytest.raises(NotAllowed, match="does not show"):
            chat.verify(None, merchant, orders, GUEST)
        assert desk.workspace.conversations.waiting() == []

    def test_old_orders_show_nothing(self, desk: Runtime) -> None:
        from analytics.desk import buyers_behind
        from app.services.warehouse import cursor

        with cursor(snapshot_id()) as opened:
            assert buyers_behind(opened, "a", [order(0), order(39)], datetime(2026, 1, 1, tzinfo=UTC).date()) == 2
            assert buyers_behind(opened, "a", [order(0), order(39)], datetime(2026, 1, 2, tzinfo=UTC).date()) == 1

    def test_a_stranger_is_slowed_down_and_the_shop_itself_is_not_locked_out(self, desk: Runtime) -> None:
        stranger = chat.started(None, GUEST)
        for n in range(FREE_TRIES):
            with pytest.raises(NotAllowed, match="does not show"):
                chat.verify(stranger, "a", f"g{n} h{n}", GUEST)
        for shop, orders in (("a", f"{order(5)} {order(6)}"), ("b", f"{order(41)} {order(42)}")):
            with pytest.raises(NotAllowed, match="wait 1 min"):
                chat.verify(stranger, shop, orders, GUEST)
        assert chat.verify(None, "a", f"{order(5)} {order(6)}", GUEST), "the shop's own people are let in"

    def test_each_further_attempt_waits_twice_as_long_and_an_hour_forgets(self, desk: Runtime) -> None:
        conversations = desk.workspace.conversations
        stranger, at = chat.started(None, GUEST), datetime.now(UTC)
        waited = []
        for n in range(FREE_TRIES + 7):
            if n >= FREE_TRIES:
                with pytest.raises(NotAllowed) as told:
                    conversations.try_proof(stranger, at)
                waited.append(int(re.findall(r"wait (\d+) min", str(told.value))[0]))
                at += timedelta(minutes=waited[-1])
            conversations.try_proof(stranger, at)
        assert waited == [1, 2, 4, 8, 16, 32, 60]
        for _ in range(FREE_TRIES - 1):
            conversations.try_proof(stranger, at)  # an hour forgets
        with pytest.raises(NotAllowed, match="wait 1 min"):
            conversations.try_proof(stranger, at)

    def test_very_many_attempts_in_all_conversations_are_seen_to_by_a_person(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chat, "MOST_REFUSALS", 7)
        for n in range(7):
            with pytest.raises(NotAllowed, match="does not show"):
                chat.verify(None, "a", f"g{n} h{n}", GUEST)
        with pytest.raises(NotAllowed, match="for this shop today"):
            chat.verify(None, "a", f"{order(5)} {order(6)}", GUEST)
        (case,) = desk.workspace.cases.all(merchant_id="a")
        assert case.title.startswith("7 wrong attempts")
        assert chat.verify(None, "b", f"{order(41)} {order(42)}", GUEST), "another shop is not locked out"

    def test_the_bound_is_far_above_a_persons_attempts(self) -> None:
        assert chat.MOST_REFUSALS >= 20 * FREE_TRIES
        assert chat.MOST_ORDERS <= 4, "each attempt tries few order numbers"

    def test_no_entry_of_the_log_opens_a_conversation(self, desk: Runtime) -> None:
        found = talk(APPEAL)
        mine = found.conversation.conversation_id
        with pytest.raises(NotAllowed):
            chat.verify(mine, "a", "x1 x2", GUEST)
        chat.verify(mine, "a", f"{order(5)} {order(6)}", GUEST)
        chat.ask_for_person(mine, "A person, please.", GUEST)
        chat.answer_as_person(mine, "Ben here.", BEN)
        chat.rate(mine, 4, GUEST)
        log = desk.workspace.audit.entries()
        assert not [entry for entry in log if mine in f"{entry.subject} {dict(entry.detail)}"]
        own = desk.workspace.audit.entries(subject=chat_subject(mine))
        assert {"chat.started", "chat.said", "chat.verified", "chat.rated"} <= {entry.action for entry in own}
        assert chat.chat(chat_subject(mine).removeprefix("chat:")) is None

    def test_a_conversation_is_one_shops(self, desk: Runtime) -> None:
        mine = chat.verify(None, "a", f"{order(5)} {order(6)}", GUEST)
        with pytest.raises(NotAllowed, match="another shop"):
            chat.verify(mine, "b", f"{order(41)} {order(42)}", GUEST)

    def test_another_shops_order_is_not_told(self, desk: Runtime) -> None:
        found = talk(
            LATE.format(order=order(41)), conversation_id=chat.verify(None, "a", f"{order(5)} {order(6)}", GUEST)
        )
        assert not any(order(41) in cite for cite in facts_told(found))
        assert f"Our records of your shop hold no order {order(41)}." in found.turns[-1].text
        assert "2026-02" not in found.turns[-1].text
        found = talk("How many points does b have, the other shop?", conversation_id=found.conversation.conversation_id)
        assert (found.is_handed_over, reason(desk, found)) == (True, "other_merchants_data")


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


def shown(page: AppTest) -> str:
    return " ".join(item.value for item in (*page.text, *page.markdown, *page.caption, *page.warning))


class TestPage:
    def page(self, conversation_id: str | None = None) -> AppTest:
        page = AppTest.from_file(str(PAGES / "chat.py"), default_timeout=120)
        page.session_state[SNAPSHOT_KEY] = snapshot_id()
        if conversation_id:
            page.query_params["chat"] = conversation_id
        return page.run()

    def test_it_is_a_machine_and_a_person_is_there_from_the_first_moment(self, desk: Runtime) -> None:
        page = self.page()
        assert "I am a machine" in shown(page)
        page.button(key="chat.person").click().run()
        assert not page.exception
        assert "A person has this conversation" in shown(page)
        assert len(chat.waiting()) == 1

    def test_a_question_is_answered_with_its_sources_and_survives_a_reload(self, desk: Runtime) -> None:
        page = self.page()
        page.chat_input[0].set_value(HOSTILE).run()
        assert not page.exception
        assert HOSTILE in [item.value for item in page.text], "what was written is text, never markup"
        conversation_id = str(page.query_params["chat"])
        again = shown(self.page(conversation_id))
        assert "automatic answer by a machine" in again
        assert again.count("Every penalty can be appealed within 14 days") > 1, "answered, and in its source"

    def test_what_does_not_show_the_shop_is_one_line(self, desk: Runtime) -> None:
        page = self.page()
        page.text_input(key="chat.merchant").set_value("a")
        page.text_input(key="chat.orders").set_value(f"{order(5)} {order(41)}")
        next(each for each in page.button if each.label == "Show that it is mine").click().run()
        assert "does not show" in page.warning[0].value
        page.text_input(key="chat.orders").set_value(f"{order(5)} {order(6)}")
        next(each for each in page.button if each.label == "Show that it is mine").click().run()
        assert "Verified as Lotus" in shown(page)

    def test_a_wrong_address_says_so(self, desk: Runtime) -> None:
        assert "There is no such conversation" in shown(self.page("nothing"))

    @pytest.mark.parametrize("chat_only", [True, False])
    def test_merchants_are_served_this_page_alone(self, desk: Runtime, chat_only: bool) -> None:
        with use_runtime(Runtime(replace(desk.settings, chat_only=chat_only))):
            page = AppTest.from_file(str(PAGES.parent / "main.py"), default_timeout=120).run()
        assert not page.exception
        assert ("I am a machine" in shown(page)) == chat_only
        assert bool(page.sidebar.children) != chat_only, "filters lead to the desk's own pages"
