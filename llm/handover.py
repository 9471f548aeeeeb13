"""Whether a thread belongs to a person, and why: patterns of `hand_over.toml` on the newest message, and what went before it.

Deterministic, and reads messages as data: nothing in them can lower a reason. Knows no policy passage and no words to say.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llm.errors import KnowledgeError
from llm.language import WRITTEN, body, is_chinese
from llm.taxonomy import field, read_toml
from llm.types import Message
from llm.vectors import similarities

FILE = "hand_over.toml"
SAME_QUESTION_FROM = 0.6
"""Cosine of n-gram TF-IDF from which two messages of one writer ask the same."""
MAX_ANSWERS = 6
"""After so many messages of the desk in one thread a person takes over: more turns have settled nothing."""
HANDED_OVER = ("pass this to a person", "转交给人工")
"""Words that stand in every hand-over of the desk, and by which it knows its own."""


@dataclass(frozen=True)
class Reason:
    """Why a person answers; `needs_answer`: only where the desk has said something before."""

    reason_id: str
    patterns: tuple[re.Pattern[str], ...]
    needs_answer: bool = False

    def is_in(self, text: str) -> bool:
        """Whether any pattern stands in the text."""
        return any(pattern.search(text) for pattern in self.patterns)


def read_reasons(path: Path) -> tuple[Reason, ...]:
    """The reasons, gravest first; all languages' patterns are tried on every text. Raises KnowledgeError naming the reason."""
    table = read_toml(path)
    reasons = []
    for item in field(table, "reason", list, str(path)):
        reason_id = field(item, "id", str, str(path))
        where = f"{path}, reason {reason_id!r}"
        written = [pattern for language in WRITTEN for pattern in field(item, language, list, where)]
        try:
            patterns = tuple(re.compile(pattern, re.I) for pattern in written)
        except re.error as error:
            raise KnowledgeError(f"{where}: a pattern is no regular expression: {error}.") from error
        reasons.append(Reason(reason_id, patterns, bool(item.get("needs_answer", False))))
    return tuple(reasons)


def is_handed_over(messages: Sequence[Message]) -> bool:
    """Whether a person has taken or been given the thread: an agent wrote, or the desk said that it hands over."""
    return any(
        message.author == "agent" or (message.author == "bot" and any(words in message.text for words in HANDED_OVER))
        for message in messages
    )


def names_another(text: str, merchant_id: str) -> bool:
    """Whether the text holds an id that is written like this merchant's and is not it: M-1012 where M-1011 asks."""
    like = re.sub(r"\d+", r"\\d+", re.escape(merchant_id))
    if like == re.escape(merchant_id):
        return False
    return any(found.casefold() != merchant_id.casefold() for found in re.findall(rf"(?<!\w){like}(?!\w)", text, re.I))


def reason_for(messages: Sequence[Message], reasons: Sequence[Reason], merchant_id: str | None = None) -> str | None:
    """The gravest reason for a person, or None; `messages` end with the one to answer, by `merchant_id`."""
    newest = body(messages[-1].text)
    before = messages[:-1]
    answered = any(message.author == "bot" and not _is_greeting(message, before) for message in before)
    for reason in reasons:
        if reason.reason_id == "other_merchants_data" and merchant_id and names_another(newest, merchant_id):
            return reason.reason_id
        if reason.needs_answer and not answered:
            continue
        if reason.is_in(newest) or (reason.reason_id == "repeated" and _asks_again(newest, before)):
            return reason.reason_id
    return "repeated" if sum(message.author == "bot" for message in before) >= MAX_ANSWERS else None


def _is_greeting(message: Message, messages: Sequence[Message]) -> bool:
    """A first message of the desk that ends with what it can do answers nothing."""
    place = [other.message_id for other in messages].index(message.message_id)
    return place <= 1 and message.text.rstrip().endswith(("?", "？"))


def _asks_again(newest: str, before: Sequence[Message]) -> bool:
    earlier = [message.text for message in before if message.author in {"merchant", "buyer"}]
    if not earlier:
        return False
    chinese = is_chinese(newest)
    return float(similarities([newest, *earlier], chinese=chinese)[0][1:].max()) >= SAME_QUESTION_FROM
