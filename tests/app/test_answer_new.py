"""`trustdesk answer --new`: each open thread is decided on once, answers wait for a person unless a setting sends them, and what is a person's stays so."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from streamlit.testing.v1 import AppTest

from analytics import threads
from app.commands import main
from app.errors import SendFailed
from app.identity import MACHINE, Actor
from app.services import answer_outcomes, issues, knowledge, reply, unanswered, writing_quality
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id, use_runtime
from app.settings import load_settings
from app.workspace import NewDraft, outbox
from app.workspace.audit import text_hash
from app.workspace.channels import Reply
from llm.types import Message, Thread
from tests.app.conftest import write_source

ANN = Actor("local:ann", "Ann", "local")
PAGES = Path(__file__).resolve().parents[2] / "app" / "views"
HOOK = "https://desk.example/replies"
OPENED = datetime(2026, 2, 10, 8, tzinfo=UTC)
APPEAL = "How long do I have to appeal a penalty?"
THREADS: dict[str, list[tuple[str, str]]] = {
    "t-appeal": [("merchant", APPEAL), ("bot", "We have received your message.")],
    "t-money": [("merchant", "Please refund us the commission.")],
    "t-law": [("merchant", "我要起诉你们")],
    "t-vague": [("merchant", "Hello?")],
    "t-html": [("merchant", "<b>How long</b> do I have to **appeal** a penalty? <script>x</script>")],
    "t-person": [("merchant", APPEAL), ("agent", "I look into it."), ("merchant", APPEAL)],
    "t-buyer": [("merchant", APPEAL), ("buyer", "And what does it mean for my order?")],
    "t-answered": [("merchant", APPEAL), ("bot", "I am a machine, and I pass this to a person."), ("merchant", APPEAL)],
    "t-blank": [("merchant", " ")],
    "t-done": [("merchant", APPEAL)],
}
DECIDED = {"t-appeal": "draft", "t-money": "noted", "t-law": "noted", "t-vague": "draft", "t-html": "draft"}
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def threads_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made marketplace with tickets of merchant a, opened an hour after each other."""
    folder = tmp_path_factory.mktemp("answer-new")
    source = write_source(folder / "source")
    tickets, messages = [], []
    for place, (ticket_id, said) in enumerate(THREADS.items()):
        opened = OPENED + timedelta(hours=place)
        tickets.append(
            {
                "ticket_id": ticket_id,
                "merchant_id": "a",
                "opened_by": "merchant",
                "opened_at": opened.isoformat(),
                "subject": ticket_id,
                "csat_score": {"t-person": 4, "t-done": 1, "t-appeal": 5}.get(ticket_id),
                "status": "resolved" if ticket_id == "t-done" else "open",
                "updated_at": opened.isoformat(),
            }
        )
        messages += [
            {
                "message_id": f"{ticket_id}-{n}",
                "ticket_id": ticket_id,
                "sent_at": (opened + timedelta(minutes=n)).isoformat(),
                "author": author,
                "text": text,
            }
            for n, (author, text) in enumerate(said)
        ]
    for name, rows in (("tickets", tickets), ("messages", messages)):
        (source / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    root = folder / "warehouse"
    result = CliRunner().invoke(main, ["ingest", "canonical", str(source), "--warehouse", str(root)])
    assert result.exit_code == 0, result.output
    return root


@pytest.fixture
def desk(
    threads_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sure_machine: None
) -> Iterator[Runtime]:
    """Commands and services on one workspace."""
    settings = {
        "WAREHOUSE": str(threads_warehouse),
        "WORKSPACE_URL": f"sqlite:///{tmp_path}/workspace.sqlite",
        "ENCODER": "false",
        "STALE_AFTER_DAYS": "100000",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"TRUSTDESK_{name}", value)
    with use_runtime(Runtime(load_settings())) as runtime:
        yield runtime
        runtime.close()


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTDESK_WEBHOOK_ALLOW", HOOK)
    monkeypatch.setenv("TRUSTDESK_ANSWER_WEBHOOK", HOOK)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["answer", *arguments])


def lines(result: Result) -> dict[str, dict[str, object]]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert len({line["ticket_id"] for line in found}) == len(found)
    return {line["ticket_id"]: line for line in found}


