"""The audit log: who did what, when, to what. Append-only, each entry sealed with the hash of the one before.

Every write of the workspace appends here in its own transaction. Holds no message text: what a person wrote can be erased,
this can't. A log cut off at its end still verifies; its length is shown so that this can be seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.identity import Actor
from app.workspace.database import Database
from app.workspace.schema import AuditRow

FIRST_HASH = "0" * 64
LOCK_KEY = 0x7D5C  # any constant: the advisory lock that makes PostgreSQL's appenders take turns


@dataclass(frozen=True)
class AuditEntry:
    """One step. `at` is UTC; `subject` is `draft:ID`, `scenario:NAME` …"""

    seq: int
    at: datetime
    actor_id: str
    actor_name: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class AuditCheck:
    """Whether the chain holds; `broken_at` is the first entry that does not fit, None when all do."""

    entry_count: int
    broken_at: int | None

    @property
    def passed(self) -> bool:
        return self.broken_at is None


class Audit:
    """Reads and verifies the log, and takes down steps that write nothing else in the workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, actor: Actor, action: str, subject: str, **detail: object) -> None:
        """Appends a step that was done outside the workspace, such as a load. `detail` must be JSON values."""
        with self._database.write() as session:
            record(session, actor, action, subject, **detail)

    def entries(self, *, subject: str | None = None, limit: int = 200) -> list[AuditEntry]:
        """Newest first; only those of a subject when it is named."""
        query = select(AuditRow).order_by(AuditRow.seq.desc()).limit(limit)
        if subject is not None:
            query = query.where(AuditRow.subject == subject)
        with self._database.read() as session:
            return [_entry(row) for row in session.scalars(query)]

    def verify(self) -> AuditCheck:
        """Recomputes every hash."""
        expected, count = FIRST_HASH, 0
        with self._database.read() as session:
            for row in session.scalars(select(AuditRow).order_by(AuditRow.seq)):
                count += 1
                if row.seq != count or row.prev_hash != expected or row.hash != _seal(row):
                    return AuditCheck(count, row.seq)
                expected = row.hash
        return AuditCheck(count, None)


def record(session: Session, actor: Actor, action: str, subject: str, **detail: object) -> None:
    """Appends one entry within the caller's transaction, which must be a writing one."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK_KEY)))
    last = session.scalars(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1)).first()
    row = AuditRow(
        seq=last.seq + 1 if last else 1,
        at=datetime.now(UTC),
        actor_id=actor.actor_id,
        actor_name=actor.name,
        action=action,
        subject=subject,
        detail=dict(detail),
        prev_hash=last.hash if last else FIRST_HASH,
    )
    row.hash = _seal(row)
    session.add(row)
    session.flush()


def text_hash(text: str) -> str:
    """What the log keeps of a text: enough to prove which one it was, not to read it."""
    return hashlib.sha256(text.encode()).hexdigest()


def chat_subject(conversation_id: str) -> str:
    """What the log calls a conversation, whose whole id would open it: enough to find its steps by the id."""
    return f"chat:{text_hash(conversation_id)[:16]}"


def _seal(row: AuditRow) -> str:
    content = [
        row.seq,
        row.at.astimezone(UTC).isoformat(),
        row.actor_id,
        row.actor_name,
        row.action,
        row.subject,
        row.detail,
        row.prev_hash,
    ]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(row.seq, row.at, row.actor_id, row.actor_name, row.action, row.subject, row.detail, row.hash)
