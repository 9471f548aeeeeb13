"""What a model is given and how its lines are read back: evidence as numbered quotations, one cited sentence a line.

Texts of the thread travel as JSON strings, so that nothing in them can pose as an instruction's frame; private data in them as pseudonyms,
which become what they stand for in the sentence that comes back.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Formatter

from llm.chat import ChatMessage
from llm.language import CHINESE
from llm.privacy import Pseudonyms, mask
from llm.types import IssueBrief, Message, Sentence, Thread

SENTENCE_COUNTS = {"short": 3, "normal": 6, "long": 10}
SHOWN_MESSAGES = 12
SHOWN_CHARACTERS = 1_200
_QUOTED = re.compile(r"^[ \t]*>.*(?:\n|\Z)", re.M)
_SOURCE = re.compile(r"[\[【(（]\s*((?:S\d{1,3}[\s,，、;]*)+)[\]】)）]", re.I)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)、])\s+")
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.S)
LONGEST_LINE = 2_000


@dataclass(frozen=True)
class Cut:
    """How much of the evidence a prompt shows: the newest `messages`, quoted lines in the newest `quoting` of them, `characters` of each; facts always.

    `left_out` says in words what the reader of the draft should know; "" for nothing.
    """

    messages: int = SHOWN_MESSAGES
    quoting: int = SHOWN_MESSAGES
    characters: int = SHOWN_CHARACTERS
    passages: int | None = None
    left_out: str = ""


# From all to least, for a model whose context is short: oldest quotes first, then oldest messages, then the last passages.
CUTS = (
    Cut(),
    Cut(quoting=3, left_out="quotations in the older messages"),
    Cut(quoting=0, left_out="all quotations"),
    Cut(6, 0, left_out="quotations and all but the newest 6 messages"),
    Cut(3, 0, left_out="quotations and all but the newest 3 messages"),
    Cut(1, 0, left_out="quotations and all but the newest message"),
    Cut(1, 0, passages=2, left_out="quotations, all but the newest message, and all but 2 policy passages"),
    Cut(1, 0, passages=1, left_out="quotations, all but the newest message, and all but 1 policy passage"),
)


# The same for a summary, of whose thread the first message stays as long as others do.
SUMMARY_CUTS = (
    Cut(),
    Cut(quoting=0),
    Cut(6, 0),
    Cut(6, 0, 600),
    Cut(3, 0, 300),
    Cut(1, 0, 300),
)
SUMMARY_SENTENCES = 4


class _Numbered:
    """Sources under numbers, private data in them under pseudonyms, and what each stands for."""

    messages: tuple[ChatMessage, ...]

    def __init__(self, sources: Callable[[Callable[[str], str]], Iterable[tuple[str, str, str]]]) -> None:
        self._pseudonyms = Pseudonyms()
        listed = list(sources(self._pseudonyms.hide))
        self._cites = {f"s{n}": cite for n, (cite, _, _) in enumerate(listed, start=1)}
        self._lines = "\n".join(
            f"[S{n}] {kind}: {json.dumps(text, ensure_ascii=False)}"
            for n, (_, kind, text) in enumerate(listed, start=1)
        )

    def sentence(self, line: str) -> Sentence | None:
        """The sentence of one line, pseudonyms told, and the sources it names; None for a line without words. Unknown numbers are kept as no source."""
        cites: dict[str, None] = {}
        for match in _SOURCE.finditer(line):
            for number in re.findall(r"s\d+", match[1].casefold()):
                cites[self._cites.get(number, f"unknown:{number.upper()}")] = None
        text = _BULLET.sub("", _SOURCE.sub("", line)).strip()
        text = re.sub(r"\s+([.!?。！？,，])", r"\1", re.sub(r"[ \t]{2,}", " ", text))
        return Sentence(self._pseudonyms.show(text), tuple(cites)) if any(c.isalnum() for c in text) else None


class Prompt(_Numbered):
    """What a chat model is asked for a reply."""

    def __init__(self, brief: IssueBrief, language: str, cut: Cut = CUTS[0]) -> None:
        super().__init__(lambda hide: _sources(brief, cut, hide))
        system = render(
            "draft.system",
            language_name=_language_name(language),
            tone=brief.tone,
            sentence_count=str(SENTENCE_COUNTS[brief.length]),
        )
        self.messages = (
            ChatMessage("system", system),
            ChatMessage("user", render("draft.user", sources=self._lines)),
        )


class SummaryPrompt(_Numbered):
    """What a chat model is asked for a summary."""

    def __init__(self, thread: Thread, language: str, cut: Cut = SUMMARY_CUTS[0]) -> None:
        super().__init__(lambda hide: _said(_first_and_newest(thread.messages, cut.messages), cut, hide))
        count = str(SUMMARY_SENTENCES)
        system = render("summary.system", language_name=_language_name(language), sentence_count=count)
        self.messages = (
            ChatMessage("system", system),
            ChatMessage("user", render("summary.user", sources=self._lines)),
        )


def plain_thread(thread: Thread, prefix: str = "", cut: Cut = SUMMARY_CUTS[0]) -> tuple[ChatMessage, ...]:
    """A thread as a model reads it that was made to summarise a text: who says what, a message a line, behind its own prefix."""
    shown = _first_and_newest(thread.messages, cut.messages)
    lines = [
        f"{message.author}: {' '.join(text.split())}"
        for message, (_, _, text) in zip(shown, _said(shown, cut, mask), strict=True)
    ]
    return (ChatMessage("user", prefix + "\n".join(lines)),)


def _language_name(language: str) -> str:
    return "Simplified Chinese" if language == CHINESE else "English"


def _first_and_newest(messages: Sequence[Message], count: int) -> Sequence[Message]:
    if len(messages) <= count or count < 2:
        return messages[-count:]
    return (messages[0], *messages[1 - count :])


def _said(messages: Sequence[Message], cut: Cut, hide: Callable[[str], str]) -> Iterator[tuple[str, str, str]]:
    for age, message in zip(range(len(messages), 0, -1), messages, strict=True):  # 1 is the newest
        text = message.text if age <= cut.quoting else _QUOTED.sub("", message.text)
        yield message.cite, f"message from {message.author}", hide(text)[: cut.characters]


def _sources(brief: IssueBrief, cut: Cut, hide: Callable[[str], str]) -> Iterator[tuple[str, str, str]]:
    """(cite, what it is, text): the newest messages, the facts, the passages, and the macros under the message that they answer."""
    messages = brief.thread.messages[-cut.messages :]
    yield from _said(messages, cut, hide)
    for fact in brief.facts:
        yield fact.cite, "fact", hide(f"{fact.name}: {fact.value} {fact.unit}".strip())
    for passage in brief.passages[: cut.passages]:
        yield passage.cite, f"policy, {passage.title}", passage.text
    newest = messages[-1].cite
    for macro in [m for m in brief.macros if m.kind in {"next_step", "ask", "hand_over"}][:6]:
        yield newest, "model sentence", macro.text


def lines_of(pieces: Iterable[str]) -> Iterator[str]:
    """Whole lines out of pieces of text as they come; a model's thinking is left out, and a line that never ends is cut."""
    held = ""
    for piece in pieces:
        held += piece
        held = _THINKING.sub("", held) if "</think>" in held else held
        if "<think>" in held:
            continue
        *whole, held = held.split("\n")
        yield from whole
        if len(held) > LONGEST_LINE:
            yield held
            held = ""
    yield _THINKING.sub("", held)


def render(name: str, **values: str) -> str:
    """The prompt file NAME.md with its variables; a missing or unknown one raises KeyError naming it. Values are never re-read as templates."""
    text = _prompt_file(name)
    wanted = {variable for _, variable, _, _ in Formatter().parse(text) if variable}
    if wanted != values.keys():
        raise KeyError(f"prompt {name!r} takes {sorted(wanted)}, was given {sorted(values)}")
    return text.format(**values)


def prompt_texts(task: str) -> str:
    """Both prompt files of a task (`draft`, `summary`): what a version of the prompt is told by."""
    return _prompt_file(f"{task}.system") + _prompt_file(f"{task}.user")


def _prompt_file(name: str) -> str:
    return (files("llm") / "prompts" / f"{name}.md").read_text(encoding="utf-8")
