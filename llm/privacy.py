"""Private data in a text, found and masked before a prompt, a log or an export sees it.

What has a form is found by `llm.private_patterns`, names of people and postal addresses by `llm.people`. Order, tracking, SKU, merchant
and clause numbers are never masked.
"""

from dataclasses import dataclass

from llm.private_patterns import found, plain
from llm.spans import extract

TYPES = ("PERSON", "PHONE", "EMAIL", "ADDRESS", "CARD", "BANK_ACCOUNT", "NATIONAL_ID", "URL", "IP")


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
    taken = bytearray(len(text))
    for span in extract(text):
        if span.kind in {"order", "clause", "date"}:
            taken[span.start : span.end] = b"\x01" * (span.end - span.start)
    spans = (PrivateSpan(*span) for span in found(plain(text), taken))
    return tuple(sorted(spans, key=lambda span: span.start))


def find(text: str) -> tuple[PrivateSpan, ...]:
    """The private data in `text`, by position, not overlapping."""
    return find_formed(text)


def redact(text: str) -> Redaction:
    """Masks each private span with its type in brackets."""
    spans = find(text)
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], f"[{span.type}]"]
        at = span.end
    return Redaction("".join([*parts, text[at:]]), spans)


def mask(text: str) -> str:
    """`redact(text).text`: what prompts and logs may see."""
    return redact(text).text
