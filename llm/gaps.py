"""What merchants and buyers ask and no article answers: the questions on which the desk abstains, those of one matter together.

Grouped by nearness alone (average linkage, languages apart): a matter that the knowledge lacks has no intent and no carrier by which
`llm.themes` could tell it. Knows no warehouse and writes nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from llm.answer import ASKING, Answering
from llm.answer_words import is_vague
from llm.composer import says_enough
from llm.knowledge import Hit
from llm.language import CHINESE, ENGLISH, WRITTEN, body, detect
from llm.summarise import trimmed
from llm.themes import distinctive_terms
from llm.types import Gap, Message, Sentence, Thread
from llm.vectors import Matrix, encode_english, similarities

SMALLEST = 5
MOST_QUESTIONS = 1_500
EXAMPLES = 5
READ_CHARACTERS = 2_000
NEAR_BY_VECTORS = 0.4
NEAR_BY_NGRAMS = 0.1
"""Mean nearness from which two groups of questions are one. Read off the taxonomy's own examples, 280 a language: by vectors, where groups agree
best with the intents (adjusted Rand index .20); by n-grams, below which groups mix (at .1 nearly half of a group is of one intent)."""
COVERED_FROM = 0.5
"""Share of the questions that come nearest to one article from which it counts as being about the matter: what no article covers comes near to
many. Of 180 groups, the intents' examples with and without the articles about them, this tells 156 (87 %)."""


@dataclass(frozen=True)
class Unanswered:
    """A question on which the desk abstains: whose it is, the passage nearest to it (None: nothing was near) and the chance that it answers."""

    ticket_id: str
    merchant_id: str | None
    message: Message
    text: str
    language: str
    nearest: Hit | None
    chance: float


def unanswered(threads: Iterable[Thread], desk: Answering) -> list[Unanswered]:
    """Of each thread the first message that names a matter, where the desk is less likely to answer it than its threshold asks for.

    Greetings, thanks and what names no matter are passed over: a person is asked there for other reasons. Languages that the desk writes only.
    """
    found = []
    for thread in threads:
        looked_up = (_looked_up(thread, message, desk) for message in thread.messages)
        first = next((one for one in looked_up if one is not None), None)
        if first is not None and first.chance < desk.calibration.threshold:
            found.append(first)
    return found


def _looked_up(thread: Thread, message: Message, desk: Answering) -> Unanswered | None:
    text = body(message.text[:READ_CHARACTERS]).strip()
    language = detect(text)
    if message.author not in ASKING or language not in WRITTEN or not says_enough(text) or is_vague(text, language):
        return None
    hits, chance = desk.look_up(text, message.author, language)
    return Unanswered(thread.ticket_id, thread.merchant_id, message, text, language, hits[0] if hits else None, chance)


def find_gaps(questions: Sequence[Unanswered], desk: Answering, *, smallest: int = SMALLEST) -> list[Gap]:
    """Matters of at least `smallest` threads: what no article covers first, then the largest. Deterministic.

    Of more than MOST_QUESTIONS the first are read.
    """
    gaps = []
    for language in WRITTEN:
        chosen = [question for question in questions[:MOST_QUESTIONS] if question.language == language]
        if len(chosen) < smallest:
            continue
        near, from_ = _nearness([question.text for question in chosen], language, desk)
        labels = AgglomerativeClustering(
            n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - from_
        ).fit_predict(1 - near)
        for label in sorted(set(labels)):
            places = np.flatnonzero(labels == label).tolist()
            if len(places) >= smallest:
                gaps.append(_gap(places, chosen, near, language))
    return sorted(gaps, key=lambda gap: (gap.is_covered, -gap.count, gap.gap_id))


def _nearness(texts: Sequence[str], language: str, desk: Answering) -> tuple[Matrix, float]:
    """(n, n) nearness of the texts, 0–1, and that from which they are of one matter.

    MiniLM's cosine for English where there is an encoder; else n-grams, weighed together with the policy's, so that few questions of one
    matter don't make its own words common.
    """
    vectors = encode_english(texts, desk.encoder) if language == ENGLISH else None
    if vectors is not None:
        return np.clip(vectors @ vectors.T, 0, 1), NEAR_BY_VECTORS
    policy = [f"{passage.title} {passage.text}" for passage in desk.knowledge.passages(language)]
    near = similarities([*texts, *policy], chinese=language == CHINESE)[: len(texts), : len(texts)]
    return np.clip(near, 0, 1), NEAR_BY_NGRAMS


def _gap(places: Sequence[int], chosen: Sequence[Unanswered], near: Matrix, language: str) -> Gap:
    held = [chosen[place] for place in places]
    within = set(places)
    central = near[np.ix_(places, places)].mean(axis=1)
    typical = [held[n] for n in np.argsort(-central, kind="stable")[:EXAMPLES]]
    outside = [question.text for place, question in enumerate(chosen) if place not in within]
    terms = distinctive_terms([question.text for question in held], outside, chinese=language == CHINESE)
    label = ", ".join(terms) or trimmed(typical[0].text)
    hits = [question.nearest for question in held if question.nearest is not None]
    articles = Counter(hit.passage.article_id for hit in hits)
    nearest = [hit for hit in hits if hit.passage.article_id == articles.most_common(1)[0][0]]
    passages = Counter(hit.passage for hit in nearest)
    passage = passages.most_common(1)[0][0] if passages else None
    chance = sum(question.chance for question in held) / len(held)
    return Gap(
        gap_id=hashlib.sha256(f"{language}\0{sorted(terms) or label}".encode()).hexdigest()[:12],
        label=label,
        language=language,
        count=len(held),
        ticket_ids=tuple(question.ticket_id for question in held),
        merchants=tuple(sorted({question.merchant_id for question in held if question.merchant_id})),
        examples=tuple(Sentence(trimmed(question.text), (question.message.cite,)) for question in typical),
        nearest=passage.cite if passage else "",
        nearest_title=passage.title if passage else "",
        similarity=round(sum(hit.score for hit in nearest) / len(nearest), 3) if nearest else 0.0,
        chance=round(chance, 3),
        is_covered=len(nearest) >= COVERED_FROM * len(held),
    )
