"""Cases: what somebody has to see to about a merchant, an alert or a ring, with owner, due date, checklist and notes; and the watch-list.

Optimistic locking: whoever changes a case says which version they read; a newer one raises StaleCase and nothing is lost. Notes are only
ever added. Knows no warehouse: a subject is an id.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.errors import NotAllowed, NotFound, StaleCase
from app.i18n import N_
from app.identity import Actor
from app.workspace.audit import record, text_hash
from app.workspace.database import Database, put_in
from app.workspace.schema import CaseNoteRow, CaseRow, WatchedRow

CaseStatus = Literal["open", "in_progress", "waiting", "closed"]
SubjectKind = Literal["merchant", "alert", "ring"]
# From each status to those that may follow; closed → open is reopening.
STEPS: Mapping[CaseStatus, tuple[CaseStatus, ...]] = {
    "open": ("in_progress", "waiting", "closed"),
    "in_progress": ("waiting", "closed"),
    "waiting": ("in_progress", "closed"),
    "closed": ("open",),
}
UNCLOSED: tuple[CaseStatus, ...] = ("open", "in_progress", "waiting")
TITLE_LENGTH, ID_LENGTH, ITEM_LENGTH, NOTE_LENGTH, MOST_ITEMS = 200, 200, 500, 10_000, 100


@dataclass(frozen=True)
class Item:
    """One line of a checklist."""

    text: str
    is_done: bool = False


@dataclass(frozen=True)
class NewCase:
    """What is known when a case is opened. `subject_id` is the merchant's, the alert's or the ring's; `merchant_id` is "" where there is none."""

    subject_kind: SubjectKind
    subject_id: str
    merchant_id: str
    title: str
    owner: str = ""
    due_on: date | None = None
    checklist: Sequence[Item] = ()


@dataclass(frozen=True)
class Case:
    """A case as it stands. Instants are UTC; `version` goes up by one with every change."""

    case_id: str
    subject_kind: SubjectKind
    subject_id: str
    merchant_id: str
    title: str
    status: CaseStatus
    owner: str
    due_on: date | None
    checklist: tuple[Item, ...]
    version: int
    opened_by: str
    created_at: datetime
    updated_at: datetime

    @property
    def done_count(self) -> int:
        return sum(item.is_done for item in self.checklist)

    def is_overdue(self, today: date) -> bool:
        """Whether it should have been closed before today."""
        return self.status != "closed" and self.due_on is not None and self.due_on < today


@dataclass(frozen=True)
class CaseNote:
    """What somebody wrote down on a case."""

    text: str
    actor_name: str
    at: datetime


@dataclass(frozen=True)
class Watched:
    """A merchant on the watch-list, since when, by whom and why."""

    merchant_id: str
    reason: str
    actor_name: str
    at: datetime


class Cases:
    """Every step of a case, each with its audit entry in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, new: NewCase, actor: Actor) -> Case:
        """Opens a case, version 1. Raises NotAllowed for a title or id that is empty or too long."""
        now = datetime.now(UTC)
        row = CaseRow(
            case_id=uuid.uuid4().hex,
            subject_kind=new.subject_kind,
            subject_id=_text(new.subject_id, ID_LENGTH, N_("The id of a case's subject has 1 to {limit} characters.")),
            merchant_id=new.merchant_id,
            title=_text(new.title, TITLE_LENGTH, N_("A case's title has 1 to {limit} characters.")),
            status="open",
            owner=_owner(new.owner),
            due_on=new.due_on,
            checklist=_checked(new.checklist),
            version=1,
            opened_by=actor.name,
            created_at=now,
            updated_at=now,
        )
        with self._database.write() as session:
            session.add(row)
            session.flush()
            subject = f"{new.subject_kind}:{row.subject_id}"
            record(session, actor, "case.opened", f"case:{row.case_id}", about=subject, owner=row.owner)
            return _case(row)

    def get(self, case_id: str) -> Case:
        """Raises NotFound."""
        with self._database.read() as session:
            return _case(_find(session, case_id))

    def all(
        self,
        *,
        statuses: Sequence[CaseStatus] = (),
        owner: str | None = None,
        merchant_id: str | None = None,
        overdue_on: date | None = None,
        limit: int = 1000,
    ) -> list[Case]:
        """Cases, those due first on top, then the last changed; all statuses unless named. `overdue_on`: only those overdue on that day."""
        query = select(CaseRow).order_by(
            CaseRow.due_on.is_(None), CaseRow.due_on, CaseRow.updated_at.desc(), CaseRow.case_id
        )
        if statuses:
            query = query.where(CaseRow.status.in_(statuses))
        if owner is not None:
            query = query.where(CaseRow.owner == owner)
        if merchant_id is not None:
            query = query.where(CaseRow.merchant_id == merchant_id)
        if overdue_on is not None:
            query = query.where(CaseRow.status != "closed", CaseRow.due_on < overdue_on)
        with self._database.read() as session:
            return [_case(row) for row in session.scalars(query.limit(limit))]

    def owners(self) -> list[str]:
        """Everybody who owns a case, in alphabetical order."""
        with self._database.read() as session:
            query = select(CaseRow.owner).where(CaseRow.owner != "").distinct().order_by(CaseRow.owner)
            return list(session.scalars(query))

    def change(
        self,
        case_id: str,
        version: int,
        actor: Actor,
        *,
        title: str,
        owner: str,
        due_on: date | None,
        checklist: Sequence[Item],
    ) -> Case:
        """Replaces what can be edited. Raises StaleCase, NotAllowed (also for a closed case), NotFound."""
        values = {
            "title": _text(title, TITLE_LENGTH, N_("A case's title has 1 to {limit} characters.")),
            "owner": _owner(owner),
            "due_on": due_on,
            "checklist": _checked(checklist),
        }
        with self._database.write() as session:
            row = _step(session, case_id, version, UNCLOSED, values)
            done = sum(bool(item["is_done"]) for item in row.checklist)
            due = due_on.isoformat() if due_on else None
            record(
                session,
                actor,
                "case.changed",
                f"case:{case_id}",
                version=row.version,
                owner=row.owner,
                due_on=due,
                done=done,
                items=len(row.checklist),
            )
            return _case(row)

    def move(self, case_id: str, version: int, status: CaseStatus, actor: Actor) -> Case:
        """The next status. Raises NotAllowed for one that does not follow, or to close with open items; StaleCase, NotFound."""
        allowed = tuple(before for before, after in STEPS.items() if status in after)
        with self._database.write() as session:
            row = _step(session, case_id, version, allowed, {"status": status})
            left = sum(not item["is_done"] for item in row.checklist)
            if status == "closed" and left:
                raise NotAllowed(
                    "{n} items of the checklist are open: tick them or take them out, then close the case.", n=left
                )
            record(session, actor, f"case.{status}", f"case:{case_id}", version=row.version)
            return _case(row)

    def note(self, case_id: str, text: str, actor: Actor) -> CaseNote:
        """Adds a note, also to a closed case; nobody's is overwritten. Raises NotAllowed, NotFound."""
        text = _text(text, NOTE_LENGTH, N_("A note has 1 to {limit} characters."))
        with self._database.write() as session:
            _find(session, case_id)
            row = CaseNoteRow(
                note_id=uuid.uuid4().hex, case_id=case_id, text=text, actor_name=actor.name, at=datetime.now(UTC)
            )
            session.add(row)
            record(session, actor, "case.noted", f"case:{case_id}", text_sha256=text_hash(text))
            return CaseNote(row.text, row.actor_name, row.at)

    def notes(self, case_id: str) -> list[CaseNote]:
        """Oldest first."""
        query = select(CaseNoteRow).where(CaseNoteRow.case_id == case_id).order_by(CaseNoteRow.at, CaseNoteRow.note_id)
        with self._database.read() as session:
            return [CaseNote(row.text, row.actor_name, row.at) for row in session.scalars(query)]


