"""Which messages a sentence rests on, where its writer names none: those that hold its figures and most of its words.

For models that summarise a text without quoting it. Knows no model; what it can't trace has no source, and is then not shown.
"""

import re
from collections.abc import Sequence

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from llm.grounding import EvidenceBook
from llm.types import Message

COVERED = 0.6  # of a sentence's telling words; below it is not said to rest on anything
MOST_SOURCES = 3
_WORD = re.compile(r"[a-z0-9]+(?:[.'’-][a-z0-9]+)*|[\u4e00-\u9fff]+", re.I)
_ROLES = frozenset(
    [
        "merchant",
        "seller",
        "shop",
        "buyer",
        "customer",
        "agent",
        "desk",
        "support",
        "says",
        "said",
        "asks",
        "asked",
        "wants",
        "writes",
        "replies",
    ]
)
_CHINESE_ROLES = re.compile("商家|卖家|店铺|买家|顾客|客户|客服|表示|询问|希望|要求|回复")


def sources_of(text: str, messages: Sequence[Message], book: EvidenceBook) -> tuple[str, ...]:
    """Cites of at most three messages: those that hold its figures, then those that hold most of its words; none where a third of these,
    or a figure, stands nowhere."""
    wanted = _telling(text)
    held = {message.cite: _telling(message.text) for message in messages}
    cites = [cite for cite in book.supporting(text) if cite in held][:MOST_SOURCES]
    left = {word for word in wanted if not any(_holds(held[cite], word) for cite in cites)}
    while left and len(cites) < MOST_SOURCES:
        best = max(held, key=lambda cite: sum(_holds(held[cite], word) for word in left))
        rest = {word for word in left if not _holds(held[best], word)}
        if len(rest) == len(left):
            break
        cites.append(best)
        left = rest
    return tuple(cites) if wanted and len(left) <= (1 - COVERED) * len(wanted) else ()


def _telling(text: str) -> set[str]:
    """Words that tell one matter from another: without common words and roles; of Chinese, neighbouring characters."""
    found: set[str] = set()
    for match in _WORD.finditer(_CHINESE_ROLES.sub(" ", text.casefold())):
        word = match.group()
        if "\u4e00" <= word[0] <= "\u9fff":
            found.update(word[place : place + 2] for place in range(max(1, len(word) - 1)))
        elif word not in ENGLISH_STOP_WORDS and word not in _ROLES:
            found.add(word)
    return found


def _holds(held: set[str], word: str) -> bool:
    """In any inflection: what is left without the last three letters, but four at least, begins a word there."""
    if word in held:
        return True
    stem = word[: max(4, len(word) - 3)]
    return len(word) > 4 and any(other.startswith(stem) for other in held)
