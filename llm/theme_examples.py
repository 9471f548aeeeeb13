"""Which messages show what a theme is: the typical ones, the extreme ones, each near-duplicate once. Private data in what is quoted is masked."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from llm.language import is_chinese, sentences
from llm.near_duplicates import same_texts
from llm.privacy import mask
from llm.summarise import trimmed, undressed
from llm.theme_reading import ReadText, ThemeItem
from llm.types import Sentence
from llm.vectors import similarities

TYPICAL = 3
EXTREME = 2
TYPICAL_FROM = 80
BAD_MOOD = -0.3
"""An extreme example is one whose words are at least so bad."""


def cite_of(item: ThemeItem) -> str:
    """`message:ID`, or `review:ID`."""
    return f"{'review' if item.is_review else 'message'}:{item.message_id}"


def folded(places: Sequence[int], read: Sequence[ReadText]) -> dict[int, int]:
    """The first of each text that was written once or nearly so again → how many there are of it, in order of the places."""
    labels = same_texts([read[place].signature for place in places])
    counts = Counter(labels)
    return {
        places[labels.index(label)]: count
        for label, count in sorted(counts.items(), key=lambda pair: labels.index(pair[0]))
    }


def typical(places: Sequence[int], items: Sequence[ThemeItem], texts: Sequence[str]) -> tuple[Sentence, ...]:
    """The sentences nearest to all others, the nearest first, each of another message; from an even sample of the larger language."""
    chinese = sum(is_chinese(texts[place]) for place in places) * 2 > len(places)
    same = [place for place in places if is_chinese(texts[place]) is chinese] or list(places)
    step = max(1, len(same) // TYPICAL_FROM)
    pieces = [
        (place, text)
        for place in same[::step][:TYPICAL_FROM]
        for piece in sentences(texts[place])[:4]
        if len(text := undressed(piece.text)) >= 8
    ]
    distinct = list({text.casefold(): (place, text) for place, text in reversed(pieces)}.values())
    if not distinct:
        return (_quoted(places[0], texts[places[0]].strip(), items),)
    near = similarities([text for _, text in distinct], chinese=chinese).mean(axis=1)
    reach = [min(1.0, len(text) / (20 if chinese else 60)) for _, text in distinct]
    chosen: dict[int, str] = {}
    for n in np.argsort(-near * np.array(reach), kind="stable"):
        place, text = distinct[int(n)]
        if len(chosen) < TYPICAL:
            chosen.setdefault(place, text)
    return tuple(_quoted(place, text, items) for place, text in chosen.items())


def extreme(
    places: Sequence[int], items: Sequence[ThemeItem], read: Sequence[ReadText], texts: Sequence[str]
) -> tuple[Sentence, ...]:
    """The angriest messages, the worst first; none where nobody is angry."""
    angry = sorted((read[place].mood, place) for place in places if read[place].mood <= BAD_MOOD)
    return tuple(_quoted(place, " ".join(texts[place].split()), items) for _, place in angry[:EXTREME])


def _quoted(place: int, text: str, items: Sequence[ThemeItem]) -> Sentence:
    return Sentence(trimmed(mask(text)), (cite_of(items[place]),))
