"""The outbox: hands an approved reply to a channel and keeps what became of it.

A reply leaves only when that version was approved and is sent: by a person or, where a setting lets it, by the answering machine. The
attempt is on record before the channel is touched, so that a crash in between shows as `queued`, never as nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotAllowed, NotFound, SendFailed
from app.identity import Actor
from app.workspace import channels
from app.workspace.audit import record, text_hash
from app.workspace.channels import Channel, Reply
from app.workspace.database import Database
from app.workspace.drafts import find, step
from app.workspace.schema import OutboxRow

SendStatus = Literal["queued", "sent", "failed"]
QUEUED_FOR = timedelta(minutes=1)


@dataclass(frozen=True)
class Sending:
    """One attempt. `detail` is the channel's answer or why it failed."""

    outbox_id: str
    draft_id: str
    channel: Channel
    recipient: str
    status: SendStatus
    detail: str
    actor_name: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class Sent:
    """What came of a send: the record, and the file or text to hand to the person (empty for a webhook)."""

    sending: Sending
    payload: bytes
    file_name: str


class Outbox:
    """Sends, and tells what was sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(
        self,
        draft_id: str,
        version: int,
        actor: Actor,
        *,
        channel: Channel,
        recipient: str,
        subject: str = "",
        webhook_allow: tuple[str, ...] = (),
    ) -> Sent:
        """Sends exactly this approved version. `recipient` is an e-mail address, a webhook's URL, or for copy and csv a name.

        Raises NotAllowed (not approved; address not allowed), StaleDraft (changed meanwhile), SendFailed (on record as failed;
        the draft stays approved).
        """
        if channel == "webhook" and recipient not in webhook_allow:
            raise NotAllowed(
                "{url} is not among the allowed webhooks: an administrator adds it to webhook_allow.", url=recipient
            )
        outbox_id = uuid.uuid4().hex
        with self._database.write() as session:
            row = step(session, draft_id, version, allowed=("approved",), values={})
            if _is_on_its_way(session, draft_id):
                raise NotAllowed(
                    "Draft {draft} is on its way just now: wait a minute, then look at the history.", draft=draft_id
                )
            if not row.approved_by:
                raise NotAllowed("Draft {draft} has no approval.", draft=draft_id)
            reply = Reply(
                draft_id,
                row.ticket_id,
                row.merchant_id,
                recipient,
                subject,
                row.language,
                row.text,
                row.approved_by,
            )
            session.add(
                OutboxRow(
                    outbox_id=outbox_id,
                    draft_id=draft_id,
                    channel=channel,
                    recipient=recipient,
                    status="queued",
                    detail="",
                    actor_name=actor.name,
                    created_at=datetime.now(UTC),
                )
            )
            record(session, actor, "reply.queued", f"draft:{draft_id}", channel=channel, outbox_id=outbox_id)
        try:
            payload, file_name, detail = _deliver(channel, reply, webhook_allow)
        except SendFailed as error:
            self._close(outbox_id, version + 1, actor, status="failed", detail=str(error))
            raise
        sending = self._close(outbox_id, version + 1, actor, status="sent", detail=detail)
        return Sent(sending, payload, file_name)

    def all(self, *, draft_id: str | None = None, limit: int = 500) -> list[Sending]:
        """Attempts, newest first; only those of one draft when it is named."""
        query = select(OutboxRow).order_by(OutboxRow.created_at.desc()).limit(limit)
        if draft_id is not None:
            query = query.where(OutboxRow.draft_id == draft_id)
        with self._database.read() as session:
            return [_sending(row) for row in session.scalars(query)]

    def count(self) -> int:
        """How many attempts there are in all."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(OutboxRow)) or 0

    def _close(self, outbox_id: str, version: int, actor: Actor, *, status: SendStatus, detail: str) -> Sending:
        with self._database.write() as session:
            row = _find(session, outbox_id)
            row.status, row.detail = status, detail
            if status == "sent":
                row.sent_at = datetime.now(UTC)
                # What has left has left: the draft counts as sent whatever happened to it in between.
                draft = find(session, row.draft_id)
                step(
                    session,
                    row.draft_id,
                    draft.version,
                    allowed=("draft", "second", "approved", "discarded", "sent"),
                    values={"status": "sent"},
                )
            record(
                session,
                actor,
                f"reply.{status}",
                f"draft:{row.draft_id}",
                channel=row.channel,
                outbox_id=outbox_id,
                version=version,
                detail=detail,
            )
            return _sending(row)


def _deliver(channel: Channel, reply: Reply, allowed: tuple[str, ...]) -> tuple[bytes, str, str]:
    if channel == "webhook":
        # The same text of the same draft has one key, whichever attempt it is: a receiver that took it already drops it.
        key = f"{reply.draft_id}-{text_hash(reply.text)[:16]}"
        return b"", "", channels.post(reply.recipient, reply, allowed=allowed, key=key)
    if channel == "eml":
        return channels.as_eml(reply), f"{reply.draft_id}.eml", "file handed over"
    if channel == "csv":
        # The mark tells spreadsheet programs that the file is UTF-8.
        return channels.as_csv([reply]).encode("utf-8-sig"), f"{reply.draft_id}.csv", "file handed over"
    return reply.text.encode(), "", "copied"


def _is_on_its_way(session: Session, draft_id: str) -> bool:
    """Whether another send is under way; one that is still queued after a minute is taken as cut off by a crash."""
    since = datetime.now(UTC) - QUEUED_FOR
    query = select(OutboxRow.outbox_id).where(
        OutboxRow.draft_id == draft_id, OutboxRow.status == "queued", OutboxRow.created_at > since
    )
    return session.scalars(query.limit(1)).first() is not None


def _find(session: Session, outbox_id: str) -> OutboxRow:
    row = session.get(OutboxRow, outbox_id)
    if row is None:
        raise NotFound("There is no outbox entry {entry}.", entry=outbox_id)
    return row


def _sending(row: OutboxRow) -> Sending:
    return Sending(**{name: getattr(row, name) for name in Sending.__dataclass_fields__})
