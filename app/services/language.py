"""The language panel for commands and pages: what the desk says of threads and texts.

Without models summaries and drafts come from extraction and macros. Knows no page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from app.services.private import id_and_text, masked_summary
from app.services.runtime import get_runtime
from app.services.taught import taught_triage

if TYPE_CHECKING:
    from llm.reply import Drafting
    from llm.triage import Triage
    from llm.types import Check, Fact, IssueBrief, Satisfaction, Summary, Thread


def summarise_thread(thread: Thread, tell: Callable[[str], None] | None = None) -> Summary:
    """The thread in fixed slots, every sentence with its message, by the model that is set where it can; else in extracts, and `tell` is
    told in one line why.

    Raises llm's InputError for a thread without text.
    """
    from llm.errors import LlmError
    from llm.summary_writing import with_written_sentences

    found, runtime = extracts(thread), get_runtime()
    if runtime.desk.writer is None or runtime.desk.summaries is None:
        return found
    writer = runtime.desk.writer
    why = f"Nothing that {writer.name} wrote stands in the messages that it cites."
    try:
        found = with_written_sentences(found, thread, writer, runtime.settings.generation_timeout_seconds)
    except LlmError as error:
        why = str(error)
    if tell is not None and found.engine != writer.name:
        tell(f"{why} Summarised in extracts.")
    return found


def extracts(thread: Thread, *, triage: Triage | None = None, about: str = "") -> Summary:
    """The thread in fixed slots, its sentences word for word. Raises llm's InputError for a thread without text.

    `triage`: the classifiers, with all that people corrected unless others are given; `about`: the intent that a person says it has.
    """
    from llm.summarise import summarise

    desk = get_runtime().desk
    return summarise(thread, desk.taxonomy, desk.encoder, triage or taught_triage(), about)


def brief_of(
    thread: Thread,
    facts: Sequence[Fact] = (),
    *,
    triage: Triage | None = None,
    about: str = "",
    subject: str = "",
    tone: str = "neutral",
    length: str = "normal",
) -> IssueBrief:
    """All that a reply may rest on: the thread, its facts, and the policy and macros that fit its messages and the ticket's subject. `triage` and
    `about` as in `extracts`."""
    from llm.briefing import build_brief

    desk = get_runtime().desk
    taught = triage or taught_triage()
    return build_brief(
        thread,
        desk.knowledge,
        facts,
        encoder=desk.encoder,
        triage=taught,
        about=about,
        subject=subject,
        tone=tone,
        length=length,
    )


def start_draft(brief: IssueBrief) -> Drafting:
    """A draft under way: iterate for its checked sentences, then `.draft()` for the whole."""
    from llm.reply import stream_draft

    desk = get_runtime().desk
    return stream_draft(brief, desk.writer, desk.then)


def check_edit(text: str, brief: IssueBrief) -> tuple[Check, ...]:
    """The same checks on what a person made of a draft."""
    from llm.reply import check_edited

    return check_edited(text, brief)


def satisfaction_of(thread: Thread) -> Satisfaction:
    """Inferred satisfaction. Raises llm's InputError for a thread in which no merchant or buyer wrote anything."""
    from llm.satisfaction import satisfaction

    return satisfaction(thread, get_runtime().desk.triage)


def summarise_json(value: Mapping[str, object], tell: Callable[[str], None] | None = None) -> dict[str, object]:
    """One line of `trustdesk summarize`, private data in it masked; `tell` as in `summarise_thread`."""
    from llm.types import thread_from_json

    thread = thread_from_json(value)
    return masked_summary(summarise_thread(thread, tell), thread).to_json()


def draft_json(value: Mapping[str, object], *, tone: str, length: str) -> dict[str, object]:
    """One line of `trustdesk draft`."""
    from llm.types import facts_from_json, thread_from_json

    thread, facts = thread_from_json(value), facts_from_json(value.get("facts"))
    return start_draft(brief_of(thread, facts, tone=tone, length=length)).draft().to_json()


def classifier() -> Callable[[Mapping[str, object]], dict[str, object]]:
    """Answers lines of `trustdesk classify`, with all that people corrected, private data in what it quotes masked. It raises llm's InputError for
    a line without id or text."""
    from llm.privacy import mask

    triage = taught_triage()

    def answer(value: Mapping[str, object]) -> dict[str, object]:
        text_id, text = id_and_text(value)
        found = triage.classify(text, text_id)
        asks = tuple(map(mask, found.fields.asks))
        return replace(found, fields=replace(found.fields, asks=asks)).to_json()

    return answer
