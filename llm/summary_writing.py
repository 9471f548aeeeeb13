"""A summary's sentences from a model, each checked against the messages that it cites; what fails is not shown. Knows no queue and no page.

The desk's own model reads a brief, a chat model numbered messages, and a model made to summarise (an encoder-decoder) the text alone: it names
no source, so that each of its sentences is traced to the messages that hold its figures and words.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from llm.attribution import sources_of
from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions, TextModel
from llm.checks.clauses import without_quotations
from llm.desk.prompt import SUMMARY
from llm.desk.request import BriefPrompt, reads_briefs
from llm.errors import PromptTooLongError
from llm.grounding import EvidenceBook, check_sentence, failing
from llm.language import CHINESE, ENGLISH, WRITTEN, sentences
from llm.prompting import SUMMARY_CUTS, SUMMARY_SENTENCES, SummaryPrompt, lines_of, plain_thread
from llm.repetition import unrepeated
from llm.stream import closable
from llm.types import IssueBrief, Sentence, Summary, Thread

MOST_TRIED = 12  # sentences of a model that is asked for four
SUMMARY_TOKENS = 300
_OTHERS_WORDS = frozenset(
    {
        "no_unbacked_promise",
        "within_compensation_limits",
        "right_merchant",
        "nobody_given_away",
        "no_blame",
    }
)
"""Checks on what the desk says itself; a summary tells what others promised and blamed."""


def summary_prefix(writer: TextModel) -> str | None:
    """What a text to be summarised begins with ('' for nothing), of a writer that reads bare texts; None of any other."""
    found = getattr(writer, "summary_prefix", None)
    return found if isinstance(found, str) else None


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
    """The writer's sentences on a thread that pass their checks, maybe none. Raises as `with_written_sentences`.

    In the thread's language where the desk writes it, else in English; the desk's own model has no else.
    """
    book = EvidenceBook.of(IssueBrief(thread))
    written = language if language in WRITTEN else ENGLISH
    options = replace(options, max_tokens=SUMMARY_TOKENS)
    if reads_briefs(writer):
        prompt = BriefPrompt(SUMMARY, IssueBrief(thread, language=language))
        said = _lines(writer, prompt.messages, prompt, options)
    elif (prefix := summary_prefix(writer)) is not None:
        said = _traced(writer, thread, book, prefix, options)
    else:
        said = _chatted(writer, thread, written, options)
    kept: dict[str, Sentence] = {}
    with closing(closable(said)) as stream:
        for tried, sentence in enumerate(stream, start=1):
            if _stands(sentence, book, written):
                kept.setdefault(sentence.text, sentence)
            if len(kept) >= SUMMARY_SENTENCES or tried >= MOST_TRIED:
                break
    return tuple(kept.values())


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


def _chatted(writer: TextModel, thread: Thread, language: str, options: GenerateOptions) -> Iterator[Sentence]:
    """Asked with ever less of the thread until that fits the model's context."""
    for cut in SUMMARY_CUTS:
        try:
            prompt = SummaryPrompt(thread, language, cut)
            yield from _lines(writer, prompt.messages, prompt, options)
            return
        except PromptTooLongError:
            if cut is SUMMARY_CUTS[-1]:
                raise


def _traced(
    writer: TextModel, thread: Thread, book: EvidenceBook, prefix: str, options: GenerateOptions
) -> Iterator[Sentence]:
    """As `_chatted`, of a model that reads the text alone."""
    for cut in SUMMARY_CUTS:
        try:
            with closing(closable(writer.generate(plain_thread(thread, prefix, cut), options))) as stream:
                text = "".join(unrepeated(stream))
            for piece in sentences(text):
                yield Sentence(piece.text, sources_of(piece.text, thread.messages, book))
            return
        except PromptTooLongError:
            if cut is SUMMARY_CUTS[-1]:
                raise


def _lines(
    writer: TextModel, messages: Sequence[ChatMessage], prompt: BriefPrompt | SummaryPrompt, options: GenerateOptions
) -> Iterator[Sentence]:
    with closing(closable(writer.generate(messages, options))) as stream:
        yield from filter(None, map(prompt.sentence, lines_of(unrepeated(stream))))


_VOICE = re.compile(
    r"(?<!thank )(?<!thank-)\b(?:you|your|yours|we|our|ours|us|(?:i|my)(?!-\d| clauses?))\b|您|你|我|贵店|贵司|本台",
    re.I,
)
_PARTY = re.compile(
    r"\b(?:merchant|buyer|seller|shop|store|customer|desk|agent|they|he|she|it)\b|商家|买家|卖家|顾客|客服|店主", re.I
)


def _speaks(text: str) -> bool:
    """Whether a sentence speaks to somebody, or as the desk: an answer to a message, which no summary is. What somebody is said to ask of "us" is none."""
    said = without_quotations(text)
    found = _VOICE.search(said)
    return found is not None and not _PARTY.search(said, 0, found.start())


def _stands(sentence: Sentence, book: EvidenceBook, language: str) -> bool:
    if _speaks(sentence.text):
        return False
    failed = failing(check_sentence(sentence, book, language=language))
    return all(check.name in _OTHERS_WORDS for check in failed)
