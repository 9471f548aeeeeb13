"""The written corpus: threads with facts, reference summaries, replies and labels, in which every figure and name is marked.

A mark is `{type|text}` or `{type|text|canonical}`. Reads and checks `data/corpus/threads/*.jsonl`; knows no model and no tokens.
"""

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from llm.desk.prompt import PARTS
from llm.errors import InputError
from llm.knowledge import TONES, Knowledge
from llm.language import CHINESE, ENGLISH
from llm.spans import extract
from llm.types import AUTHORS, Author, Fact, Message, Passage, Thread

SLOT_TYPES = (
    *("order", "amount", "date", "time", "duration", "percent", "points", "count", "clause", "carrier"),
    *("tracking", "id", "name", "merchant", "place", "contact", "number"),
)
LENGTHS = {"short": (1, 4), "normal": (2, 7), "long": (5, 12)}
URGENCIES = ("low", "normal", "high", "critical")
HELD_OUT_IN = 5
"""One scenario in so many is held out, by a hash of its name; no thread of such a scenario is ever trained on."""

_MARK = re.compile(r"\{(\w+)\|([^{}|]+)(?:\|([^{}|]*))?\}")
_DIGIT = re.compile(r"\d")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Mark:
    """A marked figure or name: `text == plain[start:end]`; `canonical` is '' where the text is its own canonical form."""

    start: int
    end: int
    type: str
    text: str
    canonical: str = ""


