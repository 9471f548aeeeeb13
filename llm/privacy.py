"""Private data in a text, found and masked before a prompt, a log or an export sees it.

What has a form is found by `llm.private_patterns`, names of people and postal addresses by `llm.people`. Order, tracking, SKU, merchant
and clause numbers are never masked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from llm.people import ADDRESS, PERSON, Named, people_in, people_in_all
from llm.people_rules import again
from llm.private_patterns import found, is_ours, plain

TYPES = ("PERSON", "PHONE", "EMAIL", "ADDRESS", "CARD", "BANK_ACCOUNT", "NATIONAL_ID", "URL", "IP")


AT_ONCE = 256
"""Texts that are read together: the tagger's sums are over all their words at once."""


@dataclass(frozen=True)
class PrivateSpan:
    """Where private data of a type stands in the original text: code points, end exclusive."""

    start: int
    end: int
    type: str


@dataclass(frozen=True)
class Redaction:
    """The text with each private span as `[TYPE]`, and the spans on the original."""

    text: str
    spans: tuple[PrivateSpan, ...]


def find_formed(text: str) -> tuple[PrivateSpan, ...]:
    """The private data that has a form (all but names and addresses), by position, not overlapping."""
    spans = (PrivateSpan(*span) for span in found(plain(text)))
    return tuple(sorted(spans, key=lambda span: span.start))


def find(text: str) -> tuple[PrivateSpan, ...]:
    """The private data in `text`, by position, not overlapping."""
    return _joined(text, find_formed(text), people_in(text))


def find_all(texts: Sequence[str]) -> Iterator[tuple[PrivateSpan, ...]]:
    """`find` of each text, read many at a time."""
    for begin in range(0, len(texts), AT_ONCE):
        some = texts[begin : begin + AT_ONCE]
        for text, named in zip(some, people_in_all(some), strict=True):
            yield _joined(text, find_formed(text), named)


def _joined(text: str, formed: Sequence[PrivateSpan], named: Sequence[Named]) -> tuple[PrivateSpan, ...]:
    """What has a form stands; names and addresses are what is left beside it, and a name that was found once is found wherever it stands."""
    taken = bytearray(len(text))
    for span in formed:
        taken[span.start : span.end] = b"\x01" * (span.end - span.start)
    spans = list(formed)
    for one in sorted(named, key=lambda one: one.kind != ADDRESS):
        if not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\x01" * (one.end - one.start)
            spans.append(PrivateSpan(one.start, one.end, one.kind))
    return tuple(sorted(spans, key=lambda span: span.start))


def redact(text: str) -> Redaction:
    """Masks each private span with its type in brackets."""
    spans = find(text)
    return Redaction(masked(text, spans), spans)


def masked(text: str, spans: Iterable[PrivateSpan]) -> str:
    """The text with each span, in order, as its type in brackets."""
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], f"[{span.type}]"]
        at = span.end
    return "".join([*parts, text[at:]])


def mask(text: str) -> str:
    """`redact(text).text`: what prompts and logs may see."""
    return redact(text).text


class Pseudonyms:
    """Private data as `[TYPE_1]`, the same thing as the same one in every text of a brief, and back again. Kept in memory only."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], str] = {}

    def __len__(self) -> int:
        """How many things have a pseudonym."""
        return len(self._told)

    def hide(self, text: str) -> str:
        """The text with a pseudonym for each private span, and for what was private in a text before."""
        parts, at = [], 0
        for span in _joined(text, find(text), self._known_in(text)):
            said = text[span.start : span.end]
            of_type = sum(type_ == span.type for type_, _ in self._told)
            parts += [text[at : span.start], self._told.setdefault((span.type, said), f"[{span.type}_{of_type + 1}]")]
            at = span.end
        return "".join([*parts, text[at:]])

    def _known_in(self, text: str) -> list[Named]:
        """What has a pseudonym, wherever it stands again, but for a number that is an order's or a parcel's there."""
        read = plain(text)
        return [
            Named(start, end, type_, 1.0)
            for type_, said in sorted(self._told, key=lambda told: -len(told[1]))
            if said in text
            for start, end in again(text, (said,))
            if type_ in (PERSON, ADDRESS) or not is_ours(read, start)
        ]

    def show(self, text: str) -> str:
        """The text with what its pseudonyms stand for; one that nobody was given stays."""
        for (_, said), token in self._told.items():
            text = text.replace(token, said)
        return text
