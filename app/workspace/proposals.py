"""Texts proposed for articles, macros and rules of the score: written, approved by a second person or rejected; what is approved is an edition of its item.

Optimistic locking twice over: whoever changes a proposal says which version they read, and a proposal says which edition it changes; a newer
one raises StaleProposal and nothing is lost. Reads no text: what a text must hold is the service's business. Knows no llm.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import NotAllowed, NotFound, StaleProposal
from app.i18n import N_
from app.identity import Actor
from app.workspace.audit import record, text_hash
from app.workspace.database import Database
from app.workspace.schema import ProposalRow, ProposedTextRow

ItemKind = Literal["article", "macro", "rule"]
Status = Literal["draft", "approved", "rejected"]
TEXT_LENGTH, WHY_LENGTH = 40_000, 2_000
NO_REASON = N_("Say why, in 1 to {limit} characters.")


@dataclass(frozen=True)
class NewProposal:
    """A text for an item (`late_dispatch.en`, a macro's id, the id of a score's definition) over the edition that its writer read; 0: the committed file, or a new item."""

    kind: ItemKind
    item_id: str
    text: str
    reason: str
    base_edition: int = 0


@dataclass(frozen=True)
class Proposal:
    """A proposal as it stands, with its newest text. Instants are UTC; `version` goes up by one with every change.

    `edition` is its number among the approved texts of its item, None until approved; `is_alone` says that nobody but its writer approved it.
    """

    proposal_id: str
    kind: ItemKind
    item_id: str
    base_edition: int
    edition: int | None
    status: Status
    version: int
    decided_by: str | None
    decision: str
    is_alone: bool
    created_at: datetime
    updated_at: datetime
    text: str
    reason: str
    author_name: str


@dataclass(frozen=True)
class ProposalHead:
    """Where a proposal stands, without its text."""

    kind: ItemKind
    item_id: str
    status: Status
    edition: int | None
    updated_at: datetime


@dataclass(frozen=True)
class ProposedText:
    """One text that a proposal has had, whose it is and why."""

    version: int
    text: str
    reason: str
    actor_id: str
    actor_name: str
    at: datetime


class Proposals:
    """Every step of a proposal, each with its audit entry in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, new: NewProposal, actor: Actor) -> Proposal:
        """Keeps a proposal, version 1. Raises StaleProposal where another edition is in force by now, NotAllowed."""
        now = datetime.now(UTC)
        row = ProposalRow(
            proposal_id=uuid.uuid4().hex,
            kind=new.kind,
            item_id=new.item_id,
            base_edition=new.base_edition,
            edition=None,
            status="draft",
            version=1,
            decided_by=None,
            decision="",
            is_alone=False,
            created_at=now,
            updated_at=now,
        )
        with self._database.write() as session:
            _check_edition(session, row)
            session.add(row)
            session.flush()
            _keep(session, row, new.text, new.reason, actor)
            return _record(session, row, actor, "proposed")

    def get(self, proposal_id: str) -> Proposal:
        """Raises NotFound."""
        with self._database.read() as session:
            row = _find(session, proposal_id)
            return _proposal(row, _texts(session, proposal_id)[-1])

    def all(
        self, *, kind: ItemKind | None = None, item_id: str | None = None, status: Status | None = None
    ) -> list[Proposal]:
        """Proposals with their newest texts, last changed first."""
        newest = select(func.max(ProposedTextRow.version)).where(ProposedTextRow.proposal_id == ProposalRow.proposal_id)
        query = select(ProposalRow, ProposedTextRow).join(
            ProposedTextRow,
            (ProposedTextRow.proposal_id == ProposalRow.proposal_id)
            & (ProposedTextRow.version == newest.correlate(ProposalRow).scalar_subquery()),
        )
        query = query.order_by(ProposalRow.updated_at.desc(), ProposalRow.proposal_id)
        for column, value in (
            (ProposalRow.kind, kind),
            (ProposalRow.item_id, item_id),
            (ProposalRow.status, status),
        ):
            if value is not None:
                query = query.where(column == value)
        with self._database.read() as session:
            return [_proposal(row, text) for row, text in session.execute(query)]

    def heads(self) -> list[ProposalHead]:
        """Where every proposal stands, in one reading and without texts."""
        columns = (getattr(ProposalRow, name) for name in ProposalHead.__dataclass_fields__)
        with self._database.read() as session:
            return [ProposalHead(**row._mapping) for row in session.execute(select(*columns))]

    def texts(self, proposal_id: str) -> list[ProposedText]:
        """The texts that a proposal has had, oldest first."""
        with self._database.read() as session:
            return [_text(row) for row in _texts(session, proposal_id)]

    def approved_count(self) -> int:
        """How many approvals there are: a number that changes whenever what is in force does."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).where(ProposalRow.status == "approved")) or 0

    def edit(
        self, proposal_id: str, version: int, actor: Actor, *, text: str, reason: str, base_edition: int
    ) -> Proposal:
        """A new text, over the edition that is in force now. Raises StaleProposal, NotAllowed, NotFound."""
        with self._database.write() as session:
            row = _step(session, proposal_id, version, {"base_edition": base_edition})
            _check_edition(session, row)
            _keep(session, row, text, reason, actor)
            return _record(session, row, actor, "edited")

    def approve(self, proposal_id: str, version: int, actor: Actor, *, reason: str = "") -> Proposal:
        """A second person puts exactly this version in force. Raises NotAllowed for anyone who wrote in it and for the machine, StaleProposal, NotFound.

        Where no one but the local person can act at all, that person may approve alone, and it is put on record so.
        """
        if actor.source == "machine":
            raise NotAllowed("The machine approves no proposal: a person does.")
        with self._database.write() as session:
            is_alone = actor.actor_id in {text.actor_id for text in _texts(session, proposal_id)}
            if is_alone and actor.source != "local":
                raise NotAllowed("You wrote in this proposal: a second person approves it.")
            values = {"status": "approved", "is_alone": is_alone, **_decision(actor, reason)}
            row = _step(session, proposal_id, version, values)
            _check_edition(session, row)
            try:
                with session.begin_nested():
                    row.edition = (
                        row.base_edition + 1
                    )  # unique for an item: of two at the same moment the database refuses one
            except IntegrityError as error:
                raise _stale(session, row) from error
            return _record(session, row, actor, "approved", edition=row.edition, is_alone=is_alone)

    def reject(self, proposal_id: str, version: int, actor: Actor, *, reason: str) -> Proposal:
        """Puts a proposal away with a reason, its writer's own too; it stays readable. Raises NotAllowed, StaleProposal, NotFound."""
        with self._database.write() as session:
            row = _step(
                session,
                proposal_id,
                version,
                {"status": "rejected", **_decision(actor, _checked(reason, WHY_LENGTH, NO_REASON))},
            )
            return _record(session, row, actor, "rejected")


