"""Which sides of the trade a text speaks of, and whether well or ill: clause by clause, from the taxonomy's words.

A clause that only names an aspect takes its mood from what else it says, then from the stars that its writer gave. What a review praises or
blames without naming anything is the goods. Knows no message.
"""

import re
from collections import Counter
from collections.abc import Iterator

from llm.language import is_chinese
from llm.said import counted
from llm.taxonomy import Aspect, Taxonomy
from llm.types import AspectConfidence, Polarity

GOOD_STARS = 4
BAD_STARS = 2
GOODS = "description"
FEWEST_CHARACTERS = {True: 5, False: 16}
"""From how many on a review that names nothing is about the goods, as its stars say; by whether it is Chinese."""
_CLAUSE = re.compile(r"(?<=[.!?;,:。！？；，：\n])\s*|\s+(?:but|though|although|however)\s+|(?=但是?|不过|就是)", re.I)


def aspects_of(text: str, taxonomy: Taxonomy, stars: int | None = None) -> tuple[AspectConfidence, ...]:
    """The aspects that the text speaks of, the surest first; `stars` (1-5) are those of the review that it stands in.

    The confidence is the share of the clauses about an aspect that agree, smoothed; half for one that is only named.
    """
    told: dict[str, Counter[Polarity]] = {}
    for clause in _clauses(text):
        for aspect, polarity in _aspects_in(clause, taxonomy, stars):
            told.setdefault(aspect, Counter())[polarity] += 1
    if not told and stars is not None and len(text.strip()) >= FEWEST_CHARACTERS[is_chinese(text)]:
        told[GOODS] = Counter([_by_stars(stars)])
    found = [_summed(name, counts, _by_stars(stars)) for name, counts in told.items()]
    return tuple(sorted(found, key=lambda aspect: -aspect.confidence))


def _clauses(text: str) -> Iterator[str]:
    return (clause for piece in _CLAUSE.split(text) if piece and (clause := piece.strip()))


def _aspects_in(clause: str, taxonomy: Taxonomy, stars: int | None) -> Iterator[tuple[str, Polarity]]:
    named: list[Aspect] = []
    judged = False
    for aspect in taxonomy.aspects:
        good, bad = _judged(clause, aspect)
        if good or bad:
            judged = True
            yield aspect.aspect_id, _polarity(good, bad)
        elif counted(clause, aspect.topics) != (0, 0):
            named.append(aspect)
    if judged:  # "poor quality for the price" judges the quality alone
        return
    if named:
        polarity = _mood(clause, taxonomy, stars)
        yield from ((aspect.aspect_id, polarity) for aspect in named)
    elif stars is not None and (polarity := _opinion(clause, taxonomy)) != "neutral":
        yield GOODS, polarity


def _judged(clause: str, aspect: Aspect) -> tuple[int, int]:
    """How often the clause praises the aspect, and how often it complains of it."""
    praised, denied_praise = counted(clause, aspect.positive)
    blamed, denied_blame = counted(clause, aspect.negative)
    return praised + denied_blame, blamed + denied_praise


def _mood(clause: str, taxonomy: Taxonomy, stars: int | None) -> Polarity:
    praised, denied_praise = counted(clause, taxonomy.positive)
    blamed, denied_blame = counted(clause, taxonomy.negative)
    if (good := praised + denied_blame) != (bad := blamed + denied_praise):
        return _polarity(good, bad)
    return _by_stars(stars) if (told := _opinion(clause, taxonomy)) == "neutral" else told


def _opinion(clause: str, taxonomy: Taxonomy) -> Polarity:
    (praised, denied_praise), (blamed, denied_blame) = (counted(clause, words) for words in taxonomy.opinions)
    return _polarity(praised + denied_blame, blamed + denied_praise)


def _by_stars(stars: int | None) -> Polarity:
    if stars is None or BAD_STARS < stars < GOOD_STARS:
        return "neutral"
    return "positive" if stars >= GOOD_STARS else "negative"


def _polarity(good: int, bad: int) -> Polarity:
    return "positive" if good > bad else "negative" if bad > good else "neutral"


def _summed(name: str, counts: Counter[Polarity], by_stars: Polarity) -> AspectConfidence:
    """Praised as often as blamed: what the stars say."""
    good, bad = counts["positive"], counts["negative"]
    polarity = by_stars if good == bad > 0 else _polarity(good, bad)
    return AspectConfidence(name, polarity, round((max(good, bad) + 0.5) / (good + bad + 1.0), 3))
