"""Texts and threads with what people said of them, in one form: labelled messages, and threads of the written corpus that are held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.bench.labelled import Half, cases
from app.services.desk_model import CORPUS_FOLDER

if TYPE_CHECKING:
    from llm.desk.corpus import CorpusThread
    from llm.types import Thread


@dataclass(frozen=True)
class Labelled:
    """`text` is what is classified; `thread` what satisfaction is read from. sentiment −1…1, satisfaction 1–5."""

    text: str
    thread: Thread
    language: str
    intents: tuple[str, ...]
    urgency: str
    sentiment: float
    satisfaction: float


@dataclass(frozen=True)
class Told:
    """What a judge says of one of them; confidences are 0–1."""

    intents: tuple[str, ...]
    confidence: float
    urgency: str
    urgency_confidence: float
    sentiment: float
    language: str
    satisfaction: float
    satisfaction_low: float
    satisfaction_high: float


def messages(half: Half) -> list[Labelled]:
    """The labelled messages of a half, each a thread of its own."""
    from llm.answer import asked

    return [
        Labelled(
            case["text"], asked(case["text"]), case["language"], tuple(case["intents"]), case["urgency"],
            float(case["sentiment"]), float(case["satisfaction"]),
        )
        for case in cases("triage", half)
    ]  # fmt: skip


def held_out() -> list[Labelled]:
    """The corpus' threads that nothing learns from."""
    return [of_thread(thread) for thread in _corpus() if thread.is_held_out]


def learnt_from() -> list[Labelled]:
    """The others: what baselines look for an example in."""
    return [of_thread(thread) for thread in _corpus() if not thread.is_held_out]


def of_thread(thread: CorpusThread) -> Labelled:
    """A thread's first questions are its text, as queues read it."""
    from llm.triage import opening_of

    return Labelled(
        opening_of(thread.plain), thread.plain, thread.language, thread.intents, thread.urgency,
        thread.sentiment, float(thread.satisfaction),
    )  # fmt: skip


def _corpus() -> tuple[CorpusThread, ...]:
    from llm.desk.corpus import read_corpus

    return read_corpus(CORPUS_FOLDER)
