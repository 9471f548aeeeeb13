"""Figures of a sentence in the spellings that `llm.spans` reads: clock times, ranges of days, Chinese dates, tenths and sums in words.

Pure rewriting: what it can't read stays as it is.
"""

import re
from collections.abc import Callable

from llm.numerals import CHINESE_NUMERAL, ENGLISH_NUMERAL, MONTH, numeral

_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_DIGIT = dict(zip("零一二三四五六七八九", range(10), strict=True))


def _clock(match: re.Match[str]) -> str:
    hour = int(match[1]) % 12 + (12 if match[3].casefold() == "p" else 0)
    return f"{hour:02d}:{match[2] or '00'}"


def _tenths(match: re.Match[str]) -> str:
    digits = [_DIGIT[c] for c in match.group() if c in _DIGIT]
    value = sum(digit * 10.0 ** (1 - place) for place, digit in enumerate(digits))
    return f"{value:g}%"


def _numerals(match: re.Match[str]) -> str:
    return re.sub(CHINESE_NUMERAL, lambda m: numeral(m.group()) or m.group(), match.group())


def _tenth_of_yuan(match: re.Match[str]) -> str:
    tenth = f".{_DIGIT[match[3]]}" if match[3] else ""
    return f"{numeral(match[1]) or match[1]}{tenth}{match[2]}"


def _of(match: re.Match[str]) -> str:
    return numeral(match.group()) or match.group()


_Rewriting = Callable[[re.Match[str]], str]
_REWRITINGS: tuple[tuple[re.Pattern[str], str | _Rewriting], ...] = (
    (re.compile(r"(?<![\d.])(\d{1,2})(?:[.:](\d{2}))? ?([ap])\.?m\b\.?", re.I), _clock),
    (re.compile(r"(?<![\d:.])(\d):(\d{2})(?![\d:])"), r"0\1:\2"),
    (re.compile(rf"{_DAY} (to|until|till|and|through|–|-) (?:the )?{_DAY} (?:of )?({MONTH})\b", re.I), r"\1 \4 \2 \3 \4"),
    (re.compile(rf"\b({MONTH}) {_DAY} ?(to|until|–|-) ?(?:the )?{_DAY}(?!\d)", re.I), r"\1 \2 \3 \1 \4"),
    (re.compile(r"[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}[日号]"), _numerals),
    (re.compile(r"(\d{1,2})月(\d{1,2})[日号]?(至|到|—|-|~)(\d{1,2})[日号]"), r"\1月\2日\3\1月\4日"),
    (re.compile(r"[一二三四五六七八九]成[一二三四五六七八九]?[一二三四五六七八九]?(?![为功本熟交员果])"), _tenths),
    (re.compile(rf"({CHINESE_NUMERAL})(美元|欧元|元|块)(?:([一二三四五六七八九])角)?"), _tenth_of_yuan),
    (re.compile(rf"\b{ENGLISH_NUMERAL}(?= of (?:the |your |these |those )?\d)", re.I), _of),
    (re.compile(r"\ba fortnight\b", re.I), "14 days"),
)  # fmt: skip


def read_out(text: str) -> str:
    """The text with those spellings rewritten."""
    for pattern, rewriting in _REWRITINGS:
        text = pattern.sub(rewriting, text)
    return text
