"""What people read, in their language: translated text, and numbers, dates, money and durations as their locale writes them.

The msgid is the English text. Catalogues are app/locale/LANGUAGE/LC_MESSAGES/*.po, several a language, read as they are
(no compile step). Missing text shows in English at run time and fails tests/app/test_i18n.py. Must not know analytics or llm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers, units
from babel.messages.pofile import read_po

from app.session import in_session

LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES: Mapping[str, str] = {"en": "English", "zh-Hans": "简体中文"}
FALLBACK = "en"
SESSION_KEY = "trustdesk.language"

# Unicode's controls of direction: what they turn round is the line they stand in, not only the words of who wrote them.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FIRST_STRONG, _POP = "\u2068", "\u2069"

# A space beside a value in a Chinese text parts figures and Latin letters from it; beside a Chinese value (a name, a day) it is astray.
_CJK = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_SPACED = re.compile(rf"(?P<before>(?<={_CJK}) )?(?P<value>\{{(?P<name>\w+)\}})(?P<after> (?={_CJK}))?")

_forced: ContextVar[str | None] = ContextVar("trustdesk_language", default=None)


@dataclass(frozen=True)
class Catalogue:
    """The translations of one language. A plural's forms stand in the order of the language's plural rule."""

    texts: Mapping[str, str]
    plurals: Mapping[str, tuple[str, ...]]


@cache
def catalogue(tag: str) -> Catalogue:
    """All .po files of a language merged; fuzzy and empty entries count as missing."""
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for path in sorted((LOCALE_FOLDER / tag.replace("-", "_") / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, abort_invalid=True):
                written = message.string
                if not message.id or message.fuzzy or not written:
                    continue
                if isinstance(message.id, str):
                    texts[message.id] = str(written)
                elif not isinstance(written, str) and all(written):
                    plurals[message.id[0]] = tuple(written)
    return Catalogue(texts, plurals)


def match_language(wanted: str | None) -> str:
    """The language of ours nearest to a BCP-47 tag such as `zh-CN` or `en-GB`; English when none is."""
    tag = (wanted or "").replace("_", "-").lower()
    if tag.startswith("zh"):
        return "zh-Hans"
    return next((known for known in LANGUAGES if tag.startswith(known.lower())), FALLBACK)


def language() -> str:
    """The BCP-47 tag in force: that of `use_language`, else the browser session's choice, else English."""
    forced = _forced.get()
    if forced:
        return forced
    if not in_session():
        return FALLBACK
    import streamlit as st

    return str(st.session_state.get(SESSION_KEY, FALLBACK))


def choose_language(*, url: str | None, session: str | None, setting: str, browser: str | None) -> str:
    """The language of a session: its own choice, else the URL's, else the setting, else the browser's."""
    for wanted in (session, url):
        if wanted and wanted in LANGUAGES:
            return wanted
    return setting if setting in LANGUAGES else match_language(browser)


def choose_session_language(tag: str) -> None:
    """Sets the language of this browser session and of its links, from the next run on."""
    import streamlit as st

    st.session_state[SESSION_KEY] = match_language(tag)
    st.query_params["lang"] = match_language(tag)


@contextmanager
def use_language(tag: str) -> Iterator[None]:
    """Everything inside speaks `tag`, whatever the session says."""
    token = _forced.set(match_language(tag))
    try:
        yield
    finally:
        _forced.reset(token)


def _(msgid: str, **values: object) -> str:
    """`msgid` in the reader's language with {named} values filled in."""
    text = catalogue(language()).texts.get(msgid, msgid)
    return _filled(text, values) if values else text


def ngettext(singular: str, plural: str, n: int, **values: object) -> str:
    """The form of a countable text that fits `n`; `{n}` in it is written with thousands separators."""
    tag = language()
    forms = catalogue(tag).plurals.get(singular)
    if forms is None:
        forms = (singular, plural)
    text = forms[0] if len(forms) == 1 or n == 1 else forms[1]
    return _filled(text, {"n": number(n), **values})


def _filled(text: str, values: Mapping[str, object]) -> str:
    """The text with its values, and no space between two Chinese characters where one of them is a value's."""

    def spaced(found: re.Match[str]) -> str:
        value = str(values.get(found["name"], ""))
        before = "" if re.match(_CJK, value) else found["before"] or ""
        after = "" if re.search(_CJK + r"\Z", value) else found["after"] or ""
        return f"{before}{found['value']}{after}"

    return _SPACED.sub(spaced, text).format(**values)


def undirected(text: str) -> str:
    """Somebody's words without controls of direction, which would reorder the line around them."""
    return _DIRECTION.sub("", text)


def isolated(text: str) -> str:
    """Somebody's words for the middle of a line: `undirected`, and set apart where they are written from right to left."""
    text = undirected(text)
    is_leftward = any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)
    return f"{_FIRST_STRONG}{text}{_POP}" if is_leftward else text


