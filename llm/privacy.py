"""Private data in a text, found and masked before a prompt, a log or an export sees it.

E-mail, web and IP addresses, phones, payment cards, bank accounts and national ids, by pattern and checksum. Names and postal
addresses are not found here. Order, tracking, SKU and clause numbers are never masked. Knows no model.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address

from llm.spans import extract

TYPES = ("EMAIL", "URL", "IP", "BANK_ACCOUNT", "CARD", "NATIONAL_ID", "PHONE")


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


_FREE = r"(?<![A-Za-z0-9_-])"
_OURS = re.compile(
    r"(?:orders?|tracking|parcel|waybill|sku|asin|item|product|listing|merchant|seller|shop|store|ticket|case|invoice|ref(?:erence)?|订单|单号|运单|物流|快递|"
    r"商品|货号|店铺|商家|工单|编号)(?:[ _-]?(?:ids?|numbers?|nos?\.?|codes?|编号|号码|号|id))?\s{0,2}(?:is|are|was|为|是)?\s{0,2}[:：#]{0,2}\s{0,2}$",
    re.I,
)


def _digits(written: str) -> str:
    return "".join(c for c in written if c.isdigit())


def _is_card(written: str) -> bool:
    digits = _digits(written)
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and _luhn(digits) and len(set(digits)) > 1


def _luhn(digits: str) -> bool:
    """The check sum of ISO/IEC 7812-1."""
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_iban(written: str) -> bool:
    """ISO 13616: the rearranged number is 1 modulo 97."""
    compact = re.sub(r"\s", "", written).upper()
    return 15 <= len(compact) <= 34 and int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def _is_chinese_id(written: str) -> bool:
    """GB 11643: birth date and ISO 7064 MOD 11-2 check character."""
    if not _is_birth(written[6:14]):
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(written, weights, strict=False)) % 11] == written[17].upper()


def _is_birth(written: str) -> bool:
    try:
        return 1900 <= date(int(written[:4]), int(written[4:6]), int(written[6:])).year <= 2100
    except ValueError:
        return False


def _is_cpf(written: str) -> bool:
    """Brazil's two check digits, modulo 11."""
    digits = [int(d) for d in _digits(written)]
    if len(set(digits)) == 1:
        return False
    return all(
        (sum(d * w for d, w in zip(digits[:n], range(n + 1, 1, -1), strict=True)) * 10 % 11) % 10 == digits[n]
        for n in (9, 10)
    )


