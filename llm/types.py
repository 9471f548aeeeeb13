"""The values that cross llm's borders: evidence in (threads, facts, passages, macros), words out (summaries, drafts …).

Plain frozen data; `to_json()` of a result is exactly the object that the command of its name prints. Knows no model.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Literal

from llm.errors import InputError

Author = Literal["merchant", "agent", "buyer", "bot", "system"]
Action = Literal["answer", "ask", "hand_over"]
Polarity = Literal["negative", "neutral", "positive"]
Json = dict[str, object]

AUTHORS: tuple[Author, ...] = ("merchant", "agent", "buyer", "bot", "system")
MAX_MESSAGE_CHARACTERS = 100_000

_MACRO_VARIABLE = re.compile(r"\{(\w+)\}")
# C0 and C1 controls but tab, line feed and carriage return; and lone surrogates, which UTF-8 cannot carry.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class _Printed:
    """A result whose fields, in their order, are the keys of its JSON object."""

    def to_json(self) -> Json:
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}


def _plain(value: object) -> object:
    items = [_plain(item) for item in value] if isinstance(value, tuple) else value
    return value.to_json() if isinstance(value, _Printed) else items


@dataclass(frozen=True)
class Message:
    """One message of a thread; `sent_at` is UTC, or None where the source does not say."""

    message_id: str
    sent_at: datetime | None
    author: Author
    text: str

    @property
    def cite(self) -> str:
        return f"message:{self.message_id}"


@dataclass(frozen=True)
class Thread:
    """A ticket and its messages, oldest first as the source gave them; never without a message."""

    ticket_id: str
    merchant_id: str | None
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Fact:
    """A figure, id or date from the warehouse that a reply may state, with its unit ('' for none)."""

    fact_id: str
    name: str
    value: str | int | float | bool
    unit: str = ""

    @property
    def cite(self) -> str:
        return f"fact:{self.fact_id}"


@dataclass(frozen=True)
class Passage:
    """Paragraph `n` (from 1) of a policy article."""

    article_id: str
    n: int
    text: str
    language: str
    title: str

    @property
    def cite(self) -> str:
        return f"article:{self.article_id}#{self.n}"


@dataclass(frozen=True)
class Macro:
    """A sentence that the desk may send: variables in braces, and the `actions` that its text promises."""

    macro_id: str
    kind: str
    language: str
    text: str
    tone: str = "neutral"
    intents: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Names in braces, in order of first appearance."""
        return tuple(dict.fromkeys(_MACRO_VARIABLE.findall(self.text)))


@dataclass(frozen=True)
class IssueBrief:
    """All the evidence a writer may use; nothing outside it may appear in a reply as fact. `matters`: the intents it answers, main first."""

    thread: Thread
    facts: tuple[Fact, ...] = ()
    passages: tuple[Passage, ...] = ()
    macros: tuple[Macro, ...] = ()
    language: str = "en"
    tone: str = "neutral"
    length: str = "normal"
    matters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sentence(_Printed):
    """A sentence and its sources, each `message:ID`, `fact:ID` or `article:ID#n`."""

    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Check(_Printed):
    """One test that a draft had to pass; `detail` says what was looked for and found."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Summary(_Printed):
    """A thread in fixed slots; `sentiment` runs from −1 to 1, `latency_ms` is wall time in milliseconds."""

    ticket_id: str
    summary: str
    sentences: tuple[Sentence, ...]
    intent: str
    open_questions: tuple[str, ...]
    next_event: str | None
    sentiment: float
    language: str
    engine: str
    latency_ms: int


@dataclass(frozen=True)
class Draft(_Printed):
    """A reply to edit, its sentences with their sources, and the checks it went through."""

    ticket_id: str
    reply: str
    sentences: tuple[Sentence, ...]
    checks: tuple[Check, ...]
    language: str
    engine: str
    latency_ms: int


@dataclass(frozen=True)
class Answer(_Printed):
    """An answer, a question back, or a hand-over with its reason; `confidence` is 0–1. `note` is for the person who takes over."""

    action: Action
    text: str
    sentences: tuple[Sentence, ...]
    reason: str
    confidence: float
    language: str
    engine: str
    note: str = ""


@dataclass(frozen=True)
class Confidence(_Printed):
    """A name from the taxonomy (an intent, an urgency level) and how sure we are of it, 0–1."""

    name: str
    confidence: float


@dataclass(frozen=True)
class AspectConfidence(_Printed):
    """An aspect of the trade that a text speaks of, whether well or ill, and how sure we are of it, 0–1."""

    name: str
    polarity: Polarity
    confidence: float


@dataclass(frozen=True)
class ExtractedFields(_Printed):
    """What a text names, each as written there, in order of first appearance."""

    orders: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Classification(_Printed):
    """What a text is about; `id` is the caller's, `sentiment` runs from −1 to 1."""

    id: str
    intents: tuple[Confidence, ...]
    aspects: tuple[AspectConfidence, ...]
    sentiment: float
    urgency: Confidence
    language: str
    fields: ExtractedFields = ExtractedFields()


@dataclass(frozen=True)
class Satisfaction(_Printed):
    """How satisfied those who wrote a thread would say they are, 1–5, inferred; 95 % of surveys would lie in the interval."""

    ticket_id: str
    score: float
    ci_low: float
    ci_high: float
    language: str


