"""Messages and reviews in groups that speak of one thing: by intent, within it by the carrier or clause named, and what fits no intent by its words;
reviews that complain by the aspect that they complain of.

Languages meet in the intent, the thing named and the aspect. Knows no day and no database.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import normalize

from llm.language import CHINESE, ENGLISH, is_chinese
from llm.taxonomy import OTHER, Taxonomy
from llm.terms import distinctive_terms, log_odds
from llm.theme_reading import ReadText, ThemeItem
from llm.vectors import ngrams

REVIEW = "review"
"""What stands for the intent of a theme of reviews."""
FACET_SHARE = 0.15
"""A carrier or clause named in at least this share of an intent's messages makes a theme of its own."""
CLUSTERS = 6
WORST_SILHOUETTE = 0.1
WORDS_KEPT = 30
_SEED = 0
_REVIEWS = {ENGLISH: "Reviews", CHINESE: "评价"}


@dataclass(frozen=True)
class Group:
    """Places of items that speak of one thing. `key` names it within its intent ('' for the intent itself); `words` as in ThemeMark."""

    intent: str
    key: str
    title: str
    component: str
    places: tuple[int, ...]
    words: Mapping[str, float] = field(default_factory=dict)


def grouped(
    items: Sequence[ThemeItem],
    read: Sequence[ReadText],
    texts: Sequence[str],
    taxonomy: Taxonomy,
    language: str,
    smallest: int,
) -> list[Group]:
    """Every message in one group, and every review that complains in one; of reviews that name no aspect those with few stars are one group."""
    messages = [place for place, item in enumerate(items) if not item.is_review]
    reviews = [place for place, item in enumerate(items) if item.is_review]
    found = _of_messages(messages, intents_told(messages, items, read), read, texts, taxonomy, language, smallest)
    return [*found, *_of_reviews(reviews, items, read, taxonomy, language)]


def intents_told(places: Sequence[int], items: Sequence[ThemeItem], read: Sequence[ReadText]) -> dict[int, str]:
    """What each message is about. One that tells nothing by itself ("any news?") is about what its thread was about before, or else first came to."""
    of_thread: dict[str, str] = {}
    found: dict[int, str] = {}
    for place in places:
        thread, intent = items[place].thread_id, read[place].intent
        if thread is not None and intent == OTHER:
            intent = of_thread.get(thread, OTHER)
        elif thread is not None:
            of_thread[thread] = intent
        found[place] = intent
    for place, intent in found.items():
        thread = items[place].thread_id
        if intent == OTHER and thread is not None:
            found[place] = of_thread.get(thread, OTHER)
    return found


def _of_messages(
    messages: Sequence[int],
    intents: Mapping[int, str],
    read: Sequence[ReadText],
    texts: Sequence[str],
    taxonomy: Taxonomy,
    language: str,
    smallest: int,
) -> list[Group]:
    by_intent: dict[str, list[int]] = defaultdict(list)
    for place in messages:
        by_intent[intents[place]].append(place)
    known = {intent.intent_id: intent for intent in taxonomy.intents}
    groups: list[Group] = []
    for intent, places in sorted(by_intent.items()):
        told = known.get(intent)
        name = told.name.get(language, intent) if told else intent
        component = told.component if told else "none"
        taken: set[int] = set()
        for key, shown, held in _named(places, read, smallest):
            groups.append(Group(intent, key, f"{name} · {shown}", component, held))
            taken.update(held)
        if intent == OTHER:
            for terms, words, held in _clustered([place for place in places if place not in taken], texts, smallest):
                title = f"{name} · {', '.join(terms)}"
                groups.append(Group(intent, "terms:" + ",".join(sorted(terms)), title, component, held, words))
                taken.update(held)
        if rest := tuple(place for place in places if place not in taken):
            groups.append(Group(intent, "", name, component, rest))
    return groups