def _is_nric(written: str) -> bool:
    """Singapore: weighted sum modulo 11 against the letter of its series (M series since 2022)."""
    total = sum(int(d) * w for d, w in zip(written[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    series = written[0].upper()
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}[
        series
    ]
    offset = {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}[series]
    index = (total + offset) % 11
    return letters[10 - index if series == "M" else index] == written[8].upper()


def _is_mykad(written: str) -> bool:
    digits = _digits(written)
    return _is_birth("19" + digits[:6]) or _is_birth("20" + digits[:6])


def _is_ip(written: str) -> bool:
    try:
        ip_address(written)
    except ValueError:
        return False
    return True


def _is_phone(written: str) -> bool:
    return 8 <= len(_digits(written)) <= 15


def _always(_written: str) -> bool:
    return True


_SEP = r"[ \u00a0.-]?"
_BANK_WORDS = (
    r"(?:bank (?:account|acct)(?: (?:number|no\.?))?|account (?:number|no\.?)|acct(?: no)?\.?|routing(?: number)?|sort code|"
    r"银行卡号?|银行账[号户]|收款账[号户]|对公账[号户]|卡号|开户账号)"
)
# In order of precedence: what an earlier line takes, a later one cannot.
_PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("EMAIL", re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"), _always),
    ("URL", re.compile(r"(?:https?://|www\.)[\w/?#@!$&*+,;=%~:.\[\]-]{1,2000}(?<![.,;:!?])", re.I | re.A), _always),
    ("BANK_ACCOUNT", re.compile(rf"{_FREE}[A-Z]{{2}}\d{{2}}(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,3}})?(?![A-Za-z0-9])"), _is_iban),
    ("NATIONAL_ID", re.compile(rf"{_FREE}[1-9]\d{{16}}[\dXx](?![A-Za-z0-9])"), _is_chinese_id),
    ("BANK_ACCOUNT", re.compile(rf"{_BANK_WORDS}\s{{0,2}}(?:is|为|是)?\s{{0,2}}[:：#]{{0,2}}\s{{0,2}}(?P<id>\d(?:[ -]?\d){{5,23}})(?!\d)", re.I), _always),
    ("CARD", re.compile(rf"{_FREE}\d(?:[ -]?\d){{12,18}}(?![A-Za-z0-9])"), _is_card),
    ("NATIONAL_ID", re.compile(rf"{_FREE}\d{{3}}\.?\d{{3}}\.?\d{{3}}-\d{{2}}(?![\dA-Za-z])"), _is_cpf),
    ("NATIONAL_ID", re.compile(rf"{_FREE}(?!000|666|9)\d{{3}}-(?!00)\d{{2}}-(?!0000)\d{{4}}(?![\dA-Za-z-])"), _always),
    ("NATIONAL_ID", re.compile(rf"{_FREE}[STFGM]\d{{7}}[A-Z](?![A-Za-z0-9])"), _is_nric),
    ("NATIONAL_ID", re.compile(rf"{_FREE}\d{{6}}-\d{{2}}-\d{{4}}(?![\dA-Za-z-])"), _is_mykad),
    ("IP", re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]\d|\d)"), _is_ip),
    ("IP", re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])"), lambda w: len(w) > 5 and _is_ip(w)),
    ("PHONE", re.compile(rf"(?<![\w+])\+\d{{1,3}}{_SEP}(?:\(\d{{1,4}}\){_SEP})?\d{{1,5}}(?:{_SEP}\d{{2,5}}){{1,4}}(?!\d)"), _is_phone),
    ("PHONE", re.compile(rf"{_FREE}(?:(?:0086|86){_SEP})?1[3-9]\d{_SEP}\d{{4}}{_SEP}\d{{4}}(?![A-Za-z0-9])"), _always),
    ("PHONE", re.compile(r"(?<![\w(])\(\d{2,4}\) ?9?\d{3,4}[ .-]\d{4}(?!\d)"), _always),
    ("PHONE", re.compile(r"(?<![\w.-])(?:0{0,2}1[-.])?\d{3}[-.]\d{3}[-.]\d{4}(?: ?x\d{1,5})?(?![\w-])"), _always),
    ("PHONE", re.compile(r"(?<![\w.-])0\d{2,3}-\d{7,8}(?![\w-])"), _always),
    ("PHONE", re.compile(r"(?:phone|tel|mobile|cell|whatsapp|call me (?:at|on)|电话|手机号?|联系方式)\s{0,2}[:：.]?\s{0,2}(?P<id>\+?\d(?:[ .-]?\d){6,14})(?!\d)", re.I), _is_phone),
)  # fmt: skip


def find(text: str) -> tuple[PrivateSpan, ...]:
    """The private data in `text`, by position, not overlapping."""
    kept_whole = [(s.start, s.end) for s in extract(text) if s.kind in {"order", "clause", "date"}]
    taken = bytearray(len(text))
    for start, end in kept_whole:
        taken[start:end] = b"\x01" * (end - start)
    found: list[PrivateSpan] = []
    for name, pattern, holds in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span("id" if "id" in pattern.groupindex else 0)
            if any(taken[start:end]) or not holds(text[start:end]) or _is_ours(name, text, start):
                continue
            taken[start:end] = b"\x01" * (end - start)
            found.append(PrivateSpan(start, end, name))
    return tuple(sorted(found, key=lambda span: span.start))


def _is_ours(name: str, text: str, start: int) -> bool:
    """Whether a number stands right behind a word like 'order' or 'tracking number': ours to keep."""
    return name not in {"EMAIL", "URL", "IP"} and _OURS.search(text[max(0, start - 48) : start]) is not None


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
