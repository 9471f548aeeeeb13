"""Whether a sentence may be shown: every figure, id and name in its evidence, a source, no promise without backing, nothing private.

Knows the evidence of one brief and the sentence; neither who wrote the sentence nor how to mend it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from llm.language import CHINESE, ENGLISH, UNDETERMINED, detect, is_chinese
from llm.names import names_in
from llm.privacy import find_formed as find_private
from llm.promises import blame_in, promises_in
from llm.spans import Span, extract
from llm.tagger import tagged
from llm.types import Check, Fact, IssueBrief, Message, Passage, Sentence

LONGEST_SENTENCE = 400
CHECK_NAMES = (
    "figures_in_evidence",
    "names_in_evidence",
    "has_source",
    "no_unbacked_promise",
    "right_language",
    "no_private_data",
    "no_blame",
    "length",
)


@dataclass(frozen=True)
class Evidence:
    """What one source says: its text, and its figures in normal form."""

    cite: str
    text: str
    spans: tuple[Span, ...]


class EvidenceBook:
    """The sources of one brief by their cite. A sentence is held only against the sources that it names."""

    def __init__(
        self,
        messages: Iterable[Message] = (),
        facts: Iterable[Fact] = (),
        passages: Iterable[Passage] = (),
        ticket_id: str = "",
    ) -> None:
        said = [_of_message(message, ticket_id) for message in messages]
        entries = [*said, *map(_of_fact, facts), *map(_of_passage, passages)]
        self._by_cite: Mapping[str, Evidence] = {entry.cite: entry for entry in entries}

    @classmethod
    def of(cls, brief: IssueBrief) -> "EvidenceBook":
        """All the evidence of a brief. Macros are none: their figures must stand in a passage or fact."""
        return cls(brief.thread.messages, brief.facts, brief.passages, brief.thread.ticket_id)

    def __contains__(self, cite: object) -> bool:
        return cite in self._by_cite

    def cited(self, cites: Iterable[str]) -> list[Evidence]:
        """The sources that exist among `cites`."""
        return [self._by_cite[cite] for cite in cites if cite in self._by_cite]

    def supporting(self, text: str, have: Sequence[str] = ()) -> tuple[str, ...]:
        """The fewest sources (found greedily, in the book's order) that hold the figures of `text` which those in `have` do not.

        Empty when nothing is left to support, and when some figure is in no source at all.
        """
        known = [span for entry in self.cited(have) for span in entry.spans]
        wanted = [span for span in extract(text) if span.kind != "carrier" and not is_supported(span, known)]
        cites: list[str] = []
        while wanted:
            best = max(
                self._by_cite.values(),
                key=lambda entry: sum(is_supported(span, entry.spans) for span in wanted),
                default=None,
            )
            left = [] if best is None else [span for span in wanted if not is_supported(span, best.spans)]
            if best is None or len(left) == len(wanted):
                return ()
            cites.append(best.cite)
            wanted = left
        return tuple(cites)


def _of_message(message: Message, ticket_id: str) -> Evidence:
    """A message speaks in its text, the day it was sent and the number of its ticket."""
    sent = (_date_span(message.sent_at),) if message.sent_at else ()
    return Evidence(message.cite, f"{message.text}\n{ticket_id}", (*extract(message.text), *extract(ticket_id), *sent))


def _date_span(instant: datetime) -> Span:
    text = instant.date().isoformat()
    return Span(0, len(text), "date", text, text)


def _of_fact(fact: Fact) -> Evidence:
    """A fact speaks in its value with its unit and, for a share between 0 and 1, in per cent instead."""
    value = fact.value
    forms = [f"{value} {fact.unit}".strip()]
    if fact.unit in {"rate", "share", "ratio"} and isinstance(value, int | float) and not isinstance(value, bool):
        forms = [
            f"{value * 100:.{digits}f}%"
            for digits in (0, 1, 2)
            if abs(round(value * 100, digits) - value * 100) < 5e-3 or digits == 1
        ]
    spans = tuple(span for form in forms for span in extract(form))
    return Evidence(fact.cite, "\n".join(forms), spans)


def _of_passage(passage: Passage) -> Evidence:
    text = f"{passage.title}\n{passage.text}"
    return Evidence(passage.cite, text, tuple(extract(text)))


_IDS = frozenset({"order", "id", "clause", "link", "time"})


def is_supported(span: Span, evidence: Sequence[Span]) -> bool:
    """Whether the evidence holds this figure in any of its forms: 1,234.50 is 1234.5, 4.70 % is 4.7%, 3 Nov is 2026-11-03."""
    if span.kind == "date":
        return any(other.kind == "date" and _same_date(span.value, other.value) for other in evidence)
    if span.kind in _IDS:
        return any(other.value == span.value for other in evidence)
    return any(
        other.kind not in {"date", "carrier"} and other.value == span.value and _same_unit(span, other)
        for other in evidence
    )


def _same_date(said: str, known: str) -> bool:
    """A date without a year is held against day and month; an ambiguous one only against one that reads the same ways."""
    return said == known or (said.startswith("--") and "|" not in known and known.endswith(said[1:]))


def _same_unit(said: Span, known: Span) -> bool:
    return not said.unit or not known.unit or said.unit == known.unit


def missing_figures(text: str, evidence: Sequence[Evidence]) -> list[str]:
    """The figures and ids of `text`, as written, that stand in none of the evidence."""
    known = [span for entry in evidence for span in entry.spans]
    return [span.text for span in extract(text) if span.kind != "carrier" and not is_supported(span, known)]


def missing_names(text: str, evidence: Sequence[Evidence], common: Sequence[str] = ()) -> list[str]:
    """The carriers and proper names of `text` that stand in none of the evidence (nor in `common`, texts that anyone may quote)."""
    haystack = "\n".join([*(entry.text for entry in evidence), *common]).casefold()
    carriers = {span.value for entry in evidence for span in entry.spans if span.kind == "carrier"}
    unknown = [span.text for span in extract(text) if span.kind == "carrier" and span.value not in carriers]
    taken = [span.text for span in extract(text)]
    names = [
        name
        for name in (*names_in(text), *_chinese_names(text))
        if name.casefold() not in haystack and not any(name in known for known in taken)
    ]
    return list(dict.fromkeys([*unknown, *names]))


def _chinese_names(text: str) -> list[str]:
    """Chinese persons and places, which no capital shows; those of other kinds are said by the records."""
    found = (text[tag.start : tag.end] for tag in tagged(text) if tag.kind in {"name", "place"})
    return [name for name in found if is_chinese(name)]


def check_sentence(
    sentence: Sentence,
    book: EvidenceBook,
    *,
    language: str = ENGLISH,
    allowed_actions: Iterable[str] = (),
    common: Sequence[str] = (),
) -> list[Check]:
    """The eight checks on one sentence, in the order of CHECK_NAMES; each says what it looked for and found.

    `allowed_actions` are those that a macro of the brief backs, and what a policy passage says word for word it may say; `common` are texts whose names any sentence may use.
    """
    text = sentence.text
    evidence = book.cited(sentence.cites)
    figures, names = missing_figures(text, evidence), missing_names(text, evidence, common)
    unknown = [cite for cite in sentence.cites if cite not in book]
    is_policy = is_verbatim(text, [entry for entry in evidence if entry.cite.startswith("article:")])
    promised = [] if is_policy else sorted(set(promises_in(_without_titles(text, common))) - set(allowed_actions))
    private = _private_beyond(text, evidence)
    blamed = blame_in(text)
    found = detect(text)
    return [
        _check(
            "figures_in_evidence",
            not figures,
            "every figure stands in the cited evidence",
            f"not in the cited evidence: {_quoted(figures)}",
        ),
        _check(
            "names_in_evidence",
            not names,
            "every name stands in the evidence",
            f"not in the evidence: {_quoted(names)}",
        ),
        _check(
            "has_source", bool(evidence) and not unknown, f"cites {', '.join(sentence.cites)}", _source_reason(unknown)
        ),
        _check(
            "no_unbacked_promise",
            not promised,
            "promises nothing that is not backed",
            f"promises {', '.join(promised)} without a macro that backs it",
        ),
        _check(
            "right_language",
            _is_language(found, language),
            f"written in {language}",
            f"written in {found}, expected {language}",
        ),
        _check("no_private_data", not private, "no private data", f"holds private data: {', '.join(private)}"),
        _check("no_blame", not blamed, "blames nobody", f"blames: {_quoted(blamed)}"),
        _check(
            "length",
            len(text) <= LONGEST_SENTENCE,
            f"{len(text)} characters",
            f"{len(text)} characters, at most {LONGEST_SENTENCE}",
        ),
    ]


def _without_titles(text: str, common: Sequence[str]) -> str:
    """The text without the article titles that it quotes: "When a review can be removed" names a rule and promises nothing."""
    for title in common:
        text = text.replace(f"“{title}”", "“…”").replace(f"《{title}》", "《…》")
    return text


def _check(name: str, passed: bool, good: str, bad: str) -> Check:
    return Check(name, passed, good if passed else bad)


def _quoted(items: Sequence[str]) -> str:
    return ", ".join(f"“{item}”" for item in items[:6])


def _source_reason(unknown: Sequence[str]) -> str:
    return f"cites what the brief does not hold: {', '.join(unknown)}" if unknown else "cites nothing"


def _private_beyond(text: str, evidence: Sequence[Evidence]) -> list[str]:
    """Types of private data in the sentence; addresses and links that an approved passage prints are public."""
    public = "\n".join(entry.text for entry in evidence if entry.cite.startswith("article:"))
    return sorted({span.type for span in find_private(text) if text[span.start : span.end] not in public})


def _is_language(found: str, expected: str) -> bool:
    """A sentence too short to tell, or of ids only, is no fault; Latin product names inside Chinese are none either."""
    return found in {expected, UNDETERMINED} or (expected not in {ENGLISH, CHINESE} and found == ENGLISH)


def failing(checks: Iterable[Check]) -> list[Check]:
    """Those that did not pass."""
    return [check for check in checks if not check.passed]


_SPACE = re.compile(r"\s+")


def is_verbatim(text: str, evidence: Sequence[Evidence]) -> bool:
    """Whether the words of `text` stand as they are in one of the sources, apart from white space."""
    wanted = _SPACE.sub(" ", text).strip()
    return any(wanted in _SPACE.sub(" ", entry.text) for entry in evidence)
