"""How often words of a list are said in a text, and how often they are denied. Knows no aspect and no mood."""

import re
from functools import cache, lru_cache

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
        for begins, phrase in _folded(tuple(phrases)):
            if begins not in folded:
                continue  # by far the most, and sooner told
            for match in _phrase(language, phrase).finditer(folded):
                if _NEGATION.search(folded[max(0, match.start() - 24) : match.start()]):
                    denied += 1
                else:
                    said += 1
    return said, denied


@lru_cache(maxsize=1_024)
def _folded(phrases: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What each phrase begins with, up to a `…`, and the phrase, both without case."""
    return tuple((phrase.partition("…")[0].strip().casefold(), phrase.casefold()) for phrase in phrases)


@cache
def _phrase(language: str, phrase: str) -> re.Pattern[str]:
    parts = [re.escape(part.strip()) for part in phrase.split("…")]
    return re.compile(
        r"[^。！？，]{0,6}?".join(parts)
        if language == CHINESE
        else rf"\b{r'(?: [^ .!?,;]+){0,3}? '.join(parts)}(?:s|ed|d|ing)?\b"
    )
