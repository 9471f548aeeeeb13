"""Hand-written threads in both languages, and a model that says what a test tells it to."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from llm.chat import ChatMessage, GenerateOptions
from llm.errors import EngineTimeoutError
from llm.types import AUTHORS, Author, Fact, Message, Thread


def thread_of(*messages: tuple[str, str], ticket_id: str = "T-000123") -> Thread:
    """A thread of (author, text), one a day from 2026-11-05, ids m1, m2 …"""
    listed = []
    for n, (name, text) in enumerate(messages, start=1):
        author: Author = next(known for known in AUTHORS if known == name)
        listed.append(Message(f"m{n}", datetime(2026, 11, 4 + n, 9, tzinfo=UTC), author, text))
    return Thread(ticket_id, "M-00155", tuple(listed))


PENALTY_FACTS = (
    Fact("f1", "merchant_name", "Kite Organic"),
    Fact("f2", "penalty_date", "2026-11-03"),
    Fact("f3", "clause", "F-2.1"),
    Fact("f4", "points", 4, "points"),
    Fact("f5", "expires_on", "2027-02-01"),
    Fact("f6", "due_date", "2026-11-17"),
    Fact("f7", "late_rate", 0.047, "rate"),
    Fact("f8", "order_ids", "TD-10017578, TD-10017579"),
)
_ENGLISH_TEXT = """Hello,
we were given 4 points under clause F-2.1 on 3 Nov 2026 for orders TD-10017578 and TD-10017579. We handed both parcels to BlueArrow on time.
Please lift the penalty, it cost us $1,234.50 in sales."""
PENALTY_EN = ("merchant", _ENGLISH_TEXT)
PENALTY_ZH = (
    "merchant",
    "你好，我们店铺因为 F-2.1 被扣了4分，订单TD-10017578、TD-10017579都是按时发货的，请撤销处罚！",
)


class ScriptedModel:
    """Writes what it is given, in pieces of seven characters; `prompts` keeps what it was asked; it may break in the middle."""

    def __init__(self, text: str, *, fails_after: int | None = None, name: str = "checkpoint:scripted") -> None:
        self.name = name
        self._text = text
        self._fails_after = fails_after
        self.prompts: list[Sequence[ChatMessage]] = []
        self.written = 0

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions = GenerateOptions()) -> Iterator[str]:  # noqa: B008
        self.prompts.append(messages)
        for start in range(0, len(self._text), 7):
            if self._fails_after is not None and start >= self._fails_after:
                raise EngineTimeoutError("The model did not finish in 120 s.")
            self.written = start + 7
            yield self._text[start : start + 7]
