"""The labelled cases: format, counts, halves, citations that exist, nothing doubled, nothing taken from the corpus."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
SETS = ("checks", "questions", "conversations", "triage", "money")
LANGUAGES = ("en", "zh-Hans")
CHECKS = ("figures", "source", "promise", "compensation", "privacy", "blame", "language", "merchant")
STYLES = {"keyword", "sentence", "muddled", "colloquial", "typo"}
REASONS = {
    "answer": {"known"},
    "ask": {"ambiguous"},
    "hand_over": {
        "asked_for_human",
        "frustrated",
        "repeated",
        "sensitive",
        "money",
        "unsure",
        "self_harm",
        "legal",
        "abuse",
        "other_merchants_data",
    },
}
FIELDS = {"orders", "amounts", "dates", "carriers", "asks"}
STRETCH = {"en": 40, "zh-Hans": 18}  # characters in a row that no case may have in common with the corpus

Case = dict[str, Any]


@cache
def cases(name: str) -> tuple[Case, ...]:
    """The cases of one set, in the file's order."""
    lines = (DATA / "labelled" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def passages() -> frozenset[str]:
    """The citations `article:ID#n` of the knowledge: the nth paragraph after the front matter, in each language alike."""
    found: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    for path in (DATA / "knowledge" / "articles").glob("*.md"):
        article, language, _ = path.name.split(".")
        body = path.read_text(encoding="utf-8").split("+++")[2]
        paragraphs = [part for part in body.split("\n\n") if part.strip()]
        found[language] |= {f"article:{article}#{n}" for n in range(1, len(paragraphs) + 1)}
    assert found["en"] == found["zh-Hans"]
    return frozenset(found["en"])


@cache
def taxonomy() -> dict[str, Any]:
    """The intents and urgency levels that messages are labelled with."""
    return tomllib.loads((DATA / "knowledge" / "taxonomy.toml").read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """A text without marks, line ends and case, to be compared."""
    return re.sub(r"\s+", " ", re.sub(r"\{\w+\|([^|{}]*)(\|[^{}]*)?\}", r"\1", text)).strip().casefold()


def wording(case: Case) -> list[str]:
    """The texts of a case that were written for it."""
    thread = case.get("ticket", case).get("messages", [])
    return [case[key] for key in ("sentence", "text", "reply") if key in case] + [message["text"] for message in thread]


@cache
def articles() -> dict[tuple[str, str], str]:
    """The plain text of each article, by id and language."""
    paths = [(path.name.split("."), path) for path in (DATA / "knowledge" / "articles").glob("*.md")]
    return {(name[0], name[1]): plain(path.read_text(encoding="utf-8")) for name, path in paths}


@cache
def corpus() -> str:
    """All messages and reply sentences of the written threads, the written askings and the taxonomy's examples, plain, one a line."""
    texts = [text for intent in taxonomy()["intent"] for examples in intent["examples"].values() for text in examples]
    for path in sorted((DATA / "corpus" / "threads").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            thread = json.loads(line)
            texts += [message["text"] for message in thread["messages"]]
            texts += [sentence["text"] for reply in thread["replies"] for sentence in reply["sentences"]]
    for path in sorted((DATA / "corpus" / "askings").glob("*.jsonl")):
        texts += [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    return "\n".join(plain(text) for text in texts)


def stretches(name: str, size: int) -> dict[str, str]:
    """Every stretch that counts as copied, of the cases of one set, and whose it is: of 40, or of 18 with Chinese in it; policy apart."""
    policy = "\n".join(articles().values())
    texts = [(case["id"], plain(text)) for case in cases(name) for text in wording(case)]
    found = {text[at : at + size]: owner for owner, text in texts for at in range(len(text) - size + 1)}
    return {
        part: owner
        for part, owner in found.items()
        if (size == STRETCH["en"] or re.search("[一-鿿]", part)) and part not in policy
    }


def copied(name: str, text: str) -> dict[str, str]:
    """The cases of one set that share a stretch with `text`, and which."""
    ours = {size: stretches(name, size) for size in STRETCH.values()}
    return {
        own[part]: part
        for size, own in ours.items()
        for at in range(len(text) - size + 1)
        if (part := text[at : at + size]) in own
    }


def by_language(found: tuple[Case, ...]) -> Counter[str]:
    """How many cases each language has."""
    return Counter(case["language"] for case in found)


@pytest.mark.parametrize("name", SETS)
def test_ids_are_unique_and_languages_known(name: str) -> None:
    found = cases(name)
    assert len({case["id"] for case in found}) == len(found)
    assert set(by_language(found)) == set(LANGUAGES)


@pytest.mark.parametrize("name", SETS)
def test_no_case_stands_twice(name: str) -> None:
    seen = Counter(json.dumps({key: case[key] for key in case if key not in ("id", "why")}) for case in cases(name))
    assert [case for case, count in seen.items() if count > 1] == []
    said = Counter((case.get("check"), tuple(plain(text) for text in wording(case))) for case in cases(name))
    assert [text for text, count in said.items() if count > 1] == []


@pytest.mark.parametrize("name", SETS)
def test_halves_of_each_language_differ_by_few(name: str) -> None:
    counts = by_language(cases(name))
    assert abs(counts["en"] - counts["zh-Hans"]) <= 0.03 * len(cases(name))


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_taken_from_the_corpus(name: str) -> None:
    lines = set(corpus().split("\n"))
    said = {plain(words): case["id"] for case in cases(name) for words in wording(case)}
    assert [owner for words, owner in said.items() if len(words) >= 10 and words in lines] == []
    assert copied(name, corpus()) == {}


def test_no_reply_with_money_is_taken_from_the_phrasings() -> None:
    lines = (DATA / "knowledge" / "phrasings.jsonl").read_text(encoding="utf-8").splitlines()
    assert copied("money", "\n".join(plain(line) for line in lines)) == {}


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_has_its_cases_half_of_which_pass(check: str) -> None:
    found = [case for case in cases("checks") if case["check"] == check]
    assert len(found) >= 56
    parts = Counter((case["language"], case["passes"]) for case in found)
    assert {parts[language, passes] for language in LANGUAGES for passes in (True, False)} == {len(found) // 4}


def test_checks_cite_what_their_brief_holds() -> None:
    for case in cases("checks"):
        assert case["check"] in CHECKS
        assert set(case["articles"]) <= passages(), case["id"]
        messages = {f"message:{message['message_id']}" for message in case["ticket"]["messages"]}
        facts = {f"fact:{fact['fact_id']}" for fact in case["facts"]}
        assert set(case["cites"]) <= messages | facts | set(case["articles"]), case["id"]
        assert all((case["cites"], case["why"], isinstance(case["passes"], bool))), case["id"]


def test_questions_name_passages_that_exist() -> None:
    found = cases("questions")
    assert len(found) >= 170
    assert sum(not case["relevant"] for case in found) >= 30
    for case in found:
        assert case["style"] in STYLES, case["id"]
        assert case["text"].strip(), case["id"]
        assert set(case["relevant"]) <= passages(), case["id"]


def test_every_article_is_asked_about_in_both_languages() -> None:
    known = {passage.split("#")[0] for passage in passages()}
    for language in LANGUAGES:
        asked = {
            passage.split("#")[0]
            for case in cases("questions")
            if case["language"] == language
            for passage in case["relevant"]
        }
        assert known - asked == set(), language


def test_questions_do_not_copy_the_passage_they_ask_for() -> None:
    for case in cases("questions"):
        size, text = (26 if case["language"] == "en" else 8), plain(case["text"])
        parts = {text[at : at + size] for at in range(len(text) - size + 1)}
        for passage in case["relevant"]:
            article = articles()[passage.removeprefix("article:").split("#")[0], case["language"]]
            assert not any(part in article for part in parts), case["id"]


def test_conversations_end_with_the_merchant_and_say_what_is_expected() -> None:
    found = cases("conversations")
    assert len(found) >= 120
    for case in found:
        assert case["messages"][-1]["author"] == "merchant", case["id"]
        assert case["reason"] in REASONS[case["expected"]], case["id"]
        assert set(case["relevant"]) <= passages(), case["id"]
        assert case["relevant"] or case["expected"] != "answer", case["id"]
        assert not set(case["must_include"]) & set(case["must_not_include"]), case["id"]
        times = [message["sent_at"] for message in case["messages"]]
        assert times == sorted(times), case["id"]
        assert len({message["message_id"] for message in case["messages"]}) == len(times), case["id"]


def test_conversations_are_shared_out_as_described() -> None:
    share = Counter(case["expected"] for case in cases("conversations"))
    total = len(cases("conversations"))
    for expected, wanted in (("answer", 0.45), ("ask", 0.15), ("hand_over", 0.40)):
        assert abs(share[expected] / total - wanted) <= 0.04, share
    assert {case["reason"] for case in cases("conversations")} == set().union(*REASONS.values())


def test_messages_carry_labels_of_the_taxonomy() -> None:
    found = cases("triage")
    intents = {intent["id"] for intent in taxonomy()["intent"]}
    levels = {level["id"] for level in taxonomy()["urgency"]}
    assert len(found) >= 200
    for case in found:
        assert set() < set(case["intents"]) <= intents, case["id"]
        assert case["urgency"] in levels, case["id"]
        assert case["sentiment"] in (-1, 0, 1), case["id"]
        assert case["satisfaction"] in range(1, 6), case["id"]
    for language in LANGUAGES:
        assert {intent for case in found if case["language"] == language for intent in case["intents"]} == intents
    assert {case["urgency"] for case in found} == levels


def test_fields_of_messages_stand_in_the_text() -> None:
    for case in cases("triage"):
        assert set(case["fields"]) == FIELDS, case["id"]
        for values in case["fields"].values():
            assert all(value and value in case["text"] for value in values), case["id"]


def test_replies_with_money_are_half_and_half_and_say_why() -> None:
    for case in cases("money"):
        assert set(case) == {"id", "language", "reply", "commits_money", "why"}, case["id"]
        assert case["reply"].strip(), case["id"]
        assert case["why"].strip(), case["id"]
    parts = Counter((case["language"], case["commits_money"]) for case in cases("money"))
    assert parts == dict.fromkeys(((language, commits) for language in LANGUAGES for commits in (True, False)), 50)
