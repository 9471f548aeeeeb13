"""How a reader of a language writes a value: days by name, shares in per cent, money with its currency."""

import re
from datetime import date
from decimal import Decimal

from llm.language import CHINESE
from llm.types import Fact

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ID_LIST = re.compile(r"[A-Za-z0-9_-]+(?:, [A-Za-z0-9_-]+)+")


def shown_value(fact: Fact, language: str, *, with_unit: bool = False) -> str:
    """A fact's value as a reader of the language writes it: dates by name, shares in per cent, money with its currency."""
    value = fact.value
    if isinstance(value, str) and (shown := shown_day(value, language)):
        return shown
    if isinstance(value, bool):
        return ("是" if value else "否") if language == CHINESE else ("yes" if value else "no")
    if isinstance(value, int | float):
        if fact.unit in {"rate", "share", "ratio"}:
            return f"{value * 100:.1f}%"
        text = f"{Decimal(str(value)):,f}"
        if fact.unit in {"percent", "%"}:
            return f"{text}%"
        if re.fullmatch(r"[A-Z]{3}", fact.unit):
            return f"{fact.unit} {Decimal(str(value)):,.2f}"
        return f"{text} {fact.unit}".strip() if with_unit else text
    return value.replace(", ", "、") if language == CHINESE and _ID_LIST.fullmatch(value) else value


def shown_day(value: str, language: str) -> str | None:
    """A day as a reader of the language writes it; None for what begins with no date."""
    match = re.match(r"(\d{4})-(\d{2})-(\d{2})(?:$|[T ])", value)
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    if language == CHINESE:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
