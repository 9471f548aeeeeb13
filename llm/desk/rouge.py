"""ROUGE-1, -2 and -L (Lin 2004) as F1, over words; every Chinese character is a word. Knows texts only."""

import re
from collections import Counter

_WORD = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")
NAMES = ("rouge_1", "rouge_2", "rouge_l")


def words(text: str) -> list[str]:
    """The words of a text, without case."""
    return _WORD.findall(text.casefold())


def rouge(said: str, reference: str) -> dict[str, float]:
    """The three scores of a text against one reference, each 0–1."""
    left, right = words(said), words(reference)
    shared = {"rouge_1": _common(left, right, 1), "rouge_2": _common(left, right, 2), "rouge_l": _longest(left, right)}
    lengths = {name: len(left) + len(right) - (2 if name == "rouge_2" else 0) for name in NAMES}
    return {name: 2 * shared[name] / lengths[name] if lengths[name] > 0 else 0.0 for name in NAMES}


def _common(left: list[str], right: list[str], n: int) -> int:
    grams = [Counter(zip(*(side[k:] for k in range(n)), strict=False)) for side in (left, right)]
    return (grams[0] & grams[1]).total()


def _longest(left: list[str], right: list[str]) -> int:
    row = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for j, other in enumerate(right, start=1):
            above = row[j]
            row[j] = diagonal + 1 if word == other else max(above, row[j - 1])
            diagonal = above
    return row[-1]
