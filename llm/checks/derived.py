"""Whether a figure that stands in no source follows from some that do: a sum, a difference, a half, another unit, a rounding that is said.

Also what a sentence may not mix: the records of two orders or clauses, and two dates of one record.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import combinations

from llm.spans import Span, extract

_GRAMS = {"kg": 1000, "公斤": 1000, "千克": 1000, "kilo": 1000, "kilos": 1000, "kilogram": 1000, "kilograms": 1000, "g": 1, "克": 1, "gram": 1, "grams": 1, "斤": 500, "lb": 453, "lbs": 453, "磅": 453}  # fmt: skip
_WEIGHT = re.compile(rf"(\d[\d,]*(?:\.\d+)?)\s?({'|'.join(sorted(_GRAMS, key=len, reverse=True))})(?![A-Za-z])", re.I)
_HEDGED = re.compile(
    r"\b(?:about|around|nearly|almost|just (?:under|over)|roughly|some|approximately|close to|a little (?:under|over))\b|约|近|大概|左右|不到|将近|略",
    re.I,
)
_DAYS = {"day": 1, "week": 7}
_MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}
_SUMMED = frozenset({"amount", "points", "number", "count", "percent", "pp"})
MOST_SUMMED = 14
_IDS = frozenset({"order", "clause", "id"})
# What a record says under a label, and the words for it in a sentence.
_LABELS: tuple[tuple[str, str], ...] = (
    (r"handed over|交付", r"handed (?:it |them )?over|reached (?:the )?(?:carrier|courier|[A-Z])|left you|shipped|dispatched|went out|collected|交付|交给|揽收|发出|寄出"),
    (r"ship by|应发货", r"ship(?:ping)?[ -]by|should have (?:shipped|left)|应发货|发货(?:期限|时限|截止)"),
    (r"deliver by|应送达", r"deliver(?:y)?[ -]by|due (?:on|for)|应送达|送达(?:期限|时限)"),
    (r"(?<!not )delivered|(?<!未)签收", r"(?<!not )(?:was |were )?delivered|arrived|签收|送达于"),
)  # fmt: skip
_DATE_AFTER = r"[^.;,，。；]{0,24}?"


def follows(span: Span, text: str, known: Sequence[Span], evidence: str) -> bool:
    """Whether the figure follows from the sources' figures `known`, or says a weight or a time of `evidence` in another unit."""
    if span.kind == "time":
        return any(
            other.kind == "time" and other.value[:5].rjust(5, "0") == span.value[:5].rjust(5, "0") for other in known
        ) or _time_in(span.value, evidence)
    if (grams := _weight_at(text, span)) is not None:
        return any(abs(grams - other) < 1e-9 for other in _weights(evidence))
    if re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)|\d{1,2}[号]", _written(text, span)):
        return any(
            other.kind == "date" and other.value.endswith(f"-{int(span.value or 0):02d}")
            for other in known
            if span.value.isdigit()
        )
    if span.kind == "duration":
        return any(_same_time(span, other) for other in known) or _is_between_dates(span, known)
    if span.kind == "percent" and _HEDGED.search(text):
        return any(other.kind == "percent" and _rounds_to(other.value, span.value) for other in known)
    return span.kind in _SUMMED and _is_computed(span, known)


def _written(text: str, span: Span) -> str:
    """The figure with the letters right behind it: 19th."""
    match = re.match(r"[\w]{0,8}", text[span.start :])
    return match.group() if match else span.text


def _time_in(value: str, evidence: str) -> bool:
    """Times of instants (2026-11-12T21:38:00Z) are no spans of their own."""
    return f"T{value.rjust(5, '0')}" in evidence


def _weight_at(text: str, span: Span) -> float | None:
    match = _WEIGHT.match(text, span.start)
    return None if match is None else float(match[1].replace(",", "")) * _GRAMS[match[2].casefold()]


def _weights(text: str) -> Iterator[float]:
    for match in _WEIGHT.finditer(text):
        yield float(match[1].replace(",", "")) * _GRAMS[match[2].casefold()]


