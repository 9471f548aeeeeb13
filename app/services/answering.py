"""What the desk answers by itself: a merchant's question or thread, with that merchant's own facts from the warehouse. Knows no page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import InputFileError
from app.services.desk import KNOWLEDGE_FOLDER
from app.services.runtime import get_runtime, snapshot_id
from app.settings import project_root

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.workspace import NewAnswer
    from app.workspace.answers import Kind
    from llm.answer import Answering
    from llm.confidence import Calibration
    from llm.handover import Reason
    from llm.types import Answer, Fact, Thread

CALIBRATION_FILE: Path = project_root() / "data" / "models" / "answering.json"


@cache
def _rules() -> tuple[tuple[Reason, ...], Calibration]:
    from llm.confidence import read_calibration
    from llm.handover import FILE, read_reasons

    return read_reasons(KNOWLEDGE_FOLDER / FILE), read_calibration(CALIBRATION_FILE)


def answering() -> Answering:
    """What this process answers with. Raises KnowledgeError for broken data."""
    from llm.answer import Answering

    desk = get_runtime().desk
    reasons, calibration = _rules()
    return Answering(desk.knowledge, reasons, calibration, desk.encoder)


def answer_thread(thread: Thread, facts: Sequence[Fact] = ()) -> Answer:
    """The decision on a thread that ends with the asking merchant's message. Raises llm's InputError."""
    return answering().answer(thread, facts)


def hand_over(thread: Thread, reason: str) -> Answer:
    """The hand-over of a thread for a reason that is known without reading it."""
    return answering().hand_over(thread, reason)


def kept(kind: Kind, thread: Thread, made: Answer, *, is_automatic: bool) -> NewAnswer:
    """A decision on a thread's newest message, as the workspace keeps it."""
    from app.workspace import NewAnswer

    newest = thread.messages[-1]
    return NewAnswer(
        kind=kind,
        subject_id=thread.ticket_id,
        message_id=newest.message_id,
        merchant_id=thread.merchant_id or "",
        asked_at=newest.sent_at,
        action=made.action,
        reason=made.reason,
        confidence=made.confidence,
        language=made.language,
        engine=made.engine,
        note=made.note,
        is_automatic=is_automatic,
    )


def answer_question(
    question: str, before: Mapping[str, object] | None = None, merchant_id: str | None = None
) -> Answer:
    """The decision on a question, asked at the end of the thread where there is one, with the facts of the merchant that is named.

    Raises llm's InputError, InputFileError for what can't be read, and what `own_facts` raises.
    """
    from llm.answer import asked
    from llm.types import MAX_MESSAGE_CHARACTERS, printable, thread_from_json

    if len(question) > MAX_MESSAGE_CHARACTERS:
        raise InputFileError(
            "The question has {count} characters, at most {limit} are read: shorten it.",
            count=len(question),
            limit=MAX_MESSAGE_CHARACTERS,
        )
    thread = asked(printable(question), None if before is None else thread_from_json(before))
    if merchant_id is None:
        return answer_thread(thread)
    if thread.merchant_id not in (None, merchant_id):
        raise InputFileError(
            "The thread is merchant {theirs}'s, but {given} was named: one merchant is never told another's data.",
            theirs=thread.merchant_id,
            given=merchant_id,
        )
    return answer_thread(thread, own_facts(merchant_id, thread))


def passage(cite: str, language: str) -> tuple[str, str]:
    """Title and text of a passage of policy, in `language` where it is written in it; both empty for a cite of anything else."""
    from llm.language import ENGLISH, WRITTEN

    written = language if language in WRITTEN else ENGLISH
    found = (p for p in get_runtime().desk.knowledge.passages(written) if p.cite == cite)
    return next(((p.title, p.text) for p in found), ("", ""))


def own_facts(merchant_id: str, thread: Thread) -> tuple[Fact, ...]:
    """The merchant's own verified data of the current snapshot. Raises as `check_scope` for an unknown id."""
    from analytics.metrics import Scope
    from app.services.matter import merchant_facts
    from app.services.warehouse import check_scope, window

    snapshot = snapshot_id()
    check_scope(snapshot, Scope(*window(snapshot, None, None), merchants=(merchant_id,)))
    return merchant_facts(snapshot, merchant_id, thread)
