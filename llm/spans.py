"""Figures and names in a text: orders, amounts, dates, shares, durations, points, counts, clauses, carriers, other ids.

Every digit of a text lies in exactly one span, which is what lets grounding prove that no figure was made up. Knows no evidence.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from llm.numerals import (
    CHINESE_NUMERAL,
    CURRENCIES,
    ENGLISH_NUMERAL,
    MONTH,
    currency_of,
    decimal_text,
    month_of,
    numeral,
)


@dataclass(frozen=True)
class Span:
    """`text == original[start:end]` in code points, end exclusive.

    `value` is normalised: a decimal without grouping, `YYYY-MM-DD` (`--MM-DD` without a year; `MM/DD|DD/MM` when the order can't be
    known), or the id in lower case. `unit` is a currency, `percent`, `pp`, `points`, `count`, `minute` … `year`, or empty.
    """

    start: int
    end: int
    kind: str
    text: str
    value: str
    unit: str = ""


# Repetitions are bounded so that no text, however odd, costs more than linear time.
_NUMBER = r"\d{1,30}(?:[.,\u00a0\u202f'’]\d{1,30}){0,6}"
_SCALE = r"(?:\s?(?:万|亿|千|(?:k|K|million|thousand)(?![A-Za-z])))?"
_BEFORE = r"(?<![A-Za-z0-9])"
_SYMBOL = "|".join(re.escape(name) for name in sorted(CURRENCIES, key=len, reverse=True) if not name.isalpha())
_CODE = "|".join(sorted((name for name in CURRENCIES if name.isalpha()), key=len, reverse=True))
_ORDER_WORD = r"(?:orders?(?: (?:ids?|numbers?|nos?\.?|refs?))?|purchase|订单(?:编号|号码|号)?|单号)"
_COUNTED = (
    r"(?:[a-z]{1,12} )?(?:orders?|parcels?|items?|listings?|reviews?|returns?|refunds?|disputes?|cases?|shipments?|packages?|units?|buyers?|"
    r"tickets?|photos?|appeals?|pieces?|sales|times)\b|单|笔|件|个|条|次|位|张|份|家"
)
_UNITS: tuple[tuple[str, str], ...] = (
    ("percent", r"%|％|﹪|percent\b|per cent\b"),
    ("pp", r"percentage points?\b|pp\b|个?百分点"),
    ("business_day", r"(?:business|working)[ -]days?\b|个?工作日"),
    ("minute", r"minutes?\b|mins?\b|分钟"),
    ("hour", r"hours?\b|hrs?\b|h\b|个?小时|个?钟头"),
    ("day", r"(?:calendar )?days?\b|d\b|天|日"),
    ("week", r"weeks?\b|wks?\b|周|个?星期"),
    ("month", r"months?\b|个月"),
    ("year", r"years?\b|年"),
    ("points", r"points?\b|pts?\b|分"),
    (
        "count",
        _COUNTED,
    ),
)
_UNIT = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS)
_CARRIERS: dict[str, str] = {
    "sf express": "sf", "顺丰速运": "sf", "顺丰": "sf", "yto express": "yto", "圆通": "yto", "zto express": "zto", "中通": "zto",
    "sto express": "sto", "申通": "sto", "yunda": "yunda", "韵达": "yunda", "j&t express": "jt", "j&t": "jt", "极兔": "jt",
    "jd logistics": "jd", "京东物流": "jd", "china post": "china_post", "中国邮政": "china_post", "邮政": "china_post", "cainiao": "cainiao",
    "菜鸟": "cainiao", "deppon": "deppon", "德邦": "deppon", "4px": "4px", "递四方": "4px", "yunexpress": "yunexpress", "云途": "yunexpress",
    "royal mail": "royal_mail", "correios": "correios", "hermes": "hermes", "evri": "evri", "aramex": "aramex", "australia post": "australia_post",
    "canada post": "canada_post", "singpost": "singpost", "ninja van": "ninja_van", "lalamove": "lalamove", "jadlog": "jadlog",
    "postlink": "postlink", "bluearrow": "bluearrow", "blue arrow": "bluearrow", "swiftparcel": "swiftparcel", "swift parcel": "swiftparcel",
    "suteng express": "suteng", "suteng": "suteng", "速腾快递": "suteng", "速腾": "suteng", "yunlian logistics": "yunlian", "yunlian": "yunlian",
    "迅捷包裹": "swiftparcel", "蓝箭物流": "bluearrow", "蓝箭": "bluearrow", "邮联快递": "postlink", "云联物流": "yunlian", "云联": "yunlian",
    "dhl": "dhl", "ups": "ups", "fedex": "fedex", "usps": "usps", "gls": "gls", "dpd": "dpd", "tnt": "tnt", "ems": "ems",
}  # fmt: skip
_CASED_CARRIERS = frozenset({"ups", "ems", "tnt", "gls", "dpd", "hermes", "evri"})


def _pattern(text: str, flags: int = re.I) -> re.Pattern[str]:
    return re.compile(text, flags)


_Reader = Callable[[re.Match[str]], tuple[str, str] | None]


def _literal(match: re.Match[str]) -> tuple[str, str]:
    return unicodedata.normalize("NFKC", match.group(match.lastgroup or 0)).casefold(), ""


def _named_date(match: re.Match[str]) -> tuple[str, str] | None:
    month = month_of(match["month"])
    return _date(match["year"], month, match["day"])


def _numeric_date(match: re.Match[str]) -> tuple[str, str] | None:
    return _date(match["year"], int(match["month"]), match["day"])


def _date(year: str | None, month: int, day: str) -> tuple[str, str] | None:
    if not (1 <= month <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{int(year):04d}-{month:02d}-{int(day):02d}" if year else f"--{month:02d}-{int(day):02d}", ""


def _slashed_date(match: re.Match[str]) -> tuple[str, str] | None:
    first, second, year = int(match["first"]), int(match["second"]), match["year"]
    if year and len(year) == 2:
        year = f"20{int(year):02d}"
    readings = [_date(year, month, str(day)) for month, day in ((first, second), (second, first))]
    values = list(dict.fromkeys(value[0] for value in readings if value))
    return ("|".join(values), "") if values else None


def _amount(match: re.Match[str]) -> tuple[str, str] | None:
    currency = currency_of(match["currency"])
    value = decimal_text(match["number"], match["number_end"] or "", comma_decimals=currency in {"BRL", "EUR"})
    return (value, currency) if value is not None else None


def _measure(match: re.Match[str]) -> tuple[str, str] | None:
    unit = next(name for name, _ in _UNITS if match[name])
    value = decimal_text(match["number"], match["number_end"] or "")
    return (value, unit) if value is not None else None


def _written_measure(match: re.Match[str]) -> tuple[str, str] | None:
    unit = next(name for name, _ in _UNITS if match[name])
    value = numeral(match["number"])
    # "one order" and 一个 are articles more often than counts.
    return None if value is None or (value == "1" and unit in {"count", "points"}) else (value, unit)


def _bare(match: re.Match[str]) -> tuple[str, str] | None:
    value = decimal_text(match["number"], match["number_end"] or "")
    return (value, "") if value is not None else None


def _carrier(match: re.Match[str]) -> tuple[str, str] | None:
    name = match.group().casefold()
    return None if name in _CASED_CARRIERS and match.group().islower() else (_CARRIERS[name], "")


_SCALED = rf"(?P<number>{_NUMBER})(?P<number_end>{_SCALE})"
# In order of precedence: what an earlier line takes, a later one cannot.
_PATTERNS: tuple[tuple[str, re.Pattern[str], _Reader], ...] = (
    ("link", _pattern(r"(?:https?://|www\.)[\w/?#@!$&()*+,;=%~:.\[\]-]{1,2000}|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.I | re.A), _literal),
    ("date", _pattern(r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)"), _numeric_date),
    ("date", _pattern(r"(?<!\d)(?:(?P<year>\d{4})\s?年\s?)?(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?[日号]?(?!\d)"), _numeric_date),
    ("date", _pattern(rf"{_BEFORE}(?P<month>{MONTH})\.?\s{{1,3}}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\dA-Za-z%])(?:,?\s{{1,3}}(?P<year>\d{{4}}))?(?!\d)"), _named_date),
    ("date", _pattern(rf"{_BEFORE}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s{{1,3}}(?:of\s)?(?P<month>{MONTH})(?![A-Za-z])\.?(?:,?\s{{1,3}}(?P<year>\d{{4}}))?(?!\d)"), _named_date),
    ("date", _pattern(r"(?<![\d/.A-Za-z-])(?P<first>\d{1,2})/(?P<second>\d{1,2})(?:/(?P<year>\d{4}|\d{2}))?(?![\d/A-Za-z])"), _slashed_date),
    ("clause", _pattern(rf"{_BEFORE}[A-Z]-\d{{1,2}}\.\d{{1,2}}(?!\d)", 0), _literal),
    ("time", _pattern(r"(?<![\d:])\d{1,2}:\d{2}(?::\d{2})?(?![\d:])"), _literal),
    ("order", _pattern(r"(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z])", 0), _literal),
    ("order", _pattern(rf"{_BEFORE}(?:ORD|ORDER|OD|SO|PO|TD|O)[-_]?\d{{3,}}(?:[-_]?[A-Z0-9]+){{0,4}}(?![A-Za-z0-9])"), _literal),
    ("order", _pattern(rf"(?<![A-Za-z]){_ORDER_WORD}\s{{0,2}}(?:is|are|为|是)?\s{{0,2}}[:：#]{{0,2}}\s{{0,2}}(?P<id>(?=[A-Z0-9_-]{{0,39}}\d)[A-Z0-9][A-Z0-9_-]{{3,39}})(?![A-Za-z0-9.,]\d|%)"), _literal),
    ("order", _pattern(r"(?<![\w&])#(?P<id>(?=[A-Z0-9_-]{0,39}\d)[A-Z0-9][A-Z0-9_-]{3,39})"), _literal),
    ("amount", _pattern(rf"(?P<currency>{_SYMBOL}|{_BEFORE}(?:{_CODE}))\s?{_SCALED}"), _amount),
    ("amount", _pattern(rf"{_BEFORE}{_SCALED}\s?(?P<currency>{_SYMBOL}|(?:{_CODE})(?![A-Za-z]))"), _amount),
    ("carrier", _pattern(rf"(?<![A-Za-z0-9])(?:{'|'.join(re.escape(name) for name in sorted(_CARRIERS, key=len, reverse=True))})(?![A-Za-z0-9])"), _carrier),
    ("measure", _pattern(rf"(?<![A-Za-z0-9_-]){_SCALED}[ \u00a0-]?(?:{_UNIT})"), _measure),
    ("measure", _pattern(rf"(?<![A-Za-z])(?P<number>{ENGLISH_NUMERAL})[ -](?:{_UNIT})"), _written_measure),
    ("measure", _pattern(rf"(?P<number>{CHINESE_NUMERAL})(?:{_UNIT})"), _written_measure),
    ("id", _pattern(r"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]{0,60}\d)(?=[\d_-]{0,60}[A-Za-z])[A-Za-z0-9]{1,64}(?:[-_.][A-Za-z0-9]{1,64}){0,6}"), _literal),
    ("id", _pattern(r"(?<![A-Za-z0-9.,])\d{1,30}(?:-\d{1,30}){1,6}(?![A-Za-z0-9])"), _literal),
    ("id", _pattern(r"(?<![A-Za-z0-9.,])\d{6,40}(?![.,]?\d|[A-Za-z])"), _literal),
    ("number", _pattern(rf"{_SCALED}"), _bare),
    ("id", _pattern(r"\d{1,30}(?:[.,]\d{1,30}){1,6}"), _literal),
)  # fmt: skip


def extract(text: str) -> list[Span]:
    """All spans of `text` by position, not overlapping; time is linear in its length. A text just read is not read again."""
    return list(_extracted(text))


@lru_cache(maxsize=1_024)
def _extracted(text: str) -> tuple[Span, ...]:
    taken = bytearray(len(text))
    found: list[Span] = []
    for kind, pattern, read in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span("id" if "id" in pattern.groupindex else 0)
            if any(taken[start:end]):
                continue
            reading = read(match)
            if reading is None:
                continue
            taken[start:end] = b"\x01" * (end - start)
            value, unit = reading
            found.append(Span(start, end, _kind(kind, unit), text[start:end], value, unit))
    uncovered = "".join(" " if is_taken else character for character, is_taken in zip(text, taken, strict=True))
    found += [Span(m.start(), m.end(), "number", m.group(), *_literal(m)) for m in re.finditer(r"\d+", uncovered)]
    found.sort(key=lambda span: span.start)
    return tuple(_lists_of_orders(found))


def _kind(kind: str, unit: str) -> str:
    if kind != "measure":
        return kind
    return unit if unit in {"percent", "pp", "points", "count"} else "duration"


def _lists_of_orders(spans: list[Span]) -> list[Span]:
    """Ids shaped like an order that the text names are orders too: the rest of a pasted list."""
    shapes = {_shape(span.value) for span in spans if span.kind == "order"}
    if not shapes:
        return spans
    return [
        Span(s.start, s.end, "order", s.text, s.value) if s.kind == "id" and _shape(s.value) in shapes else s
        for s in spans
    ]


def _shape(value: str) -> str:
    if re.fullmatch(r"[0-9a-f]{32}", value):
        return "hex"
    return re.sub(r"[a-z]", "a", re.sub(r"\d", "0", value))


def texts_of(spans: Iterable[Span], *kinds: str) -> tuple[str, ...]:
    """What the spans of these kinds say, as written, each once, in order of first appearance."""
    return tuple(dict.fromkeys(span.text for span in spans if span.kind in kinds))
