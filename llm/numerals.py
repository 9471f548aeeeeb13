"""How numbers, months and currencies are written in English and Chinese, read into one normal form. Knows no text around them."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

CURRENCIES: dict[str, str] = {
    "US$": "USD", "$": "USD", "R$": "BRL", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "₹": "INR", "₫": "VND", "฿": "THB", "₩": "KRW",
    "USD": "USD", "dollars": "USD", "dollar": "USD", "BRL": "BRL", "reais": "BRL", "EUR": "EUR", "euros": "EUR", "euro": "EUR", "GBP": "GBP",
    "pounds": "GBP", "CNY": "CNY", "RMB": "CNY", "yuan": "CNY", "人民币": "CNY", "元": "CNY", "块钱": "CNY", "块": "CNY", "美元": "USD", "美金": "USD",
    "欧元": "EUR", "JPY": "JPY", "日元": "JPY", "SGD": "SGD", "MYR": "MYR", "THB": "THB", "IDR": "IDR", "PHP": "PHP", "VND": "VND",
    "AUD": "AUD", "CAD": "CAD", "HKD": "HKD", "港币": "HKD", "INR": "INR", "KRW": "KRW", "MXN": "MXN",
}  # fmt: skip
_BY_FOLDED = {name.casefold(): code for name, code in CURRENCIES.items()}
_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # noqa: SIM905
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
ENGLISH_NUMERAL = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES[1:10])}))?|{'|'.join(sorted(_ONES, key=len, reverse=True))})"
)
CHINESE_NUMERAL = r"[零〇一二两三四五六七八九十百千]{1,9}"
_CHINESE_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE_TENS = {"十": 10, "百": 100, "千": 1000}
_SCALES = {"万": 10_000, "亿": 100_000_000, "千": 1000, "k": 1000, "thousand": 1000, "million": 1_000_000}


def currency_of(written: str) -> str:
    """The ISO 4217 code of a sign or name; `$` reads as USD and `¥` as CNY."""
    return _BY_FOLDED[written.casefold()]


def month_of(name: str) -> int:
    """1–12 of an English month name or its first three letters."""
    return next(i for i, month in enumerate(_MONTHS, start=1) if month.startswith(name.casefold()[:3]))


def decimal_text(written: str, scale: str = "", *, comma_decimals: bool = False) -> str | None:
    """A number as written (`1,234.50`, `1.234,50`, `12` with scale `k` or `万`) in plain decimal form (`1234.5`), or None.

    With one kind of separator, groups of exactly three digits are thousands; a single point is a decimal point unless the currency
    writes its decimals with a comma.
    """
    plain = (
        "".join(c if c in ".,'’" else _digit(c) for c in written if c not in "\u00a0\u202f")
        .replace("'", "")
        .replace("’", "")
    )
    normal = _separators(plain, comma_decimals=comma_decimals)
    if normal is None:
        return None
    try:
        value = Decimal(normal) * _SCALES.get(scale.strip().casefold(), 1)
    except InvalidOperation:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _separators(plain: str, *, comma_decimals: bool) -> str | None:
    points, commas = plain.count("."), plain.count(",")
    if points and commas:
        decimal_mark = max(plain, key=lambda c: plain.rfind(c) if c in ".," else -1)
        other = "," if decimal_mark == "." else "."
        return None if plain.count(decimal_mark) > 1 else plain.replace(other, "").replace(decimal_mark, ".")
    if commas:
        if re.fullmatch(r"\d{1,3}(?:,\d{3})+", plain) and not (
            comma_decimals and commas == 1 and plain.startswith("0")
        ):
            return plain.replace(",", "")
        return plain.replace(",", ".") if commas == 1 else None
    if points > 1 or (points and comma_decimals):
        return (
            plain.replace(".", "") if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", plain) else (plain if points == 1 else None)
        )
    return plain


def _digit(character: str) -> str:
    return str(unicodedata.digit(character))


def numeral(written: str) -> str | None:
    """An English (`twenty-one`) or Chinese (`十四`, `一百二十`) numeral below 10,000 in digits; None when it is none."""
    return _english(written.casefold()) if written[0].isascii() else _chinese(written)


def _english(written: str) -> str | None:
    parts = re.split(r"[ -]", written)
    if len(parts) == 1:
        value = _TENS.get(parts[0], _ONES.index(parts[0]) if parts[0] in _ONES else None)
    else:
        value = _TENS[parts[0]] + _ONES.index(parts[1])
    return None if value is None else str(value)


def _chinese(written: str) -> str | None:
    total, digit = 0, -1
    for character in written:
        if character in _CHINESE_TENS:
            total += (1 if digit < 0 else digit) * _CHINESE_TENS[character]
            digit = -1
        elif digit > 0:
            return None  # 三四天: about three or four, no figure
        else:
            digit = _CHINESE_DIGITS[character]
    return str(total + max(digit, 0))
