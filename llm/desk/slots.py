"""Slots: every figure and name of a brief as a typed token such as `<order_1>`, and back again.

A writer sees and writes slots only; code fills them in. So copying is exact, and no name, number or address reaches the model.
One book a brief: what is the same thing in two sources is one slot. Knows no model and no token ids.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from itertools import chain

from llm.language import CHINESE, is_chinese
from llm.names import SURNAMES, name_spans
from llm.privacy import find_formed as find_private
from llm.spans import Span, extract
from llm.tagger import NameTagger, is_unlikely, tagged, tagger_in_use

LIMITS = {
    "order": 24, "amount": 16, "date": 20, "time": 8, "duration": 14, "percent": 14, "points": 10, "count": 20, "clause": 8,
    "carrier": 8, "id": 16, "name": 20, "merchant": 6, "contact": 8, "number": 16,
}  # fmt: skip
"""How many slots of a type a brief may hold; what is beyond is shown without a number and cannot be written."""

_TYPE_OF = {"pp": "percent", "link": "contact", "tracking": "id", "place": "name"}
_IDS = frozenset({"order", "id", "number", "clause"})
_NAMES = frozenset({"name", "merchant", "carrier"})
_JOINING = re.compile(r"[^\w]+|_")
_SHOUTED = re.compile(r"^(?:[A-Z]{4,}|[A-Z']+(?: [A-Z']+)+)$")
_CAPITALISED = r"[A-ZÀ-ÞĐ][\w'’.-]{1,20}"
_NAME = rf"(?P<name>{_CAPITALISED}(?: (?:{_CAPITALISED}|de|da|van|der|bin|al|el|&)){{0,3}}|[{SURNAMES}][\u4e00-\u9fff]{{1,2}}|[小老阿][\u4e00-\u9fff])"
_SIGNED = re.compile(
    rf"(?:(?:regards|wishes|thanks|thank you|cheers|sincerely|faithfully|best|love|此致敬礼|此致|谢谢|敬上|祝好|敬礼)[,.!，。！]*\s+|\n[-–—~ ]*){_NAME}(?=[ \t]*(?:[,，(（x/|·]|\n|$))",
    re.M,
)
_INTRODUCED = re.compile(rf"(?:\b[Mm]y name is|\b[Ii]t's|\b[Tt]his is|我是|我叫|本人)\s?{_NAME}(?![\u4e00-\u9fff])")
_ADDRESSED = re.compile(rf"^(?:[Dd]ear|[Hh]i|[Hh]ello|HI)\s{_NAME}(?=[,!:\s])", re.M)
_YEAR = re.compile(r"\d{4}|/\d{2}$")
_DECIMAL = re.compile(r"^\d+(?:\.\d+)?$")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th| ?[日号])")
_MONTH_DAY = re.compile(r"(\d{1,2})[-/](\d{1,2})")
_COUNT_NUMBER = re.compile(r"^(?:\d[\d.,]*|[A-Za-z]+(?:-[a-z]+)?|[零一二两三四五六七八九十百千万]+)")
_RECORD_HEAD = re.compile(r"[:：]")
_RECORD_CARRIER = re.compile(r"(?:\bcarrier |承运商?(?:为|是)?[ ：:]?)([^,，。；;\n]{2,40})")
_CARRIER_NAME = re.compile(
    r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff]{2}(?:快递|快运|物流|速递|速运)|(?<=[由走发找用是给经])(?![这那个家单])[\u4e00-\u9fff]{2}(?:快递|快运|速递|速运)"
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_UNITS = {
    "minute": ("minute", "分钟"), "hour": ("hour", "小时"), "day": ("day", "天"), "week": ("week", "周"), "month": ("month", "个月"),
    "year": ("year", "年"), "business_day": ("business day", "个工作日"), "points": ("point", "分"),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a figure or name stands in a text, its type, and the key that is the same wherever the same thing stands."""

    start: int
    end: int
    type: str
    key: str
    text: str


@dataclass
class Slot:
    """One thing of a brief: its token, and how each source writes it."""

    token: str
    type: str
    key: str
    written: dict[str, str] = field(default_factory=dict)


