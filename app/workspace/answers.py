"""What the answering machine decided, on which message, and the draft that came of it: one decision a message, for ever.

A decision and its draft are kept in one transaction: after a kill there are both or neither. Knows no llm and sends nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity import Actor
from app.workspace import drafts
from app.workspace.audit import chat_subject, record
from app.workspace.database import Database, put_in
from app.workspace.generations import NewGeneration, insert
from app.workspace.schema import AnswerRow, DraftRow

Kind = Literal["chat", "ticket"]
Action = Literal["answer", "ask", "hand_over"]


@dataclass(frozen=True)
class NewAnswer:
    """A decision on the message `message_id` of a conversation or ticket, written at `asked_at` (UTC) where the source says so.

    is_automatic: whether what it says may leave without a person. note: for the person who takes over.
    """

    kind: Kind
    subject_id: str
    message_id: str
    merchant_id: str
    asked_at: datetime | None
    action: Action
    reason: str
    confidence: float
    language: str
    engine: str
    note: str
    is_automatic: bool


@dataclass(frozen=True)
class KeptAnswer(NewAnswer):
    """A decision as it stands; `at` is UTC, `draft_id` is None where nothing was written to a ticket."""

    answer_id: str
    draft_id: str | None
    at: datetime


@dataclass(frozen=True)
class HandedOver:
    """When (UTC) and why the machine gave a ticket to a person, and the draft that says so, if any."""

    draft_id: str | None
    reason: str
    at: datetime


class Answers:
    """Decisions of the machine, each with its audit entry in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self, new: NewAnswer, draft: drafts.NewDraft | None, actor: Actor, made: NewGeneration | None = None
    ) -> KeptAnswer | None:
        """Keeps a decision with its draft, and on record how it was made; None, and nothing is kept, where the message has been decided on."""
        with self._database.write() as session:
            row = add(session, new, actor)
            if row is None:
                return None
            if draft is not None:
                row.draft_id = drafts.add(session, draft, actor).draft_id
            if made is not None:
                insert(session, made, row.draft_id, 1 if row.draft_id is not None else None)
            return _kept(row)

    def of(self, kind: Kind, subject_id: str) -> list[KeptAnswer]:
        """All decisions on one conversation or ticket, newest first."""
        query = select(AnswerRow).where(AnswerRow.kind == kind, AnswerRow.subject_id == subject_id)
        with self._database.read() as session:
            return [_kept(row) for row in session.scalars(query.order_by(AnswerRow.at.desc()))]

    def since(self, at: datetime) -> list[KeptAnswer]:
        """Decisions from an instant on, newest first."""
        query = select(AnswerRow).where(AnswerRow.at >= at).order_by(AnswerRow.at.desc())
        with self._database.read() as session:
            return [_kept(row) for row in session.scalars(query)]

    def newest(self) -> dict[str, KeptAnswer]:
        """The newest decision of each ticket, by its id."""
        query = select(AnswerRow).where(AnswerRow.kind == "ticket").order_by(AnswerRow.at)
        with self._database.read() as session:
            return {row.subject_id: _kept(row) for row in session.scalars(query)}

    def handed_over(self, ticket_id: str | None = None) -> dict[str, HandedOver]:
        """The hand-over of each ticket that the machine gave to a person, by its id; only of one where it is named."""
        columns = (AnswerRow.subject_id, AnswerRow.draft_id, AnswerRow.reason, AnswerRow.at)
        query = select(*columns).where(AnswerRow.kind == "ticket", AnswerRow.action == "hand_over")
        if ticket_id is not None:
            query = query.where(AnswerRow.subject_id == ticket_id)
        with self._database.read() as session:
            rows = session.execute(query.order_by(AnswerRow.at))
            return {row.subject_id: HandedOver(row.draft_id, row.reason, row.at) for row in rows}

    def unsent(self) -> list[KeptAnswer]:
        """Those that may leave without a person and whose draft has not been sent or discarded, oldest first."""
        query = select(AnswerRow).join(DraftRow, DraftRow.draft_id == AnswerRow.draft_id)
        query = query.where(AnswerRow.is_automatic, DraftRow.status.in_(("draft", "approved"))).order_by(AnswerRow.at)
        with self._database.read() as session:
            return [_kept(row) for row in session.scalars(query)]


def add(session: Session, new: NewAnswer, actor: Actor, at: datetime | None = None) -> AnswerRow | None:
    """The decision within the caller's transaction; None where its message has been decided on."""
    values = {name: getattr(new, name) for name in NewAnswer.__dataclass_fields__}
    row = AnswerRow(answer_id=uuid.uuid4().hex, draft_id=None, at=at or datetime.now(UTC), **values)
    if not put_in(session, row):
        return None
    detail = {"message_id": new.message_id, "reason": new.reason, "is_automatic": new.is_automatic}
    subject = chat_subject(new.subject_id) if new.kind == "chat" else f"ticket:{new.subject_id}"
    record(session, actor, f"answer.{new.action}", subject, **detail)
    return row


def _kept(row: AnswerRow) -> KeptAnswer:
    return KeptAnswer(**{name: getattr(row, name) for name in KeptAnswer.__dataclass_fields__})
