"""Whether a sentence may be shown: every figure, id and name in its evidence, a source, no promise without backing, nothing private.

Knows the evidence of one brief and the sentence; neither who wrote the sentence nor how to mend it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from llm.checks.compensation import over_the_limits
from llm.checks.derived import follows, record_spans, wrong_dates, wrong_weights
from llm.checks.done import reported_done
from llm.checks.identity import mistaken_for
from llm.checks.outcomes import foretold_in
from llm.checks.people import given_away, is_about_others
from llm.checks.purity import foreign_in
from llm.checks.reproach import reproaches_in
from llm.checks.spellings import read_out
from llm.language import CHINESE, ENGLISH, UNDETERMINED, detect, is_chinese
from llm.names import names_in
from llm.privacy import find_formed as find_private
from llm.promises import blame_in, promises_in
from llm.spans import Span, extract
from llm.tagger import tagged
from llm.types import Check, Fact, IssueBrief, Message, Passage, Sentence

LONGEST_SENTENCE = 400
_NOT_SO = frozenset({False, "no", "none", "false", "否", "无", ""})
CHECK_NAMES = (
    "figures_in_evidence",
    "names_in_evidence",
    "has_source",
    "no_unbacked_promise",
    "within_compensation_limits",
    "right_language",
    "right_merchant",
    "no_private_data",
    "nobody_given_away",
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
        merchant_id: str | None = None,
    ) -> None:
        self.messages, self.facts, self.merchant_id = tuple(messages), tuple(facts), merchant_id
        passages = tuple(passages)
        self.said = "\n".join([*(m.text for m in self.messages), ticket_id, *_shop_names(self.facts)])
        """What the thread holds, with the shop's own name."""
        self.known = "\n".join(
            [self.said, *(str(f.value) for f in self.facts if not is_about_others(f)), *(p.text for p in passages)]
        )
        """All that the brief holds, but facts about others."""
        self.records = "\n".join(
            [
                *(f"{f.name} {f.value}" for f in self.facts if not is_about_others(f) and f.value not in _NOT_SO),
                *(m.text for m in self.messages if m.author == "agent"),
            ]
        )
        """What is known to be so: the facts, and what the desk wrote; nobody's claim, and no system's note, which may quote one."""
        self.is_of_merchant = any(m.author == "merchant" for m in self.messages)
        said = [_of_message(message, ticket_id) for message in self.messages]
        entries = [*said, *map(_of_fact, self.facts), *map(_of_passage, passages)]
        self._by_cite: Mapping[str, Evidence] = {entry.cite: entry for entry in entries}

    @classmethod
    def of(cls, brief: IssueBrief) -> "EvidenceBook":
        """All the evidence of a brief. Macros are none: their figures must stand in a passage or fact."""
        thread = brief.thread
        return cls(thread.messages, brief.facts, brief.passages, thread.ticket_id, thread.merchant_id)

    def __contains__(self, cite: object) -> bool:
        return cite in self._by_cite

    def cited(self, cites: Iterable[str]) -> list[Evidence]:
        """The sources that exist among `cites`."""
        return [self._by_cite[cite] for cite in cites if cite in self._by_cite]

    def holding(self, text: str, have: Sequence[str], among: Sequence[str]) -> frozenset[str]:
        """Those of `among` that alone hold all figures of `text` which the sources in `have` do not; empty when there are none to hold."""
        known = [span for entry in self.cited(have) for span in entry.spans]
        wanted = [span for span in extract(text) if span.kind != "carrier" and not is_supported(span, known)]
        if not wanted:
            return frozenset()
        return frozenset(e.cite for e in self.cited(among) if all(is_supported(span, e.spans) for span in wanted))

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


def _shop_names(facts: Iterable[Fact]) -> list[str]:
    return [str(fact.value) for fact in facts if fact.name == "merchant_name"]


def _of_message(message: Message, ticket_id: str) -> Evidence:
    """A message speaks in its text, the day it was sent and the number of its ticket."""
    sent = (_date_span(message.sent_at),) if message.sent_at else ()
    spans = (*extract(message.text), *extract(read_out(message.text)), *extract(ticket_id), *sent)
    return Evidence(message.cite, f"{message.text}\n{ticket_id}", spans)


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
    if isinstance(value, int | float) and value < 0:
        forms.append(f"{-value} {fact.unit}".strip())  # "cost 3.1 points"
    window = _WINDOW.search(fact.name)
    named = extract(f"{window['n']} {'days' if window['unit'] == 'd' else 'hours'}") if window else []
    spans = (*(span for form in forms for span in extract(read_out(form))), *named)
    return Evidence(fact.cite, "\n".join(forms), spans)


def _of_passage(passage: Passage) -> Evidence:
    text = f"{passage.title}\n{passage.text}"
    return Evidence(passage.cite, text, tuple(extract(text)))