def N_(msgid: str) -> str:  # noqa: N802  gettext's own name for text translated where it is shown
    """Marks a text for the catalogue; it is translated later with `_`."""
    return msgid


def locale() -> Locale:
    """Babel's locale of the language in force."""
    return _locale(language())


@cache
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


def number(value: float, *, digits: int = 0) -> str:
    """12345.6 → 12,346: thousands separators, `digits` decimals."""
    return str(numbers.format_decimal(value, format=_pattern(digits), locale=locale()))


def compact(value: float) -> str:
    """12400 → 12.4k, 1.2万: three significant places or so, for cards and axes."""
    if abs(value) < _short_from():
        return number(value, digits=0 if float(value).is_integer() else 1)
    text = str(numbers.format_compact_decimal(value, locale=locale(), fraction_digits=1))
    return text.replace("K", "k")


def _short_from() -> int:
    """From where a language has a short word for an amount: thousand (k), ten thousand (万). Below it Babel would write all digits, unrounded."""
    return 10_000 if locale().language == "zh" else 1_000


def rate(value: float, *, digits: int = 1) -> str:
    """0.0481 → 4.8%."""
    return str(numbers.format_percent(value, format=_pattern(digits) + "%", locale=locale()))


def rate_difference(value: float) -> str:
    """0.0011 → +0.11 pp: a difference of two rates, in percentage points."""
    return _("{points} pp", points=_signed(value * 100, 2))


def stars(value: float) -> str:
    """4.3333 → 4.33."""
    return number(value, digits=2)


def money(value: float, currency: str | None, *, short: bool = False) -> str:
    """An amount in major units with its currency; `short` for cards (R$12.4k). Without a currency: the number."""
    if not currency:
        return compact(value) if short else number(value, digits=2)
    if short and abs(value) >= _short_from():
        text = numbers.format_compact_currency(value, currency, locale=locale(), fraction_digits=1)
        return str(text).replace("K", "k")
    return str(numbers.format_currency(value, currency, locale=locale()))


def duration(seconds: float) -> str:
    """Seconds in the largest unit that fits: 45 sec, 12.5 min, 3.2 hr, 2.4 days."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if abs(seconds) >= size:
            return _measure(seconds / size, unit, digits=1)
    return _measure(seconds, "second", digits=0)


def _measure(value: float, unit: str, *, digits: int) -> str:
    text = units.format_unit(value, f"duration-{unit}", length="short", format=_pattern(digits), locale=locale())
    return str(text)


def figure(value: float | None, unit: str, *, currency: str | None = None, short: bool = False) -> str:
    """A metric's value in its unit (count, rate, money, seconds, stars, nps, points); an en dash when there is none."""
    if value is None:
        return "–"
    if unit == "rate":
        return rate(value)
    if unit == "money":
        return money(value, currency, short=short)
    if unit == "seconds":
        return duration(value)
    if unit == "stars":
        return stars(value)
    if unit in ("nps", "points"):
        return number(value, digits=1)
    return compact(value) if short else number(value, digits=0 if float(value).is_integer() else 1)


def difference(change: float | None, unit: str, *, currency: str | None = None) -> str:
    """A change of a metric with its sign, in its unit: rates in percentage points, never in per cent of a rate."""
    if change is None:
        return "–"
    if unit == "rate":
        return rate_difference(change)
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    size = abs(change)
    if unit == "stars":
        return sign + stars(size)
    return sign + figure(size, unit, currency=currency, short=True)


def day(value: date, *, length: str = "medium") -> str:
    """30 Nov 2026, as the locale writes it."""
    return str(dates.format_date(value, format=length, locale=locale()))


def span(first: date, last: date) -> str:
    """Nov 1 – 30, 2026: both days included."""
    return str(dates.format_interval(first, last, skeleton="yMMMd", locale=locale()))


def moment(value: datetime, time_zone: str, *, length: str = "medium") -> str:
    """An instant in the reporting zone; `short` goes to the minute, its month in words so that no one takes it for the day."""
    if length == "short":
        at = value.astimezone(ZoneInfo(time_zone))
        pattern = str(dates.get_datetime_format("medium", locale=locale()))
        clock = dates.format_time(at, format="short", locale=locale())
        return pattern.replace("{1}", day(at.date())).replace("{0}", str(clock))
    return str(dates.format_datetime(value, format=length, tzinfo=ZoneInfo(time_zone), locale=locale()))


def joined(parts: list[str]) -> str:
    """Words as a list: Books, Toys."""
    return _(", ").join(parts)


def sentences(*parts: str) -> str:
    """Whole sentences one after the other; a Chinese one ends in a full stop as wide as a space."""
    return ("" if language() == "zh-Hans" else " ").join(parts)


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


def _signed(value: float, digits: int) -> str:
    text = number(abs(value), digits=digits)
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return sign + text