@dataclass(frozen=True)
class Theme(_Printed):
    """Messages, or reviews, that speak of one issue: `count` of them, `share` of all of their kind (0–1), of them `distinct_count` different texts.

    `growth` is the relative change of the threads' share against the period before, with its interval; None when it cannot be said. `status` is new,
    growing, steady, shrinking or vanished, where all but steady are beyond chance among all themes of the day. `component` is the part of the trust score
    that it touches. `first_on` is the day of its first message that was looked at; `split_from` the theme that it came out of, `merged` those that went
    into it since the day before. Of reviews, `message_ids` are ids of events and cites are `review:ID`.
    """

    theme_id: str
    label: str
    intent: str
    count: int
    share: float
    growth: float | None
    ci_low: float | None
    ci_high: float | None
    merchants: tuple[str, ...]
    message_ids: tuple[str, ...]
    summary: str
    kind: Literal["message", "review"] = "message"
    status: str = "steady"
    component: str = "none"
    languages: tuple[str, ...] = ()
    thread_count: int = 0
    thread_count_before: int = 0
    distinct_count: int = 0
    typical: tuple[Sentence, ...] = ()
    extreme: tuple[Sentence, ...] = ()
    first_on: str | None = None
    split_from: str | None = None
    merged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gap(_Printed):
    """A matter that `count` threads ask about and that the knowledge doesn't answer: the questions nearest to all others as `examples`.

    `nearest` is a passage of the article that most of them are about or come nearest to ('' for none), `similarity` how near the nearest of them
    comes to it, `chance` the mean chance that what was found answers, both 0–1. `is_covered`: an article is about the matter; it should be mended
    before another is written.
    """

    gap_id: str
    label: str
    language: str
    count: int
    ticket_ids: tuple[str, ...]
    merchants: tuple[str, ...]
    examples: tuple[Sentence, ...]
    nearest: str
    nearest_title: str
    similarity: float
    chance: float
    is_covered: bool


def thread_from_json(value: object) -> Thread:
    """Reads `{ticket_id, merchant_id, messages:[{message_id, sent_at, author, text}]}`; other keys are left alone.

    Times without an offset are taken as UTC. Control characters and lone surrogates in a text become U+FFFD, one for
    one, so that positions stay. Raises InputError, one line that names the place, for anything else.
    """
    where = "thread"
    record = _object(value, where)
    ticket_id = _identifier(record, "ticket_id", where)
    where = f"thread {ticket_id!r}"
    merchant_id = None if record.get("merchant_id") is None else _identifier(record, "merchant_id", where)
    items = record.get("messages")
    if not isinstance(items, list):
        raise InputError(f"{where}: messages must be a list of messages, found {_kind(items)}.")
    if not items:
        raise InputError(f"{where}: has no message; there is nothing to read. Give at least one.")
    messages = tuple(_message(item, f"{where}, message {place}") for place, item in enumerate(items, start=1))
    _unique([message.message_id for message in messages], f"{where}: message_id")
    return Thread(ticket_id=ticket_id, merchant_id=merchant_id, messages=messages)


def facts_from_json(value: object) -> tuple[Fact, ...]:
    """Reads `[{fact_id, name, value, unit}]`; None is no facts. Raises InputError naming the place."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InputError(f"facts: expected a list, found {_kind(value)}.")
    facts = tuple(_fact(item, f"fact {place}") for place, item in enumerate(value, start=1))
    _unique([fact.fact_id for fact in facts], "facts: fact_id")
    return facts


def _message(value: object, where: str) -> Message:
    record = _object(value, where)
    message_id = _identifier(record, "message_id", where)
    author = next((name for name in AUTHORS if name == record.get("author")), None)
    if author is None:
        raise InputError(f"{where}: author must be one of {', '.join(AUTHORS)}; found {_shown(record.get('author'))}.")
    text = record.get("text")
    if not isinstance(text, str):
        raise InputError(f"{where}: text must be a string, found {_kind(text)}.")
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise InputError(
            f"{where}: text has {len(text):,} characters, at most {MAX_MESSAGE_CHARACTERS:,} are read. Shorten or split it."
        )
    return Message(message_id, _instant(record.get("sent_at"), where), author, printable(text))


def _fact(item: object, where: str) -> Fact:
    record = _object(item, where)
    fact_id, name = _identifier(record, "fact_id", where), _identifier(record, "name", where)
    value, unit = record.get("value"), record.get("unit") or ""
    if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
        wanted = "a string, finite number or boolean"
        raise InputError(f"{where} ({fact_id!r}): value must be {wanted}, found {_shown(value)}.")
    if not isinstance(unit, str):
        raise InputError(f"{where} ({fact_id!r}): unit must be a string or absent, found {_shown(unit)}.")
    return Fact(fact_id, name, printable(value) if isinstance(value, str) else value, printable(unit))


def printable(text: str) -> str:
    """The text with control characters (but tab and line ends) and lone surrogates as U+FFFD, one for one."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected a JSON object, found {_kind(value)}.")
    return value


def _identifier(record: Mapping[str, object], key: str, where: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: {key} must be a string that is not empty, found {_shown(value)}.")
    if _UNPRINTABLE.search(value) or "\n" in value or "\r" in value:
        raise InputError(f"{where}: {key} {value!r} holds control characters; give a plain id.")
    return value


def _unique(ids: list[str], where: str) -> None:
    for name, count in Counter(ids).most_common(1):
        if count > 1:
            raise InputError(f"{where} {name!r} stands more than once; each must be its own.")


def _instant(value: object, where: str) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):  # no time, or one before year 1 once it is in UTC
        wanted = "an ISO 8601 time such as 2026-03-01T09:30:00Z"
        raise InputError(f"{where}: sent_at must be {wanted}, found {_shown(value)}.") from None


def _kind(value: object) -> str:
    names = {type(None): "nothing", dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)


def _shown(value: object) -> str:
    return repr(value if len(value) <= 40 else value[:40] + "…") if isinstance(value, str) else _kind(value)
