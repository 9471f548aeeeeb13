"""What the desk's own writer is asked and what it answers, as text: a brief as one JSON message, a sentence and its sources as one JSON line.

So it is served by the same worker, queue, time-outs and streams as any chat checkpoint. Knows no torch and no weights.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from llm.chat import ChatMessage, TextModel
from llm.desk.prompt import REPLY, SUMMARY, Asked
from llm.errors import InputError
from llm.language import WRITTEN
from llm.types import Fact, IssueBrief, Message, Passage, Sentence, Thread

SHOWN_MESSAGES = 30
LONGEST_MESSAGE = 8_000
"""Characters of one message that are read; a model's context holds fewer."""


def reads_briefs(writer: TextModel | None) -> bool:
    """Whether the writer takes a `BriefPrompt`, as the desk's own model does, and no chat."""
    return bool(getattr(writer, "reads_briefs", False))


class BriefPrompt:
    """The message for the desk's own writer, and its lines read back. Raises InputError for a language that it does not write."""

    def __init__(self, task: str, brief: IssueBrief) -> None:
        if brief.language not in WRITTEN:
            raise InputError(f"The desk's own model writes {' and '.join(WRITTEN)}; the thread is in {brief.language}.")
        asked = Asked(task, brief.language, brief.tone, brief.length)
        shown = brief.thread.messages[-SHOWN_MESSAGES:]
        content = {
            "asked": asdict(asked),
            "messages": [
                asdict(m) | {"text": m.text[:LONGEST_MESSAGE], "sent_at": m.sent_at and m.sent_at.isoformat()}
                for m in shown
            ],
            "facts": [asdict(fact) for fact in brief.facts],
            "passages": [asdict(passage) for passage in brief.passages],
        }
        self.messages = (ChatMessage("user", json.dumps(content, ensure_ascii=False)),)
        is_cut = len(shown) < len(brief.thread.messages) or any(len(m.text) > LONGEST_MESSAGE for m in shown)
        self.left_out = "the oldest messages and the ends of very long ones" if is_cut else ""

    @classmethod
    def of_text(cls, text: str, task: str = SUMMARY, language: str = "en") -> "BriefPrompt":
        """A thread of one message, to try a model with."""
        return cls(task, IssueBrief(Thread("trial", None, (Message("1", None, "merchant", text),)), language=language))

    def sentence(self, line: str) -> Sentence | None:
        """The sentence of one line; None for a line that holds none, or was cut because it never ended."""
        record = _record(line)
        if record.get("is_cut"):
            self.left_out = "quotations and the middle of long old messages"
        text = record.get("text", "")
        return Sentence(text, tuple(record["cites"])) if any(c.isalnum() for c in text) else None


def tokens_in(line: str) -> int:
    """How many tokens the model made for a line."""
    return int(_record(line).get("tokens", 0))


def _record(line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


@dataclass(frozen=True)
class BriefRequest:
    """A `BriefPrompt` as it arrives."""

    asked: Asked
    messages: tuple[Message, ...]
    facts: tuple[Fact, ...]
    passages: tuple[Passage, ...]


def request_in(messages: Sequence[ChatMessage]) -> BriefRequest:
    """Reads the last message. Raises InputError for one that is no brief, such as a chat."""
    try:
        content = json.loads(messages[-1].content)
        asked = Asked(**content["asked"])
        if asked.task not in (SUMMARY, REPLY) or asked.language not in WRITTEN:
            raise ValueError(asked)
        return BriefRequest(
            asked,
            tuple(_message(item) for item in content["messages"]),
            tuple(Fact(**item) for item in content["facts"]),
            tuple(Passage(**item) for item in content["passages"]),
        )
    except (ValueError, LookupError, TypeError) as error:
        raise InputError("The desk's own model takes briefs, not chats.") from error


def _message(item: Mapping[str, Any]) -> Message:
    sent_at = item["sent_at"]
    return Message(**{**item, "sent_at": None if sent_at is None else datetime.fromisoformat(sent_at)})
