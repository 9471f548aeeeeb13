"""What merchants and buyers ask and no article answers: the questions on which the desk abstains, those of one matter together.

Grouped by nearness alone (average linkage, languages apart): a matter that the knowledge lacks has no intent and no carrier by which
`llm.themes` could tell it. Knows no warehouse and writes nothing.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from llm.answer import ASKING, Answering
from llm.answer_words import is_vague
from llm.asked import says_enough
from llm.fields import asks_of
from llm.knowledge import Hit
from llm.language import CHINESE, ENGLISH, WRITTEN, body, detect
from llm.privacy import mask
from llm.summarise import trimmed
from llm.taxonomy import OTHER
from llm.terms import distinctive_terms
from llm.triage import Triage
from llm.types import Gap, Message, Sentence, Thread
from llm.vectors import Matrix, encode_english, similarities

SMALLEST = 5
MOST_QUESTIONS = 1_500
EXAMPLES = 5
READ_CHARACTERS = 2_000
NEAR_BY_VECTORS = 0.4
NEAR_BY_NGRAMS = 0.1
"""Mean nearness from which two groups of questions are one. Read off the taxonomy's own examples: by vectors, where groups agree best with the
intents (adjusted Rand index); by n-grams, which tell less, where groups cease to mix several intents."""
ONE_ARTICLE = 0.5
"""Share of the questions that come nearest to one article, or want what it is first about, from which it covers the matter: what no article covers
comes near to many. Read off the intents' examples, with the articles about them and without."""
KNOWN_MATTERS = 2 / 3
"""Share of the questions that want what the taxonomy knows, from which they are cases of known matters that only a person can decide."""
_NUMBERED = re.compile(r"[A-Za-z-]*\d[\d.,:/-]*")
"""Orders, amounts and days say nothing of the matter."""


@dataclass(frozen=True)
class Unanswered:
    """A question on which the desk abstains: whose it is, as it was `asked` and as a `text` without figures to compare, the passages nearest to it,
    best first, and the chance that the first answers."""

    ticket_id: str
    merchant_id: str | None
    message: Message
    text: str
    asked: str
    language: str
    hits: tuple[Hit, ...]
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
    asked = "\n".join(asks_of(text))
    asked = asked if says_enough(asked) else text
    text = _NUMBERED.sub("", asked)
    return Unanswered(thread.ticket_id, thread.merchant_id, message, text, asked, language, tuple(hits), chance)


def find_gaps(
    questions: Sequence[Unanswered], desk: Answering, triage: Triage, *, smallest: int = SMALLEST
) -> list[Gap]:
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
                gaps.append(_gap(places, chosen, near, _about([chosen[place] for place in places], desk, triage)))
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


def _about(held: Sequence[Unanswered], desk: Answering, triage: Triage) -> tuple[Hit | None, bool]:
    """A passage of the article that most of the questions come nearest to, or that is the first about what they want; and whether it covers them."""
    texts, audience, language = [question.text for question in held], held[0].message.author, held[0].language
    intents_of = triage.intents_of(texts, desk.knowledge.intents_for(audience))
    known = {article.article_id for article in desk.knowledge.for_audience(audience).articles}
    first = {
        intent.intent_id: next((name for name in intent.articles if name in known), None)
        for intent in desk.knowledge.taxonomy.intents
        if intent.intent_id != OTHER
    }
    counts: Counter[str] = Counter()
    wanted = 0
    for question, intents in zip(held, intents_of, strict=True):
        of_intent = first.get(intents[0].name)
        wanted += of_intent is not None
        counts.update({name for name in (of_intent, *(hit.passage.article_id for hit in question.hits[:1])) if name})
    article_id, count = max(sorted(counts.items()), key=lambda pair: pair[1], default=("", 0))
    hits = [hit for question in held for hit in question.hits if hit.passage.article_id == article_id]
    hits += [Hit(passage, 0.0) for passage in desk.knowledge.passages_of([article_id], language)[:1]]
    is_covered = count >= ONE_ARTICLE * len(held) or wanted >= KNOWN_MATTERS * len(held)
    return max(hits, key=lambda hit: hit.score, default=None), is_covered


def _gap(places: Sequence[int], chosen: Sequence[Unanswered], near: Matrix, about: tuple[Hit | None, bool]) -> Gap:
    held, within = [chosen[place] for place in places], set(places)
    language = held[0].language
    central = near[np.ix_(places, places)].mean(axis=1)
    typical = [held[n] for n in np.argsort(-central, kind="stable")[:EXAMPLES]]
    outside = [question.text for place, question in enumerate(chosen) if place not in within]
    terms = distinctive_terms([question.text for question in held], outside, chinese=language == CHINESE)
    # Masked while they are whole: an address without its figures, or an e-mail cut off, is none any more.
    shown = [trimmed(_NUMBERED.sub("", mask(question.asked))) for question in typical]
    label = ", ".join(terms) or shown[0]
    best, is_covered = about
    return Gap(
        gap_id=hashlib.sha256(f"{language}\0{sorted(terms) or label}".encode()).hexdigest()[:12],
        label=label,
        language=language,
        count=len(held),
        ticket_ids=tuple(question.ticket_id for question in held),
        merchants=tuple(sorted({question.merchant_id for question in held if question.merchant_id})),
        examples=tuple(Sentence(text, (question.message.cite,)) for text, question in zip(shown, typical, strict=True)),
        nearest=best.passage.cite if best else "",
        nearest_title=best.passage.title if best else "",
        similarity=round(best.score, 3) if best else 0.0,
        chance=round(sum(question.chance for question in held) / len(held), 3),
        is_covered=is_covered,
    )
