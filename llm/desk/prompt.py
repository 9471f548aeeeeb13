"""The desk model's own language: its special tokens, how a brief becomes a prompt, what its lines mean. Knows no torch.

A prompt is the task, the language, tone and length, then the sources, policy first and messages last, each behind its number `<s1>` and
its kind; then `<write>`. A written line is its part (of a reply), the numbers of its sources, the sentence, `<line>`; the last ends in `<end>`.
So the model says what a sentence rests on before it says the sentence.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from llm.desk.slots import SlotBook, figures, known_names, places, slot_tokens
from llm.knowledge import TONES
from llm.language import CHINESE, ENGLISH
from llm.types import AUTHORS, Fact, Message, Passage

SUMMARY, REPLY = "summary", "reply"
PARTS = ("acknowledge", "fact", "rule", "decision", "ask", "next_step", "appeal", "hand_over", "close")
LENGTHS = ("short", "normal", "long")
PAD, END, LINE, WRITE = "<pad>", "<end>", "<line>", "<write>"
RECORD, POLICY = "<record>", "<policy>"
SOURCES = 48
SHORTENED = 160
"""Characters that are left of a long old message when a prompt must be cut."""

_QUOTE = re.compile(r"^[ \t]*[›>＞].*\n?", re.M)
_DIGITS = re.compile(r"\d+")
_SPACES = re.compile(r"[ \t]{2,}")
_LINES = re.compile(r"\n{2,}")


def special_tokens() -> list[str]:
    """Every token that is no text, in the order of their ids."""
    words = [SUMMARY, REPLY, ENGLISH, CHINESE, *TONES, *LENGTHS, *AUTHORS, *PARTS]
    return [PAD, END, LINE, WRITE, RECORD, POLICY, *(f"<{w}>" for w in words), *source_tokens(), *slot_tokens()]


def source_tokens() -> list[str]:
    """The numbers by which a prompt names its sources."""
    return [f"<s{n}>" for n in range(1, SOURCES + 1)]


@dataclass(frozen=True)
class Source:
    """One numbered source of a prompt; `kind` is its token, `text` holds slots."""

    cite: str
    kind: str
    text: str


@dataclass(frozen=True)
class Asked:
    """What is asked of the model. A summary has no tone and no length."""

    task: str
    language: str
    tone: str = "neutral"
    length: str = "normal"


def flat(text: str) -> str:
    """A raw text as it may enter a prompt: no `<`, which would read as a token; positions stay."""
    return text.replace("<", "‹").replace(">", "›")


def sources_of(
    messages: Sequence[Message],
    facts: Iterable[Fact],
    passages: Iterable[Passage],
    book: SlotBook,
) -> list[Source]:
    """The sources of a brief in the prompt's order: policy, records, messages; their figures and names as slots of the `book`."""
    facts = list(facts)
    known = known_names((fact.name, str(fact.value)) for fact in facts)
    said = [
        Source(
            message.cite, f"<{message.author}>", book.slotted(text, places(text, known, message.sent_at), message.cite)
        )
        for message in messages
        if (text := flat(message.text)).strip()
    ]
    recorded = [
        Source(fact.cite, RECORD, record_text(fact.name, book.slotted(text, places(text, known), fact.cite)))
        for fact in facts
        if (text := flat(f"{value_of(fact)}"))
    ]
    ruled = [Source(p.cite, POLICY, book.slotted(flat(p.text), figures(flat(p.text)), p.cite)) for p in passages]
    return [*ruled, *recorded, *said]


def record_text(name: str, slotted: str) -> str:
    """A record as a prompt shows it; a figure in its name is a numberless slot, as no digit enters a prompt."""
    return f"{_DIGITS.sub('<number>', flat(name))}: {slotted}"


def value_of(fact: Fact) -> str:
    """A fact's value with its unit; a share between 0 and 1 in per cent."""
    if fact.unit in {"rate", "share", "ratio"} and isinstance(fact.value, int | float):
        return f"{fact.value * 100:.1f}%"
    return f"{fact.value}%" if fact.unit == "percent" else f"{fact.value} {fact.unit}".strip()


