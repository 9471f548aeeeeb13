"""Training pairs: the same by seed, never saying what their prompt lacks, never from a held-out thread; swaps change both sides alike."""

import random
import re
from collections.abc import Sequence
from itertools import islice

import pytest

from llm.desk.corpus import CorpusThread
from llm.desk.examples import Pair, PairMaker
from llm.desk.prompt import END, LENGTHS, LINE, PARTS, TONES, WRITE, source_tokens, special_tokens
from llm.desk.slots import LIMITS, slot_tokens
from llm.desk.train import is_development, split
from llm.desk.variation import RareWords, noised
from llm.knowledge import Knowledge
from llm.language import CHINESE, ENGLISH

TOKENS = re.compile("|".join(map(re.escape, sorted(special_tokens(), key=len, reverse=True))))
SLOT = re.compile(rf"<(?:{'|'.join(LIMITS)})_\d+>")
HEAD = re.compile(
    rf"(?:<summary><(en|zh-Hans)>|<reply><(en|zh-Hans)><(?:{'|'.join(TONES)})><(?:{'|'.join(LENGTHS)})>)(?=<s1>)"
)
LINE_FORM = re.compile(rf"(?P<part><(?:{'|'.join(PARTS)})>)?(?P<cites>(?:<s\d+>)+)(?P<text>[^\n]*)", re.S)


def _sources(prompt: str) -> dict[str, set[str]]:
    """The slots of each numbered source of a prompt."""
    pieces = re.split(r"(<s\d+>)", prompt)
    return {number: set(SLOT.findall(text)) for number, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def problems(pair: Pair) -> list[str]:
    """What a model must not be taught: unknown slots or sources, slots from elsewhere, digits, lines of another form."""
    found = [] if HEAD.match(pair.prompt) and pair.prompt.endswith(WRITE) else ["the head or the end of the prompt"]
    sources = _sources(pair.prompt)
    if list(sources) != source_tokens()[: len(sources)]:
        found.append("sources are not numbered from 1")
    if not pair.target.endswith(LINE + END):
        found.append("the target doesn't end")
    for raw in pair.target.removesuffix(END).split(LINE)[:-1]:
        line = LINE_FORM.fullmatch(raw)
        if line is None or not TOKENS.sub("", line["text"]).strip() or bool(line["part"]) != ("<reply>" in pair.prompt):
            found.append(f"no line: {raw}")
            continue
        cites = re.findall(r"<s\d+>", line["cites"])
        if not set(cites) <= set(sources) or cites != sorted(cites, key=source_tokens().index):
            found.append(f"sources: {raw}")
        elif not set(SLOT.findall(raw)) <= set().union(*(sources[c] for c in cites)):
            found.append(f"a slot that no cited source holds: {raw}")
        if set(TOKENS.findall(line["text"])) - set(slot_tokens()):
            found.append(f"another token: {raw}")
    if re.search(r"\d", TOKENS.sub("", pair.prompt + pair.target)):
        found.append("a digit outside a slot")
    return found


def test_no_pair_teaches_what_its_prompt_lacks(maker: PairMaker, deal: random.Random) -> None:
    for pair in islice(maker.pairs(deal.getrandbits(32)), 250):
        assert problems(pair) == [], pair


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("<s1>It cost <points_2>.<line><end>", "a slot that no cited source holds"),
        ("<s2>It cost <points_1>.<line><end>", "a slot that no cited source holds"),
        ("<s3>It cost.<line><end>", "sources"),
        ("<s1>It cost 4.<line><end>", "a digit"),
        ("<fact><s1>It cost.<line><end>", "no line"),
        ("It cost.<line><end>", "no line"),
        ("<s1>It cost.<line>", "doesn't end"),
    ],
)
def test_the_property_sees_each_kind_of_mistake(target: str, said: str) -> None:
    prompt = "<summary><en><s1><merchant>cost <points_1><s2><agent>yes<write>"
    assert problems(Pair(prompt, "<s1>It cost <points_1>.<line><end>")) == []
    assert any(said in problem for problem in problems(Pair(prompt, target)))


def test_the_same_seed_makes_the_same_pairs(
    corpus: tuple[CorpusThread, ...], maker: PairMaker, deal: random.Random
) -> None:
    seed = deal.getrandbits(32)
    first = list(islice(maker.pairs(seed), 60))
    assert first == list(islice(maker.pairs(seed), 60))
    assert first != list(islice(maker.pairs(seed + 1), 60))
    assert len(set(first)) > 55


