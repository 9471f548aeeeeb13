"""How satisfied those who wrote a thread would say they are, 1–5 with an interval, from the thread alone: inferred, never surveyed.

A linear model over their words and the thread's course, learnt from the written corpus (`llm.desk.satisfaction_training`); the interval is
split conformal, from threads that the model had not seen. Knows no surveys: who has some can hold the scores against them.
"""

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix, hstack

from llm.errors import InputError
from llm.language import CHINESE, WRITTEN, body, thread_language
from llm.text_index import TextIndex
from llm.triage import Triage
from llm.triage_weights import Floats, TriageWeights, shipped
from llm.types import Message, Satisfaction, Thread

LOWEST, HIGHEST = 1.0, 5.0
READ_MESSAGES = 12
READ_CHARACTERS = 2_000
_MARKS = (re.compile(r"[!！]"), re.compile(r"[?？]"))


def satisfaction(thread: Thread, triage: Triage, weights: TriageWeights | None = None) -> Satisfaction:
    """Raises InputError for a thread in which no merchant or buyer wrote anything."""
    return satisfaction_of_all([thread], triage, weights)[0]


def satisfaction_of_all(
    threads: Sequence[Thread], triage: Triage, weights: TriageWeights | None = None
) -> list[Satisfaction]:
    """`satisfaction` of each, read together by language."""
    if not threads:
        return []
    held = weights or shipped()
    languages = [thread_language(message.text for message in asking(thread)) for thread in threads]
    courses = np.array([course(thread, triage.sentiment) for thread in threads])
    scores = held.wordless.scores(courses)[:, 0]
    errors = [held.wordless_interval] * len(threads)
    for language in WRITTEN:
        places = [n for n, found in enumerate(languages) if found == language]
        if places:
            own = held.of(chinese=language == CHINESE)
            rows = features([threads[n] for n in places], courses[places], own.index)
            scores[places] = own.heads["satisfaction"].scores(rows)[:, 0]
            for n in places:
                errors[n] = (own.numbers["satisfaction"][0], own.numbers["satisfaction"][1])
    return [
        Satisfaction(thread.ticket_id, *_bounded(score, error), language)
        for thread, score, error, language in zip(threads, scores, errors, languages, strict=True)
    ]


def _bounded(score: float, error: tuple[float, float]) -> tuple[float, float, float]:
    """The score and its interval, on the scale."""
    low, middle, high = (float(np.clip(score + off, LOWEST, HIGHEST)) for off in (error[0], 0.0, error[1]))
    return round(middle, 2), round(low, 2), round(high, 2)


def asking(thread: Thread) -> list[Message]:
    """What merchants and buyers wrote. Raises InputError where that is nothing."""
    found = [message for message in thread.messages if message.author in {"merchant", "buyer"} and message.text.strip()]
    if not found:
        raise InputError(
            f"thread {thread.ticket_id!r}: no merchant or buyer wrote anything; satisfaction can't be inferred."
        )
    return found


def course(thread: Thread, mood: Callable[[str], float]) -> list[float]:
    """How the thread went, whatever its words: moods by `mood`, how much was written, who waits, how often nobody answered."""
    asked = asking(thread)
    recent = [body(message.text[:READ_CHARACTERS]) for message in asked[-READ_MESSAGES:]]
    moods = [mood(text) for text in recent]
    authors = [message.author in {"merchant", "buyer"} for message in thread.messages]
    chased = sum(before and now for before, now in pairwise(authors))
    return [
        mood(asked[0].text),
        moods[-1],
        sum(moods) / len(moods),
        math.log1p(len(asked)),
        math.log1p(len(authors) - sum(authors)),
        float(authors[-1]),
        min(chased, 4) / 4,
        *(min(3, len(mark.findall(recent[-1]))) / 3 for mark in _MARKS),
    ]


def features(threads: Sequence[Thread], courses: Floats, index: TextIndex) -> csr_matrix:
    """(threads, features): n-grams of all that was asked, of the last of it, of the desk's last answer, then the course."""
    asked = [asking(thread) for thread in threads]
    whole = ["\n".join(body(m.text[:READ_CHARACTERS]) for m in found[-READ_MESSAGES:]) for found in asked]
    last = [body(found[-1].text[:READ_CHARACTERS]) for found in asked]
    answers = [
        next((m.text for m in reversed(thread.messages) if m.author in {"agent", "bot"}), "") for thread in threads
    ]
    answered = [body(text[:READ_CHARACTERS]) if text else "" for text in answers]
    return hstack([*(index.transform(texts) for texts in (whole, last, answered)), csr_matrix(courses)], format="csr")