def prompt_of(asked: Asked, sources: Sequence[Source]) -> str:
    """The whole prompt as text with tokens; a source beyond the last number is left out."""
    head = f"<{asked.task}><{asked.language}>"
    if asked.task == REPLY:
        head += f"<{asked.tone}><{asked.length}>"
    numbered = zip(source_tokens(), sources, strict=False)
    return head + "".join(f"{number}{s.kind}{tidy(s.text)}" for number, s in numbered) + WRITE


def tidy(text: str) -> str:
    """A source's text without runs of spaces and blank lines."""
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def fitted(sources: Sequence[Source], count: Callable[[str], int], budget: int) -> list[Source]:
    """The sources cut to a budget of tokens: quotes of old messages first, then long old messages and the last policy; records never."""
    kept = [replace(source, text=tidy(source.text)) for source in sources]
    count = cache(count)

    def is_too_long() -> bool:
        return sum(count(source.text) + 2 for source in kept) > budget or len(kept) > SOURCES

    said = [n for n, source in enumerate(kept) if source.kind not in {RECORD, POLICY}]
    for n in said:
        if is_too_long():
            unquoted = _QUOTE.sub("", kept[n].text).strip()
            kept[n] = replace(kept[n], text=unquoted or shortened(kept[n].text, SHORTENED))
    for n in said[:-1]:
        if is_too_long():
            kept[n] = replace(kept[n], text=shortened(kept[n].text, SHORTENED))
    while is_too_long() and sum(source.kind == POLICY for source in kept) > 2:
        kept.pop(max(n for n, source in enumerate(kept) if source.kind == POLICY))
    while is_too_long() and sum(source.kind not in {RECORD, POLICY} for source in kept) > 2:
        kept.pop(next(n for n, source in enumerate(kept) if source.kind not in {RECORD, POLICY}))
    while said and is_too_long() and len(kept[-1].text) > SHORTENED:
        spare = max(0, budget - sum(count(source.text) + 2 for source in kept[:-1]) - 2)
        share = min(0.9, spare / count(kept[-1].text))
        kept[-1] = replace(kept[-1], text=shortened(kept[-1].text, max(SHORTENED, int(share * len(kept[-1].text)))))
    return kept


def shortened(text: str, characters: int) -> str:
    """The beginning of a text and its end, at most so many characters, never half a slot."""
    if len(text) <= characters:
        return text
    left = characters - len(" … ")
    head, tail = text[: left * 2 // 3], text[len(text) - left // 3 :]
    return f"{re.sub(r'<[^<>]*$', '', head)} … {re.sub(r'^[^<>]*>', '', tail)}"


@dataclass(frozen=True)
class WrittenLine:
    """A line as the model wrote it: the part it plays, the sources it names, the sentence with its slots."""

    part: str
    cites: tuple[str, ...]
    text: str


_NUMBER = re.compile(r"<s(\d{1,2})>")
_PART = re.compile(rf"^<({'|'.join(PARTS)})>")


def line_text(line: WrittenLine, numbers: Mapping[str, str]) -> str:
    """How a line stands in a training target; `numbers` gives a cite's token."""
    part = f"<{line.part}>" if line.part else ""
    return f"{part}{''.join(numbers[cite] for cite in line.cites)}{line.text}{LINE}"


def lines_in(text: str, sources: Sequence[Source]) -> list[WrittenLine]:
    """The whole lines of a written text."""
    found = []
    for raw in text.replace(END, "").split(LINE)[:-1]:
        part = match[1] if (match := _PART.match(raw)) else ""
        numbers = [int(n) for n in _NUMBER.findall(raw)]
        cites = tuple(dict.fromkeys(sources[n - 1].cite for n in numbers if 0 < n <= len(sources)))
        sentence = _NUMBER.sub("", raw.removeprefix(f"<{part}>")).strip()
        if sentence:
            found.append(WrittenLine(part, cites, sentence))
    return found
