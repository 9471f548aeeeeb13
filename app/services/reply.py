"""What to answer: the brief, the draft, and each step that a draft takes until it has left.

Drafts live in the workspace. Nothing here sends without being asked. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.services import answering, four_eyes, issues, taught, tickets
from app.services.desk import writer_fault
from app.services.generations import of_draft
from app.services.language import brief_of, check_edit
from app.services.matter import matter
from app.services.private import worded
from app.services.reading import base_id
from app.services.runtime import cached, get_runtime
from app.services.warehouse import desk_day
from app.services.writing import Writing

if TYPE_CHECKING:
    from datetime import date

    from app.identity import Actor
    from app.workspace import DraftHead, HandedOver, Sent, StoredDraft
    from app.workspace.channels import Channel
    from llm.types import Draft, IssueBrief, Macro


def brief(
    snapshot_id: str, ticket_id: str, tone: str = "neutral", length: str = "normal", on: date | None = None
) -> IssueBrief | None:
    """All that a reply to the ticket may rest on, the policy as it is in force now and the ticket as people have labelled it; None when the
    ticket is unknown or has no message. Terms count from the day `on`, else from the desk's today."""
    approved = get_runtime().workspace.proposals.approved_count()
    return _brief(snapshot_id, ticket_id, tone, length, on or desk_day(snapshot_id), approved, taught.newest())


@cached
def _brief(
    snapshot_id: str, ticket_id: str, tone: str, length: str, on: date, approved_count: int, newest_label: str
) -> IssueBrief | None:
    thread, found = issues.thread(snapshot_id, ticket_id), matter(snapshot_id, ticket_id, on)
    if thread is None or found is None or not thread.messages:
        return None
    triage, about = taught.taught_triage(snapshot_id), taught.intent_of(ticket_id)
    ticket = tickets.ticket(snapshot_id, ticket_id)
    subject = ticket.subject if ticket else ""
    return brief_of(thread, found.facts, triage=triage, about=about, subject=subject, tone=tone, length=length)


def macro_texts(snapshot_id: str, ticket_id: str) -> Mapping[str, str]:
    """The macros that fit a ticket, best fit first: macro id → its text with what the brief knows filled in."""
    approved = get_runtime().workspace.proposals.approved_count()
    return _macro_texts(snapshot_id, ticket_id, desk_day(snapshot_id), approved, taught.newest())


@cached
def _macro_texts(snapshot_id: str, ticket_id: str, on: date, approved_count: int, newest_label: str) -> dict[str, str]:
    asked = _brief(snapshot_id, ticket_id, "neutral", "normal", on, approved_count, newest_label)
    return {macro.macro_id: fill_macro(macro, asked) for macro in asked.macros} if asked is not None else {}


def has_writer() -> bool:
    """Whether a checkpoint or a model server writes; else replies come from macros."""
    return get_runtime().desk.writer is not None and not why_no_writer()


def why_no_writer() -> str:
    """Why the writer that is set can't write, in one line; '' when none is set or all is well."""
    runtime = get_runtime()
    return (writer_fault(runtime.settings, runtime.desk.engine) or "") if runtime.desk.writer is not None else ""


def begin_writing(asked: IssueBrief) -> Writing:
    """Has the server or the checkpoint write in the background; each ends within the settings' time."""
    runtime = get_runtime()
    assert runtime.desk.writer is not None
    return Writing(asked, runtime.desk.writer, runtime.settings.generation_timeout_seconds, runtime.desk.then)


def write_now(asked: IssueBrief) -> Draft:
    """A draft from macros, at once."""
    from llm.reply import draft

    return draft(asked)


def rewrite(snapshot_id: str, asked: IssueBrief, actor: Actor) -> tuple[Draft, str]:
    """The reply written anew, at once, in the brief's tone and length; with the id under which that is on record."""
    made = write_now(asked)
    log = get_runtime().workspace.generations
    return made, log.add(of_draft("rewrite", snapshot_id, asked, made, actor.name))


def keep(snapshot_id: str, merchant_id: str, asked: IssueBrief, made: Draft, actor: Actor) -> StoredDraft:
    """Puts a fresh draft into the workspace, and on record how it was made."""
    from app.workspace import NewDraft

    new = NewDraft(
        ticket_id=made.ticket_id,
        merchant_id=merchant_id,
        snapshot_id=base_id(snapshot_id),
        engine=made.engine,
        language=made.language,
        text=made.reply,
        sentences=[sentence.to_json() for sentence in made.sentences],
        checks=[check.to_json() for check in made.checks],
    )
    generated = of_draft("draft", snapshot_id, asked, made, actor.name)
    return get_runtime().workspace.drafts.create(new, actor, generated)


def current_draft(ticket_id: str) -> StoredDraft | None:
    """The newest draft of a ticket that was not discarded, of those made since the machine gave it to a person, where it did."""
    workspace = get_runtime().workspace
    given = workspace.answers.handed_over(ticket_id)
    return next((draft for draft in workspace.drafts.of_ticket(ticket_id) if _is_current(draft, given)), None)


def draft_statuses() -> dict[str, str]:
    """Ticket id → status of its newest draft, last changed first; those that `current_draft` leaves out are left out here too."""
    workspace = get_runtime().workspace
    given = workspace.answers.handed_over()
    found: dict[str, DraftHead] = {}
    for draft in workspace.drafts.heads():
        before = found.get(draft.ticket_id)
        if _is_current(draft, given) and (before is None or before.created_at < draft.created_at):
            found[draft.ticket_id] = draft
    return {ticket_id: draft.status for ticket_id, draft in found.items()}


