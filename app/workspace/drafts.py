"""Drafts: from the writer's first text through a person's edits to approval or the bin.

Optimistic locking: whoever changes a draft says which version they read; a newer one raises StaleDraft and nothing is lost. What decides over
money takes two people: who wrote the text as it stands, or signed it, is one of them (`four_eyes`).
Knows no llm: sentences and checks are plain mappings, as the `draft` command prints them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import NotAllowed, NotFound, StaleDraft
from app.identity import Actor
from app.workspace.audit import record, text_hash
from app.workspace.database import Database, in_parts
from app.workspace.four_eyes import colleagues, first_people
from app.workspace.generations import NewGeneration, insert, measure_kept, taken
from app.workspace.schema import DraftRow, RevisionRow

Status = Literal["draft", "second", "approved", "discarded", "sent"]
OPEN: tuple[Status, ...] = ("draft", "second", "approved")
NOBODY: Mapping[str, None] = {"approved_by": None, "signed_by": None, "signed_by_id": None}


@dataclass(frozen=True)
class NewDraft:
    """What a writer hands over: the reply, its sentences with their cites, and the checks it went through."""

    ticket_id: str
    merchant_id: str
    snapshot_id: str
    engine: str
    language: str
    text: str
    sentences: Sequence[Mapping[str, Any]] = ()
    checks: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class StoredDraft:
    """A draft as it stands. Instants are UTC; `version` goes up by one with every change; `signed_by` waits for a second person."""

    draft_id: str
    ticket_id: str
    merchant_id: str
    snapshot_id: str
    engine: str
    language: str
    text: str
    sentences: Sequence[Mapping[str, Any]]
    checks: Sequence[Mapping[str, Any]]
    status: Status
    version: int
    author_id: str
    author_name: str
    approved_by: str | None
    signed_by: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class DraftHead:
    """Where a draft stands, without what it says."""

    draft_id: str
    ticket_id: str
    status: Status
    approved_by: str | None
    created_at: datetime


@dataclass(frozen=True)
class Revision:
    """One text that a draft has had, and whose it is."""

    version: int
    text: str
    actor_name: str
    at: datetime


class Drafts:
    """Every step that a draft can take, each with its audit entry in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, new: NewDraft, actor: Actor, made: NewGeneration | None = None) -> StoredDraft:
        """Keeps a fresh draft, version 1, and puts on record how it was made."""
        with self._database.write() as session:
            row = add(session, new, actor)
            if made is not None:
                insert(session, made, row.draft_id, 1)
            return stored(row)

    def get(self, draft_id: str) -> StoredDraft:
        """Raises NotFound."""
        with self._database.read() as session:
            return stored(find(session, draft_id))

    def of_ticket(self, ticket_id: str) -> list[StoredDraft]:
        """Every draft of a ticket, newest first."""
        return self.of_tickets([ticket_id]).get(ticket_id, [])

    def of_tickets(self, ticket_ids: Collection[str]) -> dict[str, list[StoredDraft]]:
        """Every draft of these tickets, each ticket's newest first."""
        query = select(DraftRow).order_by(DraftRow.created_at.desc())
        found: dict[str, list[StoredDraft]] = {}
        with self._database.read() as session:
            for some in in_parts(ticket_ids):
                for row in session.scalars(query.where(DraftRow.ticket_id.in_(some))):
                    found.setdefault(row.ticket_id, []).append(stored(row))
        return found

    def all(self, *, status: Status | None = None, limit: int = 500) -> list[StoredDraft]:
        """Drafts, last changed first."""
        query = select(DraftRow).order_by(DraftRow.updated_at.desc()).limit(limit)
        if status is not None:
            query = query.where(DraftRow.status == status)
        with self._database.read() as session:
            return [stored(row) for row in session.scalars(query)]

    def heads(self) -> list[DraftHead]:
        """Where every draft stands, last changed first."""
        columns = (getattr(DraftRow, name) for name in DraftHead.__dataclass_fields__)
        with self._database.read() as session:
            rows = session.execute(select(*columns).order_by(DraftRow.updated_at.desc()))
            return [DraftHead(**row._mapping) for row in rows]

    def sentences(self) -> list[Sequence[Mapping[str, Any]]]:
        """The sentences of every draft, with their cites."""
        with self._database.read() as session:
            return list(session.scalars(select(DraftRow.sentences)))

    def statuses(self, draft_ids: Collection[str]) -> dict[str, str]:
        """The status of each of these drafts, by its id."""
        query = select(DraftRow.draft_id, DraftRow.status)
        with self._database.read() as session:
            parts = (session.execute(query.where(DraftRow.draft_id.in_(some))) for some in in_parts(draft_ids))
            return {row.draft_id: row.status for rows in parts for row in rows}

    def revisions(self, draft_id: str) -> list[Revision]:
        """The texts that a draft has had, oldest first."""
        query = select(RevisionRow).where(RevisionRow.draft_id == draft_id).order_by(RevisionRow.version)
        with self._database.read() as session:
            return [Revision(row.version, row.text, row.actor_name, row.at) for row in session.scalars(query)]

    def first_people(self, draft_id: str) -> dict[str, str]:
        """Who wrote the text as it stands or signed it, by actor id: who else approves it is a second person. Raises NotFound."""
        with self._database.read() as session:
            return first_people(session, find(session, draft_id))

    def colleagues(self) -> dict[str, str]:
        """Everybody who has taken a step with a draft, by actor id, in order of name: who may be asked."""
        with self._database.read() as session:
            return colleagues(session)

    def edit(
        self,
        draft_id: str,
        version: int,
        actor: Actor,
        *,
        text: str,
        sentences: Sequence[Mapping[str, Any]] | None = None,
        checks: Sequence[Mapping[str, Any]] | None = None,
        generation_id: str | None = None,
    ) -> StoredDraft:
        """Replaces the text, with its new sentences and checks when they were made again. An approval is lost by it.

        generation_id: the generation that the text is, where no person wrote it.
        """
        values: dict[str, Any] = {"text": text, "status": "draft", **NOBODY}
        if sentences is not None:
            values["sentences"] = [dict(sentence) for sentence in sentences]
        if checks is not None:
            values["checks"] = [dict(check) for check in checks]
        with self._database.write() as session:
            row = step(session, draft_id, version, allowed=OPEN, values=values)
            written = {"text": text, "actor_id": actor.actor_id, "actor_name": actor.name, "at": row.updated_at}
            session.add(RevisionRow(draft_id=draft_id, version=row.version, **written))
            if generation_id is not None:
                taken(session, generation_id, draft_id, row.version)
            record(
                session,
                actor,
                "draft.edited",
                f"draft:{draft_id}",
                version=row.version,
                text_sha256=text_hash(text),
            )
            return stored(row)

    def approve(self, draft_id: str, version: int, actor: Actor, *, money: int = 0) -> StoredDraft:
        """A person takes responsibility for exactly this version. Failed checks are put on record, not in the way.

        money: how many of its sentences decide over money. Where there are any and nobody else wrote or signed this text, the actor only signs
        it, and it waits for a second person (`second`). Raises NotAllowed for who has signed already, and for the machine. Where no one but
        the local person acts at all, that person may approve alone what they signed, and it is put on record so.
        """
        with self._database.write() as session:
            found = find(session, draft_id)
            first = first_people(session, found) if money else {}
            is_only = bool(money) and not set(first) - {actor.actor_id}
            is_alone = (
                is_only
                and actor.source == "local"
                and found.status == "second"
                and not set(colleagues(session)) - {actor.actor_id}
            )
            is_first = is_only and not is_alone
            values: dict[str, Any] = {"status": "approved", "approved_by": actor.name}
            allowed: tuple[Status, ...] = ("draft", "second")
            if money and actor.source == "machine":
                raise NotAllowed("The machine approves nothing that decides over money: two people do.")
            if is_first:
                values = {"status": "second", "signed_by": actor.name, "signed_by_id": actor.actor_id}
                allowed = ("draft",)
            row = step(session, draft_id, version, allowed=allowed, values=values)
            if not row.text.strip():
                raise NotAllowed("Draft {draft} is empty: write a reply before approving it.", draft=draft_id)
            if is_first:
                signed = {"version": row.version, "text_sha256": text_hash(row.text), "money": money}
                record(session, actor, "draft.signed", f"draft:{draft_id}", **signed)
                return stored(row)
            if actor.source != "machine":  # which keeps all that it wrote: no word on how good that was
                measure_kept(session, row)
            failed = [check.get("name") for check in row.checks if check.get("passed") is False]
            record(
                session,
                actor,
                "draft.approved",
                f"draft:{draft_id}",
                version=row.version,
                text_sha256=text_hash(row.text),
                failed_checks=failed,
                **(
                    {"money": money, "first": sorted(set(first) - {actor.actor_id}), "is_alone": is_alone}
                    if money
                    else {}
                ),
            )
            return stored(row)

    def discard(self, draft_id: str, version: int, actor: Actor, *, reason: str = "") -> StoredDraft:
        """Puts a draft away; it stays readable."""
        with self._database.write() as session:
            row = step(session, draft_id, version, allowed=OPEN, values={"status": "discarded"})
            record(session, actor, "draft.discarded", f"draft:{draft_id}", version=row.version, reason=reason)
            return stored(row)


