"""Conversations on the chat page: what was said by whom, whose shop it is once that is shown, and who waits for a person.

Turns are only ever added. Knows no llm and no warehouse: who may be verified is decided elsewhere.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotAllowed, NotFound
from app.identity import Actor
from app.workspace import answers
from app.workspace.answers import NewAnswer
from app.workspace.audit import chat_subject, record, text_hash
from app.workspace.database import Database, in_parts, put_in
from app.workspace.generations import NewGeneration, insert
from app.workspace.schema import AuditRow, ConversationRow, TurnRow

Author = Literal["merchant", "bot", "agent"]
ID_BYTES = 24
REFUSED = "chat.refused"
FREE_TRIES, TRIES_WITHIN = 5, timedelta(hours=1)


@dataclass(frozen=True)
class Conversation:
    """A conversation as it stands. Instants are UTC; `score` is the merchant's word on it, 1 to 5."""

    conversation_id: str
    merchant_id: str
    last_author: str
    handed_over_at: datetime | None
    score: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Turn:
    """One message, numbered from 1; a machine's has sentences with their cites."""

    n: int
    author: Author
    text: str
    sentences: Sequence[Mapping[str, Any]]
    actor_name: str
    at: datetime


class Conversations:
    """Every step of a conversation, each with its audit entry in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, actor: Actor) -> Conversation:
        """An empty conversation under an id that can't be guessed."""
        now = datetime.now(UTC)
        row = ConversationRow(
            conversation_id=secrets.token_urlsafe(ID_BYTES),
            merchant_id="",
            last_author="",
            handed_over_at=None,
            score=None,
            created_at=now,
            updated_at=now,
        )
        with self._database.write() as session:
            session.add(row)
            session.flush()
            record(session, actor, "chat.started", chat_subject(row.conversation_id))
            return _conversation(row)

    def get(self, conversation_id: str) -> Conversation:
        """Raises NotFound."""
        with self._database.read() as session:
            return _conversation(_find(session, conversation_id))

    def turns(self, conversation_id: str) -> list[Turn]:
        """Oldest first."""
        return self.turns_of([conversation_id]).get(conversation_id, [])

    def turns_of(self, conversation_ids: Collection[str]) -> dict[str, list[Turn]]:
        """The turns of several conversations, each oldest first."""
        query = select(TurnRow).order_by(TurnRow.n)
        found: dict[str, list[Turn]] = {}
        with self._database.read() as session:
            for some in in_parts(conversation_ids):
                for row in session.scalars(query.where(TurnRow.conversation_id.in_(some))):
                    turn = Turn(**{name: getattr(row, name) for name in Turn.__dataclass_fields__})
                    found.setdefault(row.conversation_id, []).append(turn)
        return found

    def add(self, conversation_id: str, author: Author, text: str, actor: Actor) -> Turn:
        """What the merchant or a person of the desk says. Raises NotFound."""
        with self._database.write() as session:
            row = _find(session, conversation_id)
            turn = _say(session, row, author, text, (), actor.name)
            said = {"n": turn.n, "author": author, "text_sha256": text_hash(text)}
            record(session, actor, "chat.said", chat_subject(conversation_id), **said)
            return turn

    def decide(
        self,
        new: NewAnswer,
        text: str,
        sentences: Sequence[Mapping[str, Any]],
        actor: Actor,
        at: datetime | None = None,
        made: NewGeneration | None = None,
    ) -> bool:
        """Keeps the machine's decision, on record how it was `made`, and says it; False, and nothing happens, where the message has been decided on
        or, but for a hand-over, the merchant has written again or a person has the conversation since it was read.

        A hand-over marks the conversation as a person's. `at` is now, but for tests. Raises NotFound.
        """
        at = at or datetime.now(UTC)
        with self._database.write() as session:
            row = _find(session, new.subject_id)
            if new.action != "hand_over" and _has_gone_on(session, row, new.message_id):
                return False
            if answers.add(session, new, actor, at) is None:
                return False
            if made is not None:
                insert(session, made)
            if text:
                _say(session, row, "bot", text, sentences, actor.name, at)
            if new.action == "hand_over" and row.handed_over_at is None:
                row.handed_over_at = at
            return True

    def verify(self, conversation_id: str, merchant_id: str, actor: Actor) -> Conversation:
        """Makes it the conversation of a merchant, once and for all. Raises NotAllowed for a second merchant, NotFound."""
        with self._database.write() as session:
            row = _find(session, conversation_id)
            if row.merchant_id not in ("", merchant_id):
                raise NotAllowed("This conversation is another shop's: start a new one.")
            row.merchant_id, row.tried_count, row.tried_at = merchant_id, 0, None
            record(session, actor, "chat.verified", chat_subject(conversation_id), merchant_id=merchant_id)
            return _conversation(row)

    def try_proof(self, conversation_id: str, at: datetime | None = None) -> None:
        """Counts an attempt to show whose shop it is, before it is looked at; `at` is now, but for tests.

        Beyond the first FREE_TRIES of an hour each waits twice as long as the one before. Raises NotAllowed while it is too soon, NotFound.
        """
        at = at or datetime.now(UTC)
        with self._database.write() as session:
            row = _find(session, conversation_id, is_locked=True)
            if row.tried_at is None or at - row.tried_at >= TRIES_WITHIN:
                row.tried_count = 0
            elif row.tried_count >= FREE_TRIES:
                left = row.tried_at + _pause(row.tried_count) - at
                if left > timedelta(0):
                    minutes = math.ceil(left / timedelta(minutes=1))
                    raise NotAllowed(
                        "Too many attempts in this conversation: wait {n} min, or talk to a person.", n=minutes
                    )
            row.tried_count, row.tried_at = row.tried_count + 1, at

    def refuse(self, conversation_id: str, merchant_id: str, actor: Actor) -> None:
        """Puts on record that somebody did not show that the shop is theirs."""
        with self._database.write() as session:
            record(session, actor, REFUSED, f"merchant:{merchant_id}", conversation=chat_subject(conversation_id))

    def refusals(self, merchant_id: str, since: datetime) -> int:
        """How often that happened for a shop, in all conversations, from an instant on."""
        query = select(func.count()).where(
            AuditRow.subject == f"merchant:{merchant_id}", AuditRow.action == REFUSED, AuditRow.at >= since
        )
        with self._database.read() as session:
            return session.scalar(query) or 0

    def rate(self, conversation_id: str, score: int, actor: Actor) -> None:
        """What the merchant thinks of it, 1 to 5; the last word stands. Raises NotAllowed for another number, NotFound."""
        if score not in range(1, 6):
            raise NotAllowed("A conversation is rated with 1 to 5 stars.")
        with self._database.write() as session:
            _find(session, conversation_id).score = score
            record(session, actor, "chat.rated", chat_subject(conversation_id), score=score)

    def waiting(self) -> list[Conversation]:
        """Those handed over whose newest message no person has answered, longest first."""
        query = select(ConversationRow).where(
            ConversationRow.handed_over_at.is_not(None), ConversationRow.last_author != "agent"
        )
        with self._database.read() as session:
            return [_conversation(row) for row in session.scalars(query.order_by(ConversationRow.handed_over_at))]

    def many(self, conversation_ids: Collection[str]) -> dict[str, Conversation]:
        """Those that there are, by id."""
        query = select(ConversationRow)
        with self._database.read() as session:
            parts = (
                session.scalars(query.where(ConversationRow.conversation_id.in_(some)))
                for some in in_parts(conversation_ids)
            )
            return {row.conversation_id: _conversation(row) for rows in parts for row in rows}


