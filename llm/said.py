"""How often words of a list are said in a text, and how often they are denied. Knows no aspect and no mood."""

import re

from llm.language import CHINESE
from llm.taxonomy import WordsByLanguage

_NEGATION = re.compile(
    r"(?:\b(?:not|no|never|isn'?t|wasn'?t|aren'?t|don'?t|doesn'?t|didn'?t|hardly|without)\b[^.!?,;]{0,16}|[不没未别无][^。！？，]{0,2})$",
    re.I,
)


def counted(text: str, words: WordsByLanguage) -> tuple[int, int]:
    """How often the words of either language stand in the text: as said, and denied. In a phrase `…` stands for up to three words (six characters)."""
    said = denied = 0
    folded = text.casefold()
    for language, phrases in words.items():
        if language == CHINESE and folded.isascii():
            continue
        for phrase in phrases:
            if phrase.partition("…")[0].strip().casefold() not in folded:
                continue  # by far the most, and sooner told
            for match in _phrase(language, phrase.casefold()).finditer(folded):
                if _NEGATION.search(folded[max(0, match.start() - 24) : match.start()]):
                    denied += 1
                else:
                    said += 1
    return said, denied


_PHRASES: dict[tuple[str, str], re.Pattern[str]] = {}


def _phrase(language: str, phrase: str) -> re.Pattern[str]:
    key = (language, phrase)
    if key not in _PHRASES:
        parts = [re.escape(part.strip()) for part in phrase.split("…")]
        _PHRASES[key] = re.compile(
            r"[^。！？，]{0,6}?".join(parts)
            if language == CHINESE
            else rf"\b{r'(?: [^ .!?,;]+){0,3}? '.join(parts)}(?:s|ed|d|ing)?\b"
        )
    return _PHRASES[key]