@dataclass(frozen=True)
class Marked:
    """A text without its marks, and where they were; positions count code points of `text`."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class CitedText:
    """A sentence of a reference and its sources; `part` is '' in a summary."""

    marked: Marked
    cites: tuple[str, ...]
    part: str = ""


@dataclass(frozen=True)
class Reply:
    """A reference reply."""

    tone: str
    length: str
    sentences: tuple[CitedText, ...]


@dataclass(frozen=True)
class CorpusThread:
    """One written thread with everything that a writer is trained on or judged by."""

    thread_id: str
    language: str
    scenario: str
    voice: str
    intents: tuple[str, ...]
    urgency: str
    sentiment: float
    satisfaction: int
    asks: tuple[str, ...]
    authors: tuple[Author, ...]
    sent_at: tuple[datetime, ...]
    messages: tuple[Marked, ...]
    message_ids: tuple[str, ...]
    fact_names: tuple[str, ...]
    fact_ids: tuple[str, ...]
    facts: tuple[Marked, ...]
    summary: tuple[CitedText, ...]
    replies: tuple[Reply, ...]

    @property
    def is_held_out(self) -> bool:
        """Whether the thread judges and is never trained on."""
        return int(hashlib.sha256(self.scenario.encode()).hexdigest(), 16) % HELD_OUT_IN == 0

    @cached_property
    def plain(self) -> Thread:
        """The thread as the product would receive it, without marks."""
        rows = zip(self.message_ids, self.sent_at, self.authors, self.messages, strict=True)
        return Thread(self.thread_id, None, tuple(Message(i, at, author, m.text) for i, at, author, m in rows))

    @cached_property
    def plain_facts(self) -> tuple[Fact, ...]:
        """The facts as the product would receive them."""
        rows = zip(self.fact_ids, self.fact_names, self.facts, strict=True)
        return tuple(Fact(i, name, marked.text) for i, name, marked in rows)


def marked(raw: str) -> Marked:
    """Takes the marks out of a text. Raises InputError for a brace that is no mark or a type that does not exist."""
    pieces: list[str] = []
    marks: list[Mark] = []
    at = length = 0
    for match in _MARK.finditer(raw):
        between = raw[at : match.start()]
        pieces += [between, match[2]]
        start = length + len(between)
        length = start + len(match[2])
        if match[1] not in SLOT_TYPES:
            raise InputError(f"mark {match[0]!r}: type must be one of {', '.join(SLOT_TYPES)}.")
        marks.append(Mark(start, length, match[1], match[2], match[3] or ""))
        at = match.end()
    pieces.append(raw[at:])
    text = "".join(pieces)
    if stray := re.search(r"\{\w*\||\|[^{}|]*\}", text):
        around = text[max(0, stray.start() - 10) : stray.end() + 25]
        raise InputError(f"a mark is broken near {around!r}; write {{type|text}} or {{type|text|canonical}}.")
    return Marked(text, tuple(marks))


def read_corpus(folder: Path) -> tuple[CorpusThread, ...]:
    """All threads of `folder/*.jsonl`, by file name and line. Raises InputError, one line that names file and line."""
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise InputError(f"{folder}: holds no *.jsonl; the corpus lies in data/corpus/threads.")
    return tuple(thread for path in paths for thread in read_threads(path))


def read_threads(path: Path) -> Iterator[CorpusThread]:
    """The threads of one file, one JSON object a line."""
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        if line.strip():
            try:
                yield thread_of(json.loads(line))
            except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise InputError(f"{path.name}, line {number}: {_said(error)}") from error


def thread_of(record: Mapping[str, Any]) -> CorpusThread:
    """One record of the corpus. Raises KeyError for an absent field, InputError for one that is wrong."""
    messages, facts = record["messages"], record.get("facts", [])
    authors = tuple(name for item in messages for name in AUTHORS if name == item["author"])
    if len(authors) != len(messages):
        raise InputError(f"every message's author must be one of {', '.join(AUTHORS)}.")
    return CorpusThread(
        thread_id=record["thread_id"],
        language=_one_of(record, "language", (ENGLISH, CHINESE)),
        scenario=record["scenario"],
        voice=record["voice"],
        intents=tuple(record["intents"]),
        urgency=_one_of(record, "urgency", URGENCIES),
        sentiment=float(record["sentiment"]),
        satisfaction=int(record["satisfaction"]),
        asks=tuple(record["asks"]),
        authors=authors,
        sent_at=tuple(datetime.fromisoformat(item["sent_at"]) for item in messages),
        messages=tuple(marked(item["text"]) for item in messages),
        message_ids=tuple(item["id"] for item in messages),
        fact_names=tuple(item["name"] for item in facts),
        fact_ids=tuple(item["id"] for item in facts),
        facts=tuple(marked(str(item["value"])) for item in facts),
        summary=tuple(CitedText(marked(item["text"]), tuple(item["cites"])) for item in record["summary"]),
        replies=tuple(_reply(item) for item in record["replies"]),
    )


def _reply(item: Mapping[str, Any]) -> Reply:
    sentences = tuple(
        CitedText(marked(s["text"]), tuple(s["cites"]), _one_of(s, "part", PARTS)) for s in item["sentences"]
    )
    return Reply(_one_of(item, "tone", TONES), _one_of(item, "length", tuple(LENGTHS)), sentences)


def _one_of(record: Mapping[str, Any], key: str, allowed: Sequence[str]) -> str:
    value = str(record[key])
    if value not in allowed:
        raise InputError(f"{key} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def _said(error: Exception) -> str:
    return f"lacks the field {error}" if isinstance(error, KeyError) else str(error)


def same_value(text: str) -> str:
    """A text by which two writings of one thing compare: without spaces and case."""
    return _SPACE.sub("", text).casefold()


def keys_of(mark: Mark) -> set[str]:
    """What a mark may be recognised by: its text, its canonical form, and the value of the figure that either holds."""
    found = set()
    for text in filter(None, (mark.text, mark.canonical)):
        found.add(same_value(text))
        spans = extract(f"{text} parcels" if mark.type == "count" else text)
        found |= {f"{span.kind}:{span.value}:{span.unit}" for span in spans[:1] if not span.value.startswith("--")}
    return found


def problems_of(thread: CorpusThread, passages: Mapping[str, Passage], intents: Iterable[str]) -> Iterator[str]:
    """What is wrong with a thread, one line each: unknown labels, bare digits, sources that do not exist or do not hold a slot."""
    yield from _label_problems(thread, set(intents))
    sources = _sources(thread, passages)
    texts = [(f"message {i}", m) for i, m in zip(thread.message_ids, thread.messages, strict=True)]
    texts += [(f"fact {i}", m) for i, m in zip(thread.fact_ids, thread.facts, strict=True)]
    cited = [(f"summary {n}", s) for n, s in enumerate(thread.summary, start=1)]
    for number, reply in enumerate(thread.replies, start=1):
        cited += [(f"reply {number}.{n}", s) for n, s in enumerate(reply.sentences, start=1)]
        low, high = LENGTHS[reply.length]
        if not low <= len(reply.sentences) <= high:
            yield f"reply {number}: {len(reply.sentences)} sentences; {reply.length} has {low}–{high}"
    for where, text in [*texts, *((w, s.marked) for w, s in cited)]:
        yield from _bare_digits(where, text)
    for where, sentence in cited:
        yield from _source_problems(where, sentence, sources)


def _label_problems(thread: CorpusThread, intents: set[str]) -> Iterator[str]:
    if unknown := set(thread.intents) - intents:
        yield f"intents {', '.join(sorted(unknown))} are not in the taxonomy"
    if not thread.intents:
        yield "has no intent; write other for a matter outside the taxonomy"
    if not -1 <= thread.sentiment <= 1 or not 1 <= thread.satisfaction <= 5:
        yield "sentiment must lie in −1…1 and satisfaction in 1…5"
    if not thread.messages or not thread.summary or not thread.replies:
        yield "needs at least one message, one summary sentence and one reply"
    if len(set(thread.message_ids)) < len(thread.message_ids) or len(set(thread.fact_ids)) < len(thread.fact_ids):
        yield "a message or fact id stands twice"
    if list(thread.sent_at) != sorted(thread.sent_at):
        yield "messages must be in order of time"


def _sources(thread: CorpusThread, passages: Mapping[str, Passage]) -> dict[str, Set[str]]:
    """What each source holds, by its cite: the keys of its marks; of a policy paragraph, its figures and its whole text."""
    found: dict[str, Set[str]] = {
        f"message:{i}": {k for mark in m.marks for k in keys_of(mark)}
        for i, m in zip(thread.message_ids, thread.messages, strict=True)
    }
    found |= {
        f"fact:{i}": {k for mark in m.marks for k in keys_of(mark)} | {same_value(m.text)}
        for i, m in zip(thread.fact_ids, thread.facts, strict=True)
    }
    return found | {cite: held_by(passage) for cite, passage in passages.items()}


@cache
def held_by(passage: Passage) -> frozenset[str]:
    """The figures of a policy paragraph and its whole text; found once, as every thread may cite it."""
    figures = {f"{s.kind}:{s.value}:{s.unit}" for s in extract(passage.text)}
    return frozenset(figures | {same_value(passage.text)})


def _bare_digits(where: str, text: Marked) -> Iterator[str]:
    covered = {i for mark in text.marks for i in range(mark.start, mark.end)}
    bare = next((m.start() for m in _DIGIT.finditer(text.text) if m.start() not in covered), None)
    if bare is not None:
        yield f"{where}: a figure is not marked near {text.text[max(0, bare - 12) : bare + 12]!r}"


def _source_problems(where: str, sentence: CitedText, sources: Mapping[str, Set[str]]) -> Iterator[str]:
    if not sentence.cites:
        yield f"{where}: cites nothing"
    if unknown := [cite for cite in sentence.cites if cite not in sources]:
        yield f"{where}: cites {', '.join(unknown)}, which the thread and the policy lack"
        return
    held = set().union(*(sources[cite] for cite in sentence.cites)) if sentence.cites else set()
    whole = [text for cite in sentence.cites if cite.startswith(("article:", "fact:")) for text in sources[cite]]
    for mark in sentence.marked.marks:
        keys = keys_of(mark)
        if not keys & held and not any(same_value(mark.text) in text for text in whole):
            yield f"{where}: {mark.type} {mark.text!r} stands in none of its sources {', '.join(sentence.cites)}"


def check(paths: Sequence[Path], knowledge: Knowledge) -> Iterator[str]:
    """What is wrong in corpus files, one line each; nothing for a sound corpus."""
    passages = {language: {p.cite: p for p in knowledge.passages(language)} for language in (ENGLISH, CHINESE)}
    intents = [intent.intent_id for intent in knowledge.taxonomy.intents]
    ids: Counter[str] = Counter()
    seen: dict[str, str] = {}
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
            if not line.strip():
                continue
            try:
                thread = thread_of(json.loads(line))
            except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
                yield f"{path.name}, line {number}: {_said(error)}"
                continue
            ids[thread.thread_id] += 1
            where = f"{path.name}, line {number}, {thread.thread_id}"
            for problem in problems_of(thread, passages[thread.language], intents):
                yield f"{where}: {problem}"
            for reply in thread.replies:
                for sentence in reply.sentences:
                    if len(sentence.marked.text) > 40 and seen.setdefault(sentence.marked.text, where) != where:
                        yield f"{where}: says word for word what {seen[sentence.marked.text]} says: {sentence.marked.text[:50]!r}"
    yield from (f"thread_id {name!r} stands {count} times" for name, count in ids.items() if count > 1)


def counted(threads: Sequence[CorpusThread]) -> Iterator[str]:
    """The counts that the data card states, as Markdown: by language, by length of thread and reply, and by intent."""
    yield from (
        "| language | threads | held out | messages | characters | replies | reply sentences |",
        "|---" * 7 + "|",
    )
    for language in (ENGLISH, CHINESE):
        these = [t for t in threads if t.language == language]
        messages = [m.text for t in these for m in t.messages]
        replies = [reply for t in these for reply in t.replies]
        sizes = (sum(t.is_held_out for t in these), len(messages), sum(map(len, messages)), len(replies))
        yield _row(language, len(these), *sizes, sum(len(reply.sentences) for reply in replies))
    yield from ("", "| messages of a thread | en | zh-Hans |", "|---" * 3 + "|")
    for low, high in ((1, 1), (2, 3), (4, 8), (9, 999)):
        name = str(low) if low == high else f"{low}–{high}" if high < 999 else f"{low} and more"
        yield _by_language(name, [t.language for t in threads if low <= len(t.messages) <= high])
    yield from ("", "| length of a reply | en | zh-Hans |", "|---" * 3 + "|")
    for length in LENGTHS:
        yield _by_language(length, [t.language for t in threads for reply in t.replies if reply.length == length])
    yield from ("", "| intent | en | zh-Hans |", "|---" * 3 + "|")
    for intent in sorted({intent for t in threads for intent in t.intents}):
        yield _by_language(intent, [t.language for t in threads if intent in t.intents])


def _by_language(name: str, languages: Sequence[str]) -> str:
    return _row(name, languages.count(ENGLISH), languages.count(CHINESE))


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m llm.desk.corpus check FILE…`: prints what is wrong and the counts; 1 when something is."""
    parser = argparse.ArgumentParser(prog="python -m llm.desk.corpus")
    parser.add_argument("action", choices=["check"])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--knowledge", type=Path, default=Path("data/knowledge"))
    chosen = parser.parse_args(arguments)
    wrong = list(check(chosen.files, Knowledge.load(chosen.knowledge)))
    print("\n".join(wrong) or "sound", file=sys.stderr)
    if not wrong:
        print("\n".join(counted([thread for path in chosen.files for thread in read_threads(path)])))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
