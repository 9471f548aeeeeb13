"""Who writes: the voices, and which of them a merchant or buyer keeps over all its tickets. Holds no wording."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass

from analytics.demo.tickets import Language, TicketSpec


@dataclass(frozen=True)
class Voice:
    """Habits of a writer; numbers are probabilities per message (typos: per word, when the writer makes any).

    shapes: names in `openings.SHAPES`, repeated for weight; layouts: 'line', 'lines' or 'letter'.
    lower: all in lower case; bare: hardly any punctuation; broken: English of somebody who learned it late;
    mixed: terms of the other language.
    """

    name: str
    shapes: tuple[str, ...]
    layouts: tuple[str, ...]
    dates: tuple[str, ...]
    aside: float = 0.3
    sign: float = 0.4
    typos: float = 0.1
    lower: float = 0.0
    bare: float = 0.0
    shout: float = 0.1
    emoji: float = 0.03
    broken: float = 0.0
    mixed: float = 0.03


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LONG_DATES, _SHORT_DATES, _ISO_DATES = ("long", "us_long"), ("short", "us_short"), ("iso",)
_OWNER = Voice("owner", _split("short short plain ask_first"), ("line",), _SHORT_DATES, aside=0.1, sign=0.15)
_ACCOUNTANT = Voice(
    "accountant", _split("plain memo labels notice"), ("letter",), _LONG_DATES + _ISO_DATES, 0.5, 0.9, typos=0.01
)
_NEWCOMER = Voice(
    "newcomer", _split("story story plain notice"), ("line", "letter", "lines"), _SHORT_DATES, 0.9, 0.4, 0.3, emoji=0.4
)
_VETERAN = Voice(
    "veteran", _split("rant rant story short ask_first"), ("line", "lines"), _SHORT_DATES, 0.6, 0.2, 0.2, shout=0.6
)
_COUNSEL = Voice("counsel", _split("memo memo labels plain"), ("letter",), _LONG_DATES, 0.7, 0.9, typos=0.0, shout=0.0)
_PHONE = Voice(
    "phone", _split("short short plain ask_first rant"), ("line", "line", "lines"), _SHORT_DATES, 0.2, 0.08, 0.55,
    lower=0.95, bare=0.85, emoji=0.15,
)  # fmt: skip
_OPERATIONS = Voice(
    "operations", _split("labels labels list_first memo notice plain"), ("lines", "letter"), _ISO_DATES, 0.3, 0.6, 0.05
)
_MERCHANTS: dict[Language, tuple[Voice, ...]] = {
    "en": (
        _OWNER,
        _ACCOUNTANT,
        _NEWCOMER,
        _VETERAN,
        Voice("abroad", _split("plain story ask_first notice"), ("line", "lines"), ("dots", "iso"), 0.6, broken=0.95),
        _COUNSEL,
        _PHONE,
        _OPERATIONS,
        Voice("shopkeeper", _split("story story plain"), ("letter",), _LONG_DATES, 0.9, 0.8, 0.06, shout=0.0),
        Voice("brand", _split("plain story list_first short"), ("lines", "line"), _SHORT_DATES, 0.6, 0.5, emoji=0.6),
    ),
    "zh-Hans": (
        _OWNER,
        _ACCOUNTANT,
        _NEWCOMER,
        _VETERAN,
        _COUNSEL,
        _PHONE,
        _OPERATIONS,
        Voice(
            "service", _split("plain plain ask_first list_first short"), ("line",), _SHORT_DATES, 0.4, 0.2, emoji=0.4
        ),
        Voice("sister", _split("story story plain rant"), ("line", "lines"), _SHORT_DATES, 0.9, 0.2, 0.35, emoji=0.15),
        Voice("overseas", _split("plain labels story notice"), ("lines", "line"), _ISO_DATES, 0.6, 0.5, mixed=0.95),
    ),
}
_BUYERS = (
    Voice("buyer_polite", _split("plain plain ask_first story"), ("letter", "line"), _LONG_DATES, 0.5, 0.5, 0.05),
    Voice("buyer_phone", _split("short short plain"), ("line",), _SHORT_DATES, 0.1, 0.05, 0.5, 0.9, 0.8, emoji=0.15),
    Voice("buyer_angry", _split("rant rant story short"), ("line", "lines"), _SHORT_DATES, 0.6, 0.1, 0.2, shout=0.6),
    Voice("buyer_chatty", _split("story plain story"), ("line", "lines"), _SHORT_DATES, 0.9, 0.3, 0.25, emoji=0.3),
    Voice("buyer_formal", _split("memo plain plain"), ("letter",), _LONG_DATES + _ISO_DATES, 0.4, 0.7, 0.01),
)


@dataclass(frozen=True)
class Writer:
    """The opener of a ticket: voice and person (a number that stays the same over all of the person's tickets)."""

    voice: Voice
    person: int
    dates: str


def writer_of(spec: TicketSpec) -> Writer:
    """A merchant or buyer always writes in the same voice; now and then a colleague takes the keyboard."""
    person = zlib.crc32((spec.buyer_id if spec.opened_by == "buyer" and spec.buyer_id else spec.merchant_id).encode())
    is_stand_in = spec.opened_by != "buyer" and random.Random(spec.voice_seed ^ 5).random() < 0.1
    person += 7 * is_stand_in
    voices = _BUYERS if spec.opened_by == "buyer" else _MERCHANTS[spec.language]
    voice = voices[person % len(voices)]
    return Writer(voice, person, voice.dates[person // 16 % len(voice.dates)])