_WINDOW = re.compile(r"_(?P<n>\d{1,3})(?P<unit>[dh])(?:_|$)")
"""The window in a fact's name: orders_30d, reply_within_24h_rate."""
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
    """The figures and ids of `text`, as written, that neither stand in the evidence nor follow from figures that do.

    A record of another order or clause than the text names is no evidence for its figures.
    """
    text = read_out(text)
    spans = [span for span in extract(text) if span.kind != "carrier"]
    known = record_spans(spans, [(e.cite, e.spans, e.cite.startswith("fact:")) for e in evidence])
    whole = "\n".join(entry.text for entry in evidence)
    missing = [span.text for span in spans if not is_supported(span, known) and not follows(span, text, known, whole)]
    dates = wrong_dates(text, [entry.text for entry in evidence if entry.cite.startswith("fact:")])
    return list(dict.fromkeys([*missing, *wrong_weights(text, whole), *dates]))


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
    """The checks on one sentence, in the order of CHECK_NAMES; each says what it looked for and found.

    `allowed_actions` are those that a macro of the brief backs, and what a policy passage says word for word it may say; `common` are texts whose names any sentence may use.
    """
    text, cites = sentence.text, sentence.cites
    evidence = book.cited(cites)
    allowed = frozenset(allowed_actions)
    known = "\n".join([book.known, *common])
    is_policy = is_verbatim(text, [entry for entry in evidence if entry.cite.startswith("article:")])
    return [
        _not_in("figures_in_evidence", "every figure stands in the cited evidence", _figures(text, evidence, book)),
        _not_in("names_in_evidence", "every name stands in the evidence", missing_names(text, evidence, common)),
        _source(cites, book, evidence),
        _promise(text, is_policy, allowed, common, book.records),
        _none_of(
            "within_compensation_limits",
            "grants nothing beyond the limits",
            "grants more than the desk may: ",
            [] if is_policy else over_the_limits(text, book.facts, allowed, cites),
        ),
        _language(text, language, known, _shop_names(book.facts)),
        _none_of(
            "right_merchant",
            "speaks to this merchant in its own role",
            "takes the merchant for another: ",
            _quotes(
                mistaken_for(
                    text, cites, book.facts, merchant_id=book.merchant_id, known=known, is_seller=book.is_of_merchant
                )
            ),
        ),
        _none_of("no_private_data", "no private data", "holds private data: ", _private_beyond(text, evidence)),
        _none_of(
            "nobody_given_away",
            "gives nobody away",
            "gives away what is another's: ",
            _quotes(given_away(text, cites, book.facts, book.said)),
        ),
        _none_of("no_blame", "blames nobody", "blames: ", [] if is_policy else _quotes(_blamed(text))),
        _check(
            "length",
            len(text) <= LONGEST_SENTENCE,
            f"{len(text)} characters",
            f"{len(text)} characters, at most {LONGEST_SENTENCE}",
        ),
    ]


def _figures(text: str, evidence: Sequence[Evidence], book: EvidenceBook) -> list[str]:
    """Figures without evidence; the number of an order that the thread is about needs no cite of its own."""
    own = {
        span.text for span in extract(book.said) if span.kind in {"order", "id"} and any(c.isalpha() for c in span.text)
    }
    return (
        [figure for figure in missing_figures(text, evidence) if figure not in own]
        if evidence
        else missing_figures(text, evidence)
    )


def _source(cites: Sequence[str], book: EvidenceBook, evidence: Sequence[Evidence]) -> Check:
    unknown = [cite for cite in cites if cite not in book]
    return _check("has_source", bool(evidence) and not unknown, f"cites {', '.join(cites)}", _source_reason(unknown))


def _promise(text: str, is_policy: bool, allowed: frozenset[str], common: Sequence[str], records: str) -> Check:
    """What policy says word for word may be said; other promises need an action that a macro or the ticket backs, and what is done a record."""
    if is_policy:
        return Check("no_unbacked_promise", True, "says what policy says")
    bare = _without_titles(text, common)
    known = set(promises_in(bare))
    promised = sorted(known - allowed)
    foretold = [] if known else _quotes(foretold_in(bare, allowed))
    done = [] if known else _quotes(reported_done(bare, records, allowed))
    reason = f"reports as done what no record says: {', '.join(done)}"
    if promised or foretold:
        reason = (
            f"promises {', '.join(promised)} without a macro that backs it"
            if promised
            else f"foretells what is not decided: {', '.join(foretold)}"
        )
    passed = not promised and not foretold and not done
    return _check("no_unbacked_promise", passed, "promises nothing that is not backed", reason)


def _language(text: str, language: str, known: str, names: Iterable[str]) -> Check:
    """The words about the shop's own name, which may be in another script, tell."""
    for name in names:
        text = text.replace(name, "")
    found = detect(text)
    foreign = foreign_in(text, language, known)
    reason = f"written in {found}, expected {language}"
    if _is_language(found, language):
        reason = f"not in {language}: {', '.join(_quotes(foreign))}"
    return _check("right_language", _is_language(found, language) and not foreign, f"written in {language}", reason)


def _blamed(text: str) -> list[str]:
    return list(dict.fromkeys([*blame_in(text), *reproaches_in(text)]))


def _without_titles(text: str, common: Sequence[str]) -> str:
    """The text without the article titles that it quotes: "When a review can be removed" names a rule and promises nothing."""
    for title in common:
        text = text.replace(f"“{title}”", "“…”").replace(f"《{title}》", "《…》")
    return text


def _check(name: str, passed: bool, good: str, bad: str) -> Check:
    return Check(name, passed, good if passed else bad)


def _not_in(name: str, good: str, missing: Sequence[str]) -> Check:
    return _none_of(
        name, good, "not in the cited evidence: " if "figures" in name else "not in the evidence: ", _quotes(missing)
    )


def _none_of(name: str, good: str, bad: str, found: Sequence[str]) -> Check:
    return Check(name, not found, f"{bad}{', '.join(found)}" if found else good)


def _quotes(items: Sequence[str]) -> list[str]:
    return [f"“{item}”" for item in items[:6]]


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
