"""Whether a sentence is in one language throughout: foreign words, clauses and scripts inside it. Names and quotations of the evidence may differ.

Traditional characters are those that GB 2312 (the simplified standard set) lacks and Big5 (the traditional one) has.
"""

import re

from llm.checks.clauses import without_quotations
from llm.language import CHINESE, ENGLISH, UNDETERMINED, detect

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_OTHER_SCRIPT = re.compile(
    r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0e00-\u0e7f\u0590-\u05ff\u0900-\u097f]+"
)
_LATIN = re.compile(r"(?<![A-Za-z0-9_.@/-])[A-Za-zÀ-ž][A-Za-zÀ-ž'’]+(?![A-Za-z0-9_@/]|-\d|\.\w)")
_BRACKETED = re.compile(r"（[^）]{0,80}）|\([^)]{0,80}\)")
_UNITS = frozenset("kg km cm mm ml usd eur gbp cny am pm utc gmt id ids trustdesk".split())  # noqa: SIM905
_PIECE = re.compile(r"[,;:.!?–—]+(?:\s|$)")
FEWEST_WORDS = 3


def foreign_in(text: str, expected: str, known: str) -> list[str]:
    """The stretches of `text` that are not in the language `expected`; what stands in `known` (messages, facts, titles) is a name."""
    bare = without_quotations(text)
    if expected == CHINESE:
        return [*_other_scripts(bare), *_latin_words(_BRACKETED.sub("", bare), known), *traditional_in(bare, known)]
    if expected == ENGLISH:
        han = [run for run in _HAN.findall(_BRACKETED.sub("", bare)) if run not in known]
        return [*_other_scripts(bare), *han, *_foreign_clauses(bare, known)]
    return []


def _other_scripts(text: str) -> list[str]:
    return _OTHER_SCRIPT.findall(text)


def _latin_words(text: str, known: str) -> list[str]:
    """Words in Latin letters that are no name of the evidence, abbreviation or unit."""
    have = known.casefold()
    return [
        word
        for word in _LATIN.findall(text)
        if not word.isupper()
        and word.casefold() not in _UNITS
        and not re.search(rf"(?<![a-z]){re.escape(word.casefold())}(?![a-z])", have)
    ]


def traditional_in(text: str, known: str = "") -> list[str]:
    """The traditional characters of `text`, but those that `known` holds too (names, or the writer's own script)."""
    return [c for c in text if _HAN.match(c) and c not in known and not _can(c, "gb2312") and _can(c, "big5")]


def _can(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _foreign_clauses(text: str, known: str) -> list[str]:
    """Clauses of three words or more, none of them of the evidence, that read as another language."""
    have = {word.casefold() for word in _LATIN.findall(known)}
    found = []
    for piece in _PIECE.split(text):
        words = [word for word in _LATIN.findall(piece) if word.casefold() not in have]
        if len(words) >= FEWEST_WORDS and detect(" ".join(words)) not in {ENGLISH, UNDETERMINED}:
            found.append(piece.strip())
    return found
