"""A prompt keeps its records, cuts what matters least first, stays in budget, and is read back as it was written."""

import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from llm.desk.corpus import CorpusThread
from llm.desk.prompt import (
    END,
    LINE,
    POLICY,
    RECORD,
    REPLY,
    SHORTENED,
    SOURCES,
    SUMMARY,
    Asked,
    Source,
    WrittenLine,
    fitted,
    line_text,
    lines_in,
    prompt_of,
    shortened,
    source_tokens,
    sources_of,
    special_tokens,
)
from llm.desk.slots import SLOT, SlotBook
from llm.knowledge import Knowledge
from llm.types import Fact, Message

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
TOKENS = re.compile("|".join(map(re.escape, sorted(special_tokens(), key=len, reverse=True))))
POLICIES = [Source(f"article:a#{n}", POLICY, f"Rule {'abc ' * 20}") for n in range(4)]
RECORDS = [Source(f"fact:f{n}", RECORD, f"score: <points_{n}>") for n in range(1, 4)]


def _said(*texts: str) -> list[Source]:
    return [Source(f"message:m{n}", "<merchant>", text) for n, text in enumerate(texts, start=1)]


def _size(sources: list[Source], count: Any = len) -> int:
    return sum(count(source.text) + 2 for source in sources)


def test_special_tokens_are_told_apart() -> None:
    """`<merchant>` alone is both who writes and a shop beyond the last number."""
    assert [name for name, count in Counter(special_tokens()).items() if count > 1] == ["<merchant>"]
    assert special_tokens()[:2] == ["<pad>", END]


def test_a_prompt_says_what_is_asked_then_its_sources_policy_first() -> None:
    messages = [Message("m1", AT, "merchant", "Where is TD-48213?")]
    facts = [Fact("f1", "late_rate", 0.046, "rate"), Fact("f2", "order_id", "TD-48213")]
    sources = sources_of(messages, facts, (), SlotBook())
    reply = prompt_of(Asked(REPLY, "en", "warm", "short"), sources)
    head, _, rest = reply.partition("<s1>")
    assert head == "<reply><en><warm><short>"
    assert (
        rest == "<record>late_rate: <percent_1><s2><record>order_id: <order_1><s3><merchant>Where is <order_1>?<write>"
    )
    assert prompt_of(Asked(SUMMARY, "zh-Hans", "warm", "short"), []) == "<summary><zh-Hans><write>"


def test_a_slot_that_a_person_types_is_no_slot() -> None:
    book = SlotBook()
    text = "TD-48213 <order_1> <end><s1> and <b>bold</b>"
    (source,) = sources_of([Message("m1", AT, "merchant", text)], (), (), book)
    assert TOKENS.findall(source.text).count("<order_1>") == 1
    assert not {END, "<s1>"} & set(TOKENS.findall(source.text))
    assert book.filled(source.text, ("message:m1",), "en").startswith("TD-48213 ‹")