def _of_reviews(
    reviews: Sequence[int], items: Sequence[ThemeItem], read: Sequence[ReadText], taxonomy: Taxonomy, language: str
) -> list[Group]:
    by_aspect: dict[str, list[int]] = defaultdict(list)
    for place in reviews:
        blamed = [name for name, polarity in read[place].aspects if polarity == "negative"]
        stars = items[place].stars
        if blamed:
            by_aspect[blamed[0]].append(place)
        elif stars is not None and stars <= 2:
            by_aspect[""].append(place)
    known = {aspect.aspect_id: aspect for aspect in taxonomy.aspects}
    title = _REVIEWS.get(language, _REVIEWS[ENGLISH])
    groups = []
    for name, places in sorted(by_aspect.items()):
        aspect = known.get(name)
        shown = f"{title} · {aspect.name.get(language, name)}" if aspect else title
        groups.append(Group(REVIEW, f"aspect:{name}", shown, aspect.component if aspect else "none", tuple(places)))
    return groups


def _named(places: Sequence[int], read: Sequence[ReadText], smallest: int) -> list[tuple[str, str, tuple[int, ...]]]:
    """Per carrier or clause that enough of the messages name: its key, how it is mostly written, and its messages (each in one only)."""
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for place in places:
        for kind, value, said in read[place].names:
            if kind != "order":
                written[f"{kind}:{value}"][said] += 1
    enough = max(smallest, FACET_SHARE * len(places))
    kept = [
        key for key in sorted(written, key=lambda key: (-written[key].total(), key)) if written[key].total() >= enough
    ]
    held: dict[str, list[int]] = defaultdict(list)
    for place in places:
        own = {f"{kind}:{value}" for kind, value, _ in read[place].names}
        if (first := next((key for key in kept if key in own), None)) is not None:
            held[first].append(place)
    return [
        (key, min(written[key], key=lambda said: (-written[key][said], said)), tuple(held[key]))
        for key in kept
        if len(held[key]) >= smallest
    ]


def _clustered(
    places: Sequence[int], texts: Sequence[str], smallest: int
) -> list[tuple[list[str], dict[str, float], tuple[int, ...]]]:
    """Clusters of the messages of one language at a time, with the terms that set each apart and their weights; none when the texts do not fall apart."""
    found = []
    for chinese in (False, True):
        chosen = [place for place in places if is_chinese(texts[place]) is chinese and texts[place].strip()]
        if len(chosen) < 4 * smallest:
            continue
        labels = _labels([texts[place] for place in chosen], smallest, chinese=chinese)
        for label in sorted(set(labels)):
            held = tuple(place for place, own in zip(chosen, labels, strict=True) if own == label)
            within = [texts[place] for place in held]
            without = [texts[place] for place, own in zip(chosen, labels, strict=True) if own != label]
            terms = distinctive_terms(within, without, chinese=chinese)
            if len(held) >= smallest and terms:
                odds = log_odds(within, without, chinese=chinese)
                apart = sorted(odds, key=lambda term: (-odds[term], term))[:WORDS_KEPT]
                words = {term: round(max(odds[term], 0.01), 4) for term in {*apart, *terms}}
                found.append((terms, words, held))
    return found


def _labels(texts: Sequence[str], smallest: int, *, chinese: bool) -> list[int]:
    """K-means for the number of clusters with the best silhouette; all the same when even the best is poor."""
    matrix = ngrams(chinese).fit_transform(texts)
    size = min(32, matrix.shape[1] - 1, len(texts) - 1)
    dense: NDArray[np.float32] = normalize(TruncatedSVD(size, random_state=_SEED).fit_transform(matrix))
    best: tuple[float, list[int]] = (WORST_SILHOUETTE, [])
    most = min(CLUSTERS, len(texts) // (2 * smallest), len(np.unique(dense.round(6), axis=0)) - 1)
    for k in range(2, most + 1):
        labels = KMeans(k, n_init=4, random_state=_SEED).fit_predict(dense)
        if len(set(labels)) > 1:
            score = float(silhouette_score(dense, labels, sample_size=min(2_000, len(dense)), random_state=_SEED))
            best = max(best, (score, [int(label) for label in labels]), key=lambda pair: pair[0])
    return best[1] or [0] * len(texts)