def test_plain_pairs_keep_every_sentence_that_their_sources_hold(
    corpus: tuple[CorpusThread, ...], maker: PairMaker
) -> None:
    kept = wanted = 0
    for thread in corpus[::9]:
        for reply in (None, *thread.replies):
            pair = maker.plain(thread, reply)
            assert problems(pair) == [] or pair.target == END, pair
            kept += pair.target.count(LINE)
            wanted += len(reply.sentences if reply else thread.summary)
    print(f"\n{kept} of {wanted} reference sentences are kept")
    assert kept / wanted > 0.97


def test_held_out_threads_are_in_neither_part_of_the_split(corpus: tuple[CorpusThread, ...]) -> None:
    train, development = split(corpus)
    assert not any(thread.is_held_out for thread in [*train, *development])
    assert len(train) + len(development) == sum(not thread.is_held_out for thread in corpus)
    assert not {t.scenario for t in train} & {t.scenario for t in development}
    assert all(map(is_development, development))
    assert split(corpus, 30)[0] == train[:30]


def test_no_held_out_message_or_reference_enters_a_training_pair(
    corpus: tuple[CorpusThread, ...], maker: PairMaker, knowledge: Knowledge
) -> None:
    policy = "".join(p.text for language in (ENGLISH, CHINESE) for p in knowledge.passages(language))
    held = [piece for piece in _pieces([t for t in corpus if t.is_held_out]) if piece not in policy]
    train, _ = split(corpus)
    made = "".join(p.prompt + p.target for t in train for reply in (None, *t.replies) for p in [maker.plain(t, reply)])
    made += "".join(pair.prompt + pair.target for pair in islice(maker.pairs(1), 300))
    shared = [piece for piece in held if piece in made]
    assert shared == []
    assert any(piece in made for piece in _pieces(train[:20]))  # the pieces are ones that a pair would show


def _pieces(threads: Sequence[CorpusThread]) -> list[str]:
    """The runs of more than 40 characters between two figures or names."""
    found = []
    for thread in threads:
        written = [*thread.summary, *(s for reply in thread.replies for s in reply.sentences)]
        for text in (*thread.messages, *(s.marked for s in written)):
            ends = [0, *(i for mark in text.marks for i in (mark.start, mark.end)), len(text.text)]
            found += [text.text[a:b].strip() for a, b in zip(ends[::2], ends[1::2], strict=True) if b - a > 45]
    return [piece for piece in found if "\n" not in piece]


def test_a_swap_changes_prompt_and_target_alike() -> None:
    texts = ["the kettle leaks", "a lantern broke", *["the parcel is late"] * 400]
    rare = RareWords(texts, ENGLISH)
    changed = 0
    for seed in range(60):
        prompt, target = rare.swapped(
            "Kettle! the KETTLE of parcel <order_1>", "A kettle, parcel <order_1>", random.Random(seed)
        )
        new = target.removeprefix("A ").removesuffix(", parcel <order_1>")
        assert new in {"kettle", "leaks", "lantern", "broke"}
        assert prompt == f"{new.capitalize()}! the {new.upper()} of parcel <order_1>"
        changed += new != "kettle"
    assert changed > 10


def test_a_chinese_swap_changes_both_sides_alike_and_common_words_stay() -> None:
    rare = RareWords(["铜壶漏水", "灯笼坏了", *["包裹晚到"] * 400], CHINESE)
    seen = set()
    for seed in range(60):
        prompt, target = rare.swapped("铜壶的包裹晚到，<name_1>", "包裹晚到：铜壶", random.Random(seed))
        new = target.removeprefix("包裹晚到：")
        assert prompt == f"{new}的包裹晚到，<name_1>"
        seen.add(new)
    assert len(seen) > 2


def test_words_that_only_one_side_has_stay() -> None:
    rare = RareWords(["the kettle leaks", *["the parcel is late"] * 400], ENGLISH)
    for seed in range(20):
        assert rare.swapped("the kettle", "it leaks", random.Random(seed)) == ("the kettle", "it leaks")


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_noise_leaves_slots_whole(language: str, deal: random.Random) -> None:
    text = "您的 <order_1>, Where is <order_12>? I've waited <duration_3>。" * 4
    noisy = [noised(text, language, deal) for _ in range(100)]
    assert all(SLOT.findall(n) == SLOT.findall(text) for n in noisy)
    assert len(set(noisy)) > 20


def test_an_echo_asks_for_the_message_as_it_was(maker: PairMaker) -> None:
    pair = maker.echo(random.Random(4))
    assert re.match(r"<(en|zh-Hans)><\w+>", pair.prompt)
    assert set(SLOT.findall(pair.target)) <= set(SLOT.findall(pair.prompt))
    assert pair.target.endswith(END)
