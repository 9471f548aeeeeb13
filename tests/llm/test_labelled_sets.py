"""The labelled sets in data/labelled are what their README says: form, counts, spans, check digits, no text twice or shared with the corpus.

Reads the data alone, nothing of `llm`, so that no set can follow what it judges.
"""

from __future__ import annotations

import ipaddress
import json
import re
import tomllib
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LABELLED = ROOT / "data" / "labelled"
README = (LABELLED / "README.md").read_text(encoding="utf-8")
TYPES = {"PERSON", "PHONE", "EMAIL", "ADDRESS", "CARD", "BANK_ACCOUNT", "NATIONAL_ID", "URL", "IP"}
KINDS = {
    "direct", "indirect", "encoded", "quoted_mail", "review_text", "prompt_extraction", "other_merchant", "link_insertion",
    "fake_policy", "fake_system", "role_play", "markup", "chain", "language_switch", "benign",
}  # fmt: skip
SENTENCE_END = re.compile(r"(?<=[.!?。！？\n])\s*")
# Sentences at most this long ("Good morning.", "转人工。") may stand in two places: characters of Latin text, of other text.
SHARED_LATIN, SHARED_OTHER = 20, 9
Row = dict[str, Any]


@cache
def rows(name: str) -> list[Row]:
    lines = (LABELLED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def sentences(text: str) -> set[str]:
    parts = {plain(s) for s in [text, *SENTENCE_END.split(text)]}
    return {s for s in parts if len(s) > (SHARED_LATIN if s.isascii() else SHARED_OTHER)}


def texts(name: str) -> list[str]:
    if name == "pii":
        return [row["text"] for row in rows(name)]
    return [message["text"] for row in rows(name) for message in row["ticket"]["messages"]]


@cache
def corpus() -> frozenset[str]:
    """Every message and sentence of the written threads, without marks."""
    found: set[str] = set()
    for path in sorted((ROOT / "data" / "corpus" / "threads").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for message in json.loads(line)["messages"]:
                found |= sentences(re.sub(r"\{\w+\|([^}|]*)(?:\|[^}]*)?\}", r"\1", message["text"]))
    return frozenset(found)


def values(*types: str) -> list[tuple[str, str]]:
    """(id, value) of every span of these types, in half-width characters."""
    return [
        (row["id"], unicodedata.normalize("NFKC", row["text"][s["start"] : s["end"]]))
        for row in rows("pii")
        for s in row["spans"]
        if s["type"] in types
    ]


def table(text: str, first: str) -> list[list[str]]:
    """Rows of the Markdown table whose header begins with this cell."""
    lines = text.split(f"| {first} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("name", ["pii", "injection"])
def test_ids_and_texts_occur_once(name: str) -> None:
    ids = Counter(row["id"] for row in rows(name))
    assert [i for i, n in ids.items() if n > 1] == []
    whole = Counter(
        plain(row["text"]) if name == "pii" else " / ".join(plain(m["text"]) for m in row["ticket"]["messages"])
        for row in rows(name)
    )
    assert [t for t, n in whole.items() if n > 1] == []


@pytest.mark.parametrize("name", ["pii", "injection"])
def test_nothing_is_shared_with_the_corpus(name: str) -> None:
    assert len(corpus()) > 10_000
    assert [s for text in texts(name) for s in sentences(text) if s in corpus()] == []


@pytest.mark.parametrize("name", ["pii", "injection"])
def test_english_and_chinese_are_halves(name: str) -> None:
    by = Counter(row["language"] for row in rows(name))
    assert abs(by["en"] - by["zh-Hans"]) <= 0.05 * (by["en"] + by["zh-Hans"])


# private data


def test_pii_has_the_size_the_issue_asks_for() -> None:
    by = Counter(row["language"] for row in rows("pii"))
    assert sum(by.values()) >= 520
    assert set(by) == {"en", "zh-Hans", "pt-BR", "id", "ms", "th", "vi", "en-PH"}
    assert sum(n for language, n in by.items() if language not in ("en", "zh-Hans")) >= 60
    without = sum(not row["spans"] for row in rows("pii"))
    assert 0.3 <= without / len(rows("pii")) <= 0.4
    types = Counter(s["type"] for row in rows("pii") for s in row["spans"])
    assert set(types) == TYPES
    assert min(types.values()) >= 25


def test_spans_are_in_order_inside_the_text_and_tight() -> None:
    for row in rows("pii"):
        check_spans(row)


def check_spans(row: Row) -> None:
    assert set(row) == {"id", "language", "text", "spans"}, row
    end = 0
    for span in row["spans"]:
        assert set(span) == {"start", "end", "type"}, row
        assert span["type"] in TYPES, row
        assert end <= span["start"] < span["end"] <= len(row["text"]), row
        value = row["text"][span["start"] : span["end"]]
        assert value == value.strip(), row
        assert value[-1] not in ",.;:!?，。；：！？、", row
        end = span["end"]


def luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def test_card_numbers_pass_luhn() -> None:
    numbers = [(i, re.sub(r"\D", "", v)) for i, v in values("CARD")]
    assert [(i, n) for i, n in numbers if not (13 <= len(n) <= 19 and luhn(n))] == []


def test_mainland_identity_numbers_have_their_check_character() -> None:
    found = [(i, v) for i, v in values("NATIONAL_ID") if re.fullmatch(r"\d{17}[\dX]", v)]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    assert len(found) >= 10
    assert [
        i for i, v in found if v[17] != "10X98765432"[sum(int(a) * b for a, b in zip(v, weights, strict=False)) % 11]
    ] == []


def test_ibans_leave_one_after_division_by_97() -> None:
    found = [(i, v.replace(" ", "")) for i, v in values("BANK_ACCOUNT") if re.match(r"[A-Z]{2}\d\d", v)]
    assert len(found) >= 8
    assert [i for i, v in found if int("".join(str(int(c, 36)) for c in v[4:] + v[:4])) % 97 != 1] == []


def test_brazilian_taxpayer_numbers_have_their_check_digits() -> None:
    def right(number: str) -> bool:
        body = number[:-2]
        cycle = [2, 3, 4, 5, 6, 7, 8, 9] * 2
        for _ in range(2):
            weights = cycle[: len(body)] if len(number) == 14 else list(range(2, len(body) + 2))
            rest = sum(int(d) * w for d, w in zip(reversed(body), weights, strict=True)) % 11
            body += str(0 if rest < 2 else 11 - rest)
        return body == number

    shaped = r"\d{3}\.\d{3}\.\d{3}-\d\d|\d\d\.\d{3}\.\d{3}/\d{4}-\d\d"
    found = [(i, re.sub(r"\D", "", v)) for i, v in values("NATIONAL_ID") if re.fullmatch(shaped, v)]
    assert len(found) >= 3
    assert [i for i, v in found if not right(v)] == []


def test_addresses_of_machines_and_mail_look_like_it() -> None:
    assert len([ipaddress.ip_address(v) for _, v in values("IP")]) >= 25
    spelled = re.compile(r"@|\(at\)| at |艾特")
    assert [i for i, v in values("EMAIL") if not spelled.search(v)] == []
    assert [i for i, v in values("URL") if not re.match(r"(https?://)?[\w-]+(\.[\w-]+)+", v)] == []


def test_the_readme_counts_private_data_rightly() -> None:
    counted = Counter(row["language"] for row in rows("pii"))
    without = Counter(row["language"] for row in rows("pii") if not row["spans"])
    spans = Counter((row["language"], s["type"]) for row in rows("pii") for s in row["spans"])
    order = ["PERSON", "PHONE", "EMAIL", "ADDRESS", "CARD", "BANK_ACCOUNT", "NATIONAL_ID", "URL", "IP"]
    expected = [
        [language, str(n), str(without[language]), *(str(spans[language, t]) for t in order)]
        for language, n in counted.items()
    ]
    assert table(README, "language") == expected


# instructions in tickets


def hit(pattern: str, text: str) -> bool:
    return bool(re.search(pattern[3:], text)) if pattern.startswith("re:") else pattern in text


@cache
def policy(language: str) -> tuple[str, ...]:
    """Paragraphs of the articles and texts of the macros in this language."""
    knowledge = ROOT / "data" / "knowledge"
    found = [
        paragraph
        for path in sorted((knowledge / "articles").glob(f"*.{language}.md"))
        for paragraph in path.read_text(encoding="utf-8").split("+++", 2)[2].split("\n\n")
    ]
    for path in sorted((knowledge / "macros").glob("*.toml")):
        found += [m["text"][language] for m in tomllib.loads(path.read_text(encoding="utf-8"))["macro"]]
    return tuple(found)


def test_injection_has_the_size_the_issue_asks_for() -> None:
    attacks = [row for row in rows("injection") if row["kind"] != "benign"]
    assert len(attacks) >= 130
    assert len(rows("injection")) - len(attacks) >= 25
    kinds = Counter((row["kind"], row["language"]) for row in rows("injection"))
    assert {kind for kind, _ in kinds} == KINDS
    assert min(kinds.values()) >= 4
    assert {row["where"] for row in rows("injection")} == {"message", "quoted_mail", "review", "order_note"}


def test_every_case_has_its_form() -> None:
    for row in rows("injection"):
        check_form(row)


def check_form(row: Row) -> None:
    assert list(row) == [
        "id", "language", "kind", "where", "ticket", "facts", "goal", "obeyed_if", "legitimate_ask", "intent", "obeyed_example",
    ], row  # fmt: skip
    ticket = row["ticket"]
    assert set(ticket) == {"ticket_id", "merchant_id", "messages"}, row
    messages = ticket["messages"]
    assert [m["message_id"] for m in messages] == [f"m{k + 1}" for k in range(len(messages))], row
    assert all(re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:00Z", m["sent_at"]) for m in messages), row
    assert [m["sent_at"] for m in messages] == sorted(m["sent_at"] for m in messages), row
    assert {m["author"] for m in messages} <= {"merchant", "agent", "buyer", "bot", "system"}, row
    assert {m["author"] for m in messages} & {"merchant", "buyer"}, row
    assert all(set(f) == {"fact_id", "name", "value", "unit"} for f in row["facts"]), row
    assert "\n" not in row["goal"] + row["legitimate_ask"], row
    assert row["legitimate_ask"], row


def test_every_intent_is_in_the_taxonomy() -> None:
    taxonomy = tomllib.loads((ROOT / "data" / "knowledge" / "taxonomy.toml").read_text(encoding="utf-8"))
    known = {intent["id"] for intent in taxonomy["intent"]}
    used = {row["intent"] for row in rows("injection")}
    assert used <= known
    assert len(used) >= 30


def test_what_shows_obedience_is_neither_empty_nor_said_by_anyone_honest() -> None:
    for row in rows("injection"):
        check_patterns(row)


def check_patterns(row: Row) -> None:
    """The patterns find the obeying example, and neither policy, facts, the ask nor a quotation of the ticket.

    A literal is the exception for quotations: a foreign link or figure does harm wherever it is carried.
    """
    patterns = row["obeyed_if"]["any_of"]
    assert bool(patterns) == (row["kind"] != "benign"), row
    if not patterns:
        assert row["obeyed_example"] == "", row
        return
    assert any(hit(p, row["obeyed_example"]) for p in patterns), row
    honest = [*policy(row["language"]), row["legitimate_ask"], *(f["value"] for f in row["facts"])]
    quoted = [m["text"] for m in row["ticket"]["messages"]]
    assert [(p, t) for p in patterns for t in honest if hit(p, t)] == [], row
    assert [(p, t) for p in patterns if p.startswith("re:") for t in quoted if hit(p, t)] == [], row


def test_the_readme_counts_instructions_rightly() -> None:
    kinds = Counter((row["kind"], row["language"]) for row in rows("injection"))
    order = list(dict.fromkeys(row["kind"] for row in rows("injection")))
    found = {cells[0]: cells[1:3] for cells in table(README, "kind")}
    assert found == {kind: [str(kinds[kind, "en"]), str(kinds[kind, "zh-Hans"])] for kind in order}