def _say(
    session: Session,
    row: ConversationRow,
    author: Author,
    text: str,
    sentences: Sequence[Mapping[str, Any]],
    actor_name: str,
    at: datetime | None = None,
) -> Turn:
    at = at or datetime.now(UTC)
    said = {"author": author, "text": text, "actor_name": actor_name, "at": at}
    said["sentences"] = [dict(sentence) for sentence in sentences]
    turn = TurnRow(conversation_id=row.conversation_id, n=_next_n(session, row), **said)
    while not put_in(session, turn):  # somebody said something at the same moment
        turn = TurnRow(conversation_id=row.conversation_id, n=_next_n(session, row), **said)
    row.last_author, row.updated_at = author, at
    session.flush()
    return Turn(turn.n, author, text, turn.sentences, actor_name, at)


def _next_n(session: Session, row: ConversationRow) -> int:
    last = session.scalar(select(func.max(TurnRow.n)).where(TurnRow.conversation_id == row.conversation_id))
    return (last or 0) + 1


def _has_gone_on(session: Session, row: ConversationRow, message_id: str) -> bool:
    """Whether that is no longer the message to answer."""
    asked = (TurnRow.conversation_id == row.conversation_id, TurnRow.author == "merchant")
    newest = session.scalar(select(func.max(TurnRow.n)).where(*asked))
    return row.handed_over_at is not None or str(newest) != message_id


def _pause(count: int) -> timedelta:
    """How long after so many attempts the next one waits."""
    return min(TRIES_WITHIN, timedelta(minutes=1 << (count - FREE_TRIES)))


def _find(session: Session, conversation_id: str, *, is_locked: bool = False) -> ConversationRow:
    row = session.get(ConversationRow, conversation_id, with_for_update=is_locked)
    if row is None:
        raise NotFound("There is no such conversation: its address is wrong or it was removed.")
    return row


def _conversation(row: ConversationRow) -> Conversation:
    return Conversation(**{name: getattr(row, name) for name in Conversation.__dataclass_fields__})
