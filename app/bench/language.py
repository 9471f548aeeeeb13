"""`trustdesk bench language`: threads of the warehouse summarised and drafted: speed, and whether every figure has its source.

The audit is its own: it compares bare numbers, and knows nothing of the checks that the writers ran.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from app.errors import NoData
from app.i18n import N_
from app.services import issues, reply
from app.services.language import start_draft, summarise_thread
from app.services.runtime import snapshot_id
from app.services.tickets import read_tickets

if TYPE_CHECKING:
    from llm.types import IssueBrief, Sentence, Thread

NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?")


@dataclass(frozen=True)
class LanguageTiming:
    """Figures over the threads of one language. Times are milliseconds; the first call of the models is not counted.

    unsourced: sentences with a number that none of their sources holds, or without a source; each must be 0.
    """

    language: str
    threads: int
    summary_sentences: int
    summary_sentences_per_second: float
    draft_sentences: int
    draft_sentences_per_second: float
    first_sentence_ms_median: float
    first_sentence_ms_max: float
    unsourced: int
    engine: str

    def to_json(self) -> dict[str, object]:
        return {"record": "threads", **asdict(self)}


@dataclass
class _Run:
    summary_s: float = 0.0
    draft_s: float = 0.0
    first_ms: float = 0.0
    summary: tuple[Sentence, ...] = ()
    draft: tuple[Sentence, ...] = ()
    unsourced: int = 0
    engine: str = ""


def measure(count: int) -> Iterator[LanguageTiming]:
    """Summarise and draft `count` threads, half of them in each language where there are enough; yield a row a language."""
    snapshot = snapshot_id()
    threads = list(chosen_threads(snapshot, count))
    if not threads:
        raise NoData(N_("The snapshot holds no tickets with messages, so there is nothing to summarise."))
    summarise_thread(threads[0][1])
    for language in ("en", "zh-Hans"):
        runs = [_run(snapshot, thread) for found, thread in threads if found == language]
        if runs:
            yield _row(language, runs)


def chosen_threads(snapshot: str, count: int) -> Iterator[tuple[str, Thread]]:
    """The oldest tickets of either language in turn, by id: the same ones at every run."""
    found = sorted(read_tickets(snapshot, None), key=lambda ticket: ticket.ticket_id)
    by_language = [[t for t in found if t.language == language] for language in ("en", "zh-Hans")]
    taken = 0
    for ticket in chain.from_iterable(zip_longest(*by_language)):
        thread = issues.thread(snapshot, ticket.ticket_id) if ticket and taken < count else None
        if ticket and thread is not None and thread.messages:
            taken += 1
            yield ticket.language, thread


def _run(snapshot: str, thread: Thread) -> _Run:
    done = _Run()
    start = time.perf_counter()
    summary = summarise_thread(thread)
    done.summary_s, done.summary = time.perf_counter() - start, summary.sentences
    asked = reply.brief(snapshot, thread.ticket_id)
    assert asked is not None, "a thread with messages has a brief"
    start = time.perf_counter()
    drafting = start_draft(asked)
    next(iter(drafting), None)
    done.first_ms = (time.perf_counter() - start) * 1000
    draft = drafting.draft()
    done.draft_s, done.draft, done.engine = time.perf_counter() - start, draft.sentences, draft.engine
    done.unsourced = len(unsourced([*summary.sentences, *draft.sentences], asked))
    return done


def unsourced(sentences: Iterable[Sentence], brief: IssueBrief) -> list[Sentence]:
    """The sentences that name no source, or hold a number that stands in none of the sources they name."""
    found = []
    for sentence in sentences:
        texts = [" ".join(reply.source_text(cite, brief)) for cite in sentence.cites]
        known = {value for text in texts for value in numbers(text)} | rates_in_per_cent(brief)
        if not any(text.strip() for text in texts) or numbers(sentence.text) - known:
            found.append(sentence)
    return found


def rates_in_per_cent(brief: IssueBrief) -> set[float]:
    """The brief's rates (0–1) as a sentence says them: 0.0733 is 7.3 %."""
    rates = [float(fact.value) for fact in brief.facts if fact.unit == "rate"]
    return {round(rate * 100, digits) for rate in rates for digits in (0, 1, 2)}


def numbers(text: str) -> set[float]:
    """Bare numbers of a text: 1,234.50 and 1234.5 are one; 2026-11-03 is 2026, 11 and 3; cells of a list parted by commas are several."""
    return {float(match.replace(",", "")) for match in NUMBER.findall(text)}


def _row(language: str, runs: list[_Run]) -> LanguageTiming:
    summarised, drafted = sum(len(r.summary) for r in runs), sum(len(r.draft) for r in runs)
    return LanguageTiming(
        language=language,
        threads=len(runs),
        summary_sentences=summarised,
        summary_sentences_per_second=summarised / sum(r.summary_s for r in runs),
        draft_sentences=drafted,
        draft_sentences_per_second=drafted / sum(r.draft_s for r in runs),
        first_sentence_ms_median=statistics.median(r.first_ms for r in runs),
        first_sentence_ms_max=max(r.first_ms for r in runs),
        unsourced=sum(r.unsourced for r in runs),
        engine=", ".join(sorted({r.engine for r in runs})),
    )