def test_each_thread_is_decided_on_once_and_nothing_is_sent(desk: Runtime) -> None:
    first = run("--new", "--json")
    assert first.exit_code == 0, first.output
    made = lines(first)
    assert {ticket: line["status"] for ticket, line in made.items()} == DECIDED
    assert list(made) == list(DECIDED), "those that wait longest come first"
    assert (made["t-money"]["reason"], made["t-law"]["reason"], made["t-law"]["language"]) == (
        "money",
        "legal",
        "zh-Hans",
    )
    draft = reply.current_draft("t-appeal")
    assert draft is not None
    assert (draft.status, draft.author_name, draft.text) == ("draft", MACHINE.name, made["t-appeal"]["text"])
    assert {str(check["name"]) for check in draft.checks if not check["passed"]} == set()
    assert all(sentence["cites"] for sentence in draft.sentences)
    assert reply.current_draft("t-money") is None
    (note,) = desk.workspace.answers.of("ticket", "t-money")
    assert "money" in note.note
    assert desk.workspace.outbox.all() == []
    assert answer_outcomes.measured(snapshot_id(), in_eight_days()).outcomes.durable.n == 0, (
        "nothing has reached anybody"
    )
    again = run("--new", "--json")
    assert (again.exit_code, again.stdout) == (0, "")
    assert desk.workspace.audit.verify().passed


def test_every_decision_is_on_record_with_its_evidence_once(desk: Runtime) -> None:
    run("--new", "--json")
    run("--new", "--json")
    made = {one.ticket_id: one for one in desk.workspace.generations.all()}
    assert len(desk.workspace.generations.all()) == len(DECIDED)
    assert set(made) == set(DECIDED)
    draft = reply.current_draft("t-appeal")
    assert draft is not None
    answer = made["t-appeal"]
    assert (answer.kind, answer.draft_id, answer.draft_version) == ("answer", draft.draft_id, 1)
    assert (answer.output_sha256, answer.options["action"]) == (text_hash(draft.text), "answer")
    assert {cite for said in draft.sentences for cite in said["cites"]} <= set(answer.evidence)
    assert made["t-money"].draft_id is None
    opened = writing_quality.opened(snapshot_id(), answer.generation_id, ANN)
    assert opened.answered == draft.text
    assert opened.asked.startswith(f"merchant: {APPEAL}")


def test_many_drafts_hide_none(desk: Runtime) -> None:
    passage = "article:late_dispatch#1"
    new = NewDraft("t-done", "a", "s", "macro", "en", "Dear shop.", [{"text": "Dear shop.", "cites": [passage]}])
    first = desk.workspace.drafts.create(replace(new, ticket_id="t-person"), ANN)
    for _ in range(500):
        desk.workspace.drafts.create(new, ANN)
    assert reply.draft_statuses()["t-person"] == first.status
    (item,) = (one for one in knowledge.items() if one.item_id == "late_dispatch.en")
    assert item.cited == 501


def test_the_agent_who_opens_a_thread_sees_why_it_is_theirs(desk: Runtime) -> None:
    run("--new", "--json")
    page = AppTest.from_file(str(PAGES / "reply_desk.py"), default_timeout=120)
    page.session_state[SNAPSHOT_KEY] = snapshot_id()
    page.query_params["ticket"] = "t-law"
    page.run()
    assert not page.exception
    said = " ".join(item.value for item in (*page.markdown, *page.text))
    assert "Handed over by the machine: lawyers, courts or authorities" in said
    assert "your legal team answers" in said
    assert "原因：legal" in " ".join(item.value for item in page.caption)
    page.query_params["ticket"] = "t-appeal"
    assert "Handed over" not in " ".join(item.value for item in page.run().markdown)


def test_markup_never_gets_into_an_answer(desk: Runtime) -> None:
    made = lines(run("--new", "--json"))
    assert "<" not in str(made["t-html"]["text"])


def test_a_pass_may_be_short_and_the_next_goes_on(desk: Runtime) -> None:
    assert list(lines(run("--new", "--limit", "2", "--json"))) == ["t-appeal", "t-money"]
    assert list(lines(run("--new", "--json"))) == ["t-law", "t-vague", "t-html"]


def test_a_thread_that_a_person_is_at_is_left_alone(desk: Runtime) -> None:
    asked = reply.brief(snapshot_id(), "t-appeal")
    assert asked is not None
    reply.keep(snapshot_id(), "a", asked, reply.write_now(asked), ANN)
    assert "t-appeal" not in lines(run("--new", "--json"))