def _is_current(draft: StoredDraft | DraftHead, given: Mapping[str, HandedOver]) -> bool:
    """Whether it counts: what the machine sent before it handed the ticket over, and its word that it does, answer nothing any more."""
    handed = given.get(draft.ticket_id)
    is_before = handed is not None and (draft.draft_id == handed.draft_id or draft.created_at <= handed.at)
    return draft.status != "discarded" and not is_before


def sent_replies() -> pd.DataFrame:
    """The newest attempts to send, newest first: ticket_id, at (UTC), channel, recipient (mail addresses masked), status, actor_name, approved_by,
    detail."""
    workspace = get_runtime().workspace
    drafts = {draft.draft_id: draft for draft in workspace.drafts.heads()}
    columns = ["ticket_id", "at", "channel", "recipient", "status", "actor_name", "approved_by", "detail"]
    rows = [
        (
            drafts[one.draft_id].ticket_id if one.draft_id in drafts else "–",
            one.sent_at or one.created_at,
            one.channel,
            worded("[EMAIL]") if one.channel == "eml" else one.recipient,
            one.status,
            one.actor_name,
            (drafts[one.draft_id].approved_by if one.draft_id in drafts else None) or "–",
            one.detail,
        )
        for one in workspace.outbox.all()
    ]
    return pd.DataFrame(rows, columns=columns)


def sent_total() -> int:
    """How many attempts there are, of which `sent_replies` gives the newest."""
    return get_runtime().workspace.outbox.count()


def replace_text(draft: StoredDraft, text: str, asked: IssueBrief, actor: Actor) -> StoredDraft:
    """A person's text for the draft: its sentences find their sources again, and the checks run anew. Raises StaleDraft, NotAllowed."""
    checks = [check.to_json() for check in check_edit(text, asked)]
    sentences = cited(text, draft.sentences, asked)
    drafts = get_runtime().workspace.drafts
    return drafts.edit(draft.draft_id, draft.version, actor, text=text, sentences=sentences, checks=checks)


def replace_draft(draft: StoredDraft, made: Draft, generation_id: str, actor: Actor) -> StoredDraft:
    """A rewritten draft in place of the text. Raises StaleDraft, NotAllowed."""
    return get_runtime().workspace.drafts.edit(
        draft.draft_id,
        draft.version,
        actor,
        text=made.reply,
        sentences=[sentence.to_json() for sentence in made.sentences],
        checks=[check.to_json() for check in made.checks],
        generation_id=generation_id,
    )


def approve(draft: StoredDraft, text: str, asked: IssueBrief | None, actor: Actor) -> StoredDraft:
    """Approves exactly the text that the person sees: kept first where it differs. What decides over money is only signed by who wrote it, and
    waits for a second person. Raises StaleDraft, NotAllowed."""
    if text != draft.text and asked is not None:
        draft = replace_text(draft, text, asked, actor)
    money = len(four_eyes.of_draft(draft, asked))
    return get_runtime().workspace.drafts.approve(draft.draft_id, draft.version, actor, money=money)


def discard(draft: StoredDraft, actor: Actor) -> StoredDraft:
    """Puts the draft away. Raises StaleDraft, NotAllowed."""
    return get_runtime().workspace.drafts.discard(draft.draft_id, draft.version, actor)


def send(draft: StoredDraft, channel: Channel, recipient: str, subject: str, actor: Actor) -> Sent:
    """Hands the approved reply to a channel. Raises StaleDraft, NotAllowed, SendFailed."""
    runtime = get_runtime()
    return runtime.workspace.outbox.send(
        draft.draft_id,
        draft.version,
        actor,
        channel=channel,
        recipient=recipient,
        subject=subject,
        webhook_allow=runtime.settings.webhook_allow,
    )


def cited(text: str, before: Sequence[Mapping[str, Any]], asked: IssueBrief) -> list[dict[str, Any]]:
    """The sentences of a text with their sources: those that they had, else those that hold their figures, else none."""
    from llm.grounding import EvidenceBook
    from llm.letter import said_sentences

    had = {str(sentence["text"]).strip(): list(sentence["cites"]) for sentence in before}
    book = EvidenceBook.of(asked)
    return [
        {"text": piece.text, "cites": had.get(piece.text.strip()) or list(book.supporting(piece.text))}
        for piece in said_sentences(text)
    ]


def fill_macro(macro: Macro, asked: IssueBrief) -> str:
    """The macro with what the brief knows filled in; what it does not know stays in square brackets, to be written by hand."""
    from llm.composer import GENERAL_INTENTS, compose

    # A fact is filled from facts only. Every other kind is filled like a next step; so is a decision, which no writer uses by itself.
    kind = "fact" if macro.kind == "fact" and len(macro.intents) <= GENERAL_INTENTS else "next_step"
    alone = replace(asked, macros=(replace(macro, kind=kind),), length="normal")
    lines = [line.sentence.text for line in compose(alone, macro.language) if line.part in ("fact", "ask", "step")]
    separator = "" if macro.language.startswith("zh") else " "
    blank = macro.text.format_map({name: f"[{name.replace('_', ' ')}]" for name in macro.variables})
    return separator.join(lines) or blank


def source_text(cite: str, asked: IssueBrief) -> tuple[str, str]:
    """What stands behind a cite: (title, text). Both empty for a source that neither the brief nor the policy holds."""
    for passage in asked.passages:
        if passage.cite == cite:
            return passage.title, passage.text
    for fact in asked.facts:
        if fact.cite == cite:
            return fact.name, f"{fact.value} {fact.unit}".strip()
    for message in asked.thread.messages:
        if message.cite == cite:
            return message.message_id, message.text
    return answering.passage(cite, asked.language)
