"""Whatever a model's weights say, what the grammar allows is well formed: real sources, their slots only, no digit, an end."""

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from llm.desk.grammar import LINES, LONGEST_LINE, MOST_CITES, SHORTEST_LINE, Grammar, Vocabulary
from llm.desk.prompt import LENGTHS, REPLY, SUMMARY, Asked, Source, lines_in, sources_of, special_tokens
from llm.desk.slots import SLOT, SlotBook
from llm.types import Fact, Message

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
MESSAGES = [
    Message("m1", AT, "merchant", "没收到货！ TD-48213 cost 4 points, and TD-48214 3 days."),
    Message("m2", AT, "agent", "Dear Ines, 请等 5 个工作日."),
]
FACTS = [Fact("f1", "order_record", "TD-48213: late"), Fact("f2", "penalty_points", 4, "points")]


@pytest.fixture(scope="module")
def vocabulary(tokenizer: Any) -> Vocabulary:
    return Vocabulary(tokenizer, 1_408)


def _walk(grammar: Grammar, vocabulary: Vocabulary, deal: random.Random, most: int = 2_000) -> list[int]:
    """Tokens drawn among the allowed ones until the end; a line's end and slots are drawn more often than words."""
    written: list[int] = []
    liked = {vocabulary.line, vocabulary.end, *(i for i in vocabulary.slots.values() if i is not None)}
    while len(written) < most:
        allowed = grammar(written).nonzero().flatten().tolist()
        assert allowed, "nothing may follow"
        special = [i for i in allowed if i in liked]
        written.append(deal.choice(special if special and deal.random() < 0.15 else allowed))
        if written[-1] == vocabulary.end:
            return written
    raise AssertionError("never ends")


def _brief() -> tuple[list[Source], SlotBook]:
    book = SlotBook()
    return sources_of(MESSAGES, FACTS, (), book), book


@pytest.mark.parametrize("task", [SUMMARY, REPLY])
def test_random_walks_write_whole_lines_from_the_cited_sources(
    tokenizer: Any, vocabulary: Vocabulary, deal: random.Random, task: str
) -> None:
    special = re.compile("|".join(map(re.escape, special_tokens())))
    sources, book = _brief()
    slots = 0
    for _ in range(25):
        length = deal.choice(LENGTHS)
        written = _walk(Grammar(vocabulary, Asked(task, "en", "warm", length), sources, book), vocabulary, deal)
        text = tokenizer.decode(written, skip_special_tokens=False)
        raw = text.removesuffix("<end>").split("<line>")
        assert raw[-1] == ""
        least, most = LINES[length if task == REPLY else "summary"]
        assert min(least, len(sources)) <= len(raw) - 1 <= most
        for line in raw[:-1]:
            form = re.fullmatch(rf"(<[a-z_]+>)?((?:<s\d+>){{1,{MOST_CITES}}})(.+)", line, re.S)
            assert form
            assert bool(form[1]) == (task == REPLY)
            numbers = [int(n) for n in re.findall(r"\d+", form[2])]
            assert numbers == sorted(set(numbers))
            assert numbers[-1] <= len(sources)
            held = set().union(*(set(SLOT.findall(sources[n - 1].text)) for n in numbers))
            assert set(special.findall(form[3])) <= held
            assert not re.search(r"[0-9]", special.sub("", form[3]))
            slots += len(SLOT.findall(form[3]))
            ids = tokenizer.encode(form[3]).ids
            assert ids
        read = lines_in(text, sources)
        assert all(line.cites for line in read)
    assert slots > 10


def test_lines_are_neither_too_short_nor_too_long(vocabulary: Vocabulary) -> None:
    sources, book = _brief()
    grammar = Grammar(vocabulary, Asked(SUMMARY, "en"), sources, book)
    word = min(vocabulary.words)
    written = [vocabulary.sources[0]]
    assert not grammar(written)[vocabulary.line]
    for n in range(1, LONGEST_LINE):
        written.append(word)
        allowed = grammar(written)
        assert bool(allowed[vocabulary.line]) == (n >= SHORTEST_LINE)
        assert allowed[word]
    written.append(word)
    assert grammar(written).nonzero().flatten().tolist() == [vocabulary.line]


def test_a_brief_without_sources_lets_nothing_be_written(vocabulary: Vocabulary) -> None:
    for task in (SUMMARY, REPLY):
        grammar = Grammar(vocabulary, Asked(task, "en"), [], SlotBook())
        assert grammar([]).nonzero().flatten().tolist() == [vocabulary.end]


def test_every_chinese_character_may_be_written_and_no_digit(tokenizer: Any, vocabulary: Vocabulary) -> None:
    """没, 法, 平, 已 hold the bytes B2, B3 and B9, which a byte-level vocabulary writes as ², ³ and ¹."""
    for character in "没法平已您年家":
        assert set(tokenizer.encode(character).ids) <= vocabulary.words, character
    assert not any(re.search(r"\d", tokenizer.decode([i])) for i in vocabulary.words)
    assert not any(set(tokenizer.encode(digit).ids) & vocabulary.words for digit in "0123456789")


def test_with_words_of_the_house_others_come_from_the_cited_source_alone(
    tokenizer: Any, vocabulary: Vocabulary
) -> None:
    house = tokenizer.encode(" the order is late").ids
    strict = Vocabulary(tokenizer, 1_408, house)
    sources, book = _brief()
    character = tokenizer.encode("没").ids[-1]
    assert character not in house

    def allows(number: int, token: int) -> bool:
        return bool(Grammar(strict, Asked(SUMMARY, "en"), sources, book)([strict.sources[number - 1], house[0]])[token])

    said = next(n for n, source in enumerate(sources, start=1) if "没" in source.text)
    assert allows(said, character)
    assert not allows(next(n for n, s in enumerate(sources, start=1) if s.cite == "fact:f2"), character)
    assert all(allows(said, token) for token in house)


def _ids(tokens: Sequence[str], tokenizer: Any) -> list[int]:
    return [tokenizer.token_to_id(token) for token in tokens]


def test_sources_are_named_in_order_and_once(tokenizer: Any, vocabulary: Vocabulary) -> None:
    sources, book = _brief()
    grammar = Grammar(vocabulary, Asked(REPLY, "en"), sources, book)
    allowed = grammar(_ids(["<fact>", "<s2>"], tokenizer))
    assert [bool(allowed[i]) for i in vocabulary.sources[:5]] == [False, False, True, True, False]
