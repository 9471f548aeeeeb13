"""The written frames that the tagger of people learns from: sentences with `{fields}`, and `[ways|to say]` a part of them."""

import random
import re
from functools import cache

from llm.desk.people_words import PLACES_OF_WORDS

_WAYS = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_MOST = 6.0


def frames() -> dict[str, list[str]]:
    """The frames by language."""
    found: dict[str, list[str]] = {}
    for language in ("en", "zh"):
        lines = (PLACES_OF_WORDS / f"{language}.txt").read_text("utf-8").splitlines()
        found[language] = [line.replace("\\n", "\n") for line in lines if line.strip()]
    for line in (PLACES_OF_WORDS / "other.txt").read_text("utf-8").splitlines():
        language, _, frame = line.partition("\t")
        found.setdefault(language, []).append(frame.replace("\\n", "\n"))
    return found


@cache
def deeds() -> dict[str, list[str]]:
    """What people do, by language: it stands after a name."""
    found: dict[str, list[str]] = {}
    for line in (PLACES_OF_WORDS / "deeds.txt").read_text("utf-8").splitlines():
        language, _, said = line.partition("\t")
        found.setdefault(language, []).append(said)
    return found


def spoken(frame: str, deal: random.Random) -> str:
    """The frame said in one of its ways."""
    while _WAYS.search(frame):
        frame = _WAYS.sub(lambda match: deal.choice(match[1].split("|")), frame)
    return frame


def turns(frame: str) -> float:
    """How much oftener than a plain frame it is filled, by the ways it has: 1 to 6."""
    ways = sum(match[1].count("|") for match in _WAYS.finditer(frame))
    return min(_MOST, 1 + ways / 5)