def _decision(actor: Actor, reason: str) -> dict[str, object]:
    return {"decided_by": actor.name, "decision": reason.strip()[:WHY_LENGTH]}


def _checked(text: str, limit: int, fault: str) -> str:
    if not 0 < len(text.strip()) <= limit:
        raise NotAllowed(fault, limit=limit)
    return text.strip()


def _keep(session: Session, row: ProposalRow, text: str, reason: str, actor: Actor) -> None:
    kept = ProposedTextRow(
        proposal_id=row.proposal_id,
        version=row.version,
        text=_checked(text, TEXT_LENGTH, N_("The text of an article or macro has 1 to {limit} characters.")) + "\n",
        reason=_checked(reason, WHY_LENGTH, NO_REASON),
        actor_id=actor.actor_id,
        actor_name=actor.name,
        at=row.updated_at,
    )
    session.add(kept)
    session.flush()


def _record(session: Session, row: ProposalRow, actor: Actor, step: str, **detail: object) -> Proposal:
    found = _proposal(row, _texts(session, row.proposal_id)[-1])
    record(
        session,
        actor,
        f"{row.kind}.{step}",
        f"{row.kind}:{row.item_id}",
        proposal_id=row.proposal_id,
        version=row.version,
        text_sha256=text_hash(found.text),
        **detail,
    )
    return found


def _check_edition(session: Session, row: ProposalRow) -> None:
    if _newest_edition(session, row) != row.base_edition:
        raise _stale(session, row)


def _newest_edition(session: Session, row: ProposalRow) -> int:
    own = (ProposalRow.kind == row.kind, ProposalRow.item_id == row.item_id)
    return session.scalar(select(func.max(ProposalRow.edition)).where(*own)) or 0


def _stale(session: Session, row: ProposalRow) -> StaleProposal:
    return StaleProposal(
        "{item} has an edition {found} by now, and this changes edition {yours}: what you wrote is kept; look at the newer text, "
        "then propose yours over it.",
        item=row.item_id,
        found=_newest_edition(session, row),
        yours=row.base_edition,
    )


def _find(session: Session, proposal_id: str) -> ProposalRow:
    row = session.get(ProposalRow, proposal_id)
    if row is None:
        raise NotFound("There is no proposal {proposal}.", proposal=proposal_id)
    return row


def _step(session: Session, proposal_id: str, version: int, values: Mapping[str, Any]) -> ProposalRow:
    """One locked change: from a draft of `version` to version + 1."""
    row = _find(session, proposal_id)
    if row.version == version and row.status != "draft":
        raise NotAllowed("This proposal is {status} already: propose a new text.", status=row.status)
    # The condition decides between two that read the same version at the same moment (PostgreSQL).
    changed = session.execute(
        update(ProposalRow)
        .where(ProposalRow.proposal_id == proposal_id, ProposalRow.version == version)
        .values(**values, version=version + 1, updated_at=datetime.now(UTC))
        .execution_options(synchronize_session=False)
        .returning(ProposalRow.version)
    ).first()
    if changed is None:
        raise StaleProposal(
            "Somebody changed this proposal since you opened it (version {found}, yours is {yours}): what you wrote is kept; look at "
            "theirs, then save again.",
            found=row.version,
            yours=version,
        )
    session.refresh(row)
    return row


def _texts(session: Session, proposal_id: str) -> list[ProposedTextRow]:
    query = select(ProposedTextRow).where(ProposedTextRow.proposal_id == proposal_id).order_by(ProposedTextRow.version)
    return list(session.scalars(query))


def _text(row: ProposedTextRow) -> ProposedText:
    return ProposedText(**{name: getattr(row, name) for name in ProposedText.__dataclass_fields__})


def _proposal(row: ProposalRow, newest: ProposedTextRow) -> Proposal:
    own = {name: getattr(row, name) for name in Proposal.__dataclass_fields__ if hasattr(row, name)}
    return Proposal(**own, text=newest.text, reason=newest.reason, author_name=newest.actor_name)
