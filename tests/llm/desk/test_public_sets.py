"""Public dialogues as cases: what is cut, which reference counts, and what is said of a file that is no such set."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from llm.desk.evaluate import Writers
from llm.desk.prompt import REPLY, SUMMARY
from llm.desk.public_sets import compared, helpdesk, judged_cases, tweetsumm
from llm.errors import InputError
from llm.knowledge import Knowledge
from llm.triage import triage_of
from llm.types import IssueBrief, Sentence


def dialogue(name: str, *turns: tuple[str, str], **more: object) -> dict[str, object]:
    messages = [
        {"message_id": f"m{n}", "sent_at": None, "author": author, "text": text}
        for n, (author, text) in enumerate(turns, start=1)
    ]
    return {"ticket_id": name, "merchant_id": "unknown", "messages": messages, **more}


def write(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path.parent


def test_a_helpdesk_dialogue_ends_before_its_agents_last_answer(tmp_path: Path) -> None:
    turns = (
        ("buyer", "Slow!"),
        ("agent", "Where?"),
        ("buyer", "Home."),
        ("agent", "A visit is due."),
        ("agent", "Bye."),
    )
    rows = [
        dialogue("T-1", *turns, language="en"),
        dialogue("T-2", ("agent", "Hello."), ("buyer", "Well?"), language="en"),
    ]
    [case] = helpdesk(write(tmp_path / "threads.ndjson", rows))
    assert (case.task, case.language, case.references) == (REPLY, "en", ("A visit is due.",))
    assert [message.text for message in case.thread.messages] == ["Slow!", "Where?", "Home."]


def test_the_best_reference_counts_and_the_difference_is_said(tmp_path: Path, knowledge: Knowledge) -> None:
    rows = [
        dialogue(f"T-{n}", ("buyer", "My router is slow."), references=["the router", "the router is very slow"])
        for n in range(3)
    ]
    cases = tweetsumm(write(tmp_path / "valid.ndjson", rows))

    def saying(text: str) -> list[Sentence]:
        return [Sentence(text, ("message:m1",))]

    def whole(brief: IssueBrief) -> list[Sentence]:
        assert brief.language == "en"
        return saying("The router is very slow")

    writers: Writers = {SUMMARY: {"extractive": lambda _: saying("the cable"), "desk": whole}}
    found = list(compared(list(judged_cases(cases, writers, knowledge, triage_of(knowledge.taxonomy)))))
    by_writer = {line["writer"]: line for line in found}
    assert (by_writer["desk"]["n"], by_writer["desk"]["rouge_l"]) == (3, 1.0)
    assert by_writer["extractive"]["rouge_l"] == 0.5  # "the" of "the router"
    assert (by_writer["desk"]["more"], by_writer["desk"]["more_ci_low"]) == (0.5, 0.5)
    assert "more" not in by_writer["extractive"]


def test_a_file_that_is_no_such_set_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^[^\n]*valid\.ndjson[^\n]*$"):
        tweetsumm(tmp_path)
    (tmp_path / "valid.ndjson").write_text("{}\n", "utf-8")
    with pytest.raises(InputError, match=r"^[^\n]*line 1: lacks 'references'[^\n]*$"):
        tweetsumm(tmp_path)
    (tmp_path / "threads.ndjson").write_text("nothing\n", "utf-8")
    with pytest.raises(InputError, match=r"^[^\n]*line 1: is no JSON[^\n]*$"):
        helpdesk(tmp_path)
