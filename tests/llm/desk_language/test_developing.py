"""What was found in the sentences to develop on stays found: reproach by its turn, aspects of reviews."""

import json
from pathlib import Path
from typing import Any

import pytest

from llm.aspects import aspects_of
from llm.grounding import EvidenceBook, check_sentence
from llm.knowledge import Knowledge
from llm.types import Sentence

DATA = Path(__file__).resolve().parents[3] / "data" / "developing"
LET_THROUGH = {"Reading the label before printing it would have taken ten seconds."}


def records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_reproach_is_told_from_what_only_sounds_like_them() -> None:
    cases = [case for case in records("checks") if case["check"] == "blame"]
    book, wrong = EvidenceBook(), set()
    for case in cases:
        text = str(case["sentence"])
        checks = check_sentence(Sentence(text, ()), book, language=str(case["language"]))
        held = any(not check.passed for check in checks if check.name == "no_blame")
        if held == case["passes"]:
            wrong.add(text)
    assert wrong <= LET_THROUGH
    assert len(cases) == 96


def test_most_aspects_of_the_reviews_are_found(knowledge: Knowledge) -> None:
    right = found = there = 0
    for case in records("reviews"):
        told = {(a.name, a.polarity) for a in aspects_of(case["text"], knowledge.taxonomy, case["stars"])}
        labels = set(case["aspects"].items())
        right, found, there = right + len(told & labels), found + len(told), there + len(labels)
    assert right / there >= 0.85
    assert right / found >= 0.8


@pytest.mark.parametrize(("text", "polarity"), [("It took three long weeks.", "negative"), ("Took no time.", None)])
def test_a_phrase_may_have_a_gap(knowledge: Knowledge, text: str, polarity: str | None) -> None:
    told = {a.name: a.polarity for a in aspects_of(text, knowledge.taxonomy)}
    assert told.get("logistics") == polarity