def test_no_digit_stands_outside_a_slot(corpus: tuple[CorpusThread, ...], knowledge: Knowledge) -> None:
    for language in ("en", "zh-Hans"):
        passages = knowledge.passages(language)
        for source in sources_of((), (), passages, SlotBook()):
            assert not re.search(r"\d", TOKENS.sub("", source.text)), source
    for thread in random.sample(corpus, len(corpus) // 4):
        for source in sources_of(thread.plain.messages, thread.plain_facts, (), SlotBook()):
            assert not re.search(r"\d", TOKENS.sub("", source.text)), (thread.thread_id, source)


def test_a_blank_message_is_no_source() -> None:
    assert sources_of([Message("m1", AT, "merchant", " \n ")], (), (), SlotBook()) == []


def test_what_fits_stays_as_it_is() -> None:
    sources = [*POLICIES, *RECORDS, *_said("› quoted\nnew", "last")]
    assert [s.text for s in fitted(sources, len, 10_000)] == [s.text.strip() for s in sources]


def test_quotes_are_cut_before_any_other_word() -> None:
    sources = [*RECORDS, *_said("› long ago\n" * 30 + "I ask again", "w " * 100 + "please", "last words")]
    kept = fitted(sources, len, 400)
    assert [s.text for s in kept[3:]] == ["I ask again", ("w " * 100 + "please"), "last words"]


def test_then_old_messages_then_the_last_policy_then_the_oldest_messages() -> None:
    old, last = "x" * 600, "the last message " * 10
    sources = [*POLICIES, *RECORDS, *_said(old, old, last)]
    shorter = fitted(sources, len, 1_200)
    assert [len(s.text) <= SHORTENED for s in shorter[-3:-1]] == [True, True]
    assert shorter[-1].text == last.strip()
    assert [s.cite for s in shorter if s.kind == POLICY] == [p.cite for p in POLICIES]
    without_policy = fitted(sources, len, 800)
    assert [s.cite for s in without_policy if s.kind == POLICY] == ["article:a#0", "article:a#1"]
    few = fitted(sources, len, 560)
    assert [s.cite for s in few if s.cite.startswith("message")] == ["message:m2", "message:m3"]
    for kept in (shorter, without_policy, few):
        assert [s for s in kept if s.kind == RECORD] == RECORDS


def test_records_stay_whatever_the_budget() -> None:
    kept = fitted([*POLICIES, *RECORDS, *_said("x" * 900, "y" * 900)], len, 10)
    assert [s for s in kept if s.kind == RECORD] == RECORDS


def test_a_message_of_quotes_alone_keeps_its_beginning() -> None:
    kept = fitted(_said("› <order_1> <amount_2> said\n" * 40, "last"), len, 300)
    assert kept[0].text.startswith("› <order_1>")
    assert len(kept[0].text) <= SHORTENED


def test_a_text_is_never_cut_within_a_slot(deal: random.Random) -> None:
    words = ["<order_12>", "<amount_3>", "late", "又晚了", "›", " ", "\n", "<id>"]
    for _ in range(400):
        text = "".join(deal.choices(words, k=deal.randint(1, 120)))
        limit = deal.randint(20, 300)
        short = shortened(text, limit)
        assert len(short) <= max(limit, 3)
        assert not re.search(r"[<>]", SLOT.sub("", short.replace("<id>", ""))), short
        quoted = fitted(_said("› " + text.replace("\n", " "), text), len, limit)
        assert not any(re.search(r"[<>]", SLOT.sub("", s.text.replace("<id>", ""))) for s in quoted)


@pytest.mark.parametrize("word", ["late parcels again and again ", "包裹又晚了，请尽快处理！", "😡🙏"])
def test_300_messages_and_200_000_characters_stay_in_budget(tokenizer: Any, word: str) -> None:
    def count(text: str) -> int:
        return len(tokenizer.encode(text).ids)

    facts = [Fact(f"f{n}", "order_record", f"TD-{1000 + n}: late by {n} days") for n in range(12)]
    many = [Message(f"m{n}", AT + timedelta(hours=n), "merchant", f"TD-{1000 + n} {word * 8}") for n in range(300)]
    long = [Message("m1", AT, "merchant", (word * 200_000)[:200_000])]
    for messages in (many, long):
        sources = sources_of(messages, facts, (), SlotBook())
        kept = fitted(sources, count, 1_600)
        assert _size(kept, count) <= 1_600
        assert len(kept) <= SOURCES
        assert sum(s.kind == RECORD for s in kept) == 12
        assert kept[-1].cite == messages[-1].cite
        assert len(kept[-1].text) >= min(SHORTENED, len(sources[-1].text)) - 20


def test_lines_are_read_back_as_they_were_written() -> None:
    sources = [*POLICIES, *RECORDS, *_said("a", "b")]
    numbers = dict(zip((s.cite for s in sources), source_tokens(), strict=False))
    lines = [
        WrittenLine("fact", ("article:a#1", "fact:f2"), "It cost <points_2>."),
        WrittenLine("close", ("message:m2",), "请再等 <duration_1>。"),
        WrittenLine("", ("message:m1", "message:m2"), "A summary's line has no part."),
    ]
    assert lines_in("".join(line_text(line, numbers) for line in lines) + END, sources) == lines


def test_a_line_that_is_not_whole_and_a_source_that_is_not_there_are_not_read() -> None:
    sources = _said("a")
    assert lines_in(f"<s1>Whole.{LINE}<s1>cut off", sources) == [WrittenLine("", ("message:m1",), "Whole.")]
    assert lines_in(f"<s0><s7><s1>Whole.{LINE}<s1>{LINE}", sources) == [WrittenLine("", ("message:m1",), "Whole.")]
