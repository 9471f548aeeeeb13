"""Which words set some texts apart from others, in either language. Knows no theme."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

_STOP = frozenset(
    "the and for you your our are was were with that this have has not but from they them its can will would could please hello thank thanks what when how why any all just been".split()  # noqa: SIM905
)


def distinctive_terms(inside: Sequence[str], outside: Sequence[str], *, chinese: bool, count: int = 3) -> list[str]:
    """The words (Chinese: character pairs) with the largest log-odds inside against outside, smoothed; each in at least a fifth of `inside`."""
    odds = log_odds(inside, outside, chinese=chinese)
    ranked = sorted((term for term in odds if odds[term] > 0 or not outside), key=lambda term: (-odds[term], term))
    kept: list[str] = []
    for term in ranked:
        if len(kept) < count and not any(set(term) & set(other) for other in kept if chinese):
            kept.append(term)
    return kept


def log_odds(inside: Sequence[str], outside: Sequence[str], *, chinese: bool) -> Mapping[str, float]:
    """Smoothed log-odds inside against outside of each word that stands in at least a fifth of `inside`, and in two texts."""
    within, without = document_counts(inside, chinese=chinese), document_counts(outside, chinese=chinese)
    return {
        term: math.log((n + 0.5) / (len(inside) - n + 0.5))
        - math.log((without[term] + 0.5) / (len(outside) - without[term] + 0.5))
        for term, n in within.items()
        if n >= max(2, len(inside) / 5)
    }


def document_counts(texts: Sequence[str], *, chinese: bool) -> Counter[str]:
    """In how many of the texts each word (Chinese: character pair) stands."""
    counts: Counter[str] = Counter()
    for text in texts:
        if chinese:
            runs = re.findall(r"[\u4e00-\u9fff]{2,}", text)
            counts.update({run[i : i + 2] for run in runs for i in range(len(run) - 1)})
        else:
            counts.update({word for word in re.findall(r"[a-z]{3,}", text.casefold()) if word not in _STOP})
    return counts
