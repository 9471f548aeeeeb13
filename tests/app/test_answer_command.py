"""`trustdesk answer`: its JSON, the merchant's own data and nobody else's, and one line for what can't be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.conftest import Invoke

KEYS = ["action", "text", "sentences", "reason", "confidence", "language", "engine", "note"]
LATE = "What is our late delivery rate, and which rate is allowed for parcels that arrive late?"


def test_a_request_for_a_person_needs_no_warehouse(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("answer", "a real person please", "--warehouse", tmp_path / "none", "--json")
    made = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(made) == KEYS
    assert (made["action"], made["reason"]) == ("hand_over", "asked_for_human")


def test_a_thread_that_was_handed_over_stays_silent(invoke: Invoke, tmp_path: Path) -> None:
    messages = [
        {"message_id": "m1", "author": "merchant", "text": "help"},
        {"message_id": "m2", "author": "agent", "text": "I am on it."},
    ]
    path = tmp_path / "thread.json"
    path.write_text(json.dumps({"ticket_id": "t", "messages": messages}, indent=2))
    made = json.loads(invoke("answer", LATE, "--thread", path, "--json").stdout)
    assert (made["action"], made["reason"], made["text"]) == ("hand_over", "already_handed_over", "")


def test_facts_are_the_named_merchants_own(demo_warehouse: Path, invoke: Invoke) -> None:
    from app.commands.plumbing import runtime
    from app.services.answering import own_facts
    from app.services.runtime import snapshot_id
    from app.services.warehouse import filter_options
    from llm.answer import asked

    with runtime(demo_warehouse):
        ids = sorted(filter_options(snapshot_id()).merchants)
        facts = {merchant: {f.fact_id: f.value for f in own_facts(merchant, asked(LATE))} for merchant in ids[:12]}
    assert all("merchant_name" in found for found in facts.values())
    assert len({found["merchant_name"] for found in facts.values()}) == len(facts)
    result = invoke("answer", LATE, "--merchant", ids[0], "--warehouse", demo_warehouse, "--json")
    assert json.loads(result.stdout)["action"] in {"answer", "hand_over"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[1]", "not one JSON object"),
        ("{", "not one JSON object"),
        ('{"ticket_id": "t", "messages": []}', "no message"),
        ('{"ticket_id": "t", "messages": [{"message_id": "question", "author": "bot", "text": "x"}]}', "otherwise"),
    ],
)
def test_a_thread_that_cant_be_read_is_one_line(invoke: Invoke, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "thread.json"
    path.write_text(content)
    result = invoke("answer", "When?", "--thread", path, "--json")
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_wrong_arguments_are_one_line(demo_warehouse: Path, invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "thread.json"
    thread = {"ticket_id": "t", "merchant_id": "M1", "messages": [{"message_id": "m", "author": "bot", "text": "x"}]}
    path.write_text(json.dumps(thread))
    at = ("--warehouse", demo_warehouse)
    for arguments, said in (
        (("answer", " "), "empty"),
        (("answer", "When?", "--thread", tmp_path / "none"), "not a file"),
        (("answer", "When?", "--merchant", "nobody-at-all", *at), "no merchant"),
        (("answer", "When?", "--merchant", "M2", "--thread", path, *at), "another's data"),
        (("answer", "x" * 100_001), "at most"),
    ):
        result = invoke(*arguments)
        assert result.exit_code == 1, arguments
        assert said in result.stderr
        assert result.stderr.strip().count("\n") == 0