def test_what_the_merchant_adds_is_decided_anew_and_the_old_draft_put_away(desk: Runtime) -> None:
    lines(run("--new", "--json"))
    old = reply.current_draft("t-vague")
    longer = further("t-vague", APPEAL)
    assert old is not None
    assert unanswered.answer_ticket(snapshot_id(), longer)["action"] == "answer"
    assert desk.workspace.drafts.get(old.draft_id).status == "discarded"
    assert unanswered.answer_ticket(snapshot_id(), longer)["status"] == "done_before"


def test_a_hand_over_stays_silent_whatever_follows(desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    lines(run("--new", "--json"))
    longer = {ticket_id: further(ticket_id, APPEAL) for ticket_id in ("t-money", "t-vague")}
    read = threads.open_tickets

    def as_if_they_wrote_again(*arguments: Any, **options: Any) -> pd.DataFrame:
        found = read(*arguments, **options)
        return found.assign(last_asked_at=found["last_asked_at"] + pd.Timedelta(days=1))

    monkeypatch.setattr(threads, "open_tickets", as_if_they_wrote_again)
    monkeypatch.setattr(issues, "threads_of", lambda _snapshot, ids: [longer[one] for one in ids if one in longer])
    assert [thread.ticket_id for thread in unanswered.unanswered(snapshot_id())] == ["t-vague"]


def in_eight_days() -> datetime:
    return datetime.now(UTC) + timedelta(days=8)


def further(ticket_id: str, text: str) -> Thread:
    thread = issues.thread(snapshot_id(), ticket_id)
    assert thread is not None
    message = Message(f"{ticket_id}-new", OPENED + timedelta(days=1), "merchant", text)
    return replace(thread, messages=(*thread.messages, message))


class Receiver:
    """Stands for the channel: takes replies, or refuses as scripted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *faults: BaseException) -> None:
        self.taken: list[tuple[str, str]] = []
        self.faults = list(faults)
        monkeypatch.setattr("app.workspace.channels.post", self.post)

    def post(self, url: str, reply: Reply, *, key: str, **_: object) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.taken.append((reply.ticket_id, key))
        return "200 OK"


@pytest.mark.usefixtures("sending")
class TestSending:
    def test_answers_and_hand_overs_leave_in_the_machines_name(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        receiver = Receiver(monkeypatch)
        made = lines(run("--new", "--json"))
        assert {line["status"] for line in made.values()} == {"sent"}
        assert [ticket for ticket, _ in receiver.taken] == list(DECIDED)
        (draft,) = desk.workspace.drafts.of_ticket("t-money")
        assert (draft.status, draft.approved_by) == ("sent", MACHINE.name)
        assert reply.draft_statuses() == {"t-appeal": "sent", "t-vague": "sent", "t-html": "sent"}, (
            "a hand-over answers nothing"
        )
        assert reply.current_draft("t-money") is None
        assert "pass this to a person" in draft.text
        asked = reply.brief(snapshot_id(), "t-money")
        assert asked is not None
        by_ann = reply.keep(snapshot_id(), "a", asked, reply.write_now(asked), ANN)
        assert reply.current_draft("t-money") == by_ann
        assert run("--new", "--json").stdout == ""
        assert len(receiver.taken) == len(DECIDED)

    def test_what_decides_over_money_waits_for_people(self, desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        receiver = Receiver(monkeypatch)
        answered = unanswered.answer_thread

        def promising(thread: Thread, facts: Any) -> Any:
            made = answered(thread, facts)
            return replace(made, text="We will refund you USD 20.") if thread.ticket_id == "t-appeal" else made

        monkeypatch.setattr(unanswered, "answer_thread", promising)
        made = lines(run("--new", "--json"))
        assert {ticket for ticket, line in made.items() if line["status"] == "draft"} == {"t-appeal"}
        assert "t-appeal" not in [ticket for ticket, _ in receiver.taken]
        assert run("--new", "--json").stdout == ""
        draft = reply.current_draft("t-appeal")
        assert draft is not None
        assert draft.status == "draft"

    def test_outcomes_count_what_left_by_itself(self, desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        Receiver(monkeypatch)
        run("--new", "--json")
        found = answer_outcomes.measured(snapshot_id(), in_eight_days())
        assert (found.outcomes.coverage.value, found.outcomes.coverage.n) == (0.4, 5)
        assert (found.outcomes.durable.value, found.outcomes.durable.n) == (1.0, 2)
        assert (found.machine_score.value, found.human_score.value) == (5.0, 4.0), "nobody answered t-done"
        by_ann = reply.brief(snapshot_id(), "t-appeal")
        assert by_ann is not None
        draft = reply.keep(snapshot_id(), "a", by_ann, reply.write_now(by_ann), ANN)
        reply.send(reply.approve(draft, draft.text, by_ann, ANN), "copy", "Lotus", "", ANN)
        assert answer_outcomes.measured(snapshot_id(), in_eight_days()).outcomes.durable.value == 0.5

    def test_what_the_channel_refused_is_tried_again_and_sent_once(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        receiver = Receiver(monkeypatch, SendFailed("the channel is down"))
        failed = run("--new", "--limit", "1", "--json")
        assert failed.exit_code == 1
        assert json.loads(failed.stdout)["error"]["code"] == "send_failed"
        assert lines(run("--new", "--limit", "1", "--json"))["t-appeal"]["status"] == "sent"
        run("--new", "--json")
        assert [ticket for ticket, _ in receiver.taken].count("t-appeal") == 1

    def test_a_kill_while_sending_loses_nothing_and_doubles_nothing(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        receiver = Receiver(monkeypatch, SystemExit(9))
        run("--new", "--limit", "1", "--json")
        assert len(desk.workspace.answers.of("ticket", "t-appeal")) == 1
        monkeypatch.setattr(
            outbox, "QUEUED_FOR", timedelta(0)
        )  # as if the minute in which it may be on its way had passed
        run("--new", "--json")
        run("--new", "--json")
        assert sorted(ticket for ticket, _ in receiver.taken) == sorted(DECIDED)
        assert len(desk.workspace.answers.of("ticket", "t-appeal")) == 1

    def test_a_channel_that_stays_down_is_not_tried_for_ever(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Receiver(monkeypatch, *(SendFailed("down") for _ in range(99)))
        for _ in range(unanswered.MOST_ATTEMPTS + 2):
            run("--new", "--limit", "1", "--json")
        draft = reply.current_draft("t-appeal")
        assert draft is not None
        assert len(desk.workspace.outbox.all(draft_id=draft.draft_id)) == unanswered.MOST_ATTEMPTS
        assert draft.status == "approved"

    def test_what_was_sent_is_part_of_the_thread_until_the_source_holds_it(
        self, desk: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Receiver(monkeypatch)
        said = lines(run("--new", "--json"))["t-appeal"]["text"]
        longer = further("t-appeal", APPEAL)
        seen = unanswered._to_answer(longer)
        assert seen is not None
        assert [m.author for m in seen.messages] == ["merchant", "bot", "bot", "merchant"]
        assert said in [m.text for m in seen.messages]
        made = unanswered.answer_ticket(snapshot_id(), seen)
        assert (made["action"], made["reason"]) == ("hand_over", "repeated"), "the same question again is no loop"
        loaded = replace(
            longer, messages=(*longer.messages[:-1], Message("b", OPENED, "bot", str(said)), longer.messages[-1])
        )
        again = unanswered._to_answer(loaded)
        assert again is None or [m.text for m in again.messages].count(str(said)) == 1


def test_an_address_that_is_not_allowed_is_one_line(desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTDESK_ANSWER_WEBHOOK", "https://evil.example")
    result = run("--new")
    assert result.exit_code == 1
    assert "webhook_allow" in result.stderr
    assert result.stderr.strip().count("\n") == 0
    assert desk.workspace.answers.newest() == {}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--new", "When?"),
        ("--new", "--merchant", "a"),
        ("When?", "--limit", "3"),
        ("When?", "--every", "3"),
        ("--new", "--limit", "0"),
    ],
)
def test_what_does_not_fit_together_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_it_goes_round_until_it_is_stopped(desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            raise KeyboardInterrupt

    module = importlib.import_module("app.commands.answer")
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(module.signal, "signal", lambda *_: None)
    result = run("--new", "--every", "60", "--json")
    assert (result.exit_code, waited) == (0, [60, 60])
    assert set(lines(result)) == set(DECIDED)
    assert "Stopped" in result.stderr
