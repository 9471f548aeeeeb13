"""The tables of the workspace: what people make here. Instants are stored as UTC. Knows no Streamlit, analytics or llm.

A change here needs a migration in migrations/versions; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant; SQLite, which has no zones, stores it as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can drop them on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[Any] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[dict[str, Any]]: JSON(),
        str: Text(),
    }


class DraftRow(Base):
    """A reply to one ticket, from first draft to sent."""

    __tablename__ = "drafts"

    draft_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(String(200), index=True)
    merchant_id: Mapped[str] = mapped_column(String(200), default="")
    snapshot_id: Mapped[str] = mapped_column(String(200))
    engine: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(20))
    text: Mapped[str]
    sentences: Mapped[list[dict[str, Any]]]
    checks: Mapped[list[dict[str, Any]]]
    status: Mapped[str] = mapped_column(String(20), index=True)
    version: Mapped[int]
    author_id: Mapped[str] = mapped_column(String(200))
    author_name: Mapped[str] = mapped_column(String(200))
    approved_by: Mapped[str | None] = mapped_column(String(200))
    signed_by_id: Mapped[str | None] = mapped_column(String(200))
    signed_by: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RevisionRow(Base):
    """One text that a draft has had. Kept out of the audit log, which can't be erased from."""

    __tablename__ = "draft_revisions"

    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.draft_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    actor_id: Mapped[str] = mapped_column(String(200), server_default="")
    actor_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class OutboxRow(Base):
    """One attempt to hand an approved reply to a channel."""

    __tablename__ = "outbox"

    outbox_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.draft_id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str]
    actor_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class AuditRow(Base):
    """One step by one person. `hash` covers the row and `prev_hash`, so that a change breaks the chain."""

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("prev_hash"), Index("ix_audit_subject", "subject"))

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[str] = mapped_column(String(200))
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(300))
    detail: Mapped[dict[str, Any]]
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class DocumentRow(Base):
    """A named thing that somebody saved: a scenario, a view, a mapping file. `kind` says which; names are unique within it."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    document_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    body: Mapped[str]
    version: Mapped[int]
    author_id: Mapped[str] = mapped_column(String(200))
    author_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    archived_by: Mapped[str | None] = mapped_column(String(200))


class LabelRow(Base):
    """What somebody says a text is (its intent, aspect …); the newest word of a person on a subject stands."""

    __tablename__ = "labels"
    __table_args__ = (Index("ix_labels_subject", "subject"),)

    label_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(String(200))
    actor_id: Mapped[str] = mapped_column(String(200))
    actor_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class CaseRow(Base):
    """What somebody has to see to: its subject (a merchant, an alert, a ring), owner, due day and checklist."""

    __tablename__ = "cases"

    case_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(200))
    merchant_id: Mapped[str] = mapped_column(String(200), index=True)
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20), index=True)
    owner: Mapped[str] = mapped_column(String(200), index=True)
    due_on: Mapped[date | None]
    checklist: Mapped[list[dict[str, Any]]]
    version: Mapped[int]
    opened_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CaseNoteRow(Base):
    """What somebody wrote down on a case; only ever added."""

    __tablename__ = "case_notes"

    note_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.case_id"), index=True)
    text: Mapped[str]
    actor_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class WatchedRow(Base):
    """A merchant on the watch-list."""

    __tablename__ = "watched"

    merchant_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    reason: Mapped[str]
    actor_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class ConversationRow(Base):
    """A talk with the machine on the chat page. The id is the link to it and can't be guessed; `merchant_id` is "" until it is verified."""

    __tablename__ = "conversations"

    conversation_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(String(200))
    last_author: Mapped[str] = mapped_column(String(20))
    handed_over_at: Mapped[datetime | None] = mapped_column(index=True)
    score: Mapped[int | None]
    tried_count: Mapped[int] = mapped_column(server_default="0")
    tried_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TurnRow(Base):
    """One message of a conversation; only ever added."""

    __tablename__ = "conversation_turns"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.conversation_id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    author: Mapped[str] = mapped_column(String(20))
    text: Mapped[str]
    sentences: Mapped[list[dict[str, Any]]]
    actor_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class AnswerRow(Base):
    """What the machine decided on one message of a merchant: at most once for each, whoever asks it and however often."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("kind", "subject_id", "message_id"), Index("ix_answers_at", "at"))

    answer_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[str] = mapped_column(String(200))
    merchant_id: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime | None]
    action: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40))
    confidence: Mapped[float] = mapped_column(Float)
    language: Mapped[str] = mapped_column(String(20))
    engine: Mapped[str] = mapped_column(String(200))
    note: Mapped[str]
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.draft_id"))
    is_automatic: Mapped[bool]
    at: Mapped[datetime]


class ProposalRow(Base):
    """A text proposed for an article or macro: `edition` counts the approved ones of an item, 0 is the committed file."""

    __tablename__ = "knowledge_proposals"
    __table_args__ = (UniqueConstraint("kind", "item_id", "edition"),)

    proposal_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    item_id: Mapped[str] = mapped_column(String(200))
    base_edition: Mapped[int]
    edition: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(20), index=True)
    version: Mapped[int]
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decision: Mapped[str]
    is_alone: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ProposedTextRow(Base):
    """One text that a proposal has had, whose it is and why. Kept out of the audit log, which can't be erased from."""

    __tablename__ = "knowledge_texts"

    proposal_id: Mapped[str] = mapped_column(ForeignKey("knowledge_proposals.proposal_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    reason: Mapped[str]
    actor_id: Mapped[str] = mapped_column(String(200))
    actor_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class ThemeRow(Base):
    """A theme of the marketplace when it was last seen: how it is known again, and where it came from. The machine's memory, made by nobody."""

    __tablename__ = "themes"

    theme_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    intent: Mapped[str] = mapped_column(String(200))
    key: Mapped[str]
    mark: Mapped[dict[str, Any]]
    first_on: Mapped[date]
    last_on: Mapped[date] = mapped_column(index=True)
    origin: Mapped[dict[str, Any]]


class ReadingRow(Base):
    """What was read in a text, by the hash of the text and of what reads it: a cache that may be emptied at any time."""

    __tablename__ = "readings"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class SummaryRow(Base):
    """What a model wrote of a thread, by the hash of thread and model: a cache that may be emptied at any time."""

    __tablename__ = "summaries"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime]


class VectorRow(Base):
    """A sentence vector by the hash of its text: a cache that may be emptied at any time."""

    __tablename__ = "vectors"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
