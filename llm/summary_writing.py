"""A summary's sentences from the desk's own writer, each checked against the messages that it cites. Knows no queue and no page."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from llm.chat import DEFAULT_OPTIONS, GenerateOptions, TextModel
from llm.desk.prompt import SUMMARY
from llm.desk.request import BriefPrompt
from llm.grounding import EvidenceBook, check_sentence, failing
from llm.language import CHINESE
from llm.prompting import lines_of
from llm.repetition import unrepeated
from llm.stream import closable
from llm.types import IssueBrief, Sentence, Summary, Thread

_OTHERS_WORDS = frozenset({"no_unbacked_promise", "no_blame"})
"""Checks on what the desk says itself; a summary tells what others promised and blamed."""


def with_written_sentences(summary: Summary, thread: Thread, writer: TextModel, timeout_s: float = 120.0) -> Summary:
    """The summary in the writer's sentences, under its name; as it was where none passes its checks.

    Raises LlmError where the writer can't: a language it does not write, no model, no time left.
    """
    began = time.perf_counter()
    said = written_sentences(thread, summary.language, writer, GenerateOptions(timeout_s=timeout_s))
    return in_sentences(summary, said, writer.name, round((time.perf_counter() - began) * 1000))


def written_sentences(
    thread: Thread, language: str, writer: TextModel, options: GenerateOptions = DEFAULT_OPTIONS
) -> tuple[Sentence, ...]:
    """The writer's sentences on a thread that pass their checks, maybe none. Raises as `with_written_sentences`."""
    book = EvidenceBook.of(IssueBrief(thread))
    return tuple(s for s in _written(thread, language, writer, options) if _stands(s, book, language))


def in_sentences(summary: Summary, said: Sequence[Sentence], engine: str, took_ms: int = 0) -> Summary:
    """The summary with these sentences in place of its own, under the name of who wrote them; as it was where there are none."""
    if not said:
        return summary
    return replace(
        summary,
        summary=("" if summary.language == CHINESE else " ").join(sentence.text for sentence in said),
        sentences=tuple(said),
        engine=engine,
        latency_ms=summary.latency_ms + took_ms,
    )


def _written(thread: Thread, language: str, writer: TextModel, options: GenerateOptions) -> Iterator[Sentence]:
    prompt = BriefPrompt(SUMMARY, IssueBrief(thread, language=language))
    with closing(closable(writer.generate(prompt.messages, options))) as stream:
        yield from filter(None, map(prompt.sentence, lines_of(unrepeated(stream))))


def _stands(sentence: Sentence, book: EvidenceBook, language: str) -> bool:
    failed = failing(check_sentence(sentence, book, language=language))
    return all(check.name in _OTHERS_WORDS for check in failed)
