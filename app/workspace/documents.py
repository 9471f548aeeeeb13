"""Named things that people save and come back to: what-if scenarios, views (filters of a page), mapping files,
queries of the ad-hoc analysis.

A body is text in the format of its kind (TOML or JSON), which this module does not read. Saving says which version was
read; a newer one raises StaleDocument.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import NotAllowed, NotFound, StaleDocument
from app.identity import Actor
from app.workspace.audit import record, text_hash
from app.workspace.database import Database, put_in
from app.workspace.schema import DocumentRow

Kind = Literal["scenario", "view", "mapping", "query"]
NAME_LENGTH = 200


@dataclass(frozen=True)
class Document:
    """One saved thing. Instants are UTC."""

    document_id: str
    kind: Kind
    name: str
    body: str
    version: int
    author_id: str
    author_name: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    archived_by: str | None


class Documents:
    """The documents of one kind; names are unique within it."""

    def __init__(self, database: Database, kind: Kind) -> None:
        self._database = database
        self._kind = kind

    def all(self) -> list[Document]:
        """Last changed first, the archived ones among them."""
        query = select(DocumentRow).where(DocumentRow.kind == self._kind).order_by(DocumentRow.updated_at.desc())
        with self._database.read() as session:
            return [_document(row) for row in session.scalars(query)]

    def get(self, name: str) -> Document:
        """Raises NotFound."""
        with self._database.read() as session:
            return _document(self._find(session, name))

    def save(self, name: str, body: str, actor: Actor, *, version: int = 0) -> Document:
        """A new document (version 0), or a change of the version that was read. Raises StaleDocument, NotAllowed."""
        name = _checked(name)
        now = datetime.now(UTC)
        with self._database.write() as session:
            row = session.scalars(self._named(name).with_for_update()).one_or_none()
            if (row.version if row else 0) != version:
                raise _stale(name, row, version)
            if row is None:
                row = DocumentRow(
                    document_id=uuid.uuid4().hex,
                    kind=self._kind,
                    name=name,
                    body=body,
                    version=1,
                    author_id=actor.actor_id,
                    author_name=actor.name,
                    created_at=now,
                    updated_at=now,
                )
                if not put_in(session, row):
                    raise _stale(name, session.scalars(self._named(name)).one_or_none(), version)
            row.body, row.version, row.updated_at = body, version + 1, now
            self._record(session, row, "saved", actor, body_sha256=text_hash(body))
            return _document(row)

    def rename(self, document_id: str, name: str, body: str, actor: Actor, *, version: int) -> Document:
        """The document under another name, with the body that says so; when it was saved stays. Raises NotFound, StaleDocument, and NotAllowed for a bad or
        taken name and for who didn't save it."""
        name = _checked(name)
        with self._database.write() as session:
            row = self._own(session, document_id, actor)
            if row.version != version:
                raise _stale(row.name, row, version)
            was = row.name
            try:
                with session.begin_nested():
                    row.name, row.body, row.version = name, body, version + 1
                    session.flush()
            except IntegrityError as taken:
                raise NotAllowed("The name {name} is taken: choose another one.", name=name) from taken
            self._record(session, row, "renamed", actor, was=was, body_sha256=text_hash(body))
            return _document(row)

    def archive(self, document_id: str, actor: Actor, *, is_archived: bool = True) -> Document:
        """Puts a document into the archive, or brings it back; one that is there already stays as it is. Raises NotFound."""
        with self._database.write() as session:
            row = self._by_id(session, document_id)
            if (row.archived_at is not None) != is_archived:
                row.archived_at = datetime.now(UTC) if is_archived else None
                row.archived_by = actor.name if is_archived else None
                self._record(session, row, "archived" if is_archived else "brought_back", actor)
            return _document(row)

    def remove(self, document_id: str, actor: Actor) -> None:
        """Raises NotFound, and NotAllowed for who didn't save it."""
        with self._database.write() as session:
            row = self._own(session, document_id, actor)
            session.execute(delete(DocumentRow).where(DocumentRow.document_id == document_id))
            self._record(session, row, "removed", actor)

    def _record(self, session: Session, row: DocumentRow, step: str, actor: Actor, **detail: object) -> None:
        record(session, actor, f"{self._kind}.{step}", f"{self._kind}:{row.name}", version=row.version, **detail)

    def _by_id(self, session: Session, document_id: str) -> DocumentRow:
        query = select(DocumentRow).where(DocumentRow.kind == self._kind, DocumentRow.document_id == document_id)
        row = session.scalars(query.with_for_update()).one_or_none()
        if row is None:
            raise NotFound("It is no longer there: somebody removed it. Reload the page.")
        return row

    def _own(self, session: Session, document_id: str, actor: Actor) -> DocumentRow:
        row = self._by_id(session, document_id)
        if row.author_id != actor.actor_id:
            raise NotAllowed(
                "{author} saved {name}, and alone renames or removes it. Work on a copy.",
                author=row.author_name,
                name=row.name,
            )
        return row

    def _named(self, name: str) -> Select[DocumentRow]:
        return select(DocumentRow).where(DocumentRow.kind == self._kind, DocumentRow.name == name)

    def _find(self, session: Session, name: str) -> DocumentRow:
        row = session.scalars(self._named(name)).one_or_none()
        if row is None:
            raise NotFound("There is no {kind} named {name}.", kind=self._kind, name=name)
        return row


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise NotAllowed("A name has 1 to {limit} characters.", limit=NAME_LENGTH)
    return name


def _stale(name: str, row: DocumentRow | None, yours: int) -> StaleDocument:
    return StaleDocument(
        "{name} has changed since you opened it (version {found}, yours is {yours}): "
        "reload it or save under another name.",
        name=name,
        found=row.version if row else 0,
        yours=yours,
    )


def _document(row: DocumentRow) -> Document:
    return Document(**{name: getattr(row, name) for name in Document.__dataclass_fields__})