class WatchList:
    """Merchants that the team keeps an eye on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Watched]:
        """Last added first."""
        with self._database.read() as session:
            query = select(WatchedRow).order_by(WatchedRow.at.desc(), WatchedRow.merchant_id)
            return [Watched(row.merchant_id, row.reason, row.actor_name, row.at) for row in session.scalars(query)]

    def add(self, merchant_id: str, reason: str, actor: Actor) -> None:
        """Puts a merchant on the list; one that is there already stays as it is."""
        with self._database.write() as session:
            now = datetime.now(UTC)
            row = WatchedRow(merchant_id=merchant_id, reason=reason, actor_name=actor.name, at=now)
            if put_in(session, row):
                record(session, actor, "watch.added", f"merchant:{merchant_id}", reason_sha256=text_hash(reason))

    def remove(self, merchant_id: str, actor: Actor) -> None:
        """Takes a merchant off; nothing where it is not on it."""
        with self._database.write() as session:
            gone = session.execute(delete(WatchedRow).where(WatchedRow.merchant_id == merchant_id))
            if getattr(gone, "rowcount", 0):
                record(session, actor, "watch.removed", f"merchant:{merchant_id}")


def _owner(name: str) -> str:
    name = name.strip()
    if len(name) > ID_LENGTH:
        raise NotAllowed("The owner of a case has at most {limit} characters.", limit=ID_LENGTH)
    return name


def _text(text: str, limit: int, fault: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= limit:
        raise NotAllowed(fault, limit=limit)
    return text


def _checked(items: Sequence[Item]) -> list[dict[str, Any]]:
    kept = [{"text": item.text.strip()[:ITEM_LENGTH], "is_done": item.is_done} for item in items if item.text.strip()]
    if len(kept) > MOST_ITEMS:
        raise NotAllowed("A checklist has at most {limit} items.", limit=MOST_ITEMS)
    return kept


def _find(session: Session, case_id: str) -> CaseRow:
    row = session.get(CaseRow, case_id)
    if row is None:
        raise NotFound("There is no case {case}.", case=case_id)
    return row


def _step(
    session: Session, case_id: str, version: int, allowed: Sequence[CaseStatus], values: Mapping[str, Any]
) -> CaseRow:
    """One locked change: from `version` and an allowed status to version + 1."""
    row = _find(session, case_id)
    if row.version != version:
        raise StaleCase(
            "Somebody changed the case since you opened it (version {found}, yours is {yours}): what you wrote is kept here; "
            "look at theirs, then save again.",
            found=row.version,
            yours=version,
        )
    if row.status not in allowed:
        raise NotAllowed(
            "The case is {status}; this step needs {allowed}.", status=row.status, allowed=" or ".join(allowed)
        )
    # The condition decides between two that read the same version at the same moment (PostgreSQL).
    changed = session.execute(
        update(CaseRow)
        .where(CaseRow.case_id == case_id, CaseRow.version == version)
        .values(**values, version=version + 1, updated_at=datetime.now(UTC))
        .execution_options(synchronize_session=False)
        .returning(CaseRow.version)
    ).first()
    if changed is None:
        raise StaleCase(
            "Somebody changed the case just now: what you wrote is kept here; look at theirs, then save again."
        )
    session.refresh(row)
    return row


def _case(row: CaseRow) -> Case:
    values = {name: getattr(row, name) for name in Case.__dataclass_fields__}
    return Case(**values | {"checklist": tuple(Item(**item) for item in row.checklist)})