def known_names(facts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names that the facts (name, value) give, with their types: the shop, its orders and the carriers."""
    found: dict[str, str] = {}
    for name, value in facts:
        if name == "merchant_name":
            found[value] = "merchant"
        elif name in {"order_carrier", "carrier"}:
            found[value] = "carrier"
        elif name == "order_id":
            found[value] = "order"
        elif name == "order_record":
            found[_RECORD_HEAD.split(value, maxsplit=1)[0].strip()] = "order"
            found |= {match[1].strip(): "carrier" for match in _RECORD_CARRIER.finditer(value)}
    return {name: type_ for name, type_ in found.items() if len(name) > 1}


def figures(text: str) -> list[Place]:
    """The figures of a text that names nobody, such as a policy."""
    return places(text, None, None, with_names=False)


def places(
    text: str, known: Mapping[str, str] | None = None, sent_at: datetime | None = None, *, with_names: bool = True
) -> list[Place]:
    """The figures and names of a text by position, not overlapping; a date without a year gets the one nearest to `sent_at`."""
    tagger = tagger_in_use() if with_names else None
    return list(_placed(text, tuple((known or {}).items()), sent_at, with_names, tagger))


@lru_cache(maxsize=4_096)
def _placed(
    text: str, known: tuple[tuple[str, str], ...], sent_at: datetime | None, with_names: bool, _: NameTagger | None
) -> tuple[Place, ...]:
    """Kept, since a thread is read again for its summary, for each draft and for each check; by the tagger that is asked."""
    found: list[Place] = []
    taken = bytearray(len(text))
    seen = [_private(text), _known_in(text, dict(known)), _figures_in(text, sent_at)]
    for place in chain(*seen, _names_in(text) if with_names else ()):
        if place.end > place.start and not any(taken[place.start : place.end]):
            taken[place.start : place.end] = b"\x01" * (place.end - place.start)
            found.append(place)
    return tuple(sorted(found, key=lambda place: place.start))


def _private(text: str) -> Iterator[Place]:
    for private in find_private(text):
        said = text[private.start : private.end]
        yield Place(private.start, private.end, "contact", key_of("contact", said), said)


def _known_in(text: str, known: Mapping[str, str]) -> Iterator[Place]:
    """The names that the records give, longest first."""
    for name, type_ in sorted(known.items(), key=lambda item: -len(item[0])):
        for match in re.finditer(re.escape(name), text, re.I):
            yield Place(*match.span(), type_, key_of(type_, name), match.group())


def _figures_in(text: str, sent_at: datetime | None) -> Iterator[Place]:
    for span in extract(text):
        end = span.end
        if span.kind == "count" and (number := _COUNT_NUMBER.match(span.text)):
            end = span.start + number.end()
        day = _day_alone(span, sent_at)
        type_ = "date" if day else _TYPE_OF.get(span.kind, span.kind)
        yield Place(span.start, end, type_, day or _key(span, sent_at), text[span.start : end])


def _names_in(text: str) -> Iterator[Place]:
    for match in _CARRIER_NAME.finditer(text):
        yield Place(*match.span(), "carrier", key_of("carrier", match.group()), match.group())
    yield from (_named(text, *span) for span in _signatures(text) if not _SHOUTED.search(text[slice(*span)]))
    yield from (_named(text, tag.start, tag.end, tag.kind) for tag in tagged(text))
    for start, end in name_spans(text):
        said = text[start:end]
        # A currency's code beside its figure is left to the rule: the tagger learnt of names.
        is_code = said.isupper() and any(c.isdigit() for c in text[max(0, start - 2) : start] + text[end : end + 2])
        is_word = said.isascii() and not is_code and is_unlikely(text, start, end)
        if not is_word and not _SHOUTED.search(said):
            yield _named(text, start, end)


def _named(text: str, start: int, end: int, kind: str = "name") -> Place:
    type_ = _TYPE_OF.get(kind, kind)
    return Place(start, end, type_, key_of(type_, text[start:end]), text[start:end])


def _signatures(text: str) -> Iterator[tuple[int, int]]:
    """The names of those who write: after a closing formula, alone on the last line, or behind 'my name is'."""
    for pattern in (_SIGNED, _INTRODUCED, _ADDRESSED):
        for match in pattern.finditer(text):
            yield match.span("name")


def key_of(type_: str, text: str, sent_at: datetime | None = None) -> str:
    """The key of a thing of a known type from how it is written."""
    type_ = _TYPE_OF.get(type_, type_)
    if type_ in _NAMES or type_ == "contact":
        folded = text.casefold()
        return f"name:{_JOINING.sub('', folded) or folded}"
    spans = extract(
        f"{text} parcels" if type_ == "count" and not is_chinese(text) else text + "个" * (type_ == "count")
    )
    span = next((s for s in spans if _TYPE_OF.get(s.kind, s.kind) == type_), None)
    if span is None or type_ in {"order", "id"}:
        return f"id:{text.casefold().lstrip('#').strip()}"
    return _key(span, sent_at)


def _key(span: Span, sent_at: datetime | None) -> str:
    kind = _TYPE_OF.get(span.kind, span.kind)
    if kind == "date":
        return f"date:{_dated(span.value, sent_at)}"
    if kind == "carrier":
        return key_of("carrier", span.text)
    if kind in {"count", "number"} and _DECIMAL.match(span.value):
        return f"count:{span.value}:"
    return f"id:{span.value.lstrip('#')}" if kind in _IDS else f"{kind}:{span.value}:{span.unit}"


def _day_alone(span: Span, sent_at: datetime | None) -> str | None:
    """The key of a day that only its message's date makes one: '11-03', '9/2', 'the 19th', '25 日' near a message of that month."""
    if sent_at is None:
        return None
    if match := _DAY.fullmatch(span.text.strip()):
        days = [
            _on(sent_at.year + (sent_at.month - 2 + m) // 12, (sent_at.month - 2 + m) % 12 + 1, int(match[1]))
            for m in (0, 1, 2)
        ]
    elif match := _MONTH_DAY.fullmatch(span.text.strip()):
        first, second = int(match[1]), int(match[2])
        readings = [(first, second), (second, first)] if "/" in span.text else [(first, second)]
        days = [_on(sent_at.year + y, month, day) for month, day in readings for y in (-1, 0, 1)]
    else:
        return None
    near = [day for day in days if day is not None]
    return f"date:{min(near, key=lambda d: abs((d - sent_at.date()).days)).isoformat()}" if near else None


def _on(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _dated(value: str, sent_at: datetime | None) -> str:
    """A day without a year in the year that puts it nearest to the message."""
    if sent_at is None or not value.startswith("--") or "|" in value:
        return value
    month, day = int(value[2:4]), int(value[5:7])
    near = [d for year in (-1, 0, 1) if (d := _on(sent_at.year + year, month, day))]
    return min(near, key=lambda d: abs((d - sent_at.date()).days)).isoformat() if near else value


class SlotBook:
    """The slots of one brief. With a `shuffle`, numbers are dealt at random, as training wants them; else by first appearance."""

    def __init__(self, shuffle: random.Random | None = None) -> None:
        self._by_key: dict[str, Slot] = {}
        self._by_token: dict[str, Slot] = {}
        self._of_source: dict[str, set[str]] = {}
        self._free: dict[str, list[int]] = {}
        self._shuffle = shuffle

    def slotted(self, text: str, found: Sequence[Place], cite: str) -> str:
        """The text with its places as tokens; remembers how the source writes each."""
        pieces, at = [], 0
        for place in found:
            pieces += [text[at : place.start], self._token(place, cite)]
            at = place.end
        return "".join([*pieces, text[at:]])

    def token_of(self, key: str) -> str | None:
        """The token of a thing that some source holds; None when none does."""
        slot = self._by_key.get(key)
        return slot.token if slot else None

    def tokens_in(self, cites: Iterable[str]) -> set[str]:
        """The tokens that stand in these sources."""
        return set().union(*(self._of_source.get(cite, set()) for cite in cites))

    def filled(self, text: str, cites: Sequence[str], language: str) -> str:
        """A written sentence with its slots filled in, as its sources write them or as the language does."""

        def fill(match: re.Match[str]) -> str:
            slot = self._by_token.get(match.group())
            return shown(slot, cites, language) if slot else match.group()

        return SLOT.sub(fill, text)

    def _token(self, place: Place, cite: str) -> str:
        slot = self._by_key.get(place.key)
        if slot is None:
            free = self._free.setdefault(place.type, self._numbers(place.type))
            if not free:
                return f"<{place.type}>"
            slot = Slot(f"<{place.type}_{free.pop(0)}>", place.type, place.key)
            self._by_key[place.key] = self._by_token[slot.token] = slot
        slot.written.setdefault(cite, place.text)
        self._of_source.setdefault(cite, set()).add(slot.token)
        return slot.token

    def _numbers(self, type_: str) -> list[int]:
        numbers = list(range(1, LIMITS[type_] + 1))
        if self._shuffle is not None:
            self._shuffle.shuffle(numbers)
        return numbers


SLOT = re.compile(r"<(?:" + "|".join(LIMITS) + r")_\d{1,2}>")


def slot_tokens() -> list[str]:
    """Every slot token there is, and the numberless ones."""
    return [f"<{type_}_{n}>" for type_, limit in LIMITS.items() for n in range(1, limit + 1)] + [
        f"<{t}>" for t in LIMITS
    ]


def _shown_date(day: date, written: str, *, chinese: bool) -> str:
    """With its year where the source names one, and as written where the source names not even a month."""
    if _YEAR.search(written):
        return f"{day.year}年{day.month}月{day.day}日" if chinese else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    if not any(span.kind == "date" for span in extract(written)):
        return written
    return f"{day.month}月{day.day}日" if chinese else f"{day.day} {_MONTHS[day.month - 1]}"


def shown(slot: Slot, cites: Sequence[str], language: str) -> str:
    """How a slot reads in a sentence of that language: as its cited source writes it, where that is in the language; else rendered."""
    written = next((slot.written[cite] for cite in cites if cite in slot.written), next(iter(slot.written.values())))
    chinese = language == CHINESE
    kind, _, rest = slot.key.partition(":")
    if kind == "date" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", rest):
        return _shown_date(date.fromisoformat(rest), written, chinese=chinese)
    value, _, unit = rest.partition(":")
    if unit in _UNITS and (is_chinese(written) != chinese):
        word = _UNITS[unit][chinese]
        return f"{value} {word}" if chinese else f"{value} {word}{'' if value == '1' else 's'}"
    if kind == "count" and is_chinese(written) != chinese:
        return value
    return written
