"""Who looked at the text of a draft before it is approved, so that what decides over money is seen by two people; and who else there is.

Knows no text: what decides over money, the caller says.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity import MACHINE
from app.workspace.schema import AuditRow, DraftRow, RevisionRow

STEPS = ("draft.created", "draft.edited", "draft.signed", "draft.approved", "draft.discarded")


def first_people(session: Session, row: DraftRow) -> dict[str, str]:
    """The people who wrote the text as it stands or signed it, by actor id; the machine is none."""
    newest = select(RevisionRow).where(RevisionRow.draft_id == row.draft_id).order_by(RevisionRow.version.desc())
    text = session.scalars(newest.limit(1)).first()
    found: dict[str, str] = {}
    if text is not None and text.actor_id:
        found[text.actor_id] = row.author_name if text.version == 1 else text.actor_name
    if row.signed_by_id and row.signed_by:
        found[row.signed_by_id] = row.signed_by
    found.pop(MACHINE.actor_id, None)
    return found


def colleagues(session: Session) -> dict[str, str]:
    """Everybody who has taken a step with a draft, by actor id, in order of name; the machine is none."""
    query = select(AuditRow.actor_id, AuditRow.actor_name).where(AuditRow.action.in_(STEPS)).distinct()
    rows = session.execute(query.where(AuditRow.actor_id != MACHINE.actor_id).order_by(AuditRow.actor_name))
    return {row.actor_id: row.actor_name for row in rows}
