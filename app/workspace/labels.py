"""What people say a ticket or message is: corrections of intent, aspect and urgency, kept for later training and measuring."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from app.identity import Actor
from app.workspace.audit import record
from app.workspace.database import Database
from app.workspace.schema import LabelRow


@dataclass(frozen=True)
class Label:
    """One judgement. `subject` is `ticket:ID` or `message:ID`; `kind` is what is judged (intent, aspect …)."""

    label_id: str
    subject: str
    kind: str
    value: str
    actor_id: str
    actor_name: str
    at: datetime


class Labels:
    """Keeps every judgement; nothing is overwritten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, subject: str, kind: str, value: str, actor: Actor) -> Label:
        """Puts a judgement on record."""
        row = LabelRow(
            label_id=uuid.uuid4().hex,
            subject=subject,
            kind=kind,
            value=value,
            actor_id=actor.actor_id,
            actor_name=actor.name,
            at=datetime.now(UTC),
        )
        with self._database.write() as session:
            session.add(row)
            record(session, actor, "label.added", subject, kind=kind, value=value)
            return _label(row)

    def standing(self, kinds: Collection[str]) -> dict[tuple[str, str], str]:
        """The newest word on every subject that has one of these kinds, by subject and kind."""
        place = func.row_number().over(
            partition_by=(LabelRow.subject, LabelRow.kind), order_by=(LabelRow.at.desc(), LabelRow.label_id)
        )
        said = select(LabelRow.subject, LabelRow.kind, LabelRow.value, place.label("place"))
        ranked = said.where(LabelRow.kind.in_(kinds)).subquery()
        with self._database.read() as session:
            rows = session.execute(select(ranked).where(ranked.c.place == 1))
            return {(row.subject, row.kind): row.value for row in rows}

    def all(self, *, subject: str | None = None, limit: int = 10_000) -> list[Label]:
        """Newest first; only those on a subject when it is named."""
        query = select(LabelRow).order_by(LabelRow.at.desc()).limit(limit)
        if subject is not None:
            query = query.where(LabelRow.subject == subject)
        with self._database.read() as session:
            return [_label(row) for row in session.scalars(query)]


def _label(row: LabelRow) -> Label:
    return Label(**{name: getattr(row, name) for name in Label.__dataclass_fields__})
