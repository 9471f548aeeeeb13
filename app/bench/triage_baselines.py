"""What triage is held against: the commonest labels of the written corpus, and the labels of what is
most alike among its threads and the taxonomy's examples. No held-out thread teaches them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from statistics import mean

from app.bench.triage_cases import Labelled, Told, learnt_from
from app.services.desk import load_knowledge


def commonest(found: Sequence[Labelled]) -> list[Told]:
    """The same for each: the commonest first intent and urgency, the mean mood and satisfaction, and how often the labels are so."""
    known = learnt_from()
    intent, sure = _most(case.intents[0] for case in known)
    urgency, urgent = _most(case.urgency for case in known)
    felt = [case.satisfaction for case in known]
    told = Told(
        (intent,), sure, urgency, urgent, mean(case.sentiment for case in known), "en", mean(felt), min(felt), max(felt)
    )
    return [told] * len(found)


def _most(labels: Iterable[str]) -> tuple[str, float]:
    counts = Counter(labels)
    name, times = counts.most_common(1)[0]
    return name, times / counts.total()


def nearest(found: Sequence[Labelled]) -> list[Told]:
    """The labels of the text whose TF-IDF is nearest; the cosine is the confidence."""
    from llm.vectors import cosine

    told = []
    for case in found:
        known, index, matrix = _index(case.language)
        near = cosine(index.transform([case.text]), matrix)[0]
        best = known[int(near.argmax())]
        sure = float(min(1.0, near.max()))
        told.append(
            Told(
                best.intents, sure, best.urgency, sure, best.sentiment, best.language,
                best.satisfaction, best.satisfaction, best.satisfaction,
            )
        )  # fmt: skip
    return told


@cache
def _index(language: str):  # type: ignore[no-untyped-def]  # scikit-learn's parts have no types
    from llm.intents import examples_of
    from llm.vectors import ngrams

    known = [case for case in learnt_from() if case.language == language]
    known += [_example(text, intent, language) for text, intent in examples_of(load_knowledge().taxonomy, language)]
    index = ngrams(language != "en")
    return known, index, index.fit_transform([case.text for case in known])


def _example(text: str, intent: str, language: str) -> Labelled:
    """An example of the taxonomy, as urgent as its intent is, in the middle otherwise."""
    from llm.answer import asked

    urgency = load_knowledge().taxonomy.intent(intent).urgency
    return Labelled(text, asked(text), language, (intent,), urgency, 0.0, 3.0)