def wrong_weights(text: str, evidence: str) -> list[str]:
    """Weights of the sentence that are none of the evidence's, where that has any: 0.3 斤 is not 0.3 kg."""
    known = list(_weights(evidence))
    return [
        m.group()
        for m in _WEIGHT.finditer(text)
        if known and not any(abs(w - next(_weights(m.group()))) < 1e-9 for w in known)
    ]


def _same_time(said: Span, other: Span) -> bool:
    if other.kind != "duration" or said.unit not in _MINUTES or other.unit not in _MINUTES:
        return False
    return _number(said) * _MINUTES[said.unit] == _number(other) * _MINUTES[other.unit]


def _is_between_dates(span: Span, known: Sequence[Span]) -> bool:
    """The days (or weeks) between two dates, or both of them counted."""
    if span.unit not in _DAYS:
        return False
    wanted = _number(span) * _DAYS[span.unit]
    dates = {
        date.fromisoformat(s.value)
        for s in known
        if s.kind == "date" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", s.value) and _is_date(s.value)
    }
    return any(
        wanted in (abs((a - b).days), abs((a - b).days) + 1) for a, b in combinations(sorted(dates)[:MOST_SUMMED], 2)
    )


def _is_date(written: str) -> bool:
    try:
        date.fromisoformat(written)
    except ValueError:
        return False
    return True


def _number(span: Span) -> Decimal:
    try:
        return Decimal(span.value)
    except InvalidOperation:
        return Decimal("NaN")


def _rounds_to(known: str, said: str) -> bool:
    places = len(said.partition(".")[2])
    return round(float(known), places) == float(said)


def _is_computed(span: Span, known: Sequence[Span]) -> bool:
    """A sum of two or three, a difference, or a half of figures of one unit. Whole numbers below ten prove nothing by a sum."""
    wanted = _number(span)
    pool = list(
        {
            _number(other)
            for other in known
            if other.kind in _SUMMED and (other.unit == span.unit or not span.unit or not other.unit)
        }
    )
    pool = [value for value in pool if value == value][:MOST_SUMMED]  # NaN out
    if wanted != wanted or span.kind == "percent":
        return False
    if any(wanted * 2 == value for value in pool) and wanted > 5:
        return True
    if wanted == int(wanted) and wanted < 10 and span.kind != "points":
        return False
    sums = (sum(values) for size in (2, 3) for values in combinations(pool, size))
    return any(wanted == total for total in sums) or any(wanted == abs(a - b) for a, b in combinations(pool, 2))


def record_spans(text_spans: Sequence[Span], entries: Iterable[tuple[str, Sequence[Span], bool]]) -> list[Span]:
    """The figures of the sources that a sentence may use: not of records (`is_record`) that name other orders or clauses than it does."""
    named = {span.value for span in text_spans if span.kind in _IDS}
    allowed: list[Span] = []
    for _, spans, is_record in entries:
        own = {span.value for span in spans if span.kind in _IDS}
        if is_record and named and own and not own & named and any(s.kind == "date" for s in spans):
            allowed += [span for span in spans if span.kind in _IDS]
        else:
            allowed += spans
    return allowed


def wrong_dates(text: str, evidence: Sequence[str]) -> list[str]:
    """Dates that a record holds under another label: the day to ship by, told as the day of handing over."""
    found = []
    for label, words in _LABELS:
        stated = [
            value
            for entry in evidence
            for m in re.finditer(rf"(?:{label})\W{{0,3}}(\d{{4}}-\d{{2}}-\d{{2}})", entry)
            for value in [m[1]]
        ]
        for match in re.finditer(rf"(?:{words}){_DATE_AFTER}(?:\bon\b|于|\b|(?=\d))", text) if stated else ():
            after = text[match.start() : match.end() + 40]
            dates = [s for s in extract(after) if s.kind == "date" and s.start <= len(match.group()) + 6]
            found += [
                d.text for d in dates[:1] if not any(value.endswith(d.value.removeprefix("--")) for value in stated)
            ]
    return found