def add(session: Session, new: NewDraft, actor: Actor) -> DraftRow:
    """A fresh draft, version 1, within the caller's transaction."""
    now = datetime.now(UTC)
    row = DraftRow(
        draft_id=uuid.uuid4().hex,
        ticket_id=new.ticket_id,
        merchant_id=new.merchant_id,
        snapshot_id=new.snapshot_id,
        engine=new.engine,
        language=new.language,
        text=new.text,
        sentences=[dict(sentence) for sentence in new.sentences],
        checks=[dict(check) for check in new.checks],
        status="draft",
        version=1,
        author_id=actor.actor_id,
        author_name=actor.name,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    written = {"text": new.text, "actor_id": actor.actor_id, "actor_name": new.engine, "at": now}
    session.add(RevisionRow(draft_id=row.draft_id, version=1, **written))
    record(
        session,
        actor,
        "draft.created",
        f"draft:{row.draft_id}",
        ticket_id=new.ticket_id,
        snapshot_id=new.snapshot_id,
        engine=new.engine,
        text_sha256=text_hash(new.text),
    )
    return row


def find(session: Session, draft_id: str) -> DraftRow:
    """The row; raises NotFound."""
    row = session.get(DraftRow, draft_id)
    if row is None:
        raise NotFound("There is no draft {draft}.", draft=draft_id)
    return row


def step(
    session: Session, draft_id: str, version: int, *, allowed: tuple[Status, ...], values: Mapping[str, Any]
) -> DraftRow:
    """One locked change: from `version` and an allowed status to version + 1. Raises StaleDraft, NotAllowed, NotFound."""
    row = find(session, draft_id)
    if row.version != version:
        raise StaleDraft(
            "Draft {draft} has changed since you opened it (version {found}, yours is {yours}): reload it, your text is kept.",
            draft=draft_id,
            found=row.version,
            yours=version,
        )
    if row.status not in allowed:
        raise NotAllowed(
            "Draft {draft} is {status}; this step needs {allowed}.",
            draft=draft_id,
            status=row.status,
            allowed=" or ".join(allowed),
        )
    # The condition decides between two that read the same version at the same moment (PostgreSQL).
    now = datetime.now(UTC)
    changed = session.execute(
        update(DraftRow)
        .where(DraftRow.draft_id == draft_id, DraftRow.version == version)
        .values(**values, version=version + 1, updated_at=now)
        .execution_options(synchronize_session=False)
        .returning(DraftRow.version)
    ).first()
    if changed is None:
        raise StaleDraft(
            "Draft {draft} was changed by somebody else just now: reload it, your text is kept.", draft=draft_id
        )
    session.refresh(row)
    return row


def stored(row: DraftRow) -> StoredDraft:
    """The row as a value."""
    return StoredDraft(**{name: getattr(row, name) for name in StoredDraft.__dataclass_fields__})
