"""Open threads that nobody has answered: each newest message is decided on once, by the same `Answering` as everywhere.

Answers wait as drafts for a person; only where the setting `answer_webhook` says so the machine approves and sends them itself, and never one
that decides over money. A thread
that a person has taken, or that was handed over, stays silent. Knows no page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.errors import NotAllowed
from app.identity import MACHINE
from app.services import four_eyes, issues
from app.services.answering import answer_thread, kept
from app.services.generations import of_answer
from app.services.matter import matter
from app.services.reading import base_id
from app.services.runtime import get_runtime
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from app.workspace import KeptAnswer, NewAnswer, NewDraft, StoredDraft
    from llm.types import Answer, Fact, Message, Thread

MOST_OPEN = 100_000
READ_AT_ONCE = 200
MOST_ATTEMPTS = 5
"""Sendings of one answer; then it waits, approved, for a person to send it."""


def check_settings() -> None:
    """Raises NotAllowed where the machine is to send to an address that nothing may be sent to."""
    settings = get_runtime().settings
    if settings.answer_webhook and settings.answer_webhook not in settings.webhook_allow:
        raise NotAllowed(
            "answer_webhook names {url}, which is not among the allowed webhooks: add it to webhook_allow, or leave answer_webhook empty.",
            url=settings.answer_webhook,
        )


def unanswered(snapshot_id: str, limit: int | None = None) -> list[Thread]:
    """Threads to decide on, those that wait longest first, `limit` at most; each ends with the merchant's newest message.

    An automatic receipt after that message is no answer. A thread in which a buyer has written is left to people: what is told of a shop
    would be told to the buyer, too.
    """
    found: list[Thread] = []
    ids = _candidates(snapshot_id)
    for start in range(0, len(ids), READ_AT_ONCE):
        for thread in issues.threads_of(snapshot_id, ids[start : start + READ_AT_ONCE]):
            if len(found) == limit:
                return found
            if (asked := _to_answer(thread)) is not None:
                found.append(asked)
    return found


def answer_ticket(snapshot_id: str, thread: Thread) -> Mapping[str, object]:
    """Decides on a thread's newest message, keeps the decision with its draft, and sends that where the setting says so.

    Gives what `trustdesk answer --new` prints; `status`: `draft`, `sent`, `noted` (a hand-over that is a note alone) or
    `done_before` (by somebody else, just now). Raises SendFailed (the next pass tries again) and what reading raises.
    """
    found = matter(snapshot_id, thread.ticket_id)
    facts = found.facts if found is not None else ()
    started = time.monotonic()
    made = answer_thread(thread, facts)
    taken_ms = round((time.monotonic() - started) * 1_000)
    workspace = get_runtime().workspace
    is_automatic = bool(get_runtime().settings.answer_webhook) and not four_eyes.decisions(made.text)
    has_text = bool(made.text) and (made.action != "hand_over" or is_automatic)
    draft = _draft(snapshot_id, thread, facts, made) if has_text else None
    new = kept("ticket", thread, made, is_automatic=is_automatic)
    before = workspace.answers.of("ticket", thread.ticket_id)
    logged = of_answer(base_id(snapshot_id), thread, facts, made, taken_ms)
    answer = workspace.answers.keep(new, draft, MACHINE, logged)
    if answer is None:
        return _line(new, made.text, "done_before")
    _discard([other.draft_id for other in before if other.draft_id is not None])
    if answer.draft_id is not None and is_automatic:
        _send(answer.draft_id)
    status = "noted" if answer.draft_id is None else "sent" if is_automatic else "draft"
    return _line(answer, made.text, status, made.sentences, answer.draft_id)


def unsent() -> list[KeptAnswer]:
    """Answers that should have left by themselves and have not: a pass was cut off, or the channel refused. None while nothing is sent."""
    runtime = get_runtime()
    if not runtime.settings.answer_webhook:
        return []
    return [
        answer
        for answer in runtime.workspace.answers.unsent()
        if answer.draft_id is not None
        and _may_leave(runtime.workspace.drafts.get(answer.draft_id))
        and len(runtime.workspace.outbox.all(draft_id=answer.draft_id)) < MOST_ATTEMPTS
    ]


def send_again(answer: KeptAnswer) -> Mapping[str, object]:
    """Sends what is left of an earlier pass. Raises SendFailed, and NotAllowed while another sending is under way."""
    assert answer.draft_id is not None
    _send(answer.draft_id)
    draft = get_runtime().workspace.drafts.get(answer.draft_id)
    return _line(answer, draft.text, "sent", draft.sentences, answer.draft_id)


def _candidates(snapshot_id: str) -> list[str]:
    """Open tickets in which somebody asked, no person has written, nothing was handed over and the newest message is undecided."""
    from analytics.threads import open_tickets

    with cursor(snapshot_id) as opened:
        rows = open_tickets(opened, limit=MOST_OPEN)
    rows = rows[rows["first_desk_reply_at"].isna() & rows["last_asked_at"].notna()].sort_values("last_asked_at")
    decided = get_runtime().workspace.answers.newest()
    found = []
    for ticket_id, asked_at in zip(rows["ticket_id"], rows["last_asked_at"], strict=True):
        newest = decided.get(ticket_id)
        is_done = newest is not None and (
            newest.action == "hand_over" or (newest.asked_at is not None and newest.asked_at >= asked_at)
        )
        if not is_done:
            found.append(str(ticket_id))
    return found


def _to_answer(thread: Thread) -> Thread | None:
    """The thread up to the merchant's newest message, with what the machine has sent to it; None for one that is a person's."""
    from llm.handover import is_handed_over
    from llm.types import Thread

    authors = [message.author for message in thread.messages]
    if "agent" in authors or "buyer" in authors or "merchant" not in authors or is_handed_over(thread.messages):
        return None
    sent = _sent_before(thread)
    if sent is None:
        return None
    last = len(authors) - authors[::-1].index("merchant")
    messages: list[Message] = []
    for message in thread.messages[:last]:
        messages += [message, *sent.get(message.message_id, ())]
    return Thread(thread.ticket_id, thread.merchant_id, tuple(messages)) if messages[-1].author == "merchant" else None


def _sent_before(thread: Thread) -> dict[str, list[Message]] | None:
    """What the machine sent, by the message that it answers, where the source does not hold it yet; None where a person is at it."""
    from llm.types import Message

    workspace = get_runtime().workspace
    own = {answer.draft_id: answer for answer in workspace.answers.of("ticket", thread.ticket_id)}
    held = {message.text for message in thread.messages}
    sent: dict[str, list[Message]] = {}
    for draft in workspace.drafts.of_ticket(thread.ticket_id):
        if draft.status == "discarded":
            continue
        if draft.draft_id not in own or not _is_untouched(draft):
            return None
        if draft.status == "sent" and draft.text not in held:
            said = Message(f"draft:{draft.draft_id}", draft.updated_at, "bot", draft.text)
            sent.setdefault(own[draft.draft_id].message_id, []).append(said)
    return sent


def _is_untouched(draft: StoredDraft) -> bool:
    """Whether no person has changed or approved it."""
    return draft.version == 1 or draft.approved_by == MACHINE.name


def _may_leave(draft: StoredDraft) -> bool:
    return _is_untouched(draft) and not four_eyes.decisions(draft.text)


def _draft(snapshot_id: str, thread: Thread, facts: Sequence[Fact], made: Answer) -> NewDraft:
    from app.workspace import NewDraft
    from llm.language import ENGLISH, WRITTEN
    from llm.reply import check_edited
    from llm.types import IssueBrief

    knowledge = get_runtime().desk.knowledge
    cites = {cite for sentence in made.sentences for cite in sentence.cites}
    written = made.language if made.language in WRITTEN else ENGLISH
    passages = tuple(p for p in knowledge.passages(written) if p.cite in cites)
    brief = IssueBrief(thread, tuple(facts), passages, language=made.language)
    return NewDraft(
        ticket_id=thread.ticket_id,
        merchant_id=thread.merchant_id or "",
        snapshot_id=base_id(snapshot_id),
        engine=made.engine,
        language=made.language,
        text=made.text,
        sentences=[sentence.to_json() for sentence in made.sentences],
        checks=[check.to_json() for check in check_edited(made.text, brief)],
    )


def _discard(draft_ids: Sequence[str]) -> None:
    """Puts away what the machine drafted for earlier messages and nobody looked at: the merchant has written again."""
    drafts = get_runtime().workspace.drafts
    for draft_id in draft_ids:
        draft = drafts.get(draft_id)
        if draft.status == "draft" and _is_untouched(draft):
            drafts.discard(draft_id, draft.version, MACHINE, reason="the merchant has written again")


def _send(draft_id: str) -> None:
    runtime = get_runtime()
    draft = runtime.workspace.drafts.get(draft_id)
    if draft.status == "draft":
        money = len(four_eyes.decisions(draft.text))
        draft = runtime.workspace.drafts.approve(draft_id, draft.version, MACHINE, money=money)
    runtime.workspace.outbox.send(
        draft_id,
        draft.version,
        MACHINE,
        channel="webhook",
        recipient=runtime.settings.answer_webhook,
        webhook_allow=runtime.settings.webhook_allow,
    )


def _line(
    answer: NewAnswer, text: str, status: str, sentences: Sequence[object] = (), draft_id: str | None = None
) -> dict[str, object]:
    said = [sentence.to_json() if hasattr(sentence, "to_json") else sentence for sentence in sentences]
    return {
        "ticket_id": answer.subject_id,
        "merchant_id": answer.merchant_id,
        "message_id": answer.message_id,
        "action": answer.action,
        "text": text,
        "sentences": said,
        "reason": answer.reason,
        "confidence": answer.confidence,
        "language": answer.language,
        "engine": answer.engine,
        "note": answer.note,
        "status": status,
        "draft_id": draft_id,
    }
